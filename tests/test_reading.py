from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from conftest import REPORTS
from hypothesis import given, settings
from hypothesis import strategies as st

from clas_nlp.errors import UnreadableReport
from clas_nlp.reading import PARAGRAPH_KINDS, Report, parse_report, read_report
from clas_nlp.reading.citations import addressed_bodies, cited_recommendations, is_reference_only
from clas_nlp.reading.decoding import decode


@pytest.mark.parametrize(
    ("name", "findings", "cases", "good", "recommendations"),
    [("dorset", 143, 14, 2, 42), ("dudley", 156, 4, 1, 47)],
)
def test_counts_of_the_two_reports(
    name: str, findings: int, cases: int, good: int, recommendations: int
) -> None:
    kinds = Counter(p.kind for p in read_report(REPORTS / f"{name}.txt").paragraphs)
    assert kinds["finding"] == findings
    assert kinds["case_example"] == cases
    assert kinds["good_practice"] == good
    assert kinds["recommendation"] == recommendations
    assert kinds["quotation"] > 20
    assert kinds["context"] > 20


def test_every_paragraph_is_a_span_of_the_text(report: Report) -> None:
    end = 0
    for p in report.paragraphs:
        assert report.text[p.start : p.end] == p.text
        assert p.text == p.text.strip()
        assert p.start >= end, f"{p.id} overlaps the one before"
        assert p.kind in PARAGRAPH_KINDS
        end = p.end
    assert len({p.id for p in report.paragraphs}) == len(report.paragraphs)


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"[^\W_]+", text))


@pytest.mark.parametrize("name", ["dorset", "dudley"])
def test_no_word_is_dropped(name: str) -> None:
    raw = (REPORTS / f"{name}.txt").read_text(encoding="utf-8")
    raw = re.sub(r"Review of Health services for .* in Dorset\s*\n\s*Page \d+ of \d+", " ", raw)
    raw = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", raw)
    raw = re.sub(r"\s*<sup>\s*(\w+)\s*</sup>", r"\1", raw)
    raw = re.sub(r"</?b>|[*#_]", "", raw)
    raw = re.sub(r"(?m)^\s*o (?=[a-z])", "", raw)
    text = read_report(REPORTS / f"{name}.txt").text
    missing = _words(raw) - _words(text)
    # A word broken at a hyphen at a line's end counts twice in the raw text, once joined.
    assert sum(missing.values()) <= 3, missing


def test_numbers_are_in_order_without_gaps(report: Report) -> None:
    for kind in ("finding", "recommendation"):
        numbers = [p.number for p in report.of_kind(kind)]  # type: ignore[arg-type]
        last: dict[str, int] = {}
        for number in numbers:
            chapter, _, own = number.rpartition(".")
            assert int(own) == last.get(chapter, 0) + 1, number
            last[chapter] = int(own)


def test_sections_and_pages_of_dorset(dorset: Report) -> None:
    by_id = {p.id: p for p in dorset.paragraphs}
    assert by_id["dorset-1.17"].section == "1 Early help"
    assert by_id["dorset-5.2.7"].section == "5.2 Governance"
    assert by_id["dorset-1.17"].page == 16
    assert by_id["dorset-2.4"].page == 22
    assert by_id["dorset-R1.22"].page == 57
    assert by_id["dorset-context-1"].page == 3
    pages = [p.page for p in dorset.paragraphs if p.page]
    assert pages == sorted(pages)
    assert max(pages) == 59


def test_pages_stay_unknown_where_the_file_does_not_tell(dudley: Report) -> None:
    assert {p.page for p in dudley.paragraphs} == {None}


def test_details_of_the_inspection(dorset: Report, dudley: Report) -> None:
    assert dorset.details.area == "Dorset"
    assert dorset.details.year is None
    details = dudley.details
    assert details.area == "Dudley"
    assert (details.review_start, details.review_end) == ("2016-05-23", "2016-05-27")
    assert details.published == "2016-07-20"
    assert details.ccgs == ("NHS Dudley Clinical Commissioning Group",)
    assert details.providers == (
        "Dudley Group NHS Foundation Trust",
        "Dudley and Walsall Mental Health Partnership NHS Trust",
        "Black Country Partnership NHS Foundation Trust",
        "Shropshire Community Trust",
    )
    assert len(details.inspectors) == 5


def test_every_citation_resolves_and_every_recommendation_is_accounted_for(report: Report) -> None:
    known = {p.number for p in report.of_kind("recommendation")}
    cited = {n for p in report.paragraphs for n in p.recommendations}
    unresolved = {number for _, number in report.unresolved_citations}
    assert cited - known == unresolved
    assert known - cited == set(report.uncited_recommendations)
    for number in unresolved:
        assert any(number in warning for warning in report.warnings)
    for number in report.uncited_recommendations:
        assert any(f"recommendation {number} is cited by no finding" in w for w in report.warnings)


def test_the_tail_of_a_reference_is_no_finding(dorset: Report) -> None:
    found = next(p for p in dorset.paragraphs if p.id == "dorset-2.15")
    assert found.recommendations == ("1.6", "1.8")
    assert found.text.endswith("(Recommendations 1.6 and 1.8).")


