"""Decisions of those who settle what two coders differ in, read from the file they filled in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clas_nlp.errors import BadCorpus
from clas_nlp.exchanging.csv_table import table, unguarded
from clas_nlp.exchanging.json_rows import json_rows, utf8_text

_NEEDED = ("id", "field", "chosen")


@dataclass(frozen=True, slots=True)
class Decision:
    """What those who settle say of one difference.

    Attributes:
        where: file and row, for messages.
        id: the paragraph's id.
        field: id of a theme, "services", or "labels" for all themes of the paragraph.
        chosen: "a", "b" or "neither"; empty where nothing was decided yet.
        settled: where neither was right, what is, written as `coded_as` writes it.
        reason: why.
        a: what the first coder had given when it was decided, or empty where it is not said.
        b: the same of the second coder.
    """

    where: str
    id: str
    field: str
    chosen: str
    settled: str = ""
    reason: str = ""
    a: str = ""
    b: str = ""


def read_decisions(path: str | Path) -> list[Decision]:
    """Decisions from the file that `write_differences` wrote, filled in: JSON Lines, CSV or Excel.

    Rows whose `chosen` is empty come along: nothing was decided there.

    Raises:
        BadCorpus: the file cannot be read, or lacks columns.
    """
    path = Path(path)
    if not path.is_file():
        raise BadCorpus(f"{path}: no such file; expected decisions on the differences of coders")
    with path.open("rb") as file:
        head = file.read(2)
    if head == b"PK":
        from clas_nlp.exchanging.xlsx import filled_rows

        numbered = filled_rows(path)
        header, body = numbered[0][1], numbered[1:]
    else:
        text = utf8_text(path)
        if text.lstrip()[:1] in ("{", "["):
            return _from_json(path)
        header, body = table(text, path)
        body = [(number, [unguarded(cell) for cell in cells]) for number, cells in body]
    names = ["_".join(name.strip().casefold().split()) for name in header]
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise BadCorpus(
            f"{path}: row 1: no column {', '.join(map(repr, missing))}; found "
            f"{', '.join(name for name in header if name)[:300] or 'nothing'}; "
            "give the columns the names that `clas-nlp corpus agreement` gave them"
        )
    rows = ((number, dict(zip(names, cells, strict=False))) for number, cells in body)
    return [_decision(f"{path}: row {number}", row) for number, row in rows if any(row.values())]


def _from_json(path: Path) -> list[Decision]:
    decisions, problems = [], []
    for where, row in json_rows(path):
        if not isinstance(row, dict):
            problems.append(f"{where}: found {type(row).__name__}, expected a JSON object")
            continue
        wrong = [name for name, value in row.items() if not isinstance(value, str)]
        missing = [name for name in _NEEDED if name not in row]
        if wrong or missing:
            named = ", ".join(map(repr, missing or wrong))
            problems.append(f"{where}: field {named} missing or no text; expected text")
        else:
            decisions.append(_decision(where, row))
    if problems:
        raise BadCorpus.of(problems)
    return decisions


def _decision(where: str, row: dict[str, str]) -> Decision:
    return Decision(
        where,
        id=row["id"].strip(),
        field=row["field"].strip(),
        chosen=row["chosen"].strip().casefold(),
        settled=row.get("settled", "").strip(),
        reason=row.get("reason", "").strip(),
        a=row.get("a", ""),
        b=row.get("b", ""),
    )
