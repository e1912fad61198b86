"""Excel workbooks: the table of `sheet_rows` with drop-downs, and the codebook on a second sheet.

Nothing in it is a formula: every cell of text is stored as text. What XML cannot hold, and
carriage returns, which XML readers drop, are written as Excel itself does (`_x000D_`).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from clas_nlp.codebook import Codebook
from clas_nlp.errors import BadCorpus
from clas_nlp.exchanging.archives import SafeArchive, refuse_doctype
from clas_nlp.exchanging.records import Coding, ExchangeError, ForeignRow
from clas_nlp.exchanging.refi_qda import zip_bytes
from clas_nlp.exchanging.sheet_rows import COLUMNS, YES, column_names, rows_from_sheet, sheet_rows
from clas_nlp.files import write_bytes

LABELS_SHEET, CODEBOOK_SHEET = "labels", "codebook"
#: What one cell of Excel holds; longer text would be cut without a word.
MOST_CHARACTERS = 32_767
#: Columns that are read; those of coders may stand beside ours.
MOST_COLUMNS = 60
#: Rows that the drop-downs reach beyond the last one, for the rows that coders add.
SPARE_ROWS = 1000
_WIDTHS = {"text": 80, "evidence": 50, "section": 24, "theme": 20, "services": 24, "stance": 12}
_WIDTHS |= {"a": 50, "b": 50, "settled": 50, "reason": 40}
#: Columns whose cells show all their lines.
_WRAPPED = frozenset(("text", "evidence", "a", "b", "settled", "reason"))
_HIDDEN = ("start", "end", "origin", "text_sha256")
#: What is written as `_xHHHH_`: what XML cannot hold, carriage returns, and what looks like that.
_ESCAPED = re.compile(
    "[\x00-\x08\x0b-\x0d\x0e-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)"
)
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_NO_DATE = datetime(1980, 1, 1)


def openpyxl(part: str = "") -> Any:
    """The library that writes workbooks, or a part of it.

    Raises:
        ExchangeError: it is not installed.
    """
    try:
        return import_module(f"openpyxl{part}")
    except ImportError:
        raise ExchangeError(
            "Excel workbooks need openpyxl, which is not installed; "
            "install it with: pip install openpyxl"
        ) from None


def write(codings: Sequence[Coding], path: Path, codebook: Codebook) -> list[Path]:
    """Writes a workbook with the sheets "labels" and "codebook".

    Raises:
        ExchangeError: openpyxl is not installed, or a text is longer than a cell can be.
    """
    book = openpyxl().Workbook()
    sheet = book.active
    sheet.title = LABELS_SHEET
    rows = list(sheet_rows(codings))
    for row in rows:
        if utf16_length(escaped(row["text"])) > MOST_CHARACTERS:
            raise ExchangeError(
                f"{path}: paragraph {row['paragraph_id']!r} is longer than the "
                f"{MOST_CHARACTERS} characters of an Excel cell; export to csv"
            )
    _fill(sheet, COLUMNS, rows)
    lists = _codebook_sheet(book, codebook)
    _dress(sheet, lists, len(rows) + 1 + SPARE_ROWS)
    write_bytes(path, _saved(book))
    return [path]


def table_workbook(
    title: str,
    columns: Sequence[str],
    rows: Sequence[dict[str, Any]],
    choices: Mapping[str, Sequence[str]],
) -> bytes:
    """One table as an Excel workbook, every cell of text stored as text.

    Args:
        title: name of the sheet.
        columns: names of the columns.
        rows: cells by column.
        choices: for columns with a drop-down, what it offers.

    Raises:
        ExchangeError: openpyxl is not installed.
    """
    book = openpyxl().Workbook()
    sheet = book.active
    sheet.title = title
    _fill(sheet, columns, rows)
    for name, offered in choices.items():
        _drop_down(sheet, name, columns.index(name) + 1, f'"{",".join(offered)}"', len(rows) + 1)
    return _saved(book)


def _fill(sheet: Any, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Header and rows, with widths and a header that stays."""
    letter = openpyxl(".utils").get_column_letter
    for place, name in enumerate(columns, start=1):
        _put(sheet, 1, place, name)
        sheet.cell(1, place).font = openpyxl(".styles").Font(bold=True)
        sheet.column_dimensions[letter(place)].width = _WIDTHS.get(name, 14)
        for number, row in enumerate(rows, start=2):
            _put(sheet, number, place, row[name], name in _WRAPPED)
    sheet.freeze_panes = "A2"


def _saved(book: Any) -> bytes:
    """The workbook's bytes: the same for the same content."""
    book.properties.creator = "clas-nlp"
    book.properties.created = _NO_DATE
    buffer = io.BytesIO()
    book.save(buffer)
    return _timeless(buffer.getvalue())


def _put(sheet: Any, row: int, column: int, value: Any, wrap: bool = False) -> None:
    if value == "":
        return
    cell = sheet.cell(row, column)
    if not isinstance(value, str):
        cell.value = value
        return
    cell.value = escaped(value)
    cell.data_type = "s"  # else openpyxl takes "=..." for a formula and "#N/A" for an error
    cell.quotePrefix = True
    cell.number_format = "@"
    alignment = openpyxl(".styles").Alignment
    cell.alignment = alignment(vertical="top", wrap_text=wrap)


