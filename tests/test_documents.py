"""The same report in any format gives the same findings, numbers, recommendations and words."""

from __future__ import annotations

import io
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from functools import cache
from pathlib import Path

import pytest
from document_files import (
    encrypted_docx,
    encrypted_pdf,
    real_report,
    to_docx,
    to_html,
    to_pdf,
)

from clas_nlp.errors import UnreadableReport
from clas_nlp.reading import Report, parse_report, read_report
from clas_nlp.reading.formats import document_format, document_lines
from clas_nlp.reading.hyphens import LineEndHyphens
from clas_nlp.reading.numbering import ListNumbers

RENDERERS = {"pdf": to_pdf, "docx": to_docx, "html": to_html}
COUNTS = {
    "dorset": {"finding": 143, "case_example": 14, "good_practice": 2, "recommendation": 42},
    "dudley": {"finding": 156, "case_example": 4, "good_practice": 1, "recommendation": 47},
}
KINDS = ("finding", "case_example", "good_practice", "recommendation", "quotation", "context")
LIGATURES = "ﬀﬁﬂﬃﬄ"


@cache
def rendered(name: str, form: str) -> bytes:
    return RENDERERS[form](real_report(name))


@cache
def read_back(name: str, form: str, folder: Path) -> Report:
    # A name that says nothing: formats are told apart by content.
    path = folder / f"{name}-{form}.report"
    path.write_bytes(rendered(name, form))
    return read_report(path, name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("documents")


@pytest.fixture(params=[(name, form) for name in COUNTS for form in RENDERERS], ids="-".join)
def pair(request: pytest.FixtureRequest, folder: Path) -> tuple[Report, Report]:
    name, form = request.param
    return real_report(name), read_back(name, form, folder)


def words(text: str) -> str:
    """Letters and signs without white space, hyphens and bullets."""
    return re.sub(r"[\s•-]+", "", text)


def test_kinds_and_counts(pair: tuple[Report, Report]) -> None:
    want, got = pair
    for kind in KINDS:
        assert len(got.of_kind(kind)) == len(want.of_kind(kind)), kind
    for kind, count in COUNTS[want.id].items():
        assert len(got.of_kind(kind)) == count


def test_ids_numbers_and_sections(pair: tuple[Report, Report]) -> None:
    want, got = pair
    for field in ("id", "kind", "number", "section", "recommendations", "bodies"):
        assert [getattr(p, field) for p in got.paragraphs] == [
            getattr(p, field) for p in want.paragraphs
        ], field
    assert [s.label for s in got.sections] == [s.label for s in want.sections]


def test_words_of_every_paragraph(pair: tuple[Report, Report]) -> None:
    want, got = pair
    for expected, found in zip(want.paragraphs, got.paragraphs, strict=True):
        assert words(found.text) == words(expected.text), expected.id


def test_nearly_every_paragraph_is_the_same_to_the_letter(pair: tuple[Report, Report]) -> None:
    """Blocks, hyphens and all; only PDF may lose the odd paragraph's end at a page's end."""
    want, got = pair
    different = [
        w.id for w, g in zip(want.paragraphs, got.paragraphs, strict=True) if w.text != g.text
    ]
    assert len(different) <= (2 if any(p.page for p in got.paragraphs) else 0), different


def test_details_and_warnings(pair: tuple[Report, Report]) -> None:
    want, got = pair
    assert got.details == want.details
    assert got.warnings == want.warnings


def test_offsets(pair: tuple[Report, Report]) -> None:
    _, got = pair
    for paragraph in got.paragraphs:
        assert got.text[paragraph.start : paragraph.end] == paragraph.text
    assert not any(ligature in got.text for ligature in LIGATURES)
    assert "Page" not in re.findall(r"(?m)^(Page) \d+", got.text)
    assert "All content is under" not in got.text and "Home of the site" not in got.text


@pytest.mark.parametrize("name", COUNTS)
def test_pages_are_those_printed(name: str, folder: Path) -> None:
    pages = [p.page for p in read_back(name, "pdf", folder).paragraphs]
    assert None not in pages
    assert pages == sorted(pages)  # type: ignore[type-var]
    assert pages[0] == 3  # "Page 3 of ..." is printed on the first
    assert all(p.page is None for p in read_back(name, "html", folder).paragraphs)


@pytest.mark.parametrize("name", COUNTS)
def test_the_rendered_pdf_has_the_pains(name: str) -> None:
    """Guards the test itself: ligatures, cut words, headers and columns are truly in the file."""
    import pypdfium2

    document = pypdfium2.PdfDocument(rendered(name, "pdf"))
    pages = [page.get_textpage().get_text_range() for page in document]
    assert all("Review of Health services" in page and "Page " in page for page in pages)
    cut = sum(len(re.findall("[a-z](?:\x02|\ufffe|-\r\n)", page)) for page in pages)
    assert cut > 100


# -- hyphens -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("elsewhere", "first", "second", "expected"),
    [
        ("an example", "for exam-", "ple, it was", ("for example,", "it was")),
        ("no such word", "for exam-", "ple it was", ("for example", "it was")),
        ("a self-harming child", "of self-", "harming and", ("of self-harming", "and")),
        ("no such word", "of self-", "harming", ("of self-harming", "")),
        ("multi-agency work", "multi-agen-", "cy work", ("multi-agency", "work")),
        ("pre- and post-natal", "both pre-", "and post-natal", ("both pre- and", "post-natal")),
        ("", "aged 10-", "24 years", ("aged 10-24", "years")),
        ("NHS CAMHS", "by CAM-", "HS staff", ("by CAMHS", "staff")),
        ("", "soft\u00ad", "ware is", ("software", "is")),
        ("", "is up-to-", "-date now", ("is up-to-date", "now")),
        ("", "a dash -", "and more", ("a dash -", "and more")),
        ("", "no hyphen", "here", ("no hyphen", "here")),
        ("", "", "", ("", "")),
    ],
)
def test_line_end_hyphens(
    elsewhere: str, first: str, second: str, expected: tuple[str, str]
) -> None:
    assert LineEndHyphens([elsewhere, first, second]).moved_up(first, second) == expected


