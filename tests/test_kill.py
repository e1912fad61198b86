from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import CORPUS, ROOT

from clas_nlp.codebook import load_codebook
from clas_nlp.corpus import load_corpus
from clas_nlp.errors import BadModel
from clas_nlp.exchanging import export
from clas_nlp.tagging.storage import load_model

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and named pipes")
LETTER = "A letter.\n\n" + "Staff have no regular one-to-one safeguarding supervision.\n\n" * 40
OLD = "kept as it was\n"
#: `CLAS_NLP_KILLS=50 python -m pytest tests/test_kill.py -k killed` kills each command fifty times.
KILLS = int(os.environ.get("CLAS_NLP_KILLS", "0"))


def started(*arguments: object, cwd: Path) -> subprocess.Popen[bytes]:
    """Starts the command line in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "clas_nlp", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Where the tests run in the background, the shell has SIGINT ignored, also for children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def killed(child: subprocess.Popen[bytes], seconds: float) -> bool:
    """Kills a process after some time; False where it was done before."""
    try:
        child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return True
    return False


def moments(seed: str, count: int, longest: float) -> list[float]:
    """Random moments, one in each of as many equal parts of the time."""
    chance = random.Random(seed)
    return [longest * (part + chance.random()) / count for part in range(count)]


def visible(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir() if not p.name.startswith(".")}


@pytest.mark.parametrize("seconds", moments("tag", KILLS or 4, 2.5))
def test_killed_while_tagging(seconds: float, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(LETTER, encoding="utf-8")
    out = tmp_path / "tagged.jsonl"
    out.write_text(OLD, encoding="utf-8")
    killed(started("tag", "letter.txt", "--out", out, cwd=tmp_path), seconds)
    found = out.read_text(encoding="utf-8")
    if found != OLD:
        assert found.endswith("\n")
        assert all(json.loads(line)["text"] for line in found.splitlines())
        assert len(found.splitlines()) == 41
    assert visible(tmp_path) == {"letter.txt", "tagged.jsonl"}


@pytest.mark.parametrize("seconds", moments("import", KILLS or 4, 1.6))
def test_killed_while_importing(seconds: float, tmp_path: Path) -> None:
    book = load_codebook(CORPUS / "codebook")
    labelled = [p for p in load_corpus([CORPUS / "dorset.jsonl"]).paragraphs if p.themes]
    export(labelled[:50], "doccano", tmp_path / "labels.jsonl", book)
    for extra in tmp_path.glob("*.json"):
        extra.unlink()
    corpus = tmp_path / "ours.jsonl"
    rows = (CORPUS / "dudley.jsonl").read_text(encoding="utf-8")
    corpus.write_text(rows, encoding="utf-8")
    arguments = ("labels.jsonl", "--into", corpus, "--coder", "anna", "--date", "2024-03-31")
    killed(started("corpus", "import", *arguments, cwd=tmp_path), seconds)
    found = corpus.read_text(encoding="utf-8")
    assert found.startswith(rows)
    added = found[len(rows) :].splitlines()
    assert len(added) in (0, 50)
    assert all(json.loads(line)["coder"] == "anna" for line in added)
    copy = tmp_path / "ours.jsonl.bak"
    if added:
        assert copy.read_text(encoding="utf-8") == rows
    assert visible(tmp_path) - {copy.name} == {"labels.jsonl", "ours.jsonl"}


@pytest.mark.parametrize("seconds", moments("train", KILLS or 3, 6))
def test_killed_while_training(seconds: float, small_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(small_model, folder)
    before = (folder / "manifest.json").read_bytes()
    files = visible(folder)
    corpora = (CORPUS / "dorset.jsonl", CORPUS / "dudley.jsonl")
    killed(started("train", *corpora, "--out", folder, cwd=tmp_path), seconds)
    # The old model or, where the end came between the exchange and the last message, the new one;
    # each is whole, or it would not load.
    held_out = load_model(folder).details["held_out"]
    assert ((folder / "manifest.json").read_bytes() == before) == (held_out == ["dudley"])
    assert visible(folder) == files


SAVING = """
import sys
from clas_nlp.tagging.storage import load_model, save_model
model = load_model(sys.argv[1])
model.details["seed"] = 77
print("ready", flush=True)
save_model(model, sys.argv[1], "# Another card" + chr(10))
"""


@pytest.mark.parametrize("wait", moments("save", KILLS or 4, 0.2))
def test_killed_while_saving_a_model(wait: float, small_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(small_model, folder)
    child = subprocess.Popen(
        [sys.executable, "-c", SAVING, str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    # The moment at which the new folder is begun, or somewhat later.
    until = time.monotonic() + 30
    while visible(tmp_path) == {p.name for p in tmp_path.iterdir()}:
        assert time.monotonic() < until
        if child.poll() is not None:
            break
    time.sleep(wait)
    child.kill()
    child.communicate()
    load_model(folder)  # the old one or the new one, and whole
    assert visible(folder) == visible(small_model)


def test_half_a_model_never_loads(small_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    for missing in sorted(visible(small_model) - {"README.md"}):
        shutil.copytree(small_model, folder)
        (folder / missing).unlink()
        with pytest.raises(BadModel):
            load_model(folder)
        shutil.rmtree(folder)


@pytest.mark.parametrize("command", ["read", "tag"])
def test_ctrl_c_says_so_and_leaves_nothing(command: str, tmp_path: Path) -> None:
    pipe = tmp_path / "report.txt"
    os.mkfifo(pipe)
    out = tmp_path / "out.jsonl"
    out.write_text(OLD, encoding="utf-8")
    child = started(command, "report.txt", "--format", "jsonl", "--out", out, cwd=tmp_path)
    with pipe.open("wb"):  # opens once the command reads: it is at work now
        child.send_signal(signal.SIGINT)
        try:
            _, errors = child.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            # Between opening and reading, Python notices a signal only once the read is over, and
            # this pipe stays open. A person presses again.
            child.send_signal(signal.SIGINT)
            _, errors = child.communicate(timeout=60)
    assert errors.decode() == "clas-nlp: stopped; nothing half-written was left behind\n"
    assert child.returncode == 130
    assert out.read_text(encoding="utf-8") == OLD
    assert {p.name for p in tmp_path.iterdir()} == {"report.txt", "out.jsonl"}
