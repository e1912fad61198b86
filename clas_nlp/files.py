"""Writing files so that a reader finds either the old file or the new one, never half of one."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, cast


@contextmanager
def atomic_writer(path: Path, binary: bool = False) -> Iterator[IO[bytes] | IO[str]]:
    """Opens a temporary file beside `path` that takes its place when the block ends well.

    The file is flushed to disk before it is renamed. When the block raises, nothing is left. A link
    stays a link: the file that it leads to is replaced. What is no file, such as a device or a
    named pipe, is written to as it is.

    Args:
        path: the final file; its folder is made where it is missing.
        binary: bytes instead of UTF-8 text.

    Raises:
        OSError: the file cannot be written; the old one is as it was.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        with path.open("wb") if binary else path.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        return
    named, path = path, Path(os.path.realpath(path))
    if path.is_symlink():  # a link in a circle
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(named))
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise _of(named, error) from None
    try:
        with (
            os.fdopen(handle, "wb")
            if binary
            else os.fdopen(handle, "w", encoding="utf-8", newline="\n")
        ) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        try:
            Path(name).replace(path)
        except OSError as error:
            raise _of(named, error) from None
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _of(path: Path, error: OSError) -> OSError:
    """The same error about the file that was asked for: the temporary one's name says nothing."""
    return OSError(error.errno, error.strerror, str(path))


def write_text(path: Path, text: str) -> None:
    """Writes a text file, atomically, in UTF-8 with line feeds."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a binary file, atomically."""
    with atomic_writer(path, binary=True) as file:
        cast("IO[bytes]", file).write(content)
