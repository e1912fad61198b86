"""CSV: the table of `sheet_rows`, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from clas_nlp.codebook import Codebook
from clas_nlp.errors import BadCorpus
from clas_nlp.exchanging.json_rows import utf8_text
from clas_nlp.exchanging.records import Coding, ForeignRow
from clas_nlp.exchanging.sheet_rows import COLUMNS, column_names, rows_from_sheet, sheet_rows
from clas_nlp.files import write_bytes

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(codings: Sequence[Coding], path: Path, codebook: Codebook) -> list[Path]:
    """Writes a table in UTF-8, with the byte-order mark by which Excel knows it."""
    del codebook  # a CSV file has no drop-downs to fill
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in sheet_rows(codings):
        writer.writerow({k: guarded(v) if isinstance(v, str) else v for k, v in row.items()})
    write_bytes(path, buffer.getvalue().encode("utf-8-sig"))
    return [path]


def guarded(cell: str) -> str:
    """A cell that a spreadsheet does not take for a formula; `unguarded` gives it back.

    Source: OWASP, "CSV Injection".
    """
    return f"'{cell}" if cell.lstrip("'")[:1] in _FORMULA and cell.strip("'") else cell


def unguarded(cell: str) -> str:
    """A cell as it was before `guarded`."""
    guarded_cell = cell[:1] == "'" and cell.lstrip("'")[:1] in _FORMULA and cell.strip("'")
    return cell[1:] if guarded_cell else cell


def read(path: Path, codebook: Codebook) -> list[ForeignRow]:
    """Reads a table; a semicolon or tab may divide the columns, as some spreadsheets write them.

    Raises:
        BadCorpus: it is no table, or columns are missing.
    """
    del codebook  # names are looked up when the rows are fitted
    header, body = table(utf8_text(path), path)
    names = column_names(header, path)
    return rows_from_sheet(
        (
            f"{path}: row {number}",
            {k: unguarded(v) for k, v in zip(names, cells, strict=False)},
        )
        for number, cells in body
    )


def table(text: str, path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Header and numbered rows of a CSV text.

    Raises:
        BadCorpus: it is no table, or empty.
    """
    csv.field_size_limit(2**30)
    first = text.split("\n", 1)[0]
    divider = max((",", ";", "\t"), key=lambda mark: (first.count(mark), mark == ","))
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=divider))
    except csv.Error as error:
        raise BadCorpus(f"{path}: no CSV table ({error}); save it as CSV in UTF-8") from None
    if not rows:
        raise BadCorpus(f"{path}: the file is empty; expected a table with a header")
    return rows[0], list(enumerate(rows[1:], start=2))
