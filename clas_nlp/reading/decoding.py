"""From a file's bytes to text, or a plain reason why not."""

from __future__ import annotations

import codecs
import os
import sys
from contextlib import nullcontext
from pathlib import Path

from clas_nlp.errors import UnreadableReport

# UTF-32 first: its little-endian mark begins with UTF-16's.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Control characters but those that text files hold: tab, line feed, vertical tab, form feed,
# return, escape.
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\x0b\x0c\r\x1b")


#: A report has a few hundred kilobytes of text, or some dozen megabytes with its pictures.
MOST_BYTES = 100_000_000


def read_bytes(path: Path) -> bytes:
    """Reads a file whole, or the standard input for "-".

    Raises:
        UnreadableReport: the file is missing, a directory, not allowed to be read, or larger than
            any report; of such a one no more is read than shows it.
    """
    name = "standard input" if str(path) == "-" else str(path)
    if str(path) == "-" and sys.stdin is None:
        raise UnreadableReport(f"{name}: closed; expected a report")
    try:
        with nullcontext(sys.stdin.buffer) if str(path) == "-" else path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise UnreadableReport(f"{path}: no such file") from None
    except IsADirectoryError:
        raise UnreadableReport(f"{path}: is a folder, expected a report file") from None
    except OSError as error:
        raise UnreadableReport(f"{name}: cannot be read ({error.strerror or error})") from None
    if len(raw) > MOST_BYTES:
        raise UnreadableReport(
            f"{name}: more than {MOST_BYTES // 1_000_000} MB, which no report has; split it, "
            "one report a file"
        )
    return raw


def name_of(path: Path) -> str:
    """A file's name without its ending, as text; names on disk are bytes, and may be no UTF-8."""
    return os.fsencode(path.stem).decode("utf-8", "replace")


def decode(raw: bytes, name: str) -> str:
    """Decodes a text file, with line ends made into line feeds.

    UTF-8 first, then whatever a byte-order mark names, then Windows-1252, which is what older
    Windows programs wrote and what curly quotes in "Latin-1" files are.

    Args:
        raw: the file's bytes.
        name: what to call the file in messages.

    Raises:
        UnreadableReport: nothing in it, binary content, or bytes that fit no known encoding.
    """
    if not raw.strip():
        raise UnreadableReport(f"{name}: the file is empty; expected the text of a report")
    encoding = next((name_ for mark, name_ in _BYTE_ORDER_MARKS if raw.startswith(mark)), "")
    if not encoding:
        kind = _binary_kind(raw)
        if kind:
            raise UnreadableReport(
                f"{name}: {kind}, not the text of a report; save it as DOCX, PDF or text first"
            )
    for candidate in (encoding,) if encoding else ("utf-8", "cp1252"):
        try:
            text = raw.decode(candidate)
        except UnicodeDecodeError:
            continue
        if not text.strip():
            raise UnreadableReport(f"{name}: the file is empty; expected the text of a report")
        return text.replace("\r\n", "\n").replace("\r", "\n")
    raise UnreadableReport(
        f"{name}: unknown text encoding (neither UTF-8 nor Windows-1252); save it as UTF-8 first"
    )


def _binary_kind(raw: bytes) -> str:
    """What sort of binary file this looks like; empty for text."""
    if raw.startswith(b"%PDF"):
        return "a PDF"
    if raw.startswith(b"PK\x03\x04"):
        return "a zip archive"
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        return "an old Office file"
    if raw.startswith(b"{\\rtf"):
        return "an RTF file"
    head = raw[:65536]
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if b"\x00" in head or controls > len(head) // 100:
        return "a binary file"
    return ""