def _codebook_sheet(book: Any, codebook: Codebook) -> dict[str, str]:
    """Adds the codebook; gives the cells that each drop-down lists."""
    sheet = book.create_sheet(CODEBOOK_SHEET)
    lists = {}
    row = 1
    groups: tuple[tuple[str, Sequence[Any]], ...] = (
        ("theme", codebook.themes),
        ("stance", [s for s in codebook.stances if s.id in codebook.sentence_stances]),
        ("services", codebook.services),
    )
    for title, entries in groups:
        for column, words in enumerate((title, "name", "definition"), start=1):
            _put(sheet, row, column, words)
        for below, entry in enumerate(entries, start=row + 1):
            for column, words in enumerate((entry.id, entry.name, entry.definition), start=1):
                _put(sheet, below, column, words)
        lists[title] = f"{CODEBOOK_SHEET}!$A${row + 1}:$A${row + len(entries)}"
        row += len(entries) + 2
    for letter, width in (("A", 30), ("B", 30), ("C", 120)):
        sheet.column_dimensions[letter].width = width
    return lists


def _dress(sheet: Any, lists: dict[str, str], last_row: int) -> None:
    """Drop-downs, and hidden columns."""
    # Services are not forced into the list, since one cell may hold several, divided by ";".
    for name, formula, forced in (
        ("theme", f"={lists['theme']}", True),
        ("stance", f"={lists['stance']}", True),
        ("services", f"={lists['services']}", False),
        ("checked", f'"{YES}"', True),
    ):
        _drop_down(sheet, name, COLUMNS.index(name) + 1, formula, last_row, forced)
    letter = openpyxl(".utils").get_column_letter
    for name in _HIDDEN:
        sheet.column_dimensions[letter(COLUMNS.index(name) + 1)].hidden = True


def _drop_down(
    sheet: Any, name: str, column: int, formula: str, last_row: int, forced: bool = True
) -> None:
    choice = openpyxl(".worksheet.datavalidation").DataValidation(
        type="list", formula1=formula, allow_blank=True
    )
    choice.showErrorMessage = forced
    choice.errorTitle, choice.error = name, f"Choose a {name} from the list."
    letter = openpyxl(".utils").get_column_letter(column)
    choice.add(f"{letter}2:{letter}{last_row}")
    sheet.add_data_validation(choice)


def _timeless(content: bytes) -> bytes:
    """The workbook without the time of its making."""
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    core = "docProps/core.xml"
    members[core] = re.sub(
        rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>1980-01-01T00:00:00Z", members[core]
    )
    return zip_bytes(members)


def escaped(text: str) -> str:
    """Text for a cell, with `_xHHHH_` for what XML would lose (ECMA-376, type ST_Xstring)."""
    return _ESCAPED.sub(lambda found: f"_x{ord(found.group()):04X}_", text)


def unescaped(text: str) -> str:
    """A cell's text as it was before `escaped`."""
    return _ESCAPE.sub(lambda found: chr(int(found.group(1), 16)), text)


def utf16_length(text: str) -> int:
    """Length as Excel counts it."""
    return len(text) + sum(ord(character) > 0xFFFF for character in text)


def read(path: Path, codebook: Codebook) -> list[ForeignRow]:
    """Reads the sheet "labels", or the first one where none is called that.

    Raises:
        BadCorpus: the file is no workbook, harmful, or lacks columns.
        ExchangeError: openpyxl is not installed.
    """
    del codebook  # names are looked up when the rows are fitted
    values = filled_rows(path)
    names = column_names(values[0][1], path)
    return rows_from_sheet(
        (f"{path}: row {number}", dict(zip(names, cells, strict=False)))
        for number, cells in values[1:]
    )


def filled_rows(path: Path) -> list[tuple[int, list[str]]]:
    """Numbered rows with something in them, the header first, cells as text.

    Raises:
        BadCorpus: the file is no workbook, harmful, or empty.
        ExchangeError: openpyxl is not installed.
    """
    library = openpyxl()
    archive = SafeArchive(path, "an Excel workbook (.xlsx)")
    for name in archive.names:
        if name.endswith((".xml", ".rels", ".vml")):
            refuse_doctype(archive.read(name), f"{path}: {name}")
    try:
        values = list(_filled_rows(library, path))
    except Exception as error:
        # openpyxl raises whatever a broken part of a workbook makes it stumble over.
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise BadCorpus(f"{path}: cannot be read as an Excel workbook ({reason})") from None
    if not values:
        raise BadCorpus(f"{path}: the sheet is empty; expected a table with a header")
    return values


def _filled_rows(library: Any, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Numbered rows with something in them: a workbook may claim a million empty ones."""
    book = library.load_workbook(path, read_only=True, data_only=True)
    sheet = book[LABELS_SHEET] if LABELS_SHEET in book.sheetnames else book.worksheets[0]
    for number, row in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS), start=1):
        if any(value is not None for value in row):
            yield number, [_text(value) for value in row]
    book.close()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return unescaped(value) if isinstance(value, str) else str(value)
