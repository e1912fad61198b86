"""What the commands share: messages, progress bars, output that is a file or the terminal."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from clas_nlp.errors import ClasNlpError

if TYPE_CHECKING:
    from rich.table import Table


def sparing_inputs(command: Callable[..., None]) -> Callable[..., None]:
    """A command that refuses an `--out` that is one of the files named for it to read."""

    @wraps(command)
    def spared(**given: Any) -> None:
        out = given.get("out")
        for name, value in given.items():
            for path in value if isinstance(value, (list, tuple)) else (value,):
                if name != "out" and isinstance(path, Path) and _same_file(path, out):
                    raise ClasNlpError(
                        f"{out}: is read and would be written over; give --out another name"
                    )
        command(**given)

    return spared


def _same_file(path: Path, out: Path | None) -> bool:
    try:
        return out is not None and out.is_file() and path.samefile(out)
    except OSError:
        return False


def note(message: str) -> None:
    """One line to standard error, safe for a terminal."""
    typer.echo("".join(c if c.isprintable() else " " for c in message), err=True)


def printable(text: str) -> str:
    """Text for the terminal: control characters (escape codes among them) made into spaces."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)


def shortened(text: str, width: int) -> str:
    """Text cut to a width at a word, with an ellipsis; on one line."""
    flat = " ".join(text.split())
    if len(flat) <= width:
        return flat
    return flat[: width - 1].rsplit(" ", 1)[0] + "…"


def show_table(table: Table) -> None:
    """Prints a table, as wide as the terminal, or 120 columns where there is none."""
    from rich.console import Console

    width = shutil.get_terminal_size((120, 24)).columns
    Console(width=max(width, 60), highlight=False).print(table)


def write_table(table: Table, out: Path | None, last_line: str = "") -> None:
    """A table to a file, 160 columns wide, or to the terminal; with a line below it."""
    below = f"{last_line}\n" if last_line else ""
    if out is None:
        show_table(table)
        write_output(below, None)
        return
    from io import StringIO

    from rich.console import Console

    buffer = StringIO()
    Console(file=buffer, width=160, highlight=False).print(table)
    write_output(buffer.getvalue() + below, out)


def write_output(text: str, out: Path | None, bom: bool = False) -> None:
    """Text to a file, atomically, or to standard output.

    Args:
        text: what to write.
        out: the file, or None for standard output.
        bom: begin a file with a byte-order mark, so that Excel takes it for UTF-8.
    """
    if out is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    from clas_nlp.files import write_bytes

    write_bytes(out, text.encode("utf-8-sig" if bom else "utf-8"))


@contextmanager
def progress_bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error where that is a terminal; gives a function to advance it."""
    if not sys.stderr.isatty() or total < 2:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(label, total=total)
        yield lambda count: bar.advance(task, count)
