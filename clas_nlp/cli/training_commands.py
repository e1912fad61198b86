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
    encoder: Annotated[
        Path | None,
        typer.Option(help="Read with the encoder of this model too; a folder like models/neural."),
    ] = None,
    fine_tune: Annotated[
        bool,
        typer.Option(
            "--fine-tune",
            help="Fine-tune an encoder on the written text first; takes PyTorch and an hour.",
        ),
    ] = False,
    base: Annotated[
        Path | None,
        typer.Option(help="A BERT encoder to fine-tune; by default the installed MiniLM."),
    ] = None,
) -> None:
    """Train a model on a labelled corpus.

    \b
    Examples:
      clas-nlp train corpus --out models/ours
      clas-nlp train corpus --hold-out dudley --out /tmp/without-dudley
      clas-nlp train corpus ours/labels.jsonl --out models/ours --cross-check
      clas-nlp train corpus ours/labels.jsonl --encoder models/neural --out models/ours
    """
    from clas_nlp.training import train_to_folder

    if encoder is not None and fine_tune:
        raise typer.BadParameter("--encoder takes one over, --fine-tune makes one; choose one")
    if base is not None and not fine_tune:
        raise typer.BadParameter("--base is what --fine-tune begins with; add --fine-tune")
    with progress_bar("training", 100) as advance:
        done = 0

        def progress(_step: str, now: int, total: int) -> None:
            nonlocal done
            # A cross-check starts again from nothing for each report, and after fine-tuning.
            reached = round(100 * now / total)
            advance(reached - done)
            done = reached

        evaluation = train_to_folder(
            corpus,
            out,
            tuple(hold_out or ()),
            seed,
            progress,
            cross_check,
            encoder,
            fine_tune,
            base,
        )
    note(f"model written to {out}")
    if evaluation is not None:
        from clas_nlp.evaluating.tables import score_tables

        for table in score_tables(evaluation):
            show_table(table)


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command()(train)
