from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bad_input_table import NO_CLAS, PAGE, REPORT, ROOT, ROWS, Row, make, page

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
    if "rights" in row.name and os.geteuid() == 0:
        pytest.skip("root may read every file")
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
        code, lines = clas_nlp(arguments, monkeypatch, capsys)
        first = lines[0] if lines else ""
        assert (first, code) == (row.message.format(file=row.file), row.code)
        if row.code:
            assert len(lines) == 1
            assert set(tmp_path.iterdir()) == before
            assert old.read_bytes() == kept
    if not row.code:
        assert new.read_bytes().count(b"\n") == row.paragraphs


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
