"""The command line: a thin shell over functions that people can import."""

from __future__ import annotations

import errno
import importlib
import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

import clas_nlp
from clas_nlp.cli.console import sparing_inputs
from clas_nlp.errors import ClasNlpError

#: Exit code of a program that Ctrl-C ended: 128 and the signal's number.
_STOPPED = 130

app = typer.Typer(
    name="clas-nlp",
    help="Tag reviews of health services for children with safeguarding themes, stance and "
    "evidence.\n\nEverything runs on this machine; nothing is sent anywhere.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
corpus_app = typer.Typer(
    help="Check labelled corpora, bring labels in, settle them.", no_args_is_help=True
)
app.add_typer(corpus_app, name="corpus")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"clas-nlp {clas_nlp.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


for _module, _apps in (
    ("reading_commands", (app,)),
    ("tagging_commands", (app,)),
    ("explaining_commands", (app,)),
    ("training_commands", (app,)),
    ("evaluating_commands", (app,)),
    ("recurring_commands", (app,)),
    ("exchange_commands", (app,)),
    ("corpus_commands", (corpus_app,)),
    ("agreement_commands", (corpus_app,)),
):
    importlib.import_module(f"clas_nlp.cli.{_module}").register(*_apps)
for _command in (*app.registered_commands, *corpus_app.registered_commands):
    assert _command.callback is not None
    _command.callback = sparing_inputs(_command.callback)


def main() -> None:
    """Runs the command line; errors made on purpose become one line and exit code 2."""
    if sys.stdout is None:  # closed, as by `>&-`
        sys.stdout = _ClosedOutput()
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 (to the end)
    for stream in (sys.stdout, sys.stderr):
        # A redirect on Windows gets the code page, which has not every character of a report.
        if isinstance(stream, io.TextIOWrapper):
            if stream.isatty():
                stream.reconfigure(errors="replace")
            else:
                stream.reconfigure(encoding="utf-8")
    try:
        app()
    except ClasNlpError as error:
        problems = getattr(error, "problems", None) or [str(error)]
        for problem in problems:
            typer.echo(f"clas-nlp: {one_line(problem)}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        _say_stopped()
        sys.exit(_STOPPED)
    except SystemExit as stop:
        if stop.code == _STOPPED:  # Typer caught Ctrl-C, and said nothing
            _say_stopped()
        if isinstance(stop.__context__, BrokenPipeError):  # Typer caught it, and said 1
            _end_quietly()
        raise
    except BrokenPipeError:
        _end_quietly()
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        typer.echo(f"clas-nlp: {where}{error.strerror or error}", err=True)
        sys.exit(2)


class _ClosedOutput(io.TextIOBase):
    """Stands for a standard output that was closed before the start; commands may not need it."""

    def write(self, _text: str) -> int:
        raise OSError(errno.EBADF, "the standard output is closed; expected one, or --out FILE")


def _end_quietly() -> None:
    """Ends where the reader of the output has gone (`| head`): no more to say or to flush."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(0)


def _say_stopped() -> None:
    typer.echo("clas-nlp: stopped; nothing half-written was left behind", err=True)


def one_line(text: str) -> str:
    """A message on one line, without control characters that a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)
