"""What goes out comes back the same, offset for offset, whatever the text."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import clas_nlp
from clas_nlp.corpus import Label, LabelledParagraph, load_corpus
from clas_nlp.exchanging import FORMATS, IMPORTS, CodedParagraph, export, import_labels, read_labels
from clas_nlp.exchanging.records import text_sha256
from clas_nlp.reading.records import PARAGRAPH_KINDS
from clas_nlp.tagging import Tagger

ROOT = Path(__file__).resolve().parent.parent
CODEBOOK = clas_nlp.load_codebook()
HARD = "👩‍👧 “She’s seen alone.”\r\n=SUM(A1)\r\n\tnaïve café e\u0301 _x000D_ \ufeff <&> ]]>"
PIECES = st.sampled_from(
    [
        *(
            "\r\n",
            "\n",
            "\r",
            "👩\u200d👧",
            "😀",
            "é",
            "e\u0301",
            "=",
            "'",
            "-",
            "@",
            '"',
            ";",
            ",",
        ),
        *(
            "_x000D_",
            "\ufeff",
            "\u2028",
            "\t",
            " ",
            "#N/A",
            "\\n",
            "<b>",
            "&amp;",
            "|",
            "\x0b",
            "a",
        ),
        "The child.",
    ]
)
TEXTS = (
    st.one_of(
        st.lists(PIECES, min_size=1, max_size=12).map("".join),
        st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=40),
    )
    # A lone line of white space is no paragraph.
    .filter(str.strip)
)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)
NAMES = WORDS.filter(str.strip)


@st.composite
def paragraphs(draw: st.DrawFn) -> list[LabelledParagraph]:
    found = []
    for name in draw(st.lists(NAMES, min_size=1, max_size=4, unique=True)):
        text = draw(TEXTS)
        labels = set()
        for _ in range(draw(st.integers(0, 4))):
            start = draw(st.integers(0, len(text) - 1))
            end = draw(st.integers(start + 1, len(text)))
            theme = draw(st.sampled_from(CODEBOOK.theme_ids))
            labels.add(Label(start, end, theme, draw(st.sampled_from(CODEBOOK.sentence_stances))))
        services = draw(st.lists(st.sampled_from(CODEBOOK.service_ids), max_size=3, unique=True))
        found.append(
            LabelledParagraph(
                id=name,
                report=draw(st.sampled_from(["dorset", "Bath & NE Somerset 😀"])),
                kind=draw(st.sampled_from(PARAGRAPH_KINDS)),
                number=draw(st.sampled_from(["", "1.10", "5.2.3"])),
                section=draw(WORDS),
                text=text,
                services=tuple(services),
                labels=tuple(sorted(labels)),
                origin=draw(st.sampled_from(["report", "written"])),
            )
        )
    return found


def rows(found: list[LabelledParagraph]) -> list[dict[str, object]]:
    return [p.to_row() for p in found]


def by_report(found: list[LabelledParagraph]) -> list[dict[str, object]]:
    """A REFI-QDA source holds one report, so a project gives paragraphs back report by report."""
    order = list(dict.fromkeys(p.report for p in found))
    return rows(sorted(found, key=lambda p: order.index(p.report)))


@pytest.mark.parametrize("name", IMPORTS)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(found=paragraphs())
@example(
    found=[
        LabelledParagraph(
            "x-1", "x", "finding", "1.10", "=1+1", HARD, ("camhs",),
            (Label(0, 3, "supervision", "weakness"), Label(1, 9, "supervision", "strength")),
        )
    ]
)  # fmt: skip
def test_every_import_gives_back_what_was_exported(
    name: str, found: list[LabelledParagraph], tmp_path: Path
) -> None:
    file = export(found, name, tmp_path / f"out{FORMATS[name].ending}", CODEBOOK)[0]
    back = import_labels(file, CODEBOOK)
    assert rows(back) == (by_report(found) if name == "refi-qda" else rows(found))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(found=paragraphs())
def test_spacy_documents_hold_the_same_characters(
    found: list[LabelledParagraph], tmp_path: Path
) -> None:
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    file = export(found, "spacy", tmp_path / "out.spacy", CODEBOOK)[0]
    docs = list(DocBin().from_disk(file).get_docs(Vocab()))
    for p, doc in zip(found, docs, strict=True):
        assert doc.text == p.text
        assert list(doc.cats) == list(CODEBOOK.theme_ids)
        assert {theme for theme, value in doc.cats.items() if value} == set(p.themes)
        spans = [(s.start_char, s.end_char, s.label_) for s in doc.spans["evidence"]]
        assert spans == [(x.start, x.end, f"{x.theme}/{x.stance}") for x in p.labels]
        assert doc.user_data["paragraph_id"] == p.id


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(found=paragraphs())
def test_web_annotations_quote_what_stands_at_their_positions(
    found: list[LabelledParagraph], tmp_path: Path
) -> None:
    file = export(found, "w3c", tmp_path / "out.jsonld", CODEBOOK)[0]
    page = json.loads(file.read_text(encoding="utf-8"))
    evidence = [item for item in page["items"] if item["motivation"] == "tagging"]
    expected = [(p, label) for p in found for label in p.labels]
    for item, (p, label) in zip(evidence, expected, strict=True):
        position, quotation = item["target"]["selector"]
        assert (position["start"], position["end"]) == (label.start, label.end)
        assert quotation["exact"] == p.text[label.start : label.end]
        around = quotation["prefix"] + quotation["exact"] + quotation["suffix"]
        assert around in p.text


@pytest.mark.parametrize("name", IMPORTS)
def test_the_real_corpus_comes_back_the_same(name: str, tmp_path: Path) -> None:
    corpus = load_corpus(ROOT / "corpus" / "dudley.jsonl")
    file = export(corpus.paragraphs, name, tmp_path / f"d{FORMATS[name].ending}", CODEBOOK)[0]
    assert rows(import_labels(file, CODEBOOK)) == rows(list(corpus.paragraphs))


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_paragraphs_give_the_same_files(name: str, tmp_path: Path) -> None:
    found = load_corpus(ROOT / "corpus" / "dorset.jsonl").paragraphs[:20]
    ending = FORMATS[name].ending
    first = export(found, name, tmp_path / "one" / f"d{ending}", CODEBOOK)
    second = export(found, name, tmp_path / "two" / f"d{ending}", CODEBOOK)
    assert [f.read_bytes() for f in first] == [f.read_bytes() for f in second]


@pytest.mark.parametrize("name", IMPORTS)
def test_coder_and_date_are_kept(name: str, tmp_path: Path) -> None:
    found = load_corpus(ROOT / "corpus" / "dorset.jsonl").paragraphs[:3]
    file = export(found, name, tmp_path / f"d{FORMATS[name].ending}", CODEBOOK)[0]
    back = import_labels(file, CODEBOOK, coder="Anna", date="2024-03-31")
    assert all(isinstance(p, CodedParagraph) and p.coder == "Anna" for p in back)
    assert back[0].to_row()["date"] == "2024-03-31"


@pytest.mark.parametrize("name", ["label-studio", "doccano", "prodigy", "csv"])
def test_line_ends_that_a_tool_changed_are_restored(name: str, tmp_path: Path) -> None:
    text = "😀 One is seen alone.\r\nAnother is not.\r\nEnd."
    start = text.index("Another")
    label = Label(start, start + 15, "voice_of_child", "weakness")
    found = [LabelledParagraph("x-1", "x", "finding", "", "", text, (), (label,))]
    # What the tool gives: the text with line feeds, and offsets in that text.
    shorter = text.replace("\r\n", "\n")
    moved = Label(start - 1, start + 14, "voice_of_child", "weakness")
    given = [LabelledParagraph("x-1", "x", "finding", "", "", shorter, (), (moved,))]
    file = export(given, name, tmp_path / f"d{FORMATS[name].ending}", CODEBOOK)[0]
    content = file.read_bytes().decode()
    file.write_text(
        content.replace(text_sha256(shorter), text_sha256(text)), encoding="utf-8", newline=""
    )
    assert rows(import_labels(file, CODEBOOK)) == rows(found)


@pytest.mark.parametrize("name", ["label-studio", "prodigy", "csv", "xlsx"])
def test_the_models_tags_are_no_labels_until_a_person_says_so(
    name: str, tmp_path: Path, tagger: Tagger
) -> None:
    texts = ["Supervision of midwives was not in place.", "The ward is new."]
    tagged = [replace(p, report="x") for p in tagger.tag_texts(texts)]
    file = export(tagged, name, tmp_path / f"t{FORMATS[name].ending}", CODEBOOK)[0]
    found = read_labels(file, CODEBOOK)
    assert (found.paragraphs, found.problems, found.waiting) == ((), (), 2)
    with pytest.raises(clas_nlp.ClasNlpError, match="none of its 2 paragraphs is labelled"):
        import_labels(file, CODEBOOK)