# -- PDF pages in another order than they are read ------------------------------------------


LEFT = """Case Example: A young person was seen in
the emergency department three times
before anyone asked about home. Staff
did not tell the school nurse what they
had found."""
RIGHT = """The trust has since trained its staff
and the named nurse reviews every
attendance within a day. Audits show
that referrals to social care are now
timely."""


def drawn(pieces: list[tuple[float, float, str]]) -> list[str]:
    """Texts of the paragraphs of a page on which pieces of text are drawn in the given order."""
    from reportlab.pdfgen.canvas import Canvas

    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(595, 842))
    for left, baseline, text in pieces:
        canvas.setFont("Helvetica", 10)
        canvas.drawString(left, baseline, text)
    canvas.save()
    lines = document_lines(file.getvalue(), "page").lines
    return [line.text for line in lines]


def test_columns_that_the_file_gives_line_by_line() -> None:
    pieces = [(72.0, 700.0, "1.1 Work with families is good and it is well led by the managers.")]
    for row, pair in enumerate(zip(LEFT.split("\n"), RIGHT.split("\n"), strict=True)):
        pieces += [(72 + 230 * side, 670 - 12.0 * row, text) for side, text in enumerate(pair)]
    pieces.append((72, 590, "1.2 Midwives refer early."))
    got = drawn(pieces)
    assert got == [pieces[0][2], *LEFT.split("\n"), *RIGHT.split("\n"), "1.2 Midwives refer early."]


def test_rows_of_a_table_stay_together() -> None:
    rows = [("Early help", "10"), ("Children in need", "18"), ("Child protection", "23")]
    rows += [("Looked after children", "30"), ("Governance", "39")]
    pieces = [
        (72.0 + 300 * side, 700 - 14.0 * place, text)
        for place, row in enumerate(rows)
        for side, text in enumerate(row)
    ]
    assert drawn(pieces) == ["\t".join(row) for row in rows]


