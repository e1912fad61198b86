"""Prodigy: a choice task with spans. Rejected, ignored and unanswered tasks carry no labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clas_nlp.codebook import Codebook
from clas_nlp.exchanging.json_rows import (
    field_list,
    field_offset,
    field_text,
    foreign_rows,
    iso_date,
    write_json_lines,
)
from clas_nlp.exchanging.records import SERVICE_PREFIX, Coding, ForeignRow, Mark, identity_from

ACCEPTED = "accept"


def write(codings: Sequence[Coding], path: Path, codebook: Codebook) -> list[Path]:
    """Writes tasks; a person's labels come with the answer "accept", the model's without."""
    options = [
        *({"id": t.id, "text": t.name} for t in codebook.themes),
        *({"id": SERVICE_PREFIX + s.id, "text": s.name} for s in codebook.services),
    ]
    rows = []
    for coding in codings:
        row: dict[str, Any] = {
            "text": coding.text,
            "meta": coding.identity,
            "options": options,
            "accept": coding.choices,
            "spans": [{"start": s, "end": e, "label": label} for s, e, label in coding.spans],
        }
        if not coding.by_model:
            row["answer"] = ACCEPTED
        rows.append(row)
    write_json_lines(rows, path)
    return [path]


def recognises(row: Any) -> bool:
    """Whether a JSON row has Prodigy's fields."""
    return (
        isinstance(row, Mapping)
        and "text" in row
        and bool({"answer", "accept", "spans", "_task_hash"} & set(row))
    )


def read(path: Path, codebook: Codebook) -> list[ForeignRow]:
    """Reads the output of `prodigy db-out`."""
    del codebook  # names are looked up when the rows are fitted
    return foreign_rows(path, _fill, "text, accept and spans")


def _fill(row: Mapping[str, Any], made: ForeignRow) -> None:
    meta = row.get("meta")
    made.identity = identity_from(meta if isinstance(meta, Mapping) else row)
    made.text = field_text(row, "text", made)
    # A task that was rejected or ignored does not say that its labels are absent.
    made.answered = row.get("answer") == ACCEPTED
    accepted = field_list(row, "accept", made)
    if accepted is not None:
        made.choose([str(name) for name in accepted])
    for value in field_list(row, "spans", made) or []:
        span = value if isinstance(value, Mapping) else {}
        start, end = field_offset(span.get("start")), field_offset(span.get("end"))
        if start is None or end is None or not isinstance(span.get("label"), str):
            made.problems.append(f"span {str(value)[:60]!r}; expected start, end and label")
            continue
        quote = span.get("text")
        made.marks.append(
            Mark(span["label"], start, end, quote if isinstance(quote, str) else None)
        )
    made.coder = str(row.get("_annotator_id") or row.get("_session_id") or "")
    made.date = iso_date(row.get("_timestamp"))
