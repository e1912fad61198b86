from __future__ import annotations

import os
import subprocess
import sys

import pytest
import typer
from commands_at_work import COMMANDS, Outcomes, make_inputs, outcomes
from conftest import ROOT

from clas_nlp.cli.app import app


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    folder = tmp_path_factory.mktemp("no-network")
    make_inputs(folder)
    return outcomes("offline", COMMANDS, folder)


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
def test_commands_need_no_network(name: str, offline: Outcomes) -> None:
    code, errors, trouble = offline[name]
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
