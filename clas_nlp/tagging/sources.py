"""What `tag` takes: report files, folders of them, and files of bare paragraphs."""

from __future__ import annotations

import csv
import io
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from clas_nlp.errors import UnreadableReport
from clas_nlp.json_text import NoJson, json_value
from clas_nlp.reading.decoding import decode, read_bytes
from clas_nlp.reading.records import PARAGRAPH_KINDS, Paragraph

#: Endings by which reports are found in folders; a file named outright may have any.
REPORT_ENDINGS = (".txt", ".md", ".markdown", ".text", ".pdf", ".docx", ".html", ".htm")
PARAGRAPH_ENDINGS = (".jsonl", ".csv")
#: Bytes of the files that are tagged together; a batch of fewer paragraphs costs more for each.
_TOGETHER = 400_000
_MOST_TOGETHER = 32


def expand(paths: Iterable[str | Path]) -> list[Path]:
    """Files named, and the report files in folders named (also in their sub-folders), in order.

    Raises:
        UnreadableReport: a path does not exist, or a folder holds no report.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        if str(path) != "-" and path.is_dir():
            inside = sorted(
                f
                for f in path.rglob("*")
                if f.suffix.lower() in REPORT_ENDINGS
                and f.is_file()
                and not any(part.startswith(".") for part in f.relative_to(path).parts)
            )
            if not inside:
                raise UnreadableReport(
                    f"{path}: no report in this folder; expected files ending in "
                    f"{', '.join(REPORT_ENDINGS)}"
                )
            files += inside
        elif str(path) != "-" and not path.exists():
            raise UnreadableReport(f"{path}: no such file or folder")
        else:
            files.append(path)
    return files


def grouped(files: Iterable[Path]) -> Iterator[list[Path]]:
    """Files that are tagged together: small ones, next to one another.

    Args:
        files: the files, in the order that they keep.
    """
    group: list[Path] = []
    room = 0
    for path in files:
        size = _size(path)
        if group and size > room:
            yield group
            group, room = [], 0
        room = (room if group else _TOGETHER) - size
        group.append(path)
    if group:
        yield group


def _size(path: Path) -> int:
    """Bytes of a file, in small ones rounded up; too many for any company where none are there yet.

    Nobody knows how long a pipe or the standard input lets a reader wait.
    """
    try:
        status = path.stat()
    except OSError:
        return _TOGETHER + 1
    plain = stat.S_ISREG(status.st_mode) and str(path) != "-"
    return max(status.st_size, _TOGETHER // _MOST_TOGETHER) if plain else _TOGETHER + 1


def bare_paragraphs(path: Path) -> list[Paragraph]:
    """Paragraphs from a .jsonl or .csv file with the fields `id` and `text`, and maybe `kind`.

    Raises:
        UnreadableReport: a row without text, a doubled id, an unknown kind, no rows.
    """
    text = decode(read_bytes(path), str(path))
    rows = _csv_rows(path, text) if path.suffix.lower() == ".csv" else _json_rows(path, text)
    paragraphs: list[Paragraph] = []
    seen: set[str] = set()
    for number, row in rows:
        where = f"{path}: row {number}"
        content = row.get("text")
        if not isinstance(content, str) or not content.strip():
            raise UnreadableReport(f"{where}: no text in the field 'text'; expected a paragraph")
        if any("\ud800" <= c <= "\udfff" for c in content):
            raise UnreadableReport(
                f"{where}: half of a surrogate pair in 'text'; expected whole characters"
            )
        own = str(row.get("id") or len(paragraphs) + 1)
        if own in seen:
            raise UnreadableReport(f"{where}: id {own!r} stands there twice; give each its own")
        seen.add(own)
        kind = row.get("kind") or "finding"
        if kind not in PARAGRAPH_KINDS:
            raise UnreadableReport(
                f"{where}: unknown kind {kind!r}; expected one of {', '.join(PARAGRAPH_KINDS)}"
            )
        paragraphs.append(
            Paragraph(
                own,
                kind,
                str(row.get("number") or ""),
                str(row.get("section") or ""),
                None,
                0,
                len(content),
                content,
            )
        )
    if not paragraphs:
        raise UnreadableReport(f"{path}: no rows; expected paragraphs with 'id' and 'text'")
    return paragraphs


def _json_rows(path: Path, text: str) -> Iterable[tuple[int, dict[str, object]]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json_value(line)
        except NoJson as error:
            raise UnreadableReport(
                f"{path}: row {number}: no JSON ({error}); expected one object a line"
            ) from None
        if not isinstance(row, dict):
            raise UnreadableReport(f"{path}: row {number}: expected an object with id and text")
        yield number, row


def _csv_rows(path: Path, text: str) -> Iterable[tuple[int, dict[str, object]]]:
    csv.field_size_limit(2**30)
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if "text" not in (reader.fieldnames or ()):
        found = ", ".join(reader.fieldnames or ()) or "nothing"
        raise UnreadableReport(
            f"{path}: row 1: no column 'text'; found {found}; expected id and text"
        )
    for row in reader:
        yield reader.line_num, dict(row)
