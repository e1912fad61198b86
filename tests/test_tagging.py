from __future__ import annotations

import math

import pytest
from conftest import CORPUS
from hypothesis import given, settings
from hypothesis import strategies as st

from clas_nlp.codebook import paragraph_stance
from clas_nlp.corpus import Corpus
from clas_nlp.reading import JUDGED_KINDS, PARAGRAPH_KINDS, Report, sentence_spans
from clas_nlp.reading.citations import is_reference_only
from clas_nlp.tagging import TaggedParagraph, Tagger, load, tagged_frame
from clas_nlp.tagging import tagger as tagger_module
from clas_nlp.tagging.output import CSV_COLUMNS, spreadsheet_safe, tag_rows

NO_THEME = "The clinic has a car park and is open until eight."


@pytest.fixture(scope="session")
def tagged(report: Report, tagger: Tagger) -> list[TaggedParagraph]:
    return tagger.tag(report)


# ------------------------------------------------------------------ both real reports


def test_every_paragraph_comes_back_in_order(report: Report, tagged: list[TaggedParagraph]) -> None:
    assert len(tagged) == len(report.paragraphs)
    for p, t in zip(report.paragraphs, tagged, strict=True):
        assert t.report == report.id
        assert (t.id, t.kind, t.number, t.section, t.page) == (
            p.id,
            p.kind,
            p.number,
            p.section,
            p.page,
        )
        assert (t.start, t.end, t.text) == (p.start, p.end, p.text)
        assert t.recommendations == p.recommendations
        assert report.text[t.start : t.end] == t.text


def test_evidence_is_whole_sentences_of_the_text(tagged: list[TaggedParagraph]) -> None:
    for p in tagged:
        spans = sentence_spans(p.text) if p.themes else []
        for tag in p.themes:
            assert tag.evidence, f"{p.id} {tag.theme} has no evidence"
            for e in tag.evidence:
                assert p.text[e.start : e.end] == e.text
                assert (e.start, e.end) in spans
                assert not is_reference_only(e.text)
            places = [(e.start, e.end, e.stance) for e in tag.evidence]
            assert len(set(places)) == len(places)
            assert [place[0] for place in places] == sorted(place[0] for place in places)


def test_stance_follows_from_the_evidence(tagged: list[TaggedParagraph], tagger: Tagger) -> None:
    for p in tagged:
        for tag in p.themes:
            assert tag.stance == paragraph_stance({e.stance for e in tag.evidence})
            assert {e.stance for e in tag.evidence} <= set(tagger.codebook.sentence_stances)


def test_a_recommendation_is_a_weakness(tagged: list[TaggedParagraph]) -> None:
    themes = [tag for p in tagged if p.kind == "recommendation" for tag in p.themes]
    assert len(themes) > 5
    assert {tag.stance for tag in themes} == {"weakness"}
    assert {e.stance for tag in themes for e in tag.evidence} == {"weakness"}


def test_quotations_and_context_are_kept_untagged(tagged: list[TaggedParagraph]) -> None:
    others = [p for p in tagged if p.kind not in JUDGED_KINDS]
    assert {p.kind for p in others} == {"quotation", "context"}
    for p in others:
        assert p.themes == ()
        assert p.services == ()
        assert p.probabilities == {}


def test_probabilities_and_thresholds(tagged: list[TaggedParagraph], tagger: Tagger) -> None:
    limits = dict(zip(tagger.codebook.theme_ids, tagger.model.thresholds.themes, strict=True))
    for p in tagged:
        if p.kind not in JUDGED_KINDS:
            continue
        assert tuple(p.probabilities) == tagger.codebook.theme_ids
        assert all(0 < chance < 1 for chance in p.probabilities.values())
        for tag in p.themes:
            assert tag.probability == p.probabilities[tag.theme]
            assert tag.probability >= limits[tag.theme] - 1e-4
        given = {tag.theme for tag in p.themes}
        for theme, chance in p.probabilities.items():
            assert theme in given or chance <= limits[theme] + 1e-4
        assert [tag.theme for tag in p.themes] == [t for t in p.probabilities if t in given]
        assert set(p.services) <= set(tagger.codebook.service_ids)


