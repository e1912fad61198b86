"""The reader: a file in, a `Report` out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from clas_nlp.reading.citations import addressed_bodies, cited_recommendations
from clas_nlp.reading.decoding import name_of, read_bytes
from clas_nlp.reading.details import inspection_details
from clas_nlp.reading.formats import document_lines
from clas_nlp.reading.lines import DocumentLines, Line, report_lines
from clas_nlp.reading.passage import Passage
from clas_nlp.reading.records import Paragraph, ParagraphKind, Report, Section
from clas_nlp.reading.structure import passages

#: Warnings of one kind that are told in full.
_MOST_OF_A_KIND = 5
_ID_PREFIX: dict[str, str] = {
    "finding": "",
    "recommendation": "R",
    "case_example": "case-",
    "good_practice": "good-",
    "quotation": "quote-",
    "context": "context-",
}
#: Characters; what looks for dates and organisations in them is not made for whole books.
_LONGEST_FRONT = 30_000


def read_report(path: str | Path, report_id: str | None = None) -> Report:
    """Reads a report file: text, Markdown, HTML, PDF or DOCX, told apart by content.

    Args:
        path: the file, or "-" for standard input.
        report_id: short name for the report; by default the file's name without its ending.

    Returns:
        The report. For a text without numbered findings, `Report.is_clas` is False and each of its
        paragraphs counts as a finding without number.

    Raises:
        UnreadableReport: the file is missing, empty, damaged, protected, or of no known format, or
            its format needs a library that is not installed.
    """
    if str(path) == "-":
        document = document_lines(read_bytes(Path("-")), "standard input")
        return _report(document, report_id or "stdin", "-")
    path = Path(path)
    document = document_lines(read_bytes(path), str(path))
    return _report(document, report_id or name_of(path), str(path))


def parse_report(text: str, report_id: str = "report", source: str = "") -> Report:
    """Reads a report from its text.

    Args:
        text: the report's text, plain or Markdown.
        report_id: short name for the report.
        source: where the text came from, for the record.
    """
    return _report(DocumentLines(*report_lines(text)), report_id, source)


def parse_document(content: bytes, report_id: str, source: str = "") -> Report:
    """Reads a report from a file's bytes: text, Markdown, HTML, PDF or DOCX.

    Args:
        content: the bytes.
        report_id: short name for the report, also in messages where there is no source.
        source: where the bytes came from.

    Raises:
        UnreadableReport: see `read_report`.
    """
    return _report(document_lines(content, source or report_id), report_id, source)


def _report(document: DocumentLines, report_id: str, source: str) -> Report:
    lines, running_title = document.lines, document.running_title
    found, warnings = passages(lines)
    warnings = [*document.warnings, *warnings]
    if not any(p.kind == "finding" for p in found):
        found = [
            Passage("finding", "", p.blocks, p.page) if p.kind in ("context", "quotation") else p
            for p in found
        ]
        warnings.append(
            "no numbered findings, so no CLAS report: each paragraph counts as a finding"
        )
    canonical, sections, paragraphs = _lay_out(found, report_id)
    front = _front(lines)
    summary = " ".join(p.text for p in paragraphs if p.kind == "context")
    report = Report(
        id=report_id,
        text=canonical,
        details=inspection_details(front, running_title, summary),
        sections=sections,
        paragraphs=paragraphs,
        warnings=tuple(warnings),
        source=source,
    )
    unresolved = [
        f"{paragraph} cites recommendation {number}, which the report does not have"
        for paragraph, number in report.unresolved_citations
    ]
    uncited = [
        f"recommendation {number} is cited by no finding"
        for number in report.uncited_recommendations
    ]
    return replace(report, warnings=(*report.warnings, *_few(unresolved), *_few(uncited)))


def _few(warnings: list[str]) -> list[str]:
    """The first warnings of a kind, and how many more there are; a report may hold hundreds."""
    more = len(warnings) - _MOST_OF_A_KIND
    if more <= 1:
        return warnings
    return [*warnings[:_MOST_OF_A_KIND], f"{more} more warnings like the last"]


def _front(lines: Sequence[Line]) -> list[str]:
    """The lines that may hold the title and the header table; no more than those ever fill."""
    front: list[str] = []
    left = _LONGEST_FRONT
    for line in lines[:60]:
        front.append(line.text[:left])
        left -= len(front[-1])
        if left <= 0:
            break
    return front


def _lay_out(
    found: list[Passage], report_id: str
) -> tuple[str, tuple[Section, ...], tuple[Paragraph, ...]]:
    """Writes the canonical text, and paragraphs and sections with their offsets in it."""
    pieces: list[str] = []
    position = 0
    sections: list[Section] = []
    paragraphs: list[Paragraph] = []
    counts: dict[str, int] = {}
    used_ids: dict[str, int] = {}

    def write(text: str) -> tuple[int, int]:
        nonlocal position
        start = position
        pieces.append(text)
        position += len(text)
        return start, position

    for passage in found:
        if pieces:
            write("\n\n")
        if passage.kind == "heading":
            start, end = write(f"{passage.number} {passage.text}".strip())
            sections.append(Section(passage.number, passage.text, start, end))
            continue
        if passage.number:
            write(f"{passage.number} ")
        start, end = write(passage.text)
        kind: ParagraphKind = passage.kind
        counts[kind] = counts.get(kind, 0) + 1
        own = passage.number or str(counts[kind])
        prefix = "p-" if kind == "finding" and not passage.number else _ID_PREFIX[kind]
        paragraph_id = f"{report_id}-{prefix}{own}"
        used_ids[paragraph_id] = used_ids.get(paragraph_id, 0) + 1
        if used_ids[paragraph_id] > 1:
            paragraph_id += f"-{used_ids[paragraph_id]}"
        paragraphs.append(
            Paragraph(
                id=paragraph_id,
                kind=kind,
                number=passage.number,
                section=_section_label(sections, kind),
                page=passage.page,
                start=start,
                end=end,
                text=passage.text,
                recommendations=()
                if kind == "recommendation"
                else cited_recommendations(passage.text),
                bodies=addressed_bodies(passage.group) if kind == "recommendation" else (),
            )
        )
        if sections:
            last = sections[-1]
            sections[-1] = Section(last.number, last.title, last.start, end)
    return "".join(pieces), tuple(sections), tuple(paragraphs)


def _section_label(sections: list[Section], kind: ParagraphKind) -> str:
    if not sections:
        return ""
    if kind == "recommendation":
        return "Recommendations"
    return re.sub(r"\s+", " ", sections[-1].label)
