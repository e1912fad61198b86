from __future__ import annotations

import json
import math
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    precision_recall_fscore_support,
)

from clas_nlp.codebook import Codebook, Theme, load_codebook
from clas_nlp.corpus import Corpus, LabelledParagraph
from clas_nlp.errors import BadCorpus
from clas_nlp.evaluating import Evaluation, evaluate
from clas_nlp.evaluating.card import model_card
from clas_nlp.evaluating.outcomes import calibration_errors
from clas_nlp.evaluating.scores import average_precision, keyword_tags
from clas_nlp.evaluating.tables import score_markdown, score_tables
from clas_nlp.tagging import Tagger
from clas_nlp.tagging.model import Model


@pytest.fixture(scope="module")
def on_dudley(corpus: Corpus, without_dudley: Model) -> Evaluation:
    return evaluate(corpus.only(["dudley"]), without_dudley)


# ------------------------------------------------------------------ figures worked by hand


@pytest.mark.parametrize(
    ("truth", "probability", "expected"),
    [
        ([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1], (1 + 2 / 3) / 2),
        ([0, 1], [0.9, 0.1], 0.5),
        ([1, 1], [0.2, 0.1], 1.0),
        # Equal probabilities have no order: both are found at once.
        ([1, 0], [0.5, 0.5], 0.5),
        ([0, 1], [0.5, 0.5], 0.5),
        ([1, 0, 0, 1], [0.9, 0.5, 0.5, 0.5], (1 + 2 / 4) / 2),
    ],
)
def test_average_precision(truth: list[int], probability: list[float], expected: float) -> None:
    found = average_precision(np.array(truth, dtype=bool), np.array(probability))
    assert found == pytest.approx(expected)
    assert found == pytest.approx(average_precision_score(truth, probability))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=20))
def test_average_precision_is_scikit_learns(pairs: list[tuple[bool, int]]) -> None:
    truth = np.array([known for known, _ in pairs])
    probability = np.array([step / 5 for _, step in pairs])
    if truth.any():
        expected = average_precision_score(truth, probability)
        assert average_precision(truth, probability) == pytest.approx(expected)
    else:
        assert math.isnan(average_precision(truth, probability))


@pytest.mark.parametrize(
    ("truth", "probability", "expected"),
    [
        ([1, 1], [1.0, 1.0], 0.0),
        ([0, 0], [1.0, 1.0], 1.0),
        ([1, 0], [0.55, 0.55], 0.05),
        # Two bins of two: |0.5 - 0.15| and |1 - 0.85|, each half of the whole.
        ([0, 1, 1, 1], [0.1, 0.2 - 1e-9, 0.8, 0.9 - 1e-9], (0.35 + 0.15) / 2),
    ],
)
def test_calibration_error(truth: list[int], probability: list[float], expected: float) -> None:
    (found,) = calibration_errors(
        np.array([truth], dtype=bool).T, np.array([probability]).T, np.ones((1, len(truth)))
    )
    assert found == pytest.approx(expected, abs=1e-6)


def test_keywords_alone() -> None:
    themes = (
        Theme("one", "One", "x", keywords=("flag", "child's voice")),
        Theme("two", "Two", "x", keywords=("c++ (alert)",)),
        Theme("three", "Three", "x"),
    )
    codebook = Codebook(themes, (), ())
    texts = ["A FLAG was set.", "Flagged.", "The child’s voice.", "A c++ (alert) x", ""]
    paragraphs = [LabelledParagraph("p", "r", "finding", "", "", text) for text in texts]
    found = keyword_tags(paragraphs, codebook)
    assert found[:3].tolist() == [[True, False, False], [False] * 3, [True, False, False]]
    assert not found[:, 2].any()


# ------------------------------------------------------------------ a whole report


