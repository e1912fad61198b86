"""`clas-nlp recurring` and `clas-nlp actions`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clas_nlp.cli.console import note, progress_bar, write_output, write_table
from clas_nlp.cli.options import FORMAT_BY_ENDING, ModelOption, OutOption, ReportFile
from clas_nlp.errors import UnreadableReport

if TYPE_CHECKING:
    from clas_nlp.recurring import Comparison, Inspection
    from clas_nlp.tagging import Tagger


class Format(str, Enum):
    """Output of both commands; `actions` has no html."""

    table = "table"
    csv = "csv"
    json = "json"
    xlsx = "xlsx"
    html = "html"


class Grouping(str, Enum):
    """What weaknesses are counted within."""

    service = "service"
    section = "section"
    year = "year"
    area = "area"
    provider = "provider"
    inspection = "inspection"


_FORMATS = {f".{f.value}": f for f in Format if f is not Format.table}


def recurring(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Reports, folders of them, or .jsonl files that `tag` wrote."),
    ],
    by: Annotated[
        Grouping, typer.Option("--by", help="Count each theme overall, and within each of these.")
    ] = Grouping.service,
    theme: Annotated[
        list[str] | None, typer.Option("--theme", "-t", help="Only this theme (may be repeated).")
    ] = None,
    kinds: Annotated[
        str | None,
        typer.Option(
            "--kinds",
            help="Kinds of paragraph that count, divided by commas; by default findings and "
            "examples, not recommendations, which would count the same weakness twice.",
        ),
    ] = None,
    min_inspections: Annotated[
        int,
        typer.Option("--min-inspections", min=0, help="Leave out what recurs in fewer."),
    ] = 1,
    model: ModelOption = None,
    format: Annotated[Format | None, FORMAT_BY_ENDING] = None,
    out: OutOption = None,
) -> None:
    """Show which weaknesses come back across inspections, where, and since when.

    Gives the inspections with a weakness of each theme, overall and by service, with intervals and
    the strongest sentences. A file that cannot be read gets one line; the others are counted all
    the same and the exit code is 1.

    \b
    Examples:
      clas-nlp recurring reports/
      clas-nlp recurring reports/ --out recurring.html         (opens in a browser)
      clas-nlp recurring reports/ --out recurring.xlsx         (opens in Excel)
      clas-nlp recurring reports/ --by year --theme supervision
      clas-nlp recurring tagged.jsonl --min-inspections 3 --format csv --out recurring.csv
      clas-nlp recurring reports/ --kinds finding,case_example,recommendation
    """
    from clas_nlp.recurring import (
        COUNTED_KINDS,
        accuracy_note,
        compare,
        frame_csv,
        frame_json,
        recurring_page,
        title_of,
    )
    from clas_nlp.recurring import frame_table as table_of
    from clas_nlp.recurring import recurring as count
    from clas_nlp.tagging import load

    wanted = _wanted(format, out)
    tagger = load(model)
    inspections, failures = _inspections(paths, tagger)
    wanted_kinds = tuple(k.strip() for k in kinds.split(",")) if kinds else COUNTED_KINDS
    try:
        comparison = compare(inspections, wanted_kinds, theme or None, tagger.codebook)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    frame = count(comparison, by=("theme", by.value), min_inspections=min_inspections)
    accuracy = accuracy_note(tagger.model.details, [i.id for i in comparison.inspections])
    if wanted is Format.html:
        write_output(
            recurring_page(
                comparison, by=by.value, min_inspections=min_inspections, accuracy=accuracy
            ),
            out,
        )
    elif wanted is Format.xlsx:
        _write_binary(_workbook(comparison, min_inspections, by.value, accuracy), out)
    elif wanted is Format.csv:
        write_output(frame_csv(frame), out, bom=True)
    elif wanted is Format.json:
        write_output(frame_json(frame), out)
    else:
        write_table(table_of(frame, title_of(comparison)), out)
    for line in frame.attrs["notes"]:
        note(line)
    if wanted in (Format.table, Format.csv):
        note(accuracy)
    _finish(failures)


def actions(
    report: ReportFile,
    model: ModelOption = None,
    format: Annotated[Format | None, FORMAT_BY_ENDING] = None,
    out: OutOption = None,
) -> None:
    """Make the action plan that a report asks for within 20 working days.

    Lists every recommendation with its themes, the bodies addressed and the findings that cite it,
    with empty columns for owner, due date, progress and evidence; and the findings that were drawn
    to the attention of another commissioner.

    \b
    Examples:
      clas-nlp actions dudley.txt --out action-plan.xlsx      (opens in Excel)
      clas-nlp actions dudley.txt
      clas-nlp actions dudley.txt --format csv > action-plan.csv
    """
    from clas_nlp.reading import read_report
    from clas_nlp.recurring import action_plan, action_sheet, action_table, frame_csv, frame_json
    from clas_nlp.tagging import load

    wanted = _wanted(format, out)
    if wanted is Format.html:
        raise typer.BadParameter("actions has no html; expected table, csv, json or xlsx")
    tagger = load(model)
    read = read_report(report)
    frame = action_plan(read, tagger.tag(read), tagger.codebook)
    for line in frame.attrs["notes"]:
        note(line)
    if wanted is Format.xlsx:
        _write_binary(action_sheet(frame), out)
    elif wanted is Format.csv:
        write_output(frame_csv(frame), out, bom=True)
    elif wanted is Format.json:
        write_output(frame_json(frame), out)
    else:
        due = frame.attrs["plan_due"]
        title = f"Action plan, {frame.attrs['title']}{f', due by {due}' if due else ''}"
        write_table(action_table(frame, title), out)


def _wanted(format: Format | None, out: Path | None) -> Format:
    wanted = format or (_FORMATS.get(out.suffix.lower()) if out else None) or Format.table
    if wanted is Format.xlsx and out is None:
        raise typer.BadParameter("xlsx is written to a file; add --out NAME.xlsx")
    return wanted


def _inspections(paths: Sequence[Path], tagger: Tagger) -> tuple[list[Inspection], list[str]]:
    """The inspections in the files, and a line for each file that could not be read."""
    from clas_nlp.reading import read_report
    from clas_nlp.reading.language import looks_english
    from clas_nlp.recurring import Inspection, read_inspections
    from clas_nlp.tagging.sources import expand

    files = expand(paths)
    inspections: list[Inspection] = []
    failures: list[str] = []
    with progress_bar("reading inspections", len(files)) as advance:
        for file in files:
            try:
                if file.suffix.lower() == ".jsonl":
                    inspections += read_inspections(file)
                else:
                    report = read_report(file)
                    if not looks_english(report.text):
                        raise UnreadableReport(f"{file}: the text is not English; left out")
                    if not report.is_clas:
                        note(f"{file}: no numbered findings; counted as an inspection all the same")
                    inspections.append(
                        Inspection.from_report(report, tagger.tag(report), tagger.codebook)
                    )
            except UnreadableReport as error:
                if len(files) == 1:
                    raise
                failures.append(str(error))
            advance(1)
    for failure in failures:
        note(f"clas-nlp: {failure}")
    if failures and not inspections:
        raise typer.Exit(2)
    return inspections, failures


def _workbook(comparison: Comparison, min_inspections: int, by: str, accuracy: str) -> bytes:
    from clas_nlp.recurring import (
        change_between_inspections,
        co_occurrence,
        recurring_sheet,
        shift,
        trend,
    )
    from clas_nlp.recurring import recurring as count

    frame = count(comparison, by=("theme", by), min_inspections=min_inspections)
    sheets = {
        "By inspection": count(comparison, by="inspection"),
        "Change": change_between_inspections(comparison),
        "Trend": trend(comparison),
        "Earlier and later": shift(comparison),
        "Together": co_occurrence(comparison),
    }
    return recurring_sheet(frame, sheets, [accuracy])


def _write_binary(content: bytes, out: Path | None) -> None:
    from clas_nlp.files import write_bytes

    assert out is not None
    write_bytes(out, content)


def _finish(failures: Sequence[str]) -> None:
    if failures:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command()(recurring)
    app.command()(actions)
