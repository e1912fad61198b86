"""Where two coders differ, as a table that is ready to settle."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from clas_nlp.codebook import Codebook
from clas_nlp.corpus.agreement import CodingAgreement
from clas_nlp.corpus.records import LabelledParagraph
from clas_nlp.exchanging.csv_table import guarded

COLUMNS = ("id", "field", "a", "b", "chosen", "reason", "text")


def differences(
    agreement: CodingAgreement,
    first: Sequence[LabelledParagraph],
    second: Sequence[LabelledParagraph],
    codebook: Codebook,
) -> list[dict[str, Any]]:
    """A row for each theme, or the services, that the codings give a paragraph otherwise.

    `a` and `b` hold what each coder gave: stance and evidence. `chosen` and `reason` are empty, for
    those who settle.
    """
    one, two = ({p.id: p for p in coding} for coding in (first, second))
    rows: list[dict[str, Any]] = []
    for own, what in agreement.differences:
        field = what.partition(":")[0]
        p, q = one[own], two[own]
        if field in codebook.theme_ids:
            a, b = _evidence(p, field), _evidence(q, field)
        else:
            a, b = "; ".join(p.services) or "none", "; ".join(q.services) or "none"
        rows.append(
            {"id": own, "field": field, "a": a, "b": b, "chosen": "", "reason": "", "text": p.text}
        )
    return rows


def _evidence(paragraph: LabelledParagraph, theme: str) -> str:
    said = [
        f"{label.stance}: {paragraph.text[label.start : label.end]}"
        for label in paragraph.labels
        if label.theme == theme
    ]
    return " | ".join(said) or "none"


def differences_csv(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as CSV, safe to open in a spreadsheet."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: guarded(value) for key, value in row.items()})
    return buffer.getvalue()
