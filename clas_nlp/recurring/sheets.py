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

_WIDTHS = {"evidence": 90, "text": 70, "findings": 90, "bodies": 36, "themes": 30, "progress": 30}


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
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="1F3A5F")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        letter = get_column_letter(column)
        sheet.column_dimensions[letter].width = _WIDTHS.get(name, max(12, min(len(name) + 2, 26)))
    for number, row in enumerate(plain_rows(frame), start=2):
        for column, (name, value) in enumerate(row.items(), start=1):
            if isinstance(value, tuple):
                # Sentences stand one a line, so that a wrapped cell can be read.
                value = "\n".join(f"• {plain_value((sentence,))}" for sentence in value)
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
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"


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
