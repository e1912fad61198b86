from __future__ import annotations

import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import spacy
from conftest import ROOT
from datasets import Dataset
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline
from spacy.tokens import DocBin

import clas_nlp.integrations.spacy_component as spacy_component
from clas_nlp.corpus import Corpus
from clas_nlp.errors import BadCorpus, BadModel
from clas_nlp.integrations.datasets_bridge import from_dataset, to_dataset
from clas_nlp.integrations.sklearn_estimator import ThemeClassifier
from clas_nlp.reading import Report
from clas_nlp.tagging import TaggedParagraph, Tagger

MODEL = ROOT / "models" / "default"
#: A sentence that is evidence of two stances would need both words; this has a theme for certain.
PLAIN = "Health visitors receive regular one-to-one safeguarding supervision."


@pytest.fixture(scope="module")
def nlp(tagger: Tagger) -> spacy.Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("clas_themes", config={"model": str(MODEL)})
    return nlp


@pytest.fixture(scope="module")
def some(dudley: Report, tagger: Tagger) -> list[TaggedParagraph]:
    """Sixty judged paragraphs of Dudley, tagged."""
    return [p for p in tagger.tag(dudley) if p.probabilities][:60]


# spaCy


def test_docs_hold_what_the_tagger_says(nlp: spacy.Language, some: list[TaggedParagraph]) -> None:
    docs = []
    for paragraph in some:
        doc = nlp.make_doc(paragraph.text)
        doc._.clas_kind = paragraph.kind
        docs.append(doc)
    for doc, paragraph in zip(nlp.pipe(docs), some, strict=True):
        assert doc.text == paragraph.text
        assert doc.cats == pytest.approx(dict(paragraph.probabilities))
        assert doc._.clas_stance == {tag.theme: tag.stance for tag in paragraph.themes}
        assert doc._.clas_services == list(paragraph.services)
        wanted = [(t.theme, e.stance, e.text) for t in paragraph.themes for e in t.evidence]
        spans = list(doc.spans["clas_evidence"])
        assert [(s.label_, s._.stance) for s in spans] == [w[:2] for w in wanted]
        for span, (_, _, text) in zip(spans, wanted, strict=True):
            assert text in span.text


def test_config_none_is_the_shipped_model(some: list[TaggedParagraph]) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("clas_themes", config={"model": None})
    doc = nlp(some[0].text)
    assert list(doc.cats) == list(some[0].probabilities)


def test_a_span_that_is_no_evidence_has_no_stance(nlp: spacy.Language) -> None:
    doc = nlp(PLAIN)
    assert doc[0:2]._.stance == ""


@pytest.mark.parametrize("text", ["", " ", "\n\n", "😀", "Naïve café 🚑 notes."])
def test_odd_texts(nlp: spacy.Language, text: str) -> None:
    doc = nlp(text)
    assert doc.text == text
    assert list(doc.spans["clas_evidence"]) == []
    assert doc._.clas_stance == {}


def test_other_categories_are_kept(nlp: spacy.Language) -> None:
    doc = nlp.make_doc(PLAIN)
    doc.cats = {"MINE": 1.0}
    assert nlp(doc).cats["MINE"] == 1.0


def test_docs_do_not_share_values(nlp: spacy.Language, some: list[TaggedParagraph]) -> None:
    carrying = next(p for p in some if p.themes)
    first, second = nlp(carrying.text), nlp("")
    assert first._.clas_stance
    assert second._.clas_stance == {}
    assert spacy.blank("en")("x")._.clas_stance == {}


def test_docs_survive_a_doc_bin(nlp: spacy.Language, some: list[TaggedParagraph]) -> None:
    docs = list(nlp.pipe(p.text for p in some[:10]))
    raw = DocBin(store_user_data=True, docs=docs).to_bytes()
    for doc, back in zip(docs, DocBin().from_bytes(raw).get_docs(nlp.vocab), strict=True):
        assert back.cats == doc.cats
        assert [(s.text, s.label_, s._.stance) for s in back.spans["clas_evidence"]] == [
            (s.text, s.label_, s._.stance) for s in doc.spans["clas_evidence"]
        ]