def test_box_between_the_halves_of_a_sentence() -> None:
    before = ["1.1 Midwives know the families that they", "care for, and they refer each child who"]
    box = ["Case Example: A baby was seen at home", "by the same midwife every week."]
    behind = ["may be at risk without delay.", "1.2 Health visitors do the same."]
    places = [(72.0, text) for text in before] + [(90.0, text) for text in box]
    places += [(72.0, text) for text in behind]
    pieces = [(left, 760 - 14.0 * at, text) for at, (left, text) in enumerate(places)]
    assert drawn(pieces) == [*before, behind[0], *box, behind[1]]


def test_lines_drawn_in_no_order_are_read_downwards() -> None:
    texts = [f"1.{number} Finding number {number} is here." for number in range(1, 21)]
    pieces = [(72.0, 760 - 24.0 * place, text) for place, text in enumerate(texts)]
    assert drawn(pieces[::-1]) == texts


# -- what makes a format -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        (b"1.1 A finding.", "text"),
        (b"# Early help\n\n<b>1.1</b> A finding.", "text"),
        (b"<b>Date of review:</b>\t23 May 2016\n\n# Summary\n", "text"),
        (b"<p>1.1 A finding.</p>", "html"),
        (b"\xef\xbb\xbf  <!-- saved -->\n<!DOCTYPE HTML><p>1.1 A finding.", "html"),
        (b"<?xml version='1.0'?><html xmlns='x'><body>1.1 A</body></html>", "html"),
        ("<html><body>1.1 A</body></html>".encode("utf-16"), "html"),
        (b"%PDF-1.7\n...", "pdf"),
        (b"PK\x03\x04...", "docx"),
    ],
)
def test_format_by_content(raw: bytes, form: str) -> None:
    assert document_format(raw, "report") == form


def html_report(body: str, encoding: str = "utf-8") -> list[str]:
    return [line.text for line in document_lines(body.encode(encoding), "page").lines]


def test_html_details() -> None:
    assert html_report("<html><body><p>one<br>two<br><br>three<script>x()</script></body>") == [
        "one",
        "two",
        "three",
    ]
    assert html_report("<html><body><ol start=3><li>c<li value=7>g<li>h</ol>") == [
        "3. c",
        "7. g",
        "8. h",
    ]
    assert html_report("<html><p hidden>no</p><p style='display: none'>no</p><p>yes") == ["yes"]
    assert html_report("<html><table><tr><td>1.1<td>The <b>trust</b> should<tr><td>a<td>b") == [
        "1.1 The trust should",
        "a\tb",
    ]
    deep = "<html><body>" + "<div>" * 1500 + "deep" + "</div>" * 1500 + "<p>after"
    assert html_report(deep) == ["deep", "after"]
    assert html_report("<html><meta charset=windows-1252><p>“caf\u00e9”", "cp1252") == ["“café”"]


# -- DOCX ----------------------------------------------------------------------------------


def docx_file(build: object) -> bytes:
    import docx

    document = docx.Document()
    build(document)  # type: ignore[operator]
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def test_docx_numbers_that_word_counts() -> None:
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls, qn

    def build(document: object) -> None:
        numbering = document.part.numbering_part.element  # type: ignore[attr-defined]
        levels = "".join(
            f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
            f'<w:lvlText w:val="{text}"/></w:lvl>'
            for depth, (form, text) in enumerate(
                [("decimal", "%1."), ("decimal", "%1.%2"), ("lowerLetter", "(%3)")]
            )
        )
        numbering.insert(
            0,
            parse_xml(
                f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77">{levels}</w:abstractNum>'
            ),
        )
        numbering.append(
            parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>')
        )
        for text, level in [
            ("Early help", 0),
            ("Midwives know families well.", 1),
            ("GPs refer early. (Recommendation 1.1)", 1),
            ("Children in need", 0),
            ("Thresholds are unclear.", 1),
            ("as in one case", 2),
        ]:
            paragraph = document.add_paragraph(text)  # type: ignore[attr-defined]
            properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
            properties.get_or_add_ilvl().set(qn("w:val"), str(level))
            properties.get_or_add_numId().set(qn("w:val"), "77")

    texts = [line.text for line in document_lines(docx_file(build), "report").lines]
    assert texts == [
        "1. Early help",
        "1.1 Midwives know families well.",
        "1.2 GPs refer early. (Recommendation 1.1)",
        "2. Children in need",
        "2.1 Thresholds are unclear.",
        "(a) as in one case",
    ]


