"""`clas-nlp train` and `clas-nlp evaluate`."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from clas_nlp.cli.console import note, progress_bar, show_table, write_output


class EvaluateFormat(str, Enum):
    """Output of `evaluate`."""

    table = "table"
    json = "json"
    markdown = "markdown"


def train(
    corpus: Annotated[list[Path], typer.Argument(help="Corpus files or folders.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the new model.")],
    hold_out: Annotated[
        list[str] | None,
        typer.Option("--hold-out", help="A report to train without and to score on; repeatable."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of everything random.")] = 0,
    cross_check: Annotated[
        bool,
        typer.Option(
            "--cross-check",
            help="Train once more without each report; its scores go into the card.",
        ),
    ] = False,
) -> None:
    """Train a model on a labelled corpus.

    \b
    Examples:
      clas-nlp train corpus --out models/ours
      clas-nlp train corpus --hold-out dudley --out /tmp/without-dudley
      clas-nlp train corpus ours/labels.jsonl --out models/ours --cross-check
    """
    from clas_nlp.training import train_to_folder

    with progress_bar("training", 100) as advance:
        done = 0

        def progress(_step: str, now: int, total: int) -> None:
            nonlocal done
            # A cross-check starts again from nothing for each report.
            reached = round(100 * now / total)
            advance(reached - done)
            done = reached

        evaluation = train_to_folder(
            corpus, out, tuple(hold_out or ()), seed, progress, cross_check
        )
    note(f"model written to {out}")
    if evaluation is not None:
        from clas_nlp.evaluating.tables import score_tables

        for table in score_tables(evaluation):
            show_table(table)


def evaluate(
    corpus: Annotated[list[Path], typer.Argument(help="Corpus files or folders.")],
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", help="A model folder; by default the shipped one."),
    ] = None,
    report: Annotated[
        list[str] | None, typer.Option("--report", help="Score only this report; repeatable.")
    ] = None,
    format: Annotated[
        EvaluateFormat, typer.Option("--format", "-f", help="Output.")
    ] = EvaluateFormat.table,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the bootstrap.")] = 0,
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


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command()(train)
    app.command()(evaluate)