def test_a_pipeline_saved_to_disk_brings_its_model(
    small_model: Path, some: list[TaggedParagraph], tmp_path: Path
) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("clas_themes", config={"model": str(small_model)})
    nlp.to_disk(tmp_path / "pipeline")
    again = spacy.load(tmp_path / "pipeline")
    for paragraph in some[:5]:
        assert again(paragraph.text).cats == nlp(paragraph.text).cats


def test_spacy_says_what_is_wrong(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    with pytest.raises(ValueError, match=re.escape("unknown kind 'chapter'; expected one of ")):
        nlp.add_pipe("clas_themes", config={"kind": "chapter"})
    nlp.add_pipe("clas_themes", config={"model": str(tmp_path / "none")})
    with pytest.raises(BadModel, match="no such model folder"):
        nlp("A text.")


def test_labels_are_the_codebooks_themes(nlp: spacy.Language, tagger: Tagger) -> None:
    assert nlp.get_pipe("clas_themes").labels == tagger.codebook.theme_ids
    assert spacy_component.SPANS_KEY == "clas_evidence"


# scikit-learn


@pytest.fixture(scope="module")
def labelled(corpus: Corpus) -> tuple[list[str], np.ndarray, list[str]]:
    """Texts, indicator, reports."""
    themes = corpus.codebook.theme_ids
    return (
        [p.text for p in corpus.paragraphs],
        np.array([[int(theme in p.themes) for theme in themes] for p in corpus.paragraphs]),
        [p.report for p in corpus.paragraphs],
    )


@pytest.fixture(scope="module")
def fitted(labelled: tuple[list[str], np.ndarray, list[str]]) -> ThemeClassifier:
    return ThemeClassifier().fit(labelled[0], labelled[1])


def test_fit_and_predict(fitted: ThemeClassifier, labelled: tuple, corpus: Corpus) -> None:
    texts, table, _ = labelled
    assert tuple(fitted.classes_) == corpus.codebook.theme_ids
    chances = fitted.predict_proba(texts)
    assert chances.shape == table.shape
    assert ((chances >= 0) & (chances <= 1)).all()
    assert (fitted.predict(texts) == (chances >= 0.5)).all()
    assert fitted.predict_themes([texts[0]]) == [
        list(fitted.classes_[fitted.predict([texts[0]])[0] == 1])
    ]


def test_lists_of_ids_and_indicators_teach_the_same(
    fitted: ThemeClassifier, labelled: tuple, corpus: Corpus
) -> None:
    ids = [sorted(p.themes) for p in corpus.paragraphs]
    assert ids[0] == [] or ids[0]  # some are empty: zero themes is an answer
    again = ThemeClassifier().fit(labelled[0], ids)
    assert np.array_equal(again.coef_, fitted.coef_)
    assert again.score(labelled[0], ids) == fitted.score(labelled[0], labelled[1])


def test_a_data_frame_names_its_columns(labelled: tuple, corpus: Corpus) -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(labelled[1], columns=list(corpus.codebook.theme_ids)).iloc[:, [2, 4]]
    fitted = ThemeClassifier().fit(pd.Series(labelled[0]), frame)
    assert list(fitted.classes_) == [corpus.codebook.theme_ids[i] for i in (2, 4)]
    assert fitted.predict(labelled[0][:3]).shape == (3, 2)


def test_the_report_left_out_is_ranked_well(
    labelled: tuple[list[str], np.ndarray, list[str]],
) -> None:
    from sklearn.metrics import average_precision_score

    texts, table, reports = labelled
    chances = cross_val_predict(
        ThemeClassifier(), texts, table, groups=reports, cv=GroupKFold(2), method="predict_proba"
    )
    assert chances.shape == table.shape
    # Chance is the share of paragraphs that carry a theme, below a tenth.
    assert average_precision_score(table, chances, average="macro") > 0.5


def test_pipeline_and_grid(labelled: tuple[list[str], np.ndarray, list[str]]) -> None:
    texts, table, reports = labelled
    grid = GridSearchCV(
        Pipeline([("themes", ThemeClassifier())]),
        {"themes__C": [1.0, 10.0], "themes__patterns": [True]},
        scoring="f1_macro",
        cv=GroupKFold(2),
        error_score="raise",
    )
    grid.fit(texts, table, groups=reports)
    assert grid.best_params_["themes__C"] in (1.0, 10.0)
    assert grid.predict(texts[:2]).shape == (2, table.shape[1])


def test_clone_and_pickle(fitted: ThemeClassifier, labelled: tuple) -> None:
    texts = labelled[0][:20]
    copy = clone(fitted.set_params(C=10.0))
    with pytest.raises(NotFittedError):
        copy.predict(texts)
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.predict_proba(texts), fitted.predict_proba(texts))


