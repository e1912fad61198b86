"""`clas-nlp evaluate` and `clas-nlp compare`: how good a model is, and which of two is better."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from clas_nlp.cli.console import note, show_table, write_output
from clas_nlp.cli.options import (
    FORMAT,
    FORMAT_BY_ENDING,
    CodebookOption,
    CorpusFiles,
    ModelOption,
    OutOption,
    SeedOption,
)


class EvaluateFormat(str, Enum):
    """Output of `evaluate`."""

    table = "table"
    json = "json"
    markdown = "markdown"


class CompareFormat(str, Enum):
    """Output of `compare`."""

    table = "table"
    json = "json"
    markdown = "markdown"
    csv = "csv"
    xlsx = "xlsx"


_ENDINGS = {
    ".json": CompareFormat.json,
    ".md": CompareFormat.markdown,
    ".csv": CompareFormat.csv,
    ".xlsx": CompareFormat.xlsx,
}


def evaluate(
    corpus: CorpusFiles,
    model: ModelOption = None,
    report: Annotated[
        list[str] | None, typer.Option("--report", help="Score only this report; repeatable.")
    ] = None,
    format: Annotated[EvaluateFormat, FORMAT] = EvaluateFormat.table,
    out: OutOption = None,
    seed: SeedOption = 0,
) -> None:
    """Score a model on labelled reports, each by itself.

    Figures on a report that the model was trained on are marked: they say nothing about new text.

    \b
    Examples:
      clas-nlp evaluate corpus/dudley.jsonl --model /tmp/without-dudley
      clas-nlp evaluate corpus/held_out --format markdown
      clas-nlp evaluate corpus --report dudley --format json --out scores.json
    """
    from clas_nlp.corpus import load_corpus
    from clas_nlp.errors import BadCorpus
    from clas_nlp.evaluating import evaluate as score
    from clas_nlp.evaluating.tables import score_markdown, score_tables
    from clas_nlp.tagging import load

    labelled = load_corpus(corpus)
    if report:
        for name in report:
            if not any(p.report == name for p in labelled.paragraphs):
                raise BadCorpus(
                    f"no report {name!r} in the corpus; it has {', '.join(labelled.reports)}"
                )
        labelled = labelled.only(report)
    evaluation = score(labelled, load(model).model, seed)
    for scores in evaluation.reports:
        if scores.seen:
            note(f"{scores.report}: the model was trained on it; its figures are no test")
    if format is EvaluateFormat.json:
        write_output(json.dumps(evaluation.to_dict(), indent=1) + "\n", out)
    elif format is EvaluateFormat.markdown or out is not None:
        write_output(score_markdown(evaluation), out)
    else:
        for table in score_tables(evaluation):
            show_table(table)


def compare(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="Folder of the model there was.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Folder of the new model.")],
    labelled: Annotated[
        list[Path],
        typer.Argument(
            metavar="LABELLED...", help="Labelled reports that neither model was trained on."
        ),
    ],
    format: Annotated[CompareFormat | None, FORMAT_BY_ENDING] = None,
    out: OutOption = None,
    seed: SeedOption = 0,
    codebook: CodebookOption = None,
) -> None:
    """Compare two models on labelled reports: which themes got better or worse, what changed.

    Both models are scored on the same paragraphs, drawn again a thousand times, so that the
    intervals are of the difference between them. A model that knows a theme more is compared on
    the themes that both know. A report that a model was trained on is named: it is no test.

    \b
    Examples:
      clas-nlp compare models/default models/ours held_out.jsonl
      clas-nlp compare models/default models/ours held_out.jsonl --out changes.xlsx
      clas-nlp compare old new held_out.jsonl --format markdown > changes.md
    """
    from clas_nlp.codebook import load_codebook
    from clas_nlp.corpus import load_corpus
    from clas_nlp.evaluating import compare_models
    from clas_nlp.evaluating.comparison_tables import comparison_markdown, comparison_tables
    from clas_nlp.files import write_bytes
    from clas_nlp.recurring import frame_csv, frames_sheet
    from clas_nlp.tagging import load_model

    wanted = format or (_ENDINGS.get(out.suffix.lower()) if out else None) or CompareFormat.table
    if wanted is CompareFormat.xlsx and out is None:
        raise typer.BadParameter("xlsx is written to a file; add --out NAME.xlsx")
    one, two = load_model(old), load_model(new)
    corpus = load_corpus(labelled, load_codebook(codebook) if codebook else None)
    comparison = compare_models(one, two, corpus, seed)
    for line in comparison.notes:
        note(line)
    if wanted is CompareFormat.json:
        write_output(json.dumps(comparison.to_dict(), ensure_ascii=False, indent=1) + "\n", out)
    elif wanted is CompareFormat.csv:
        write_output(frame_csv(comparison.to_frame()), out, bom=True)
    elif wanted is CompareFormat.xlsx and out is not None:
        sheets = {"Figures": comparison.to_frame(), "Changed tags": comparison.changes_frame()}
        write_bytes(out, frames_sheet(sheets, comparison.notes))
    elif wanted is CompareFormat.markdown or out is not None:
        write_output(comparison_markdown(comparison), out)
    else:
        for table in comparison_tables(comparison):
            show_table(table)


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command()(evaluate)
    app.command()(compare)
