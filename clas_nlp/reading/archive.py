"""What must be true of a zip archive before anything in it is unpacked."""

from __future__ import annotations

import io
import zipfile
import zlib

from clas_nlp.errors import UnreadableReport

MOST_BYTES = 200_000_000
MOST_RATIO = 200
MOST_FILES = 10_000
#: A few kilobytes of white space pack very well and harm nobody.
_SMALL = 1_000_000
_WORD_BODY = "wordprocessingml.document.main+xml"
#: The marks of other files that are zip archives: a file inside, and what to call the whole.
_OTHERS = (
    ("xl/workbook.xml", "an Excel workbook"),
    ("xl/workbook.bin", "an Excel workbook"),
    ("ppt/presentation.xml", "a PowerPoint presentation"),
    ("META-INF/manifest.xml", "an OpenDocument file"),
    ("META-INF/container.xml", "an e-book"),
    ("Index/Document.iwa", "an Apple Pages document"),
)


def check_docx(raw: bytes, name: str) -> None:
    """Makes sure that an archive is a DOCX that is safe to unpack.

    Args:
        raw: the archive's bytes.
        name: what to call the file in messages.

    Raises:
        UnreadableReport: a damaged archive, one that unpacks to too much, one that is no DOCX, or
            one whose XML declares entities.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            _check_sizes(archive, name)
            _check_kind(archive, name)
            _check_entities(archive, name)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError):
        raise UnreadableReport(
            f"{name}: a damaged or truncated DOCX; open it in Word and save it again"
        ) from None


def _check_sizes(archive: zipfile.ZipFile, name: str) -> None:
    """Checks the sizes that the archive states; reading never goes beyond them."""
    entries = archive.infolist()
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise UnreadableReport(
            f"{name}: protected by a password; remove the password and save it again"
        )
    total = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    worst = max(
        (e.file_size / max(1, e.compress_size) for e in entries if e.file_size > _SMALL), default=0
    )
    if total > MOST_BYTES or len(entries) > MOST_FILES:
        raise UnreadableReport(
            f"{name}: unpacks to {total // 1_000_000} MB in {len(entries)} files; at most "
            f"{MOST_BYTES // 1_000_000} MB in {MOST_FILES} files are read"
        )
    if worst > MOST_RATIO or (total > _SMALL and total / packed > MOST_RATIO):
        raise UnreadableReport(
            f"{name}: unpacks to more than {MOST_RATIO} times its size, as a zip bomb does; "
            "it is not read"
        )


def _check_kind(archive: zipfile.ZipFile, name: str) -> None:
    names = set(archive.namelist())
    content_types = b""
    if "[Content_Types].xml" in names:
        content_types = archive.read("[Content_Types].xml")
    if _WORD_BODY.encode() in content_types:
        return
    if b"ms-word." in content_types or b"wordprocessingml.template" in content_types:
        kind = "a Word template or a document with macros"
    else:
        kind = next((kind for mark, kind in _OTHERS if mark in names), "a zip archive but no DOCX")
    raise UnreadableReport(f"{name}: {kind}; expected a report; save it as DOCX, PDF or text first")


def _check_entities(archive: zipfile.ZipFile, name: str) -> None:
    """Refuses document type declarations; the standard forbids them, and entities need them."""
    for entry in archive.infolist():
        if not entry.filename.lower().endswith((".xml", ".rels")):
            continue
        content = archive.read(entry).replace(b"\x00", b"")  # UTF-16 spelled as if it were ASCII
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise UnreadableReport(
                f"{name}: its part {entry.filename} declares XML entities, which no DOCX may; "
                "it is not read"
            )
