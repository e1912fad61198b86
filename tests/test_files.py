from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from clas_nlp.files import atomic_writer, write_bytes, write_text


def test_text_is_utf8_with_line_feeds(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "“café”\nend")
    assert (tmp_path / "a.txt").read_bytes() == "“café”\nend".encode()


def test_bytes_stay_as_they_are(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a.bin", b"\r\n\x00\xff")
    assert (tmp_path / "a.bin").read_bytes() == b"\r\n\x00\xff"


def test_folders_are_made_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_text(tmp_path / "deep" / "er" / "a.txt", "x")
    assert [p.name for p in (tmp_path / "deep" / "er").iterdir()] == ["a.txt"]


def test_an_existing_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("a long text that was there before")
    write_text(file, "short")
    assert file.read_text() == "short"
    assert list(tmp_path.iterdir()) == [file]


def test_an_error_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old")
    with pytest.raises(RuntimeError, match="stopped"), atomic_writer(file) as opened:
        opened.write("half of the n")  # type: ignore[call-overload]
        raise RuntimeError("stopped")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_an_interrupt_while_writing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), atomic_writer(tmp_path / "a.bin", binary=True):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_text_that_cannot_be_encoded_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_text(file, "half a character: \ud800")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_process_that_dies_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old")
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from clas_nlp.files import atomic_writer\n"
        "with atomic_writer(Path(sys.argv[1])) as opened:\n"
        "    opened.write('half of the n')\n"
        "    opened.flush()\n"
        "    os._exit(9)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program, str(file)], env=env, check=False, timeout=60
    )
    assert done.returncode == 9
    assert file.read_text() == "old"


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX's")
@pytest.mark.parametrize(("mask", "expected"), [(0o022, 0o644), (0o077, 0o600)])
def test_permissions_are_those_of_any_new_file(mask: int, expected: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        write_text(tmp_path / "a.txt", "x")
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == expected


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "a.txt"
    folder.mkdir()
    with pytest.raises(OSError) as error:
        write_text(folder, "x")
    assert str(error.value.filename) == str(folder)
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.skipif(os.name != "posix", reason="links and named pipes are POSIX's")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("real.txt")
    write_text(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    with pytest.raises(OSError, match=r"loop\.txt"):
        write_text(tmp_path / "loop.txt", "new")
    assert (tmp_path / "loop.txt").is_symlink()


@pytest.mark.skipif(os.name != "posix", reason="links and named pipes are POSIX's")
def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    # As `--out >(gzip > a.gz)` has it; run as root, `--out /dev/null` would replace the device.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_text(pipe, "written")
    assert os.read(reader, 100) == b"written"
    os.close(reader)
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_two_processes_that_write_one_file_do_not_mix(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    program = (
        "import sys; from pathlib import Path; from clas_nlp.files import write_text\n"
        "for _ in range(40): write_text(Path(sys.argv[1]), sys.argv[2] * 100_000)\n"
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(file), letter],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for letter in "ab"
    ]
    while any(child.poll() is None for child in children):
        if file.exists():
            assert file.read_text() in ("a" * 100_000, "b" * 100_000)
    assert [child.returncode for child in children] == [0, 0]
    assert list(tmp_path.iterdir()) == [file]