def test_list_numbers_without_settings() -> None:
    assert ListNumbers(None).next("1", 0) == ""


def test_docx_tracked_changes_hidden_text_and_content_controls() -> None:
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    def build(document: object) -> None:
        for inside in (
            "<w:r><w:t>kept </w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
            "<w:ins><w:r><w:t>added</w:t></w:r></w:ins>",
            "<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:t>seen</w:t></w:r>",
            "<w:hyperlink><w:r><w:t>a link</w:t></w:r></w:hyperlink>",
        ):
            paragraph = parse_xml(f"<w:p {nsdecls('w')}>{inside}</w:p>")
            control = parse_xml(f"<w:sdt {nsdecls('w')}><w:sdtContent/></w:sdt>")
            control[0].append(paragraph)
            document.element.body.insert(0, control)  # type: ignore[attr-defined]

    texts = [line.text for line in document_lines(docx_file(build), "report").lines]
    assert texts == ["a link", "seen", "kept added"]


def test_docx_pages_of_the_last_layout() -> None:
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    def build(document: object) -> None:
        document.add_paragraph("first page")  # type: ignore[attr-defined]
        second = document.add_paragraph()  # type: ignore[attr-defined]
        second._p.append(
            parse_xml(f"<w:r {nsdecls('w')}><w:lastRenderedPageBreak/><w:t>second</w:t></w:r>")
        )

    assert [line.page for line in document_lines(docx_file(build), "report").lines] == [1, 2]


# -- files that cannot be read -------------------------------------------------------------


