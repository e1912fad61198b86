"""What becomes of commands whose output goes nowhere, or that are told to stop."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands_at_work import COMMANDS, ROOT, Outcomes, make_inputs, outcomes

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes, devices and signals of POSIX")
#: These refuse their inputs, after the work.
REFUSED = ("train", "corpus import")
PRINTING = [name for name, words in COMMANDS.items() if "--out" not in words]
PRINTING.remove("corpus import")
STOPPED = "clas-nlp: stopped; nothing half-written was left behind\n"

#: Which commands are tried in each way; what answers is one place for all of them, `app.main`.
LOST = {
    "closed": ["read", "tag", "train", "evaluate", "recurring", "export", "corpus agreement"],
    "none": ["read", "tag", "corpus check"],
    "full": ["read", "tag", "explain", "corpus check", "corpus agreement"],
}


def _run(how: str, folder: Path) -> Outcomes:
    make_inputs(folder)
    before = {p.name for p in folder.iterdir()}
    found = outcomes(how, LOST.get(how, COMMANDS), folder)
    # No copies of confidential text anywhere, whatever happened.
    assert not any((folder / "temporary").iterdir())
    left = {p.name for p in folder.iterdir()} - before - {"temporary"}
    assert not [name for name in left if name.startswith(".") or name.endswith(".part")]
    if how == "interrupted":
        assert not left
    return found


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcomes]:
    """What became of the commands in each way to lose the output."""
    return {how: _run(how, tmp_path_factory.mktemp(how)) for how in LOST}


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    return _run("interrupted", tmp_path_factory.mktemp("interrupted"))


@pytest.mark.parametrize(("how", "name"), [(how, name) for how in LOST for name in LOST[how]])
def test_output_that_goes_nowhere(how: str, name: str, lost: dict[str, Outcomes]) -> None:
    code, errors, trouble = lost[how][name]
    assert not trouble
    assert "Broken" not in errors
    if name in REFUSED:
        assert code == 2
    elif how == "closed" or name not in PRINTING:
        assert code == 0, errors
    else:
        said = {
            "none": "clas-nlp: the standard output is closed; expected one, or --out FILE",
            "full": "clas-nlp: No space left on device",
        }[how]
        assert (errors.splitlines()[-1], code) == (said, 2)


@pytest.mark.parametrize("name", COMMANDS)
def test_ctrl_c_says_so_in_one_line(name: str, interrupted: Outcomes) -> None:
    code, errors, trouble = interrupted[name]
    assert not trouble
    assert (errors, code) == (STOPPED, 130)


def test_a_command_without_standard_input() -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" -m clas_nlp read - <&-', sys.executable],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == "clas-nlp: standard input: closed; expected a report\n"
    assert done.returncode == 2


def test_ctrl_c_while_the_program_starts(tmp_path: Path) -> None:
    # A module that is imported on the way is one that is told to stop.
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt\n")
    done = subprocess.run(
        [sys.executable, "-m", "clas_nlp", "--version"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stderr, done.returncode) == (STOPPED, 130)
