"""Bad inputs, each with the one line that it gets: the rows of docs/bad-input.md and of its test.

`python tests/bad_input_table.py` writes the page; test_bad_input.py fails where they differ.
"""

from __future__ import annotations

import inspect
import io
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from document_files import encrypted_docx, encrypted_pdf
from pdf_by_hand import pdf_in_a_circle, pdf_of_pages

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "bad-input.md"
REPORT = ROOT / "corpus" / "reports" / "dorset.txt"

FINDINGS = "Review\n\nThe child's journey\n\n"
FINDING = "1.1 Staff in the emergency department don’t record the voice of the child – ever.\n"
NO_CLAS = "no numbered findings, so no CLAS report: each paragraph counts as a finding"


@dataclass(frozen=True)
class Row:
    """One bad input.

    Attributes:
        name: what it is, for people.
        file: the file's name, which the message begins with.
        make: its bytes, or a function that makes it at a path.
        says: the message behind "clas-nlp: " (an error) or the note; the file's path is {file}.
        code: the exit code.
        command: "read" a report, or "import" labels.
        paragraphs: how many paragraphs are read where the file is readable.
    """

    name: str
    file: str
    make: Callable[[], bytes] | Callable[[Path], None]
    says: str
    code: int = 2
    command: str = "read"
    paragraphs: int = 0

    @property
    def message(self) -> str:
        """The line on standard error, with {file} for the path; empty where nothing is said."""
        if not self.says:
            return ""
        return f"clas-nlp: {{file}}: {self.says}" if self.code else f"{{file}}: {self.says}"


