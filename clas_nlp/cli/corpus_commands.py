"""`clas-nlp corpus check`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer


def check(
    corpus: Annotated[list[Path], typer.Argument(help="Corpus files or folders.")],
    codebook: Annotated[
        Path | None,
        typer.Option("--codebook", help="A codebook folder; by default the one beside the corpus."),
    ] = None,
) -> None:
    """Check every row of a corpus and list every bad one.

    \b
    Examples:
      clas-nlp corpus check corpus
      clas-nlp corpus check new_labels.jsonl --codebook corpus/codebook
    """
    from clas_nlp.codebook import load_codebook
    from clas_nlp.corpus import load_corpus

    found = load_corpus(corpus, load_codebook(codebook) if codebook else None)
    themes = Counter(theme for p in found.paragraphs for theme in p.themes)
    shown = ", ".join(f"{theme} {themes[theme]}" for theme in found.codebook.theme_ids)
    typer.echo(f"{len(found.paragraphs)} paragraphs, no bad row. Paragraphs by theme: {shown}.")


def register(corpus_app: typer.Typer) -> None:
    """Adds the commands of this module."""
    corpus_app.command()(check)
