"""`clas-nlp read`."""

from __future__ import annotations

import json
from enum import Enum
from typing import Annotated

import typer

from clas_nlp.cli.console import note, printable, shortened, write_output, write_table
from clas_nlp.cli.options import FORMAT, OutOption, ReportFile


class ReadFormat(str, Enum):
    """Output of `read`."""

    table = "table"
    jsonl = "jsonl"


def read(
    report: ReportFile,
    format: Annotated[ReadFormat, FORMAT] = ReadFormat.table,
    out: OutOption = None,
) -> None:
    """Show a report's paragraphs, without tagging them.

    \b
    Examples:
      clas-nlp read dudley.txt
      clas-nlp read dudley.txt --format jsonl --out dudley-paragraphs.jsonl
    """
    from dataclasses import asdict

    from clas_nlp.reading import read_report

    found = read_report(report)
    for warning in found.warnings:
        note(f"{report}: {warning}")
    if format is ReadFormat.jsonl:
        lines = [
            json.dumps({"report": found.id, **asdict(p)}, ensure_ascii=False)
            for p in found.paragraphs
        ]
        write_output("".join(line + "\n" for line in lines), out)
        return
    from rich.table import Table

    details = found.details
    table = Table(title=printable(details.area or found.id), show_lines=False)
    for column in ("id", "kind", "section", "page", "recommendations"):
        table.add_column(column, no_wrap=column != "section")
    table.add_column("text", ratio=1)
    for p in found.paragraphs:
        table.add_row(
            printable(p.id),
            p.kind,
            printable(shortened(p.section, 28)),
            str(p.page or ""),
            ", ".join(p.recommendations),
            printable(shortened(p.text, 100)),
        )
    write_table(table, out)


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command()(read)
