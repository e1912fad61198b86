"""Putting a new folder in the place of an old one, so that a reader finds either of them whole."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from clas_nlp.files import write_bytes

#: From Linux's fcntl.h and fs.h: paths are as the process sees them; two names change places.
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


def write_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Writes the files of a folder together; other files that it holds are kept.

    The new folder is written whole and flushed beside the old one. On Linux the two then change
    places in one step, so that whoever is killed, or reads, at any moment finds the old folder or
    the new one. Where the system or its file system cannot do that, and where this process stands
    in the folder, the files take their places one after the other, the last of `contents` last.

    Args:
        folder: made where it is missing.
        contents: bytes by file name.

    Raises:
        OSError: the folder cannot be written; the old one is as it was.
    """
    folder = folder.resolve()  # a link stays a link
    folder.parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".new", dir=folder.parent))
    try:
        for name, content in contents.items():
            write_bytes(staged / name, content)
        if not folder.exists():
            mask = os.umask(0)
            os.umask(mask)
            staged.chmod(0o777 & ~mask)
            staged.replace(folder)
        elif not _in_one_step(staged, folder):
            for name in contents:
                (staged / name).replace(folder / name)
        _flush(folder.parent)
    finally:
        # Nothing, or the old folder, or what was written before an error.
        shutil.rmtree(staged, ignore_errors=True)


def _in_one_step(staged: Path, folder: Path) -> bool:
    """Whether two folders could change places; the new one has the old one's other files then."""
    if sys.platform != "linux" or Path.cwd().is_relative_to(folder) or folder.is_mount():
        return False
    # Other files first: a folder that holds folders is none of ours, and is filled file by file.
    others = [other for other in folder.iterdir() if not (staged / other.name).exists()]
    if any(not other.is_file() or other.is_symlink() for other in others):
        return False
    try:
        for other in others:
            os.link(other, staged / other.name)
        staged.chmod(folder.stat().st_mode & 0o7777)
    except OSError:
        return False
    return _exchanged(staged, folder)


def _exchanged(one: Path, other: Path) -> bool:
    """Whether two names could change places, by renameat2 of Linux 3.15 and glibc 2.28."""
    exchange = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if exchange is None:
        return False
    paths = os.fsencode(one), os.fsencode(other)
    return bool(exchange(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0)


def _flush(folder: Path) -> None:
    """Writes a folder's names to disk, where the system lets folders be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
