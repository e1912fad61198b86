from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from bad_input_table import NO_CLAS, PAGE, REPORT, ROOT, ROWS, Row, make, page
from pdf_by_hand import pdf_in_a_circle

from clas_nlp.cli.app import main

WHOLE = "kept as it was\n"


def clas_nlp(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, list[str]]:
    """Exit code and lines on standard error of the command line, run as its entry point does."""
    monkeypatch.setattr(sys, "argv", ["clas-nlp", *arguments])
    capsys.readouterr()
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return code, capsys.readouterr().err.splitlines()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_bad_input_gets_its_line_and_leaves_the_output_alone(
    row: Row,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    make(row, Path(row.file))
    old, new = Path("old.jsonl"), Path("new.jsonl")
    if row.command == "read":
        old.write_text(WHOLE)
        before = set(tmp_path.iterdir())
        runs = [["read", row.file, "--format", "jsonl", "--out", str(out)] for out in (new, old)]
    else:
        # A corpus with labels, which an import that fails must not touch.
        shutil.copy(ROOT / "corpus" / "dorset.jsonl", old)
        before = set(tmp_path.iterdir())
        runs = [["corpus", "import", row.file, "--into", str(out)] for out in (new, old)]
    kept = old.read_bytes()
    for arguments in runs if row.code else runs[:1]:
        with _not_root(tmp_path) if "rights" in row.name else nullcontext():
            code, lines = clas_nlp(arguments, monkeypatch, capsys)
        first = lines[0] if lines else ""
        assert (first, code) == (row.message.format(file=row.file), row.code)
        if row.code:
            assert len(lines) == 1
            assert set(tmp_path.iterdir()) == before
            assert old.read_bytes() == kept
    if not row.code:
        assert new.read_bytes().count(b"\n") == row.paragraphs


@contextmanager
def _not_root(folder: Path) -> Iterator[None]:
    """Goes on as a user without rights: root may read and write everything."""
    folder.chmod(0o777)
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65_534)
    try:
        yield
    finally:
        if was_root:
            os.seteuid(0)


@pytest.mark.skipif(os.name != "posix", reason="users and rights are POSIX's")
def test_a_folder_without_rights_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("report.txt").write_text("1.1 Staff say so.\n")
    arguments = ["read", "report.txt", "--format", "jsonl", "--out"]
    # Once as we are: what is imported on the way may be for root alone.
    assert clas_nlp([*arguments, "out.jsonl"], monkeypatch, capsys)[0] == 0
    Path("closed").mkdir(mode=0)
    with _not_root(tmp_path):
        code, lines = clas_nlp([*arguments, "closed/out.jsonl"], monkeypatch, capsys)
        assert (lines[-1], code) == ("clas-nlp: closed/out.jsonl: Permission denied", 2)
        code, lines = clas_nlp(["read", "closed/report.txt"], monkeypatch, capsys)
    said = "clas-nlp: closed/report.txt: cannot be read (Permission denied)"
    assert (lines, code) == ([said], 2)
    assert list(Path("closed").iterdir()) == []


def test_the_page_is_made_from_these_rows() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "clas_nlp", "read", str(REPORT), "--format", "jsonl"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    assert child.stdout.read(10)
    child.stdout.close()
    errors = child.stderr.read().decode()
    assert child.wait(60) == 0
    assert "Traceback" not in errors
    assert "Broken" not in errors


@pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="only Linux has a device that is always full"
)
def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        child = subprocess.run(
            [sys.executable, "-m", "clas_nlp", "read", str(REPORT), "--format", "jsonl"],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            timeout=60,
            check=False,
        )
    last = child.stderr.decode().splitlines()[-1]
    assert (last, child.returncode) == ("clas-nlp: No space left on device", 2)


def test_one_bad_report_of_many_is_left_out(tmp_path: Path) -> None:
    from clas_nlp.errors import UnreadableReport
    from clas_nlp.reading import read_report

    for row in ROWS:
        if row.command != "read" or "rights" in row.name:
            continue
        path = tmp_path / row.file
        if path.exists() or path.is_symlink():
            path.rmdir() if path.is_dir() else path.unlink()
        make(row, path)
        if row.code:
            with pytest.raises(UnreadableReport):
                read_report(path)
        elif len(path.read_bytes()) < 1_000_000:
            report = read_report(path)
            assert all(report.text[p.start : p.end] == p.text for p in report.paragraphs)
            assert row.says in ("", NO_CLAS, *report.warnings)


def test_a_form_that_draws_itself_is_read(tmp_path: Path) -> None:
    from clas_nlp.reading import read_report

    path = tmp_path / "form.pdf"
    path.write_bytes(pdf_in_a_circle("form"))
    # How often it is drawn is PDFium's choice.
    assert {p.number for p in read_report(path).paragraphs} == {"1.1"}


@pytest.mark.skipif(os.name != "posix", reason="limits on the size of files are POSIX's")
def test_a_disk_that_fills_up_leaves_the_old_output(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text(WHOLE)
    program = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "from clas_nlp.cli.app import main\n"
        "main()\n"
    )
    child = subprocess.run(
        [
            sys.executable,
            "-c",
            program,
            "read",
            str(REPORT),
            "--format",
            "jsonl",
            "--out",
            "out.jsonl",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (child.stderr.splitlines()[-1], child.returncode) == ("clas-nlp: File too large", 2)
    assert out.read_text() == WHOLE
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("word.jsonl", '{"id": 1, "text": "' + "(" * 5_000_000 + '"}\n'),
        ("word.csv", "id,text\n1," + "$" * 5_000_000 + "\n"),
    ],
)
def test_a_paragraph_without_white_space_is_tagged_like_any_other(
    name: str,
    content: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    good = "Staff have no regular safeguarding supervision, as we were told by the trust."
    added = f"2,{good}\n" if name.endswith(".csv") else json.dumps({"id": 2, "text": good})
    Path(name).write_text(content + added)
    code, lines = clas_nlp(["tag", name, "--out", "out.jsonl"], monkeypatch, capsys)
    assert (code, lines) == (0, [])
    rows = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert [bool(row["themes"]) for row in rows] == [False, True]
