"""Frames as Excel workbooks that open cleanly: typed, filtered, wrapped, and never a formula."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from clas_nlp.recurring.tables import plain_rows, plain_value

if TYPE_CHECKING:
    import pandas as pd
    from openpyxl.worksheet.worksheet import Worksheet

#: Excel holds no more characters in a cell.
LONGEST_CELL = 32767
#: Same content, same bytes: a zip and a workbook carry dates, and these are always the same.
_EPOCH = datetime(2000, 1, 1)

#: Widths of columns of running text, and of columns to write in, in characters.
_WIDTHS = {"text": 50, "findings": 75, "bodies": 26, "owner": 18, "progress": 26, "evidence": 26}
_SENTENCES, _NARROWEST, _WIDEST = 80, 10, 28
#: Height of a line and the most that Excel allows a row, in points.
_LINE, _HIGHEST = 15, 409
#: Width of a letter of running text; a column's width is counted in digits, which are wider.
_LETTER = 0.92
_A3 = 8


def recurring_sheet(
    frame: pd.DataFrame, more: Mapping[str, pd.DataFrame] | None = None, about: Sequence[str] = ()
) -> bytes:
    """A frame of `recurring`, and others beside it, as an Excel workbook.

    Args:
        frame: the frame.
        more: further sheets by name (change, trend, ...), each a frame.
        about: lines for the sheet that says how to read the figures.
    """
    sheets = {"Recurring weaknesses": frame, **(more or {})}
    notes = [note for sheet in sheets.values() for note in sheet.attrs.get("notes", [])]
    return frames_sheet(sheets, [*about, *dict.fromkeys(notes)])


def action_sheet(frame: pd.DataFrame, about: Sequence[str] = ()) -> bytes:
    """A frame of `action_plan` as an Excel workbook, with columns to fill in.

    The recommendations and the findings drawn to others' attention have a sheet each.
    """
    own = frame["kind"] == "recommendation"
    sheets = {
        "Action plan": frame[own].drop(columns="kind"),
        "Drawn to attention": frame[~own].drop(columns=["kind", "cited_by", "findings"]),
    }
    facts = [f"Report: {frame.attrs.get('title', '')}"]
    if frame.attrs.get("published"):
        facts.append(f"Published: {frame.attrs['published']}")
    if frame.attrs.get("plan_due"):
        facts.append(
            f"The action plan is due by {frame.attrs['plan_due']}: 20 working days after "
            "publication, weekends left out, bank holidays not considered."
        )
    return frames_sheet(sheets, [*facts, *about, *frame.attrs.get("notes", [])])


def frames_sheet(sheets: Mapping[str, pd.DataFrame], about: Iterable[str] = ()) -> bytes:
    """Frames as an Excel workbook.

    Args:
        sheets: frames by the name of their sheet.
        about: lines for the sheet that says how to read the figures.
    """
    from openpyxl import Workbook

    book = Workbook()
    first = book.active
    assert first is not None
    book.remove(first)
    for name, frame in sheets.items():
        _fill(book.create_sheet(name[:31]), frame)
    notes = book.create_sheet("About")
    notes.column_dimensions["A"].width = 110
    for number, line in enumerate(about, start=1):
        _put(notes, number, 1, line, wrap=True)
    book.properties.creator = "clas-nlp"
    book.properties.created = _EPOCH
    buffer = io.BytesIO()
    book.save(buffer)
    return _without_dates(buffer.getvalue())


def _fill(sheet: Worksheet, frame: pd.DataFrame) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.properties import PageSetupProperties

    names = [str(name) for name in frame.columns]
    for column, name in enumerate(names, start=1):
        cell = sheet.cell(1, column, name.replace("_", " "))
        cell.font = Font(name="Calibri", size=11, bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="1F3A5F")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    rows = plain_rows(frame)
    widths = {name: _width(name, [row[name] for row in rows]) for name in names}
    for column, width in enumerate(widths.values(), start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.row_dimensions[1].height = _LINE * max(
        (len(name.split("_")) for name in names if len(name) > widths[name]), default=1
    )
    for number, row in enumerate(rows, start=2):
        # Sentences stand one a line, so that a wrapped cell can be read.
        shown = {
            name: "\n".join(f"• {plain_value((sentence,))}" for sentence in value)
            if isinstance(value, tuple)
            else value
            for name, value in row.items()
        }
        _set_height(sheet, number, shown, widths)
        for column, (name, value) in enumerate(shown.items(), start=1):
            cell_format = "0%" if "share" in name or "probability" in name else None
            if name.startswith("expected") and isinstance(value, float):
                cell_format = "0.0"
            _put(sheet, number, column, value, wrap=True, number_format=cell_format)
    last = f"{get_column_letter(max(len(names), 1))}{max(sheet.max_row, 1)}"
    sheet.auto_filter.ref = f"A1:{last}"
    sheet.freeze_panes = "A2"
    if "due_date" in names:
        letter = get_column_letter(names.index("due_date") + 1)
        for number in range(2, sheet.max_row + 1):
            sheet[f"{letter}{number}"].number_format = "yyyy-mm-dd"
        check = DataValidation(
            type="date", operator="greaterThan", formula1="36526", allow_blank=True
        )
        check.error = "A date, such as 2026-03-31"
        check.add(f"{letter}2:{letter}{max(sheet.max_row, 2)}")
        sheet.add_data_validation(check)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = _A3
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"


def _width(name: str, values: Sequence[Any]) -> int:
    """Width of a column in characters: as its content needs, within bounds."""
    if any(isinstance(value, tuple) for value in values):
        return _SENTENCES
    longest_word = max(map(len, name.split("_")))
    longest = max((len(v) for v in values if isinstance(v, str)), default=0)
    return _WIDTHS.get(name, max(_NARROWEST, longest_word + 3, min(longest + 2, _WIDEST)))


def _set_height(
    sheet: Worksheet, number: int, row: Mapping[str, Any], widths: Mapping[str, int]
) -> None:
    """Makes a row as high as its wrapped text; LibreOffice does not do it when it opens a file."""
    lines = max(
        (
            sum(1 + int(_LETTER * len(line) / widths[name]) for line in value.split("\n"))
            for name, value in row.items()
            if isinstance(value, str)
        ),
        default=1,
    )
    if lines > 1:
        sheet.row_dimensions[number].height = min(_LINE * lines, _HIGHEST)


def _put(
    sheet: Worksheet,
    row: int,
    column: int,
    value: Any,
    wrap: bool = False,
    number_format: str | None = None,
) -> None:
    """Puts a value into a cell: numbers as numbers, and text as text whatever it begins with."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Alignment

    cell = sheet.cell(row, column)
    cell.alignment = Alignment(wrap_text=wrap, vertical="top")
    if isinstance(value, str):
        text = ILLEGAL_CHARACTERS_RE.sub(" ", value)
        if len(text) > LONGEST_CELL:
            text = text[: LONGEST_CELL - 1] + "…"
        if not text:
            return
        cell.value = text
        # openpyxl takes "=..." for a formula and "#N/A" for an error; quotePrefix keeps Excel
        # from doing so when a person edits the cell.
        cell.data_type = "s"
        if text[0] in "=+-@":
            cell.quotePrefix = True
    elif value is not None:
        cell.value = value
        if number_format:
            cell.number_format = number_format


def _without_dates(workbook: bytes) -> bytes:
    """The workbook without the time of writing, so that equal content is equal bytes."""
    out = io.BytesIO()
    stamp = _EPOCH.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "docProps/core.xml":
                content = re.sub(
                    rb"(<dcterms:modified[^>]*>)[^<]*", lambda m: m.group(1) + stamp, content
                )
            info = zipfile.ZipInfo(entry.filename, _EPOCH.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, content)
    return out.getvalue()