def test_a_broken_line_keeps_its_hyphen(dorset: Report) -> None:
    box = next(p for p in dorset.paragraphs if p.id == "dorset-case-12")
    assert "self-harming" in box.text
    assert "multi-agency risk assessment" in dorset.text


def test_two_examples_in_one_box(dorset: Report) -> None:
    boxes = dorset.of_kind("case_example")
    assert sum(p.text.startswith("Case Example 1:") for p in boxes) == 1
    assert sum(p.text.startswith("Case Example 2:") for p in boxes) == 1


def test_bodies_addressed(dudley: Report) -> None:
    bodies = {p.number: p.bodies for p in dudley.of_kind("recommendation")}
    assert bodies["4.2"] == ("Dudley CCG", "Dudley and Walsall Mental Health Trust")
    assert bodies["5.1"][1] == "NHS England"
    assert len(bodies["5.1"]) == 5
    assert bodies["7.3"] == ("Dudley CCG",)
    assert all(bodies.values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("(Recommendation 1.3).", ("1.3",)),
        ("(Recommendations 1.3 and 1.4).", ("1.3", "1.4")),
        ("(Recommendations 1.3, 1.4 and 2.10)", ("1.3", "1.4", "2.10")),
        ("(Recommendations 1.3 to 1.5)", ("1.3", "1.4", "1.5")),
        ("see Recommendation 1.3 and Recommendation 2.1", ("1.3", "2.1")),
        ("(recommendation 1.3 & 1.3)", ("1.3",)),
        ("we recommend 1.3", ()),
        ("a recommendation that 0.75 wte", ()),
    ],
)
def test_cited_recommendations(text: str, expected: tuple[str, ...]) -> None:
    assert cited_recommendations(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(Recommendation 1.3).", True),
        ("(Recommendations 1.3 and 1.4)", True),
        ("This needs work (Recommendation 1.3).", False),
        ("Recommendations are followed up.", False),
    ],
)
def test_reference_only(text: str, expected: bool) -> None:
    assert is_reference_only(text) is expected


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Dorset CCG should;", ("Dorset CCG",)),
        ("Dorset CCG and NHS England should:", ("Dorset CCG", "NHS England")),
        (
            "A CCG, NHS England and B and C NHS Trust should:",
            ("A CCG", "NHS England", "B and C NHS Trust"),
        ),
        ("X CCG in partnership with Y Trust should:", ("X CCG", "Y Trust")),
        ("", ()),
    ],
)
def test_addressed_bodies(heading: str, expected: tuple[str, ...]) -> None:
    assert addressed_bodies(heading) == expected


def test_a_text_without_numbers_is_no_clas_report_but_is_kept() -> None:
    found = parse_report("A letter.\n\nChildren were not seen alone.\n\nStaff were kind.", "letter")
    assert not found.is_clas
    assert [p.kind for p in found.paragraphs] == ["finding"] * 3
    assert any("no CLAS report" in warning for warning in found.warnings)


def test_a_figure_at_the_head_of_a_line_is_no_number() -> None:
    text = "1. Early help\n\n1.1 The post is\n0.75 wte and was filled in May.\n\n1.2 It is new.\n"
    found = parse_report(text)
    assert [p.number for p in found.of_kind("finding")] == ["1.1", "1.2"]
    assert found.paragraphs[0].text == "The post is 0.75 wte and was filled in May."


def test_a_box_between_the_halves_of_a_finding_gives_it_back() -> None:
    text = (
        "1. Early help\n\n1.1 Midwives meet monthly and they\n\n"
        "Case Example: A mother was seen.\n\nshare what they know with health visitors.\n\n"
        "1.2 Next.\n"
    )
    found = parse_report(text)
    finding, box, _ = found.paragraphs
    assert (
        finding.text == "Midwives meet monthly and they share what they know with health visitors."
    )
    assert box.text == "Case Example: A mother was seen."


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "the file is empty"),
        (b"  \n ", "the file is empty"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\x00\x01\x02\x03" * 50, "binary"),
        (b"caf\x81\xe9 \x8d", "unknown text encoding"),
    ],
)
def test_what_is_no_text(raw: bytes, expected: str) -> None:
    with pytest.raises(UnreadableReport, match=expected):
        decode(raw, "x.txt")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(encoding: str, tmp_path: Path) -> None:
    text = (REPORTS / "dorset.txt").read_text(encoding="utf-8").replace("\n", "\r\n")
    (tmp_path / "dorset.txt").write_bytes(text.encode(encoding))
    again = read_report(tmp_path / "dorset.txt")
    assert again.text == read_report(REPORTS / "dorset.txt").text


@pytest.mark.parametrize("name", ["missing.txt", "."])
def test_what_cannot_be_opened(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableReport):
        read_report(tmp_path / name)


_LINES = (REPORTS / "dorset.txt").read_text(encoding="utf-8").split("\n")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(_LINES) - 1), st.integers(1, 60)), min_size=1, max_size=12
    )
)
def test_shuffled_and_repeated_pieces_keep_true_offsets(pieces: list[tuple[int, int]]) -> None:
    text = "\n".join("\n".join(_LINES[start : start + size]) for start, size in pieces)
    found = parse_report(text)
    assert all(found.text[p.start : p.end] == p.text for p in found.paragraphs)
    assert len({p.id for p in found.paragraphs}) == len(found.paragraphs)
