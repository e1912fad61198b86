"""The action plan that a report asks for: each recommendation, its bodies and its findings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from clas_nlp.codebook import Codebook, load_codebook
from clas_nlp.reading.records import JUDGED_KINDS, Paragraph, Report
from clas_nlp.recurring.frames import typed_frame
from clas_nlp.tagging.records import TaggedParagraph

if TYPE_CHECKING:
    import pandas as pd

#: CQC asks for the plan within so many working days of the report.
WORKING_DAYS = 20

#: Columns that the people who own the actions fill in.
OPEN_COLUMNS = ("owner", "due_date", "progress", "evidence")

COLUMNS = {
    "kind": "string",
    "number": "string",
    "text": "string",
    "themes": "string",
    "bodies": "string",
    "cited_by": "string",
    "findings": "string",
    "page": "Int64",
    "owner": "string",
    "due_date": "string",
    "progress": "string",
    "evidence": "string",
}

_DRAWN = re.compile(
    r"\b(?:(?:has|have|had|was|were)\s+(?:also\s+)?(?:been\s+)?|be\s+)(?:drawn|brought|bought)\s+to\s+"
    r"the\s+attention\s+of\s+(?P<body>[^.;]+?)"
    r"(?=\s+and\s+also\s+be(?:en)?\s+drawn|\s*[.;]|\s*$)",
    re.IGNORECASE,
)
#: What follows a body's name and says why it is told.
_ROLE = re.compile(r",?\s+(?:as|who)\s+.*?(?=\s+and\s+to\s+[A-Z]|$)", re.IGNORECASE)
_PARAGRAPHS = re.compile(
    r"\bparagraphs?\s+((?:\d+(?:\.\d+)+)(?:(?:\s*,\s*and\s+|\s*,\s*|\s+and\s+|\s+to\s+)\d+(?:\.\d+)+)*)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.]*(?:\.(?=\d)[^.]*)*$")


def action_plan(
    report: Report, tagged: Iterable[TaggedParagraph], codebook: Codebook | None = None
) -> pd.DataFrame:
    """Lists every recommendation, and every finding drawn to another commissioner's attention.

    Args:
        report: the report.
        tagged: its tagged paragraphs.
        codebook: the codebook of the tags, for the themes' names; by default the project's own.

    Returns:
        One row for each recommendation (`kind` "recommendation") and for each finding that was
        "drawn to the attention of" another body ("drawn to attention"), in reading order, with
        their themes, the bodies addressed, the findings that cite it (numbers and words), and
        empty columns for owner, due date, progress and evidence. `frame.attrs` holds the report's
        name, its date of publication, the day the plan is due and notes.
    """
    codebook = codebook or load_codebook()
    tags = {paragraph.id: paragraph for paragraph in tagged}
    rows = [_recommendation(p, report, tags, codebook) for p in report.of_kind("recommendation")]
    rows += _drawn_to_attention(report, tags, codebook)
    due = plan_due(report)
    notes = [
        f"recommendation {number} is cited by no finding"
        for number in report.uncited_recommendations
    ]
    if not report.of_kind("recommendation"):
        notes.append(f"{report.source or report.id}: no recommendations were found")
    frame = typed_frame(rows, COLUMNS, notes)
    frame.attrs.update(
        title=report.details.area or report.id,
        published=report.details.published,
        plan_due=due,
    )
    return frame


def plan_due(report: Report) -> str:
    """ISO date 20 working days after publication, or empty where the report has no such date.

    Weekends are left out and bank holidays are not, so the day may be early, never late. The
    report's own days count from its receipt, which may be before publication.
    """
    if not report.details.published:
        return ""
    import numpy as np

    return str(np.busday_offset(report.details.published, WORKING_DAYS, roll="forward"))


def _row(
    kind: str,
    paragraph: Paragraph,
    tags: Mapping[str, TaggedParagraph],
    codebook: Codebook,
    bodies: Iterable[str],
    findings: Iterable[Paragraph],
) -> dict[str, Any]:
    findings = list(findings)
    tagged = tags.get(paragraph.id)
    themes = [codebook.theme_name(tag.theme) for tag in tagged.themes] if tagged else []
    return {
        "kind": kind,
        "number": paragraph.number or paragraph.id,
        "text": paragraph.text,
        "themes": "; ".join(themes),
        "bodies": "; ".join(bodies),
        "cited_by": "; ".join(p.number or p.id for p in findings),
        "findings": "\n\n".join(
            f"{p.number or p.id}: {' '.join(p.text.split())}" for p in findings
        ),
        "page": paragraph.page,
        **dict.fromkeys(OPEN_COLUMNS, ""),
    }


def _recommendation(
    paragraph: Paragraph,
    report: Report,
    tags: Mapping[str, TaggedParagraph],
    codebook: Codebook,
) -> dict[str, Any]:
    cited_by = report.cited_by(paragraph.number) if paragraph.number else []
    return _row("recommendation", paragraph, tags, codebook, paragraph.bodies, cited_by)


def _drawn_to_attention(
    report: Report, tags: Mapping[str, TaggedParagraph], codebook: Codebook
) -> list[dict[str, Any]]:
    judged = [p for p in report.paragraphs if p.kind in JUDGED_KINDS and p.kind != "recommendation"]
    numbered = {p.number: p for p in judged if p.number}
    drawn: dict[str, tuple[Paragraph, dict[str, None]]] = {}
    for paragraph in judged:
        for match in _DRAWN.finditer(paragraph.text):
            sentence = _SENTENCE.search(paragraph.text[: match.start()])
            named = _PARAGRAPHS.search(sentence.group()) if sentence else None
            numbers = _numbers(named.group(1), list(numbered)) if named else []
            about = [numbered[n] for n in numbers if n in numbered] or [paragraph]
            for finding in about:
                drawn.setdefault(finding.id, (finding, {}))[1].update(
                    dict.fromkeys(attention_bodies(match.group("body")))
                )
    order = {p.id: place for place, p in enumerate(judged)}
    return [
        _row("drawn to attention", finding, tags, codebook, bodies, [])
        for finding, bodies in sorted(drawn.values(), key=lambda pair: order[pair[0].id])
    ]


def _numbers(text: str, known: list[str]) -> list[str]:
    """Numbers in "3.8 and 3.9" or "3.8 to 3.11", the ones between included."""
    span = re.fullmatch(r"(\S+)\s+to\s+(\S+)", text.strip())
    if span and span.group(1) in known and span.group(2) in known:
        first, last = known.index(span.group(1)), known.index(span.group(2))
        return known[first : last + 1]
    return re.findall(r"\d+(?:\.\d+)+", text)


def attention_bodies(text: str) -> list[str]:
    """The bodies in what follows "drawn to the attention of", without the reason why.

    "Public Health Dorset as the commissioner of sexual health services" gives Public Health
    Dorset; "X as the commissioner of Y and to Z" and "X and Z as the commissioner" give X and Z.
    """
    names: list[str] = []
    for part in re.split(r"\s+and\s+to\s+(?=[A-Z])", " ".join(text.split())):
        name = _ROLE.sub("", part).strip(" ,")
        names += re.split(r"\s+and\s+(?=Public Health\b|NHS\b)", name)
    return [name for name in dict.fromkeys(n.removeprefix("the ") for n in names) if name]