def test_from_model_is_the_tagger(some: list[TaggedParagraph], tagger: Tagger) -> None:
    ready = ThemeClassifier.from_model(MODEL)
    texts = [p.text for p in some]
    found = tagger.tag_texts(texts)
    assert ready.predict_themes(texts) == [[t.theme for t in p.themes] for p in found]
    chances = [list(p.probabilities.values()) for p in found]
    assert ready.predict_proba(texts) == pytest.approx(np.array(chances))
    again = pickle.loads(pickle.dumps(ready))
    assert np.array_equal(again.predict(texts[:5]), ready.predict(texts[:5]))
    assert Pipeline([("themes", ready)]).predict(texts[:2]).shape == (2, len(ready.classes_))


@pytest.mark.parametrize("ready", [False, True])
def test_no_texts(fitted: ThemeClassifier, ready: bool) -> None:
    estimator = ThemeClassifier.from_model(MODEL) if ready else fitted
    assert estimator.predict([]).shape == (0, len(estimator.classes_))
    assert estimator.predict_proba([]).shape == (0, len(estimator.classes_))
    assert estimator.predict(["", " "]).shape == (2, len(estimator.classes_))


def test_a_theme_without_examples_is_never_found(labelled: tuple) -> None:
    texts, table, _ = labelled
    table = table.copy()
    table[:, 0] = 0
    fitted = ThemeClassifier().fit(texts, table)
    assert fitted.predict(texts)[:, 0].sum() == 0


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        ("one text", [[]], "X is one text; expected a list of texts"),
        (["a", 3], [[], []], "X: row 1 is int; expected a text (str)"),
        (["a", "b"], [[]], "2 texts, but 1 rows of labels"),
        ([], [], "no texts to learn from; expected at least one"),
        (["a"], [["weather"]], "y: row 0 has the theme 'weather'; expected "),
        (["a"], np.ones((1, 2)), "y has the shape (1, 2); expected 6 columns, one for each of "),
        (["a"], np.full((1, 6), 2), "y holds values other than 0 and 1; expected a multi-label"),
    ],
)
def test_fit_says_what_is_wrong(texts: object, labels: object, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        ThemeClassifier().fit(texts, labels)  # type: ignore[arg-type]


# datasets


def test_a_corpus_there_and_back(corpus: Corpus) -> None:
    dataset = to_dataset(corpus)
    assert dataset.num_rows == len(corpus.paragraphs)
    assert from_dataset(dataset, corpus.codebook).paragraphs == corpus.paragraphs


def test_unlabelled_rows_keep_their_types(corpus: Corpus) -> None:
    bare = next(p for p in corpus.paragraphs if not p.labels)
    assert to_dataset([bare]).features == to_dataset(corpus).features
    assert to_dataset([]).num_rows == 0


def test_tagged_paragraphs(some: list[TaggedParagraph], corpus: Corpus) -> None:
    dataset = to_dataset(some)
    for row, paragraph in zip(dataset, some, strict=True):
        assert {k: row[k] for k in paragraph.to_row()} == paragraph.to_row()
        assert row["probabilities"] == dict(paragraph.probabilities)
    with pytest.raises(BadCorpus, match=r"no column labels; .* these are a model's tags"):
        from_dataset(dataset, corpus.codebook)
    with pytest.raises(ValueError, match="1 tagged and 1 labelled paragraphs"):
        to_dataset([some[0], corpus.paragraphs[0]])  # type: ignore[list-item]


def test_every_bad_row_is_listed(corpus: Corpus) -> None:
    rows = [p.to_row() for p in corpus.paragraphs[:3]]
    rows[0]["kind"] = "chapter"
    rows[2]["labels"] = [{"theme": "weather", "stance": "weakness", "start": 0, "end": 9999}]
    with pytest.raises(BadCorpus) as caught:
        from_dataset(Dataset.from_list(rows), corpus.codebook)
    assert any("dataset: row 1: unknown kind 'chapter'" in p for p in caught.value.problems)
    assert any("dataset: row 3: label 1: " in p for p in caught.value.problems)