def _zip(*entries: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _pdf(encrypted: bool = False) -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    buffer = io.BytesIO()
    canvas = Canvas(buffer, encrypt="secret" if encrypted else None)
    canvas.drawString(72, 720, "1.1 A finding.")
    canvas.save()
    return buffer.getvalue()


def _task(spoil: Callable[[dict[str, Any], dict[str, Any]], None]) -> bytes:
    """Label Studio's export of one finding, with its data and its evidence spoilt."""
    from clas_nlp.codebook import load_codebook
    from clas_nlp.corpus import Label, LabelledParagraph
    from clas_nlp.exchanging.label_studio import task
    from clas_nlp.exchanging.records import Coding

    text = "Staff have no supervision. Records are flagged."
    labels = (Label(0, 26, "supervision", "weakness"),)
    paragraph = LabelledParagraph("x-1.1", "x", "finding", "1.1", "", text, labels=labels)
    made = task(Coding.of(paragraph, load_codebook()))
    evidence = next(r for r in made["annotations"][0]["result"] if r["type"] == "labels")
    spoil(made["data"], evidence["value"])
    return json.dumps([made]).encode()


def _theme_ids() -> str:
    from clas_nlp.codebook import load_codebook

    return ", ".join(load_codebook().theme_ids)


def _docx() -> bytes:
    from docx import Document

    buffer = io.BytesIO()
    document = Document()
    document.add_paragraph("1.1 A finding.")
    document.save(buffer)
    return buffer.getvalue()


def _with_entry(archive: bytes, name: str) -> bytes:
    """A zip archive with one more file in it."""
    buffer = io.BytesIO(archive)
    with zipfile.ZipFile(buffer, "a") as opened:
        opened.writestr(name, b"x")
    return buffer.getvalue()


def _docx_types() -> tuple[str, bytes]:
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return "[Content_Types].xml", f'<Types><Override ContentType="{kind}"/></Types>'.encode()


def _text(body: str, encoding: str = "utf-8") -> Callable[[], bytes]:
    return lambda: (FINDINGS + body).encode(encoding)


def _long_line() -> bytes:
    words = REPORT.read_bytes().split()
    return b" ".join(words * (5_000_000 // len(b" ".join(words)) + 1))[:5_000_000]


def _many_findings() -> bytes:
    rows = (f"{n // 250 + 1}.{n % 250 + 1} Staff write nothing down.\n\n" for n in range(20_000))
    return (FINDINGS + "".join(rows)).encode()


ROWS = (
    Row("empty file", "empty.txt", lambda: b"", "the file is empty; expected the text of a report"),
    Row(
        "white space only",
        "blank.txt",
        lambda: b" \r\n\t\n" * 9,
        "the file is empty; expected the text of a report",
    ),
    Row(
        "binary file",
        "photo.txt",
        lambda: bytes(range(256)) * 8,
        "a binary file, not the text of a report; save it as DOCX, PDF or text first",
    ),
    Row(
        "NUL bytes in a text",
        "nul.txt",
        _text(FINDING + "\0\0" + FINDING),
        "a binary file, not the text of a report; save it as DOCX, PDF or text first",
    ),
    Row(
        "UTF-16 without a byte-order mark",
        "utf16.txt",
        _text(FINDING, "utf-16-le"),
        "a binary file, not the text of a report; save it as DOCX, PDF or text first",
    ),
    Row(
        "UTF-16 with a byte-order mark", "utf16.txt", _text(FINDING, "utf-16"), "", 0, paragraphs=2
    ),
    Row(
        "UTF-16 cut in half a character",
        "cut.txt",
        lambda: (FINDINGS + FINDING).encode("utf-16")[:-1],
        "unknown text encoding (neither UTF-8 nor Windows-1252); save it as UTF-8 first",
    ),
    Row(
        "Windows-1252 with curly quotes and dashes",
        "quotes.txt",
        _text(FINDING, "cp1252"),
        "",
        0,
        paragraphs=2,
    ),
    Row(
        "bytes of no known encoding",
        "odd.txt",
        lambda: b"1.1 Staff \x81\x8d\xff say.\n",
        "unknown text encoding (neither UTF-8 nor Windows-1252); save it as UTF-8 first",
    ),
    Row(
        "mixed line ends",
        "ends.txt",
        _text("1.1 Staff\r\nsay so.\r\r1.2 They\rdo.\n\n1.3 So.\r\n"),
        "",
        0,
        paragraphs=4,
    ),
    Row(
        "RTF",
        "old.txt",
        lambda: b"{\\rtf1 Staff say so.}",
        "an RTF file, not the text of a report; save it as DOCX, PDF or text first",
    ),
    Row(
        "rows of JSON where a report is wanted",
        "tagged.txt",
        lambda: b'{"report": "a", "id": "a-1.1", "text": "Staff say so."}\n',
        "JSON Lines and no report; expected the report's own file, or for `tag` and `recurring` "
        "a name that ends in .jsonl",
    ),
    Row(
        "Word file of the old kind",
        "old.doc",
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 99,
        "an Office file of the old kind (.doc, .xls, .ppt); save it as DOCX or PDF",
    ),
    Row(
        "more than 100 MB",
        "huge.txt",
        lambda path: os.truncate(path, 100_000_001) if path.touch() is None else None,
        "more than 100 MB, which no report has; split it, one report a file",
    ),
    Row(
        "a file without end",
        "endless.txt",
        lambda path: path.symlink_to("/dev/zero"),
        "more than 100 MB, which no report has; split it, one report a file",
    ),
    Row("one line of 5 MB", "line.txt", _long_line, NO_CLAS, 0, paragraphs=1),
    Row("one word of 5 MB", "word.txt", lambda: b"a" * 5_000_000, NO_CLAS, 0, paragraphs=1),
    Row("20,000 findings", "many.txt", _many_findings, "", 0, paragraphs=20_001),
    Row(
        "numbers out of order",
        "order.txt",
        _text("1.1 Staff say so.\n\n1.3 They do.\n\n1.2 It is late.\n"),
        "finding number 1.3 follows 1.1",
        0,
        paragraphs=4,
    ),
    Row(
        "numbers repeated",
        "twice.txt",
        _text("1.1 Staff say so.\n\n1.1 They do.\n"),
        "finding number 1.1 is repeated",
        0,
        paragraphs=3,
    ),
    Row(
        "bullets in bullets, 2,000 deep",
        "bullets.txt",
        _text("1.1 Staff say:\n" + "".join(f"{' ' * n}{'•-o'[n % 3]} so\n" for n in range(2_000))),
        "",
        0,
        paragraphs=2,
    ),
    Row(
        "right-to-left text and its marks",
        "rtl.txt",
        _text("1.1 Staff said \u202eشكرا\u202c and \u05e9\u05dc\u05d5\u05dd.\n"),
        "",
        0,
        paragraphs=2,
    ),
    Row(
        "combining characters",
        "marks.txt",
        _text("1.1 The cafe\u0301 " + "\u0323\u0307" * 5000),
        "",
        0,
        paragraphs=2,
    ),
    Row(
        "emoji",
        "emoji.txt",
        _text("1.1 A child wrote \U0001f469\u200d\U0001f467 and \U0001f600.\n"),
        "",
        0,
        paragraphs=2,
    ),
    Row("no such file", "none.txt", lambda path: None, "no such file"),
    Row(
        "a folder for a report",
        "folder",
        lambda path: path.mkdir(),
        "is a folder, expected a report file",
    ),
    Row(
        "a link that leads nowhere",
        "link.txt",
        lambda path: path.symlink_to(path.parent / "gone.txt"),
        "no such file",
    ),
    Row(
        "a link to itself",
        "loop.txt",
        lambda path: path.symlink_to(path),
        "cannot be read (Too many levels of symbolic links)",
    ),
    Row(
        "a file without rights",
        "secret.txt",
        lambda path: (path.write_text("1.1 A."), path.chmod(0))[1],
        "cannot be read (Permission denied)",
    ),
    Row(
        "encrypted PDF",
        "locked.pdf",
        lambda: _pdf(encrypted=True),
        "protected by a password; save a copy without one first",
    ),
    Row(
        "PDF encrypted with AES-256",
        "locked.pdf",
        lambda: encrypted_pdf(_pdf()),
        "protected by a password; save a copy without one first",
    ),
    Row(
        "DOCX with a password",
        "locked.docx",
        lambda: encrypted_docx(_docx()),
        "protected by a password; remove the password in Word and save it again",
    ),
    Row(
        "truncated PDF",
        "cut.pdf",
        lambda: _pdf()[:300],
        "a truncated PDF (its end is missing); get the whole file again",
    ),
    Row("PDF of 5,000 pages", "long.pdf", lambda: pdf_of_pages(5_000), "", 0, paragraphs=5_000),
    Row(
        "PDF of more than 5,000 pages",
        "longer.pdf",
        lambda: pdf_of_pages(5_001),
        "a PDF of 5001 pages; expected between 1 and 5000",
    ),
    *(
        Row(
            f"PDF whose {which} leads to itself",
            "circle.pdf",
            partial(pdf_in_a_circle, which),
            "",
            0,
            paragraphs=1,
        )
        for which in ("page tree", "length", "older table")
    ),
    Row(
        "PDF whose only page leads to itself",
        "circle.pdf",
        lambda: pdf_in_a_circle("only page"),
        "a damaged PDF; get the file again",
    ),
    Row(
        "zip archive that is no DOCX",
        "files.docx",
        lambda: _zip(("a.txt", b"a")),
        "a zip archive but no DOCX; expected a report; save it as DOCX, PDF or text first",
    ),
    Row(
        "truncated DOCX",
        "cut.docx",
        lambda: _zip(_docx_types())[:-30],
        "a damaged or truncated DOCX; open it in Word and save it again",
    ),
    Row(
        "DOCX that is a zip bomb",
        "bomb.docx",
        lambda: _zip(_docx_types(), ("word/document.xml", bytes(20_000_000))),
        "unpacks to more than 200 times its size, as a zip bomb does; it is not read",
    ),
    Row(
        "DOCX with a part that leaves its folder",
        "out.docx",
        lambda: _with_entry(_docx(), "../../evil.txt"),
        "",
        0,
        paragraphs=1,
    ),
    Row(
        "DOCX with entities",
        "entity.docx",
        lambda: _zip(
            _docx_types(),
            ("word/document.xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a/>'),
        ),
        "its part word/document.xml declares XML entities, which no DOCX may; it is not read",
    ),
    Row(
        "QDPX whose entry leaves the archive",
        "out.qdpx",
        lambda: _zip(("project.qde", b"<Project/>"), ("../../evil.txt", b"x")),
        "the entry '../../evil.txt' leaves the archive; nothing was read; expected "
        "labels as its tool writes it",
        command="import",
    ),
    Row(
        "QDPX that unpacks to gigabytes",
        "bomb.qdpx",
        lambda: _zip(("project.qde", b"<Project/>"), ("sources/a.txt", bytes(300_000_000))),
        "unpacks to 286 MB in 2 entries; expected at most 256 MB in 20000; nothing was read",
        command="import",
    ),
    Row(
        "QDPX that names external entities",
        "entity.qdpx",
        lambda: _zip(("project.qde", b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><Project/>')),
        "project.qde: declares a document type, through which XML can read files and "
        "fill the memory; expected plain XML; nothing was read",
        command="import",
    ),
    Row(
        "truncated QDPX",
        "cut.qdpx",
        lambda: _zip(("project.qde", b"<Project/>"))[:-20],
        "no zip archive, or a broken one; expected labels",
        command="import",
    ),
    Row(
        "labels: one that is not in the codebook",
        "tasks.json",
        lambda: _task(lambda _, evidence: evidence.update(labels=["parking/weakness"])),
        "row 1: unknown label 'parking/weakness'; expected theme/stance with a theme of "
        + _theme_ids(),
        command="import",
    ),
    Row(
        "labels: offsets past the end of the text",
        "tasks.json",
        lambda: _task(lambda _, evidence: evidence.update(start=5, end=999_999)),
        "row 1: offsets 5 to 999999 of 'supervision/weakness' lie outside the text; expected "
        "0 <= start < end <= 47",
        command="import",
    ),
    Row(
        "labels: a text that was edited after it was exported",
        "tasks.json",
        lambda: _task(lambda data, _: data.update(text="Now " + data["text"])),
        "row 1: the text was edited after it was exported, so its offsets mean nothing; "
        "label the exported text, or export again",
        command="import",
    ),
    Row(
        "labels: a spreadsheet with renamed columns",
        "renamed.csv",
        lambda: b"paragraph_id,text,thema,stance,evidence\n",
        "row 1: no column 'theme'; found paragraph_id, text, thema, stance, evidence; give the "
        "columns the names that the export gave them",
        command="import",
    ),
    Row(
        "labels: a PDF in their place",
        "report.pdf",
        lambda: _pdf(),
        "a PDF holds no labels; expected labels from label-studio, doccano, prodigy, refi-qda, "
        "csv, xlsx",
        command="import",
    ),
    Row(
        "labels that are no UTF-8",
        "labels.csv",
        lambda: b"id,text\n1,\xff\n",
        "byte 10 is not UTF-8; save it as UTF-8",
        command="import",
    ),
    Row(
        "labels: JSON cut off",
        "labels.json",
        lambda: b'[{"id": 1, "text": "a',
        "no JSON (Unterminated string starting at); export the file again",
        command="import",
    ),
    Row(
        "labels: a number of 10,000 digits",
        "number.json",
        lambda: b'[{"id": ' + b"9" * 10_000 + b"}]",
        "no JSON (a number of too many digits); export the file again",
        command="import",
    ),
    Row(
        "labels: JSON nested 100,000 deep",
        "deep.json",
        lambda: b"[" * 100_000,
        "no JSON (nested too deep); export the file again",
        command="import",
    ),
)


def make(row: Row, path: Path) -> None:
    """Makes a row's input at a path."""
    if inspect.signature(row.make).parameters:
        row.make(path)  # type: ignore[call-arg]
    else:
        path.write_bytes(row.make())  # type: ignore[call-arg, arg-type]


def page() -> str:
    """The page docs/bad-input.md."""
    lines = [
        "# Bad input, and what it gets",
        "",
        "Made by `python tests/bad_input_table.py` from the rows that `tests/test_bad_input.py`",
        "runs; a test fails where this page and the rows differ. Commands: `clas-nlp read FILE",
        "--out OUT` and, for labels, `clas-nlp corpus import FILE --into CORPUS`. With exit code",
        "2 there is one line on standard error, and the output file is neither made nor changed.",
        "With exit code 0 the file is read, with a note on what a careful reader should know.",
        "",
        "| input | file | the first line on standard error | exit code | output |",
        "|---|---|---|---|---|",
    ]
    for row in ROWS:
        says = row.message.format(file=row.file).replace("|", "\\|")
        told = f"`{says}`" if says else "(nothing)"
        wrote = "not made, not changed" if row.code else f"{row.paragraphs} paragraphs"
        lines.append(f"| {row.name} | `{row.file}` | {told} | {row.code} | {wrote} |")
    lines += [
        "",
        "Besides, for every command (`tests/test_streams.py`): where the reader of the output goes",
        "away (`clas-nlp read … | head`) the exit code is 0 and nothing is said; Ctrl-C gives",
        "`clas-nlp: stopped; nothing half-written was left behind` and the exit code 130; a full",
        "disk, or no standard output at all, gives one line with the reason, and the exit code 2.",
        "An `--out` that is one of the files named to be read is refused; one that is a link stays",
        "a link; a device or a named pipe is written to and stays what it is.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    from clas_nlp.files import write_text

    write_text(PAGE, page())
    print(f"{PAGE}: written")  # noqa: T201
