"""Writes docs/commands.md from the program's own help: `python docs/build_commands.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from clas_nlp.cli.app import app
from clas_nlp.files import write_text

ROOT = Path(__file__).resolve().parent.parent


def command_names(command: Any = None, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command's name, the groups' after those that hold them: ("corpus", "check")."""
    command = command or typer.main.get_command(app)
    for name, below in command.commands.items():
        yield (*before, name)
        if hasattr(below, "commands"):
            yield from command_names(below, (*before, name))


def help_text(*names: str) -> str:
    """What `clas-nlp NAMES --help` says."""
    environment = {"COLUMNS": "96", "TERMINAL_WIDTH": "96", "NO_COLOR": "1"}
    result = CliRunner().invoke(
        app, [*names, "--help"], prog_name="clas-nlp", env=environment, terminal_width=96
    )
    if result.exit_code:
        raise RuntimeError(f"clas-nlp {' '.join(names)} --help: exit code {result.exit_code}")
    return "\n".join(line.rstrip() for line in result.output.strip().splitlines())


def commands_page() -> str:
    """The command reference as a Markdown page."""
    lines = [
        "# Commands",
        "",
        "<!-- Made from the program's help by docs/build_commands.py. -->",
        "",
        "Exit codes: 0 done; 1 done in part, with a line for each file or row left out; 2 nothing "
        "done, with a line that says why. `clas-nlp --install-completion` sets up completion for "
        "your shell.",
    ]
    for names in [(), *command_names()]:
        title = " ".join(("clas-nlp", *names))
        lines += ["", f"## {title}", "", "```text", help_text(*names), "```"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write_text(ROOT / "docs" / "commands.md", commands_page())