def test_figures_are_scikit_learns(
    on_dudley: Evaluation, corpus: Corpus, without_dudley: Model
) -> None:
    (scores,) = on_dudley.reports
    paragraphs = corpus.only(["dudley"]).paragraphs
    tagged = Tagger(without_dudley).tag_texts(
        [p.text for p in paragraphs], kinds=[p.kind for p in paragraphs]
    )
    themes = corpus.codebook.theme_ids
    truth = np.array([[t in p.themes for t in themes] for p in paragraphs])
    found = np.array([[p.tag(t) is not None for t in themes] for p in tagged])
    analysed = without_dudley.analyser.analyse(p.text for p in paragraphs)
    chances = without_dudley.read(analysed, [p.kind for p in paragraphs]).themes
    keywords = keyword_tags(paragraphs, corpus.codebook)
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, found, zero_division=np.nan
    )
    assert scores.paragraphs == len(paragraphs) == 208
    for i, theme in enumerate(scores.themes):
        assert theme.theme == themes[i]
        assert theme.support == support[i]
        assert theme.precision == pytest.approx(precision[i], nan_ok=True)
        assert theme.recall == pytest.approx(recall[i])
        assert theme.f1.value == pytest.approx(f1[i])
        assert theme.keyword_f1 == pytest.approx(f1_score(truth[:, i], keywords[:, i]))
        assert theme.average_precision == pytest.approx(
            average_precision_score(truth[:, i], chances[:, i])
        )
    assert scores.macro_f1.value == pytest.approx(f1_score(truth, found, average="macro"))
    services = corpus.codebook.service_ids
    assert scores.services_f1 == pytest.approx(
        f1_score(
            [[s in p.services for s in services] for p in paragraphs],
            [[s in p.services for s in services] for p in tagged],
            average="micro",
        )
    )
    pairs = [
        (p.themes[tag.theme], tag.stance)
        for p, t in zip(paragraphs, tagged, strict=True)
        for tag in t.themes
        if tag.theme in p.themes
    ]
    assert scores.stance_accuracy == pytest.approx(accuracy_score(*zip(*pairs, strict=True)))
    assert sum(scores.stance_confusion.values()) == len(pairs)


def test_intervals_hold_their_figure(on_dudley: Evaluation) -> None:
    (scores,) = on_dudley.reports
    for interval in (scores.macro_f1, *(theme.f1 for theme in scores.themes)):
        assert 0 <= interval.low <= interval.value <= interval.high <= 1
    assert scores.macro_f1.low < scores.macro_f1.high


def test_the_same_seed_gives_the_same_intervals(
    on_dudley: Evaluation, corpus: Corpus, without_dudley: Model
) -> None:
    dudley = corpus.only(["dudley"])
    assert evaluate(dudley, without_dudley, seed=0).to_dict() == on_dudley.to_dict()
    other = evaluate(dudley, without_dudley, seed=1)
    assert other.reports[0].macro_f1 != on_dudley.reports[0].macro_f1
    assert other.reports[0].macro_f1.value == on_dudley.reports[0].macro_f1.value


def test_a_report_seen_in_training_is_marked(corpus: Corpus, without_dudley: Model) -> None:
    found = evaluate(corpus, without_dudley)
    assert [(s.report, s.seen) for s in found.reports] == [("dorset", True), ("dudley", False)]
    rows = found.to_dict()["reports"]
    assert [row["seen_in_training"] for row in rows] == [True, False]
    text = score_markdown(found)
    assert "### dorset (201 paragraphs, SEEN IN TRAINING)" in text
    assert "### dudley (208 paragraphs)" in text
    titles = [str(table.title) for table in score_tables(found)]
    assert [title.endswith("SEEN IN TRAINING)") for title in titles] == [True, False]


