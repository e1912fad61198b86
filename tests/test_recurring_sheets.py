from __future__ import annotations

import csv
import io
import json

import pandas as pd
import pytest
from inspection_files import fictional, real
from openpyxl import load_workbook
from rich.console import Console

from clas_nlp.recurring import (
    change_between_inspections,
    frame_csv,
    frame_json,
    frame_table,
    recurring,
    recurring_sheet,
    trend,
)
from clas_nlp.recurring.tables import chance, points


def test_workbook_is_typed_frozen_filtered_and_wrapped() -> None:
    frame = recurring(fictional(), by=("theme", "service"))
    content = recurring_sheet(frame, {"Trend": trend(fictional())}, ["How to read this"])
    book = load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["Recurring weaknesses", "Trend", "About"]
    sheet = book.worksheets[0]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref.startswith("A1:U")
    header = [cell.value for cell in sheet[1]]
    column = header.index("inspections with weakness")
    assert sheet.max_row == len(frame) + 1
    for row, value in zip(
        sheet.iter_rows(min_row=2), frame["inspections_with_weakness"], strict=True
    ):
        assert row[column].value == value
        assert row[column].data_type == "n"
    evidence = sheet.cell(2, header.index("evidence") + 1)
    assert evidence.alignment.wrap_text
    assert evidence.value.count("•") == 5
    assert sheet.cell(2, header.index("share") + 1).number_format == "0%"


def test_rows_are_as_high_as_their_text() -> None:
    frame = pd.DataFrame({"text": ["short", "word " * 40, "word " * 9000], "share_low": [1, 2, 3]})
    sheet = load_workbook(io.BytesIO(recurring_sheet(frame))).worksheets[0]
    assert sheet.column_dimensions["A"].width == 50
    assert [sheet.row_dimensions[row].height for row in (2, 3, 4)] == [None, 60, 409]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "#N/A", "\x0bbell\x07", "x" * 40000]
)
def test_text_stays_text(text: str) -> None:
    frame = pd.DataFrame({"text": [text]})
    cell = load_workbook(io.BytesIO(recurring_sheet(frame))).worksheets[0]["A2"]
    assert cell.data_type == "s"
    assert cell.value[:4] == text.replace("\x0b", " ").replace("\x07", " ")[:4]
    assert cell.quotePrefix == (text[0] in "=+-@") or not cell.quotePrefix


def test_workbook_is_the_same_every_time() -> None:
    frame = recurring(real())
    assert recurring_sheet(frame) == recurring_sheet(frame)


def test_csv() -> None:
    frame = recurring(fictional(), by=("theme", "service"))
    rows = list(csv.DictReader(io.StringIO(frame_csv(frame), newline="")))
    assert len(rows) == len(frame)
    assert rows[0]["inspections"] == "12"
    assert "(Ashmere 2013, " in rows[0]["evidence"]
    risky = frame_csv(pd.DataFrame({"text": ["=1+1"]}))
    assert risky.splitlines()[1] == "'=1+1"


def test_json() -> None:
    content = json.loads(frame_json(recurring(real())))
    assert content["inspections"] == 2
    assert any("below five" in note for note in content["notes"])
    assert content["rows"][0]["evidence"][0]["reference"]


def test_missing_values_are_null() -> None:
    frame = change_between_inspections(fictional())
    assert json.loads(frame_json(frame))["rows"][0]["service"] == ""
    undated = recurring(real(), by="inspection")
    rows = [r for r in json.loads(frame_json(undated))["rows"] if r["group"] == "dorset"]
    assert rows[0]["first_year"] is None


def test_table_shows_counts_and_where_evidence_stands() -> None:
    buffer = io.StringIO()
    Console(file=buffer, width=200).print(frame_table(recurring(fictional()), "[bold]Title[/bold]"))
    assert "of 12" in buffer.getvalue()
    assert "Ashmere" in buffer.getvalue()
    assert "[bold]" in buffer.getvalue()


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (0.0, "<1%"), (0.01, "1%"), (0.5, "50%"), (0.99, "99%"), (0.9999, ">99%")],
)
def test_no_chance_is_a_certainty(value: float | None, shown: str) -> None:
    assert chance(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(-0.304, "−30"), (0.08, "+8"), (0.0, "+0")])
def test_points(value: float, shown: str) -> None:
    assert points(value) == shown
