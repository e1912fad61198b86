from __future__ import annotations

from pathlib import Path

import pytest
import typer
from inspection_files import FICTIONAL, REAL, REPRINT
from openpyxl import load_workbook
from typer.testing import CliRunner

from clas_nlp.cli.recurring_commands import register
from clas_nlp.errors import BadCodebook, UnreadableReport
from clas_nlp.recurring import inspections_jsonl

app = typer.Typer(rich_markup_mode=None)
register(app)
RUNNER = CliRunner()
SOME = [str(path) for path in FICTIONAL[:3]]


@pytest.mark.parametrize("command", ["recurring", "actions"])
def test_help_carries_worked_examples(command: str) -> None:
    result = RUNNER.invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert result.output.count(f"clas-nlp {command} ") >= 3


@pytest.mark.parametrize("ending", ["csv", "json", "xlsx", "html"])
def test_output_by_ending(tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"recurring.{ending}"
    result = RUNNER.invoke(app, ["recurring", *SOME, "--out", str(out)])
    assert result.exit_code == 0, result.output
    content = out.read_bytes()
    assert content.startswith(
        {"csv": b"\xef\xbb\xbfby", "json": b"{", "xlsx": b"PK"}.get(ending, b"<!")
    )


def test_table_and_notes() -> None:
    result = RUNNER.invoke(app, ["recurring", *SOME, "--theme", "supervision", "--by", "year"])
    assert result.exit_code == 0
    assert "2 of 3" in result.stdout
    assert "below five" in result.stderr


def test_two_printings_are_named_once_whatever_the_format(tmp_path: Path) -> None:
    files = [str(path) for path in (*FICTIONAL[-2:], REPRINT, REPRINT)]
    result = RUNNER.invoke(app, ["recurring", *files, "--out", str(tmp_path / "x.html")])
    assert result.exit_code == 0
    assert result.stderr.count("it is counted once") == 1


def test_nothing_that_recurs_is_said(tmp_path: Path) -> None:
    out = tmp_path / "none.html"
    result = RUNNER.invoke(app, ["recurring", SOME[0], "--min-inspections", "2", "-o", str(out)])
    assert result.exit_code == 0
    assert "no theme has a weakness in 2 inspections or more" in result.stderr
    page = out.read_text(encoding="utf-8")
    assert "<h1>Recurring weaknesses in 1 inspection</h1>" in page
    assert "There is no weakness to show" in page
    assert "<table" not in page


def test_a_broken_file_is_reported_and_the_rest_goes_on(tmp_path: Path) -> None:
    broken = tmp_path / "broken.txt"
    broken.write_bytes(b"\x00\x01\x02")
    result = RUNNER.invoke(app, ["recurring", str(broken), *SOME, "--format", "json"])
    assert result.exit_code == 1
    assert "broken.txt" in result.stderr
    assert '"inspections": 3' in result.stdout


def test_folder_without_reports(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["recurring", str(tmp_path)])
    assert isinstance(result.exception, UnreadableReport)
    assert "no report in this folder" in str(result.exception)


def test_tags_of_two_codebooks_are_refused(tmp_path: Path) -> None:
    from dataclasses import replace

    from inspection_files import fictional

    for name, place in (("a", 0), ("b", 1)):
        one = replace(fictional()[place], codebook=name * 64)
        (tmp_path / f"{name}.jsonl").write_text(inspections_jsonl([one]), encoding="utf-8")
    files = [str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl")]
    result = RUNNER.invoke(app, ["recurring", *files])
    assert isinstance(result.exception, BadCodebook)
    assert "a.jsonl was tagged with codebook aaaaaaaaaaaa" in str(result.exception)


@pytest.mark.parametrize("options", [["--theme", "luck"], ["--kinds", "rumour"], ["-f", "xlsx"]])
def test_wrong_choices_exit_with_2(options: list[str]) -> None:
    assert RUNNER.invoke(app, ["recurring", *SOME, *options]).exit_code == 2


def test_actions(tmp_path: Path) -> None:
    out = tmp_path / "plan.xlsx"
    assert RUNNER.invoke(app, ["actions", str(REAL[1]), "-o", str(out)]).exit_code == 0
    assert load_workbook(out)["Action plan"].max_row == 48
    assert RUNNER.invoke(app, ["actions", str(REAL[1]), "-f", "html"]).exit_code == 2