def test_many_paragraphs_carry_no_theme(tagged: list[TaggedParagraph]) -> None:
    judged = [p for p in tagged if p.kind in JUDGED_KINDS]
    without = sum(not p.themes for p in judged)
    assert len(judged) // 4 < without < len(judged)


def test_rows_have_the_promised_keys_in_order(tagged: list[TaggedParagraph]) -> None:
    for p in tagged:
        row = p.to_row()
        assert " ".join(row) == (
            "report id kind number section page start end text services recommendations themes"
        )
        for theme in row["themes"]:
            assert " ".join(theme) == "theme stance probability evidence"
            for evidence in theme["evidence"]:
                assert " ".join(evidence) == "start end stance text"
                start, end = evidence["start"], evidence["end"]
                assert row["text"][start:end] == evidence["text"]


def test_tagging_twice_gives_the_same(
    dudley: Report, tagger: Tagger, tagged: list[TaggedParagraph]
) -> None:
    again = load(tagger_module.resource_folder("model"))
    if tagged[0].report == dudley.id:
        assert again.tag(dudley) == tagged


# ------------------------------------------------------------------ bare texts


@pytest.fixture(scope="session")
def texts(corpus: Corpus) -> list[str]:
    return [p.text for p in corpus.paragraphs[:60]]


def test_texts_come_back_in_order_with_ids(tagger: Tagger, texts: list[str]) -> None:
    assert [p.id for p in tagger.tag_texts(texts)] == [str(i + 1) for i in range(60)]
    ids = [f"row {i}" for i in range(60)]
    found = tagger.tag_texts(iter(texts), ids=ids)
    assert [(p.id, p.text) for p in found] == list(zip(ids, texts, strict=True))
    assert {(p.report, p.kind, p.start) for p in found} == {("", "finding", 0)}
    assert all(p.end == len(p.text) for p in found)


def test_each_text_by_itself_gives_the_same(tagger: Tagger, texts: list[str]) -> None:
    together = tagger.tag_texts(texts)
    alone = [tagger.tag_texts([text], ids=[str(i + 1)])[0] for i, text in enumerate(texts)]
    assert together == alone


@pytest.mark.parametrize("size", [1, 7, 60])
def test_batches_do_not_change_the_result(
    size: int, tagger: Tagger, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tagger.tag_texts(texts)
    monkeypatch.setattr(tagger_module, "BATCH", size)
    assert tagger.tag_texts(texts) == whole


def test_progress_counts_every_paragraph(
    tagger: Tagger, dudley: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagger_module, "BATCH", 100)
    steps: list[int] = []
    paragraphs = dudley.paragraphs[:230]
    list(tagger.tag_paragraphs(paragraphs, "dudley", steps.append))
    assert steps == [100, 100, 30]


def test_equal_ids_do_not_mix_up_texts(tagger: Tagger, texts: list[str]) -> None:
    found = tagger.tag_texts(texts, ids=["same"] * len(texts))
    expected = tagger.tag_texts(texts)
    assert [p.themes for p in found] == [p.themes for p in expected]
    assert [p.probabilities for p in found] == [p.probabilities for p in expected]


def test_no_theme_is_a_valid_answer(tagger: Tagger) -> None:
    (found,) = tagger.tag_texts([NO_THEME])
    assert found.themes == ()
    assert len(found.probabilities) == len(tagger.codebook.themes)


def test_kinds_count(tagger: Tagger) -> None:
    text = "Staff must receive regular one-to-one safeguarding supervision."
    for kind in PARAGRAPH_KINDS:
        (found,) = tagger.tag_texts([text], kinds=[kind])
        assert found.kind == kind
        assert bool(found.themes) == (kind in JUDGED_KINDS)
    (asked,) = tagger.tag_texts([text], kinds=["recommendation"])
    assert [(tag.theme, tag.stance) for tag in asked.themes] == [("supervision", "weakness")]
    assert asked.tag("supervision") is asked.themes[0]
    assert asked.tag("flagging") is None


def test_wrong_numbers_of_ids_and_kinds(tagger: Tagger) -> None:
    with pytest.raises(ValueError, match=r"^1 ids for 2 texts$"):
        tagger.tag_texts(["a", "b"], ids=["1"])
    with pytest.raises(ValueError, match=r"^3 kinds for 2 texts$"):
        tagger.tag_texts(["a", "b"], kinds=["finding"] * 3)


def test_an_unknown_kind_is_refused(tagger: Tagger) -> None:
    # Silence would look like "no theme".
    with pytest.raises(ValueError, match="'findings'"):
        tagger.tag_texts(["a"], kinds=["findings"])


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n\n", "\u00a0", ".", "…", "(Recommendation 1.3).", "7", "•", "a\x00b", "\u200b"],
)
def test_texts_with_next_to_nothing_in_them(text: str, tagger: Tagger) -> None:
    (found,) = tagger.tag_texts([text])
    assert found.text == text
    assert found.themes == ()