def zipped(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def changed(raw: bytes, part: str, old: bytes, new: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert old in files[part]
    return zipped({**files, part: files[part].replace(old, new, 1)})


def lying(raw: bytes, part: str) -> bytes:
    """The archive with a part's stated size made small, in the directory and before the part."""
    content = zipfile.ZipFile(io.BytesIO(raw)).getinfo(part).file_size
    return raw.replace(struct.pack("<L", content), struct.pack("<L", 10))


def scanned_pdf() -> bytes:
    from PIL import Image
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    file = io.BytesIO()
    canvas = Canvas(file)
    for number in (1, 2):
        canvas.drawImage(ImageReader(Image.new("L", (60, 80), 200)), 0, 0, 500, 700)
        canvas.drawString(300, 20, str(number))
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def locked_pdf() -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    file = io.BytesIO()
    canvas = Canvas(file, encrypt="secret")
    canvas.drawString(100, 100, "1.1 A finding.")
    canvas.save()
    return file.getvalue()


ENTITY = b'<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]><w:document '
UNREADABLE = {
    "scanned PDF": (scanned_pdf, r"without text.*OCRmyPDF: ocrmypdf"),
    "locked PDF": (locked_pdf, "protected by a password"),
    "truncated PDF": (lambda: rendered("dorset", "pdf")[:60_000], "truncated PDF"),
    "broken PDF": (lambda: b"%PDF-1.7\n" + bytes(range(256)) * 20 + b"\n%%EOF\n", "damaged PDF"),
    "empty PDF": (lambda: b"%PDF-1.7\n%%EOF\n", "damaged PDF"),
    "PDF locked by AES": (lambda: encrypted_pdf(rendered("dorset", "pdf")), "by a password"),
    "locked DOCX": (lambda: encrypted_docx(rendered("dorset", "docx")), "by a password"),
    "old .doc": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old kind"),
    "truncated DOCX": (lambda: rendered("dorset", "docx")[:30_000], "damaged or truncated DOCX"),
    "other zip": (lambda: zipped({"a.txt": b"1.1 A finding."}), "no DOCX"),
    "empty zip": (lambda: zipped({}), "no DOCX"),
    "workbook": (lambda: zipped({"xl/workbook.xml": b"<w/>"}), "an Excel workbook"),
    "zip bomb": (lambda: zipped({"a": bytes(30_000_000)}), "zip bomb"),
    "zip of gigabytes": (lambda: zipped({str(n): bytes(21_000_000) for n in range(10)}), "210 MB"),
    "zip that lies": (
        lambda: lying(rendered("dudley", "docx"), "word/document.xml"),
        "damaged or truncated DOCX",
    ),
    "entities": (
        lambda: changed(rendered("dudley", "docx"), "word/document.xml", b"<w:document ", ENTITY),
        "word/document.xml declares XML entities",
    ),
    "broken XML": (
        lambda: changed(rendered("dudley", "docx"), "word/document.xml", b"<w:body>", b"<w:bo"),
        "damaged DOCX",
    ),
    "DOCX without text": (lambda: docx_file(lambda document: None), "without text"),
    "HTML too deep": (lambda: b"<html><body>" + b"<div>" * 9000 + b"1.1", "nested too deep"),
    "HTML without words": (lambda: b"<html><body><img src=x></body></html>", "without words"),
    "RTF": (lambda: b"{\\rtf1 1.1 A finding.}", "RTF"),
    "binary": (lambda: zlib.compress(b"x" * 9000) * 9, "."),
    "nothing": (lambda: b"", "empty"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_unreadable_in_one_line(case: str, tmp_path: Path) -> None:
    build, message = UNREADABLE[case]
    path = tmp_path / "report.bin"
    path.write_bytes(build())
    with pytest.raises(UnreadableReport, match=message) as raised:
        read_report(path)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)


def test_pdf_with_some_scanned_pages_warns() -> None:
    import pypdfium2

    document = pypdfium2.PdfDocument(rendered("dudley", "pdf"))
    document.import_pages(pypdfium2.PdfDocument(scanned_pdf()), [0])
    file = io.BytesIO()
    document.save(file)
    (warning,) = document_lines(file.getvalue(), "report").warnings
    assert f"counted from 1): {len(document)};" in warning and "ocrmypdf" in warning


@pytest.mark.parametrize(
    ("form", "library"), [("pdf", "pypdfium2"), ("docx", "docx"), ("html", "lxml")]
)
def test_missing_library_is_named_with_its_install_command(
    form: str, library: str, tmp_path: Path
) -> None:
    path = tmp_path / "report"
    path.write_bytes(rendered("dudley", form))
    program = (
        f"import sys; sys.modules[{library!r}] = None\n"
        "from clas_nlp.reading import read_report\n"
        f"try: read_report({str(path)!r})\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    root = Path(__file__).parent.parent
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=root, check=True
    ).stdout
    assert shown.startswith("UnreadableReport") and "pip install 'clas-nlp[documents]'" in shown


def test_text_needs_no_document_library() -> None:
    program = (
        "import sys, clas_nlp.reading as r; r.parse_report('1.1 A finding.');"
        "print([m for m in ('docx', 'lxml', 'pypdfium2') if m in sys.modules])"
    )
    root = Path(__file__).parent.parent
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=root, check=True
    ).stdout
    assert shown.strip() == "[]"


def test_lists_are_one_paragraph_with_or_without_gaps() -> None:
    tight = parse_report("Summary of the review\n\nWe looked at:\n\n- one.\n- two.\n")
    loose = parse_report("Summary of the review\n\nWe looked at:\n\n- one.\n\n- two.\n")
    assert [p.text for p in tight.paragraphs] == [p.text for p in loose.paragraphs]
