from __future__ import annotations

import io
from dataclasses import replace

import pytest
from openpyxl import load_workbook

from clas_nlp.reading import InspectionDetails, Report, parse_report
from clas_nlp.recurring import action_plan, action_sheet
from clas_nlp.recurring.action_plan import OPEN_COLUMNS, attention_bodies, plan_due
from clas_nlp.tagging import Tagger


def test_every_recommendation_once(report: Report, tagger: Tagger) -> None:
    frame = action_plan(report, tagger.tag(report), tagger.codebook)
    rows = frame[frame["kind"] == "recommendation"]
    assert list(rows["number"]) == [p.number for p in report.of_kind("recommendation")]
    for row in rows.itertuples():
        citing = [p.number or p.id for p in report.cited_by(row.number)]
        assert row.cited_by == "; ".join(citing)
        assert all(f"{number}: " in row.findings for number in citing)
        assert row.bodies
    assert (frame[list(OPEN_COLUMNS)] == "").all(axis=None)


def test_findings_drawn_to_attention(dorset: Report, dudley: Report, tagger: Tagger) -> None:
    frame = action_plan(dorset, tagger.tag(dorset), tagger.codebook)
    drawn = frame[frame["kind"] != "recommendation"].set_index("number")["bodies"]
    assert drawn["1.7"] == "Public Health Dorset"
    # Named in 3.9 and 5.2.16: "issues identified in paragraphs ...".
    assert "NHS England" in drawn["3.8"]
    assert {"5.2.14", "5.2.15", "5.2.16"} <= set(drawn.index)
    assert drawn["4.13"] == "Dorset County Council; Public Health Dorset"
    assert "1.25" not in drawn.index
    other = action_plan(dudley, tagger.tag(dudley), tagger.codebook)
    assert set(other.loc[other["kind"] != "recommendation", "bodies"]) == {"Public Health"}


@pytest.mark.parametrize(
    ("text", "bodies"),
    [
        (
            "Public Health Dorset as the commissioner of sexual health services",
            ["Public Health Dorset"],
        ),
        ("Public Health, as the commissioners of the service", ["Public Health"]),
        ("NHS England", ["NHS England"]),
        (
            "the Anyshire Council and Public Health Anyshire as commissioner",
            ["Anyshire Council", "Public Health Anyshire"],
        ),
        ("", []),
    ],
)
def test_attention_bodies(text: str, bodies: list[str]) -> None:
    assert attention_bodies(text) == bodies


@pytest.mark.parametrize(
    ("published", "due"),
    [("2016-07-20", "2016-08-17"), ("2016-07-23", "2016-08-22"), ("", "")],
)
def test_plan_due_after_twenty_working_days(dudley: Report, published: str, due: str) -> None:
    assert plan_due(replace(dudley, details=InspectionDetails(published=published))) == due


def test_sheet_has_columns_to_fill_in(dudley: Report, tagger: Tagger) -> None:
    book = load_workbook(io.BytesIO(action_sheet(action_plan(dudley, tagger.tag(dudley)))))
    assert book.sheetnames == ["Action plan", "Drawn to attention", "About"]
    sheet = book["Action plan"]
    header = [cell.value for cell in sheet[1]]
    assert header[-4:] == ["owner", "due date", "progress", "evidence"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref
    assert sheet.cell(2, header.index("due date") + 1).number_format == "yyyy-mm-dd"
    assert any("2016-08-17" in str(row[0].value) for row in book["About"].iter_rows())


def test_report_without_recommendations(tagger: Tagger) -> None:
    report = parse_report("Midwives have no supervision.\n", "short")
    frame = action_plan(report, tagger.tag(report), tagger.codebook)
    assert frame.empty
    assert "no recommendations were found" in frame.attrs["notes"][0]
    assert load_workbook(io.BytesIO(action_sheet(frame)))["Action plan"].max_row == 1