_PIECES = st.sampled_from(
    [
        "Staff have no safeguarding supervision.",
        "the child’s voice is heard!",
        "(Recommendations 1.6 and 1.8).",
        "👩‍👧 café",
        "\n• flags on records",
        "e.g. CAMHS",
        "“No,” she said.",
        " \t ",
        "\u2028",
        "الأطفال",
        "referrals to the MASH lack detail",
    ]
)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(_PIECES, st.text(alphabet=st.characters(codec="utf-8"), max_size=12))))
def test_offsets_hold_for_any_text(tagger: Tagger, pieces: list[str]) -> None:
    text = " ".join(pieces)
    (found,) = tagger.tag_texts([text])
    assert found.text == text
    for tag in found.themes:
        assert tag.evidence
        assert tag.stance == paragraph_stance({e.stance for e in tag.evidence})
        for e in tag.evidence:
            assert text[e.start : e.end] == e.text != ""


# ------------------------------------------------------------------ frames


def test_frame_has_a_row_for_each_theme(tagged: list[TaggedParagraph]) -> None:
    frame = tagged_frame(tagged)
    assert list(frame.columns) == list(CSV_COLUMNS)
    assert len(frame) == sum(max(1, len(p.themes)) for p in tagged)
    assert str(frame["page"].dtype) == "Int64"
    assert str(frame["probability"].dtype) == "Float64"
    assert list(dict.fromkeys(frame["id"])) == [p.id for p in tagged]
    given = frame[frame["theme"] != ""]
    expected = [(p.id, tag.theme, tag.stance, tag.probability) for p in tagged for tag in p.themes]
    columns = ["id", "theme", "stance", "probability"]
    assert list(given[columns].itertuples(index=False, name=None)) == expected
    assert frame.loc[frame["theme"] == "", "probability"].isna().all()


def test_frame_of_nothing_has_its_columns() -> None:
    frame = tagged_frame([])
    assert list(frame.columns) == list(CSV_COLUMNS)
    assert len(frame) == 0


def test_a_sentence_of_two_stances_stands_once_in_a_cell(tagged: list[TaggedParagraph]) -> None:
    for row in tag_rows(tagged):
        sentences = row["evidence"].split(" | ")
        assert len(set(sentences)) == len(sentences)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+44", "'+44"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("plain = fine", "plain = fine"),
        ("", ""),
        (-0.5, -0.5),
        (None, None),
    ],
)
def test_cells_that_a_spreadsheet_would_run(value: object, expected: object) -> None:
    assert spreadsheet_safe(value) == expected


def test_the_default_model_agrees_with_its_own_training_text(
    tagger: Tagger, corpus: Corpus
) -> None:
    # No measure of quality: it shows that a model and its codebook still belong together.
    found = tagger.tag_texts(
        [p.text for p in corpus.paragraphs], kinds=[p.kind for p in corpus.paragraphs]
    )
    right = sum(
        len({t.theme for t in f.themes} & set(p.themes))
        for f, p in zip(found, corpus.paragraphs, strict=True)
    )
    wanted = sum(len(p.themes) for p in corpus.paragraphs)
    assert right / wanted > 0.8
    assert math.isclose(wanted, 183, abs_tol=20)
    assert (CORPUS / "dudley.jsonl").is_file()
