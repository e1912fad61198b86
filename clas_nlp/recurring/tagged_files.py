"""Inspections in the JSON Lines that `tag` writes, read and written.

A line is `TaggedParagraph.to_row()`. It may carry more: `probabilities` (of every theme), `area`,
`review_start`, `review_end`, `published`, `providers` and `codebook`. Lines without them make
inspections without area or date.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from clas_nlp.errors import UnreadableReport
from clas_nlp.json_text import NoJson, json_value
from clas_nlp.reading.decoding import decode, name_of, read_bytes
from clas_nlp.reading.records import PARAGRAPH_KINDS, InspectionDetails
from clas_nlp.recurring.inspections import Inspection
from clas_nlp.tagging.records import Evidence, TaggedParagraph, ThemeTag

_DETAILS = ("area", "review_start", "review_end", "published")


def read_inspections(path: str | Path) -> list[Inspection]:
    """Reads the inspections of a JSONL file that `tag` wrote, one for each report in it.

    Raises:
        UnreadableReport: the file cannot be read, a line is no JSON object, or a field is missing
            or of the wrong type; the message names file and row.
    """
    path = Path(path)
    text = decode(read_bytes(path), str(path))
    return inspections_of(text.split("\n"), str(path), name_of(path))


def inspections_of(lines: Iterable[str], name: str, unnamed: str) -> list[Inspection]:
    """The inspections that some JSON lines hold, one for each report.

    Args:
        lines: the lines.
        name: what to call them in messages.
        unnamed: id of the report where the lines have none.

    Raises:
        UnreadableReport: see `read_inspections`.
    """
    paragraphs: dict[str, list[TaggedParagraph]] = {}
    extras: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{name}: row {number}"
        try:
            # A lone surrogate is valid JSON but no text: nothing could write it out again.
            row = json_value(line)
            paragraph = _paragraph(row)
        except NoJson as error:
            raise UnreadableReport(
                f"{where}: no JSON ({error}); expected one tagged paragraph a line"
            ) from None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            reason = f"no field {error}" if isinstance(error, KeyError) else str(error)
            raise UnreadableReport(
                f"{where}: {reason}; expected a line as `clas-nlp tag --format jsonl` writes it"
            ) from None
        report = paragraph.report or unnamed
        paragraphs.setdefault(report, []).append(paragraph)
        known = extras.setdefault(report, {})
        for key in (*_DETAILS, "providers", "codebook"):
            if row.get(key):
                known.setdefault(key, row[key])
    if not paragraphs:
        raise UnreadableReport(f"{name}: no rows; expected one tagged paragraph a line")
    return [
        Inspection(
            id=report,
            details=InspectionDetails(
                area=_text(known.get("area", "")),
                review_start=_day(known, "review_start", name),
                review_end=_day(known, "review_end", name),
                published=_day(known, "published", name),
                providers=tuple(str(provider) for provider in known.get("providers", ())),
            ),
            paragraphs=tuple(paragraphs[report]),
            codebook=str(known.get("codebook", "")),
            source=name if len(paragraphs) == 1 else f"{name} ({report})",
        )
        for report, known in extras.items()
    ]


def _day(known: dict[str, Any], key: str, name: str) -> str:
    value = _text(known.get(key, ""))
    if value and not (len(value) >= 4 and value[:4].isdecimal()):
        raise UnreadableReport(f"{name}: {key} is {value!r}; expected a date such as 2016-05-23")
    return value


def _paragraph(row: Any) -> TaggedParagraph:
    if not isinstance(row, dict):
        raise TypeError("no JSON object")
    kind = _text(row["kind"])
    if kind not in PARAGRAPH_KINDS:
        raise ValueError(f"unknown kind {kind!r}, expected one of {', '.join(PARAGRAPH_KINDS)}")
    text = _text(row["text"])
    page = row.get("page")
    if page is not None and (not isinstance(page, int) or isinstance(page, bool)):
        raise ValueError(f"page {page!r} is no number")
    return TaggedParagraph(
        report=_text(row["report"]),
        id=_text(row["id"]),
        kind=kind,
        number=_text(row.get("number", "")),
        section=_text(row.get("section", "")),
        page=page,
        start=int(row.get("start", 0)),
        end=int(row.get("end", len(text))),
        text=text,
        services=_texts(row.get("services", []), "services"),
        recommendations=_texts(row.get("recommendations", []), "recommendations"),
        themes=tuple(_tag(tag, text) for tag in row["themes"]),
        probabilities={
            _text(theme): _chance(value) for theme, value in row.get("probabilities", {}).items()
        },
    )


def _tag(row: dict[str, Any], text: str) -> ThemeTag:
    evidence = tuple(
        Evidence(int(e["start"]), int(e["end"]), _text(e["stance"]), _text(e["text"]))
        for e in row["evidence"]
    )
    for sentence in evidence:
        if text[sentence.start : sentence.end] != sentence.text:
            raise ValueError(
                f"evidence {sentence.start}-{sentence.end} of {row['theme']!r} is not what stands "
                "there in the paragraph"
            )
    return ThemeTag(
        _text(row["theme"]), _text(row["stance"]), _chance(row["probability"]), evidence
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value.encode("utf-8", "replace").decode("utf-8")


def _texts(values: Any, name: str) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError(f"{name} is no list")
    return tuple(_text(value) for value in values)


def _chance(value: Any) -> float:
    chance = float(value)
    if not 0.0 <= chance <= 1.0:
        raise ValueError(f"probability {value!r} is not between 0 and 1")
    return chance


def inspection_rows(inspection: Inspection) -> Iterator[dict[str, Any]]:
    """The lines of an inspection with all that `read_inspections` can use, so nothing is lost."""
    details = inspection.details
    for paragraph in inspection.paragraphs:
        yield {
            **paragraph.to_row(),
            "report": inspection.id,
            "probabilities": dict(paragraph.probabilities),
            "area": details.area,
            "review_start": details.review_start,
            "review_end": details.review_end,
            "published": details.published,
            "providers": list(details.providers),
            "codebook": inspection.codebook,
        }


def inspections_jsonl(inspections: Iterable[Inspection]) -> str:
    """Inspections as JSON Lines, with their details; see `inspection_rows`."""
    return "".join(
        json.dumps(row, ensure_ascii=False) + "\n"
        for inspection in inspections
        for row in inspection_rows(inspection)
    )
