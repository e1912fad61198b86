"""Options that several commands have, with one name, short name and help for each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ModelOption = Annotated[
    Path | None,
    typer.Option("--model", "-m", help="A model folder; by default the shipped one."),
]
OutOption = Annotated[Path | None, typer.Option("--out", "-o", help="File to write.")]
CodebookOption = Annotated[
    Path | None,
    typer.Option(
        "--codebook",
        help="A codebook folder; by default the one beside the corpus, or the project's own.",
    ),
]
CorpusFiles = Annotated[list[Path], typer.Argument(help="Corpus files or folders.")]
ReportFile = Annotated[Path, typer.Argument(help="A report file, or - for standard input.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of everything random.")]

#: For `Annotated[SomeFormat, FORMAT]`: each command has formats of its own.
FORMAT = typer.Option("--format", "-f", help="Output.")
#: The same, for commands that take the format from the name of the file.
FORMAT_BY_ENDING = typer.Option(
    "--format", "-f", help="Output; by default from --out's ending, else table."
)