def test_a_perfect_model_scores_one(corpus: Corpus, without_dudley: Model) -> None:
    """A corpus labelled by the model itself: whatever it finds is right."""
    from clas_nlp.corpus import Label

    dudley = corpus.only(["dudley"])
    tagged = Tagger(without_dudley).tag_texts(
        [p.text for p in dudley.paragraphs], kinds=[p.kind for p in dudley.paragraphs]
    )
    own = tuple(
        replace(
            p,
            services=t.services,
            labels=tuple(
                Label(e.start, e.end, tag.theme, e.stance) for tag in t.themes for e in tag.evidence
            ),
        )
        for p, t in zip(dudley.paragraphs, tagged, strict=True)
    )
    (scores,) = evaluate(replace(dudley, paragraphs=own), without_dudley).reports
    assert scores.macro_f1.value == scores.macro_f1.low == 1
    assert scores.mean_average_precision == pytest.approx(1)
    assert scores.stance_accuracy == scores.evidence_f1 == scores.services_f1 == 1
    assert all(true == given for true, given in scores.stance_confusion)


# ------------------------------------------------------------------ little or nothing to score


def test_a_theme_that_is_nowhere_leaves_the_mean_of_the_others(
    corpus: Corpus, without_dudley: Model
) -> None:
    few = tuple(p for p in corpus.only(["dorset"]).paragraphs if set(p.themes) == {"flagging"})
    (scores,) = evaluate(replace(corpus, paragraphs=few), without_dudley).reports
    known = [theme.f1.value for theme in scores.themes if not math.isnan(theme.f1.value)]
    assert 0 < len(known) < len(scores.themes)
    assert scores.macro_f1.value == pytest.approx(sum(known) / len(known))


def test_nothing_found_and_nothing_there(corpus: Corpus, without_dudley: Model) -> None:
    few = tuple(p for p in corpus.only(["dorset"]).paragraphs if not p.themes)[:2]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = evaluate(replace(corpus, paragraphs=few), without_dudley)
    json.dumps(found.to_dict(), allow_nan=False)
    assert "NaN" not in score_markdown(found)
    assert score_tables(found)


def test_context_and_quotations_are_not_scored(corpus: Corpus, without_dudley: Model) -> None:
    context = tuple(replace(p, kind="context") for p in corpus.paragraphs)
    with pytest.raises(BadCorpus) as error:
        evaluate(replace(corpus, paragraphs=context), without_dudley)
    assert str(error.value) == "the corpus has no findings, examples or recommendations to score"


def test_another_codebook_is_refused(corpus: Corpus, without_dudley: Model) -> None:
    codebook = load_codebook()
    other = replace(corpus, codebook=replace(codebook, themes=codebook.themes[1:]))
    with pytest.raises(BadCorpus, match=r"^the corpus is labelled with the themes think_family, "):
        evaluate(other, without_dudley)


# ------------------------------------------------------------------ tables and card


def test_frame_has_a_row_for_each_theme(on_dudley: Evaluation) -> None:
    frame = on_dudley.to_frame()
    assert list(frame["theme"]) == [theme.theme for theme in on_dudley.reports[0].themes]
    assert set(frame["report"]) == {"dudley"}
    assert (frame["f1_low"] <= frame["f1"]).all()
    assert (frame["f1"] <= frame["f1_high"]).all()


def test_markdown_tables_are_whole(on_dudley: Evaluation) -> None:
    lines = score_markdown(on_dudley).split("\n")
    for table in ("| theme |", "| true stance"):
        start = next(i for i, line in enumerate(lines) if line.startswith(table))
        width = lines[start].count("|")
        for line in lines[start:]:
            if not line:
                break
            assert line.count("|") == width, line


def test_card_says_what_the_model_is_for(on_dudley: Evaluation, without_dudley: Model) -> None:
    card = model_card(without_dudley, on_dudley)
    assert card.startswith("---\nlanguage: en\nlicense: mit\n")
    assert "Not for any\ndecision about a child" in card
    assert "dorset 201" in card
    assert "Reports held out: dudley." in " ".join(card.split())
    for theme in without_dudley.codebook.themes:
        assert f"**{theme.name}** (`{theme.id}`)" in card
    assert "Not scored: no report was left out." in model_card(without_dudley, None)
