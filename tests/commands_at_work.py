"""Every command with arguments that make it do its work, and runs of all of them.

`python commands_at_work.py HOW '[["read", "letter.txt"], ...]'` runs commands one after the other
in the folder it stands in and prints a JSON line for each on standard error: its exit code and what
it said there, or the exception that came out of it. HOW is what becomes of them:

    closed       the reader of their output has gone
    none         they have no standard output
    full         their output goes to a device that is full
    interrupted  Ctrl-C as soon as they read their first file
    offline      a socket, even while libraries are imported, is an error
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "corpus"
LETTER = "A letter.\n\nStaff have no regular one-to-one safeguarding supervision.\n"
LABELS = "few.jsonl"
MODEL = str(ROOT / "models" / "default")
#: Exit code, standard error and exception of commands, by name.
Outcomes = dict[str, tuple[int, str, str]]
#: Each command with arguments that make it do its work.
COMMANDS = {
    "read": ["read", "letter.txt"],
    "tag": ["tag", "letter.txt", "--out", "tagged.jsonl"],
    "tag, a page": ["tag", "letter.txt", "--out", "tagged.html"],
    "explain": ["explain", "letter.txt", "--paragraph", "letter-p-2"],
    "train": ["train", "few.jsonl", "--out", "model"],
    "evaluate": ["evaluate", LABELS, "--format", "json"],
    "compare": ["compare", MODEL, MODEL, LABELS],
    "recurring": ["recurring", "letter.txt", "--out", "recurring.html"],
    "actions": ["actions", "letter.txt", "--format", "csv"],
    "export": ["export", "letter.txt", "--out", "labels.xlsx"],
    "suggest": ["suggest", "letter.txt", "--n", "1"],
    "corpus check": ["corpus", "check", LABELS],
    "corpus import": ["corpus", "import", "labels.csv", "--into", "ours.jsonl", "--corpus", LABELS],
    "corpus agreement": ["corpus", "agreement", LABELS, LABELS],
    "corpus settle": [
        "corpus",
        "settle",
        "a.jsonl",
        "b.jsonl",
        "settled.jsonl",
        "--out",
        "c.jsonl",
    ],
}


def make_inputs(folder: Path) -> None:
    """Writes the files that the commands read."""
    (folder / "letter.txt").write_text(LETTER, encoding="utf-8")
    rows = (CORPUS / "dorset.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "few.jsonl").write_text("".join(rows[:3]), encoding="utf-8")
    first = set()
    for coder in "ab":
        coding = (CORPUS / "coding" / f"dorset.{coder}.jsonl").read_text(encoding="utf-8")
        lines = coding.splitlines(keepends=True)[:30]
        (folder / f"{coder}.jsonl").write_text("".join(lines), encoding="utf-8")
        first |= {json.loads(line)["id"] for line in lines}
    settled = (CORPUS / "coding" / "settled.jsonl").read_text(encoding="utf-8")
    lines = [x for x in settled.splitlines(keepends=True) if json.loads(x)["id"] in first]
    (folder / "settled.jsonl").write_text("".join(lines), encoding="utf-8")
    (folder / "labels.csv").write_text("id,text,checked\n1,Staff,\n", encoding="utf-8")


def outcomes(how: str, names: Iterable[str], folder: Path) -> Outcomes:
    """What becomes of commands in a process of their own, in a folder with their inputs.

    Their temporary files go to `folder/temporary`.
    """
    commands = {name: COMMANDS[name] for name in names}
    own = folder / "temporary"
    own.mkdir()
    done = subprocess.run(
        [sys.executable, __file__, how, json.dumps(list(commands.values()))],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(own)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=600,
    )
    found = [json.loads(line) for line in done.stderr.splitlines()]
    assert len(found) == len(commands), done.stderr
    return dict(zip(commands, found, strict=True))


@contextlib.contextmanager
def _output(how: str) -> Iterator[None]:
    """Another standard output, in Python and below it."""
    if how == "closed":
        reader, writer = os.pipe()
        os.close(reader)
    else:
        writer = os.open("/dev/full" if how == "full" else os.devnull, os.O_WRONLY)
    os.dup2(writer, 1)
    os.close(writer)
    if how == "none":
        sys.stdout = None
        yield
        return
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    yield
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left in the buffer goes there


def _interrupt_at(file: str) -> None:
    """Presses Ctrl-C, as a terminal would, when this process opens a file for the first time."""
    pressed = []

    def opened(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and not pressed and Path(str(arguments[0])).name == file:
            pressed.append(file)
            signal.raise_signal(signal.SIGINT)

    sys.addaudithook(opened)


def outcome(command: list[str]) -> tuple[int, str, str]:
    """Exit code, standard error and the exception of a command, if any."""
    from clas_nlp.cli.app import main

    sys.argv = ["clas-nlp", *command]
    code, trouble, errors = 0, "", io.StringIO()
    with contextlib.redirect_stderr(errors):
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        except BaseException:
            code, trouble = 1, traceback.format_exc()
    return code, errors.getvalue(), trouble


def run(how: str, command: list[str]) -> tuple[int, str, str]:
    """The outcome of a command to which something happens."""
    if how == "interrupted":
        _interrupt_at(next(word for word in command if Path(word).is_file()))
    with _output(how):
        return outcome(command)


def run_apart(how: str, command: list[str]) -> None:
    """Runs a command in a copy of this process, which has imported what costs, and prints."""
    copy = os.fork()
    if copy:
        os.waitpid(copy, 0)
        return
    try:
        sys.__stderr__.write(f"{json.dumps(run(how, command))}\n")  # type: ignore[union-attr]
        sys.__stderr__.flush()  # type: ignore[union-attr]
    finally:
        os._exit(0)


if __name__ == "__main__":
    if sys.argv[1] == "offline":
        from network_forbidden import forbid

        forbid()
    import openpyxl  # noqa: F401
    import pandas  # noqa: F401
    import sklearn.linear_model  # noqa: F401
    import spacy  # noqa: F401

    signal.signal(signal.SIGINT, signal.default_int_handler)
    for words in json.loads(sys.argv[2]):
        run_apart(sys.argv[1], words)
