from __future__ import annotations

import sys
from pathlib import Path

import pytest

from clas_nlp import folders
from clas_nlp.folders import write_folder

NEW = {"weights": b"new weights", "manifest": b"new manifest"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    write_folder(folder, dict.fromkeys(NEW, b"old"))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_is_made(tmp_path: Path) -> None:
    write_folder(tmp_path / "deep" / "model", NEW)
    assert contents(tmp_path / "deep" / "model") == NEW
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["model"]


@pytest.mark.parametrize("in_one_step", [True, False])
def test_a_folder_is_replaced_and_other_files_are_kept(
    in_one_step: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not in_one_step:  # as on systems that cannot
        monkeypatch.setattr(folders, "_exchanged", lambda one, other: False)
    (folder / "notes.txt").write_bytes(b"ours")
    folder.chmod(0o750)
    write_folder(folder, NEW)
    assert contents(folder) == {**NEW, "notes.txt": b"ours"}
    assert folder.stat().st_mode & 0o777 == 0o750
    assert list(folder.parent.iterdir()) == [folder]


def test_folders_within_are_kept(folder: Path) -> None:
    (folder / "runs").mkdir()
    (folder / "runs" / "log").write_bytes(b"ours")
    write_folder(folder, NEW)
    assert (folder / "runs" / "log").read_bytes() == b"ours"
    assert (folder / "manifest").read_bytes() == b"new manifest"


def test_the_folder_one_stands_in_stays_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    write_folder(Path(), NEW)
    assert contents(Path()) == NEW
    assert contents(folder) == NEW


def test_a_link_stays_a_link(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "latest"
    link.symlink_to(folder)
    write_folder(link, NEW)
    assert link.is_symlink()
    assert contents(folder) == NEW


def test_an_error_leaves_the_old_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(folders, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        write_folder(folder, NEW)
    assert contents(folder) == dict.fromkeys(NEW, b"old")
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has renameat2")
def test_two_folders_change_places(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    (one / "a").touch()
    assert folders._exchanged(one, other)
    assert (other / "a").exists()
    assert not folders._exchanged(one, tmp_path / "none")
