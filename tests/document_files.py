"""Renders a report that has been read as PDF, DOCX and HTML, with the pains of real files."""

from __future__ import annotations

import io
import re
from html import escape
from pathlib import Path
from typing import Any

from clas_nlp.reading import Paragraph, Report, Section, read_report

REPORTS = Path(__file__).parent.parent / "corpus" / "reports"
FRONT = ("The role of health services in", "Contents")
TOP = ("VALIGN", (0, 0), (-1, -1), "TOP")


def real_report(name: str) -> Report:
    return read_report(REPORTS / f"{name}.txt")


def in_order(report: Report) -> list[Section | Paragraph]:
    """Headings and paragraphs as they stand in the report."""
    return sorted([*report.sections, *report.paragraphs], key=lambda part: part.start)


def cells(paragraph: Paragraph) -> tuple[str, str] | None:
    """Label and value of a row of the header table or the contents; None for other paragraphs."""
    if paragraph.kind != "context" or not paragraph.section.startswith(FRONT):
        return None
    match = re.match(r"(.*?:)\s+(.*)$|(.*?)\s+(\d+)$", paragraph.text)
    assert match, paragraph.text
    label, value = (group for group in match.groups() if group is not None)
    return label, value


def running_title(report: Report) -> str:
    area = report.details.area
    return f"Review of Health services for Children Looked After and Safeguarding in {area}"


def to_html(report: Report) -> bytes:
    parts = [
        "<!DOCTYPE html><html><head><title>Review</title><style>p { color: red }</style></head>",
        "<body><header><a href='/'>Home of the site</a></header>",
        "<nav><ul><li><a href='#r'>Recommendations</a></li></ul></nav><main>",
    ]
    in_list = in_table = False
    for part in in_order(report):
        row = cells(part) if isinstance(part, Paragraph) else None
        if in_table and row is None:
            parts.append("</tbody></table>")
        if not in_table and row is not None:
            parts.append("<table><tbody>")
        in_table = row is not None
        if row is not None:
            parts.append(f"<tr><th><b>{escape(row[0])}</b></th><td>{escape(row[1])}</td></tr>")
        elif isinstance(part, Section):
            parts.append(f"<h2>{escape(part.label)}</h2>")
        else:
            if part.kind in ("case_example", "good_practice"):
                parts.append("<div class='box'>")
            for place, block in enumerate(part.text.split("\n")):
                is_item = block.startswith("• ")
                if is_item != in_list:
                    parts.append("<ul>" if is_item else "</ul>")
                    in_list = is_item
                words = escape(block.removeprefix("• "), quote=False)
                words = re.sub(r"(?<=\d)(st|nd|rd|th)\b", r"<sup>\1</sup>", words)
                words = re.sub(r"^((?:Case|Good)[^:<]{0,30}:)", r"<strong>\1</strong>", words)
                number = f"<span>{part.number}</span>&nbsp;\n" if part.number and not place else ""
                parts.append(f"<{'li' if is_item else 'p'}>{number}{words}<!-- x -->")
                parts.append("</li>" if is_item else "</p>")
            if in_list:
                parts.append("</ul>")
                in_list = False
            if part.kind in ("case_example", "good_practice"):
                parts.append("</div>")
    parts.append("</main><footer>All content is under a licence</footer></body></html>")
    return "".join(parts).encode()


def to_docx(report: Report) -> bytes:
    import docx

    document = docx.Document()
    section = document.sections[0]
    section.header.paragraphs[0].text = running_title(report)
    section.footer.paragraphs[0].text = "Page 7 of 59"
    table: Any = None
    boxes = 0
    for part in in_order(report):
        row = cells(part) if isinstance(part, Paragraph) else None
        if row is not None:
            table = table or document.add_table(rows=0, cols=2)
            added = table.add_row().cells
            added[0].paragraphs[0].add_run(row[0]).bold = True
            added[1].text = row[1]
            continue
        table = None
        if isinstance(part, Section):
            document.add_heading(part.label, level=1 if part.number else 2)
        elif part.kind in ("case_example", "good_practice"):
            boxes += 1
            if boxes % 2:
                cell = document.add_table(rows=1, cols=1).cell(0, 0)
                _docx_blocks(cell, part)
                cell._tc.remove(cell.paragraphs[0]._p)
            else:
                _docx_text_box(document, part)
        else:
            _docx_blocks(document, part)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _docx_blocks(parent: Any, part: Paragraph) -> None:
    for place, block in enumerate(part.text.split("\n")):
        if block.startswith("• "):
            paragraph = parent.add_paragraph(block[2:])
            paragraph.style = paragraph.part.document.styles["List Bullet"]
            continue
        number = f"{part.number}\t" if part.number and not place else ""
        paragraph = parent.add_paragraph()
        for piece in re.split(r"(?<=[aeiou]) (?=[st])", number + block):  # Word cuts runs anywhere
            if paragraph.runs:
                paragraph.runs[-1].text += " "
            paragraph.add_run(piece)


_BOX = (
    '<w:r xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml"><mc:AlternateContent>'
    '<mc:Choice Requires="wps"><w:drawing><wps:wsp><wps:txbx><w:txbxContent>{0}</w:txbxContent>'
    "</wps:txbx></wps:wsp></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>"
    "<w:txbxContent>{0}</w:txbxContent></v:textbox></w:pict></mc:Fallback>"
    "</mc:AlternateContent></w:r>"
)


def _docx_text_box(document: Any, part: Paragraph) -> None:
    from lxml import etree

    inside = "".join(
        f"<w:p><w:r><w:t>{escape(block)}</w:t></w:r></w:p>" for block in part.text.split("\n")
    )
    document.add_paragraph()._p.append(etree.fromstring(_BOX.format(inside)))


