"""`clas-nlp tag`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clas_nlp.cli.console import note, printable, progress_bar, shortened, show_table, write_output
from clas_nlp.errors import UnreadableReport

if TYPE_CHECKING:
    from clas_nlp.tagging import TaggedParagraph, Tagger


class TagFormat(str, Enum):
    """Output of `tag`."""

    table = "table"
    jsonl = "jsonl"
    csv = "csv"
    html = "html"


_ENDINGS = {".jsonl": TagFormat.jsonl, ".csv": TagFormat.csv, ".html": TagFormat.html}


def tag(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Report files, folders of them, .jsonl or .csv files of bare paragraphs "
            "(id, text), or - for standard input."
        ),
    ],
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", help="A model folder; by default the shipped one."),
    ] = None,
    format: Annotated[
        TagFormat | None,
        typer.Option("--format", "-f", help="Output; by default from --out's ending, else table."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write.")] = None,
) -> None:
    """Tag a report's paragraphs with themes, stance, probability and evidence.

    A report that cannot be read gets one line; with several reports the others are tagged all the
    same and the exit code is 1.

    \b
    Examples:
      clas-nlp tag new_report.txt
      clas-nlp tag reports/ --format jsonl --out tagged.jsonl
      clas-nlp tag new_report.txt --out tagged.csv        (opens in Excel)
      clas-nlp tag new_report.txt --out tagged.html       (opens in a browser)
      cat new_report.txt | clas-nlp tag -
      clas-nlp tag paragraphs.csv --model models/ours
    """
    from clas_nlp.tagging import load
    from clas_nlp.tagging.sources import expand

    wanted = format or (_ENDINGS.get(out.suffix.lower()) if out else None) or TagFormat.table
    files = expand(paths)
    tagger = load(model)
    if wanted is TagFormat.html:
        _write_page(files, tagger, out)
        return
    tagged: list[TaggedParagraph] = []
    failures: list[str] = []
    with progress_bar("tagging reports", len(files)) as advance:
        for file in files:
            try:
                tagged += tag_file(file, tagger)
            except UnreadableReport as error:
                if len(files) == 1:
                    raise
                failures.append(str(error))
            advance(1)
    for failure in failures:
        note(f"clas-nlp: {failure}")
    if failures and not tagged:
        raise typer.Exit(2)
    if wanted is TagFormat.table:
        _show(tagged, tagger, out)
    else:
        from clas_nlp.tagging.output import csv_text, json_line

        if wanted is TagFormat.jsonl:
            write_output("".join(json_line(p) + "\n" for p in tagged), out)
        else:
            write_output(csv_text(tagged), out, bom=True)
    if failures:
        raise typer.Exit(1)


def tag_file(file: Path, tagger: Tagger) -> list[TaggedParagraph]:
    """Tags one file, with a note on what a reader should know of it."""
    from clas_nlp.reading import read_report
    from clas_nlp.reading.language import looks_english
    from clas_nlp.tagging.sources import PARAGRAPH_ENDINGS, bare_paragraphs

    if file.suffix.lower() in PARAGRAPH_ENDINGS:
        paragraphs, name = bare_paragraphs(file), file.stem
        text = "\n".join(p.text for p in paragraphs[:500])
    else:
        report = read_report(file)
        for warning in report.warnings:
            note(f"{file}: {warning}")
        paragraphs, name, text = list(report.paragraphs), report.id, report.text
    if not looks_english(text):
        note(f"{file}: the text is not English; nothing was tagged")
        return []
    with progress_bar(f"tagging {name}", len(paragraphs)) as advance:
        return list(tagger.tag_paragraphs(paragraphs, name, advance))


def _write_page(files: Sequence[Path], tagger: Tagger, out: Path | None) -> None:
    from clas_nlp.reading import read_report
    from clas_nlp.recurring import report_page

    if len(files) != 1:
        raise UnreadableReport(
            f"--format html takes one report, found {len(files)}; "
            "for many use `clas-nlp recurring --format html`"
        )
    report = read_report(files[0])
    write_output(report_page(report, tagger.tag(report), tagger.codebook), out)


def _show(tagged: Iterable[TaggedParagraph], tagger: Tagger, out: Path | None) -> None:
    from io import StringIO

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    tagged = list(tagged)
    several = len({p.report for p in tagged}) > 1
    styles = {"weakness": "red", "strength": "green", "mixed": "yellow", "neutral": ""}
    table = Table(show_lines=True)
    table.add_column("paragraph", no_wrap=True)
    table.add_column("theme", no_wrap=True)
    table.add_column("stance", no_wrap=True)
    table.add_column("prob.", justify="right", no_wrap=True)
    table.add_column("evidence (shortened)", ratio=1)
    carrying = 0
    for p in tagged:
        carrying += bool(p.themes)
        name = p.number if p.number and p.kind == "finding" else p.id
        name = f"R{p.number}" if p.kind == "recommendation" and p.number else name
        label = f"{p.report} {name}" if several and not name.startswith(p.report) else name
        for theme in p.themes:
            sentences = dict.fromkeys(e.text for e in theme.evidence)
            table.add_row(
                Text(printable(label)),
                tagger.codebook.theme_name(theme.theme),
                Text(theme.stance, style=styles.get(theme.stance, "")),
                f"{theme.probability:.2f}",
                Text(printable("\n".join(shortened(s, 150) for s in sentences))),
            )
            label = ""
    judged = sum(1 for p in tagged if p.probabilities)
    summary = f"{carrying} of {judged} findings, examples and recommendations carry a theme."
    if out is None:
        show_table(table)
        typer.echo(summary)
    else:
        buffer = StringIO()
        Console(file=buffer, width=160, highlight=False).print(table)
        write_output(buffer.getvalue() + summary + "\n", out)


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command()(tag)
