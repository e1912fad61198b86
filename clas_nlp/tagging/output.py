"""Tagged paragraphs as rows: JSON Lines, CSV, pandas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import orjson

from clas_nlp.tagging.records import TaggedParagraph, ThemeTag

if TYPE_CHECKING:
    import pandas as pd

CSV_COLUMNS = (
    "report",
    "id",
    "kind",
    "number",
    "section",
    "page",
    "services",
    "recommendations",
    "theme",
    "stance",
    "probability",
    "evidence",
    "text",
)


def json_line(paragraph: TaggedParagraph) -> str:
    """A paragraph as a JSON line, without the line feed."""
    # A tenth of the time that the standard library's encoder takes.
    return orjson.dumps(paragraph.to_row()).decode("utf-8")


def tag_rows(paragraphs: Iterable[TaggedParagraph]) -> Iterator[dict[str, Any]]:
    """A row for each theme of each paragraph, and one without theme where there is none.

    Several services, recommendations or evidence sentences stand in one cell, divided by "; ",
    or by " | " for sentences.
    """
    for paragraph in paragraphs:
        for tag in paragraph.themes or (None,):
            yield _tag_row(paragraph, tag)


def _tag_row(paragraph: TaggedParagraph, tag: ThemeTag | None) -> dict[str, Any]:
    evidence = dict.fromkeys(e.text for e in tag.evidence) if tag else {}
    return {
        "report": paragraph.report,
        "id": paragraph.id,
        "kind": paragraph.kind,
        "number": paragraph.number,
        "section": paragraph.section,
        "page": paragraph.page,
        "services": "; ".join(paragraph.services),
        "recommendations": "; ".join(paragraph.recommendations),
        "theme": tag.theme if tag else "",
        "stance": tag.stance if tag else "",
        "probability": tag.probability if tag else None,
        "evidence": " | ".join(evidence),
        "text": paragraph.text,
    }


def csv_text(paragraphs: Iterable[TaggedParagraph], header: bool = True) -> str:
    """Paragraphs as CSV; see `tag_rows` and `spreadsheet_safe`."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, CSV_COLUMNS, lineterminator="\r\n")
    if header:
        writer.writeheader()
    for row in tag_rows(paragraphs):
        writer.writerow({key: spreadsheet_safe(value) for key, value in row.items()})
    return buffer.getvalue()


def spreadsheet_safe(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front.

    See OWASP, "CSV Injection": cells beginning with =, +, -, @, tab or carriage return.
    """
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value


def tagged_frame(paragraphs: Iterable[TaggedParagraph]) -> pd.DataFrame:
    """Tagged paragraphs as a tidy frame: a row for each theme, evidence as text.

    Paragraphs without a theme have one row, with `theme` empty.
    """
    import pandas as pd

    frame = pd.DataFrame(tag_rows(paragraphs), columns=list(CSV_COLUMNS))
    frame["page"] = frame["page"].astype("Int64")
    frame["probability"] = frame["probability"].astype("Float64")
    return frame