def to_pdf(report: Report) -> bytes:
    """Running headers, "Page N of M", cut words, ligatures, boxes of one and two columns."""
    pages = _Pdf(report, 99)
    pages.build()
    pages = _Pdf(report, pages.template.page)
    return pages.build()


class _Pdf:
    def __init__(self, report: Report, page_count: int) -> None:
        import reportlab
        from reportlab.lib.styles import ParagraphStyle
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.ttfonts import TTFont
        from reportlab.platypus import SimpleDocTemplate

        fonts = Path(reportlab.__file__).parent / "fonts"
        pdfmetrics.registerFont(TTFont("Vera", fonts / "Vera.ttf"))
        pdfmetrics.registerFont(TTFont("VeraBold", fonts / "VeraBd.ttf"))
        pdfmetrics.registerFontFamily("Vera", normal="Vera", bold="VeraBold")
        self.report, self.page_count = report, page_count
        self.file = io.BytesIO()
        self.template = SimpleDocTemplate(
            self.file, pagesize=(595, 842), leftMargin=72, rightMargin=72, topMargin=86
        )
        self.body = ParagraphStyle(
            "body", fontName="Vera", fontSize=10, leading=13, spaceAfter=9,
            hyphenationLang="en_GB", embeddedHyphenation=1,
        )  # fmt: skip
        self.close = ParagraphStyle("close", parent=self.body, spaceAfter=0)
        self.bullet = ParagraphStyle("bullet", parent=self.body, leftIndent=18, bulletIndent=4)
        self.numbered = ParagraphStyle("numbered", parent=self.body, leftIndent=34)
        self.heading = ParagraphStyle(
            "heading", parent=self.body, fontName="VeraBold", fontSize=10, hyphenationLang=""
        )
        self.chapter = ParagraphStyle(
            "chapter", parent=self.heading, fontSize=15, leading=19, spaceBefore=12
        )

    def build(self) -> bytes:
        self.template.build(self._story(), onFirstPage=self._edges, onLaterPages=self._edges)
        return self.file.getvalue()

    def _edges(self, canvas: Any, template: Any) -> None:
        canvas.setFont("Vera", 8)
        canvas.drawString(72, 800, running_title(self.report))
        canvas.drawRightString(523, 40, f"Page {template.page + 2} of {self.page_count + 2}")

    def _story(self) -> list[Any]:
        from reportlab.platypus import Paragraph as Block
        from reportlab.platypus import Table

        story: list[Any] = []
        parts = in_order(self.report)
        waiting: list[Any] = []
        for place, part in enumerate(parts):
            row = cells(part) if isinstance(part, Paragraph) else None
            if row is not None:
                left = Block(f"<b>{self._words(row[0])}</b>", self.heading)
                right = Block(self._words(row[1]), self.body)
                widths = [300, 140] if row[1].isdigit() else [150, 290]
                story.append(Table([[left, right]], colWidths=widths, style=[TOP]))
            elif isinstance(part, Section):
                style = self.chapter if len(part.label) < 40 else self.heading
                story.append(Block(self._words(part.label), style))
            elif part.kind in ("case_example", "good_practice"):
                blocks = self._blocks(part)
                following = parts[place + 1] if place + 1 < len(parts) else None
                twin = isinstance(following, Paragraph) and following.kind == "case_example"
                if waiting:
                    story.append(self._box([[waiting, blocks]]))
                    waiting = []
                elif twin and len(part.text) < 1800 and len(following.text) < 1800:
                    waiting = blocks
                elif 1 < len(blocks) <= 4 and len(part.text) < 3000:  # one box, in two columns
                    story.append(self._box([[blocks[:-1], blocks[-1:]]]))
                else:
                    story.append(self._box([[block] for block in blocks]))
            else:
                story += self._blocks(part)
        return story

    def _box(self, rows: list[list[Any]]) -> Any:
        from reportlab.platypus import Table

        width = 440 / len(rows[0])
        style = [("BOX", (0, 0), (-1, -1), 1, "black"), TOP]
        return Table(rows, colWidths=[width] * len(rows[0]), style=style, spaceAfter=10)

    def _blocks(self, part: Paragraph) -> list[Any]:
        from reportlab.platypus import Paragraph as Block

        blocks: list[Any] = []
        for place, text in enumerate(part.text.split("\n")):
            if text.startswith("• "):
                blocks.append(Block(self._words(text[2:]), self.bullet, bulletText="•"))
            elif part.number and not place:
                # Every third finding is set with its number in the margin.
                margin = int(part.number.split(".")[-1]) % 3 == 0
                style = self.numbered if margin else self.body
                number = None if margin else part.number
                words = self._words(text)
                blocks.append(
                    Block(words, style, bulletText=part.number)
                    if margin
                    else Block(f"{number} {words}", style)
                )
            else:
                blocks.append(Block(self._words(text), self.body))
        return blocks

    def _words(self, text: str) -> str:
        text = re.sub(r"ffi", "ffi", escape(text, quote=False))
        text = text.replace("fi", "ﬁ").replace("fl", "ﬂ")
        return re.sub(r"^((?:Case|Good)[^:<]{0,30}:)", r"<b>\1</b>", text)


def encrypted_pdf(content: bytes, password: str = "secret") -> bytes:
    """A PDF behind a password, as Acrobat writes it: AES with 256 bits."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    writer.encrypt(password, algorithm="AES-256")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def encrypted_docx(content: bytes, password: str = "secret") -> bytes:
    """A DOCX behind a password, as Word writes it: encrypted within a compound file."""
    from msoffcrypto.format.ooxml import OOXMLFile

    buffer = io.BytesIO()
    OOXMLFile(io.BytesIO(content)).encrypt(password, buffer)
    return buffer.getvalue()
