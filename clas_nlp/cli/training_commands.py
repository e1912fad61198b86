"""`clas-nlp train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clas_nlp.cli.console import note, progress_bar, show_table
from clas_nlp.cli.options import CorpusFiles, SeedOption


def train(
    corpus: CorpusFiles,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the new model.")],
    hold_out: Annotated[
        list[str] | None,
        typer.Option("--hold-out", help="A report to train without and to score on; repeatable."),
    ] = None,
    seed: SeedOption = 0,
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


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command()(train)
