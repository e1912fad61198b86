from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import typer
from commands_at_work import COMMANDS, make_inputs
from conftest import ROOT

from clas_nlp.cli.app import app

GUARD = str(ROOT / "tests" / "network_forbidden.py")


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, str]]:
    """Exit code, standard error and exception of each command, in one process without sockets."""
    folder = tmp_path_factory.mktemp("no-network")
    make_inputs(folder)
    done = subprocess.run(
        [sys.executable, GUARD, json.dumps([list(map(str, c)) for c in COMMANDS.values()])],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(COMMANDS), done.stderr
    return dict(zip(COMMANDS, found, strict=True))


def test_every_command_is_tried() -> None:
    def names(group: object, before: str = "") -> set[str]:
        found: set[str] = set()
        for name, command in group.commands.items():  # type: ignore[attr-defined]
            if hasattr(command, "commands"):
                found |= names(command, f"{before}{name} ")
            else:
                found.add(f"{before}{name}")
        return found

    assert names(typer.main.get_command(app)) == {name.split(",")[0] for name in COMMANDS}


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_need_no_network(name: str, outcomes: dict[str, tuple[int, str, str]]) -> None:
    code, errors, trouble = outcomes[name]
    assert "a socket was opened" not in errors + trouble
    assert not trouble
    # Training on three paragraphs and importing what nobody labelled are refused, after the work.
    assert code == (2 if name in ("train", "corpus import") else 0), errors


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('127.0.0.1', 9))",
        "socket.socket()",
        "socket.getaddrinfo('localhost', 80)",
        "__import__('_socket').socket()",
        "__import__('urllib.request').request.urlopen('http://127.0.0.1:9')",
    ],
)
def test_the_guard_guards(attempt: str) -> None:
    program = f"import network_forbidden, socket; network_forbidden.forbid(); {attempt}"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "a socket was opened" in done.stderr
