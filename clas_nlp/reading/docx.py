"""DOCX into lines: paragraphs, list numbers, tables and text boxes, in document order."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from clas_nlp.errors import UnreadableReport
from clas_nlp.reading.archive import check_docx
from clas_nlp.reading.lines import RUNNING_TITLE, DocumentLines, Line, plain_line
from clas_nlp.reading.numbering import ListNumbers
from clas_nlp.reading.tables import as_blocks, row_lines

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
#: Text taken out by tracked changes, or kept a second time for programs that know no text boxes.
_LEFT_OUT = frozenset((f"{_W}del", f"{_W}moveFrom", f"{_MC}Fallback", f"{_W}instrText"))
_OFF = ("0", "false", "off", "none")
_MOST_STYLES = 20  # how far "based on" is followed, since damaged files go round in circles


def docx_lines(raw: bytes, name: str) -> DocumentLines:
    """Reads a DOCX file.

    Pages are those of Word's last layout, where the file keeps them; other programs keep none.

    Args:
        raw: the file's bytes.
        name: what to call the file in messages.

    Raises:
        UnreadableReport: damaged, protected, no DOCX, unsafe to unpack, or without words.
        ModuleNotFoundError: python-docx is not installed.
    """
    import docx

    check_docx(raw, name)
    # A part that is missing or malformed comes out of the library as any of many exceptions.
    try:
        document = docx.Document(io.BytesIO(raw))
        lines = _Body(document).lines()
        title = _running_title(document)
    except RecursionError:
        raise UnreadableReport(f"{name}: a DOCX with tables nested too deep to read") from None
    except Exception as error:
        raise UnreadableReport(
            f"{name}: a damaged DOCX ({type(error).__name__}); open it in Word and save it again"
        ) from None
    if not lines:
        raise UnreadableReport(
            f"{name}: a DOCX without text; if its pages are pictures, save it as PDF and make it "
            "readable with OCRmyPDF (ocrmypdf IN.pdf OUT.pdf)"
        )
    return DocumentLines(lines, title)


def _running_title(document: Any) -> str:
    for section in document.sections:
        for part in (section.header, section.first_page_header, section.footer):
            for paragraph in part.paragraphs:
                if RUNNING_TITLE.match(paragraph.text):
                    return str(paragraph.text).strip()
    return ""


@dataclass(frozen=True, slots=True)
class _Style:
    heading: bool
    contents: bool
    bold: bool
    list_id: str
    level: int


class _Body:
    """Walks the body's elements; python-docx's own order leaves out content controls and boxes."""

    def __init__(self, document: Any) -> None:
        self.body = document.element.body
        self.styles: dict[str, Any] = {
            style.get(f"{_W}styleId"): style for style in document.styles.element.iter(f"{_W}style")
        }
        self.default_style = next(
            (
                identity
                for identity, style in self.styles.items()
                if style.get(f"{_W}default") in ("1", "true")
                and style.get(f"{_W}type") == "paragraph"
            ),
            "",
        )
        self.read_styles: dict[str, _Style] = {}
        numbering = next(
            (
                related.target_part
                for related in document.part.rels.values()
                if related.reltype.endswith("/numbering") and not related.is_external
            ),
            None,
        )
        self.numbers = ListNumbers(None if numbering is None else numbering.element)
        self.page = 1

    @cached_property
    def has_pages(self) -> bool:
        return next(self.body.iter(f"{_W}lastRenderedPageBreak"), None) is not None

    def lines(self) -> list[Line]:
        return self._children(self.body)

    def _children(self, parent: Any) -> list[Line]:
        lines: list[Line] = []
        for element in parent:
            if element.tag == f"{_W}p":
                lines += self._paragraph(element)
            elif element.tag == f"{_W}tbl":
                lines += self._table(element)
            elif element.tag not in _LEFT_OUT and element.tag != f"{_W}sectPr":
                lines += self._children(element)  # content controls, insertions, custom XML
        return lines

    def _table(self, table: Any) -> list[Line]:
        lines: list[Line] = []
        for row in _own(table, f"{_W}tr", stop=f"{_W}tbl"):
            cells: list[list[Line]] = []
            for cell in _own(row, f"{_W}tc", stop=f"{_W}tbl"):
                merged = cell.find(f"{_W}tcPr/{_W}vMerge")
                goes_on = merged is not None and merged.get(f"{_W}val") != "restart"
                if not goes_on:
                    cells.append(self._children(cell))
            lines += row_lines(cells)
        return lines

    # -- paragraphs ------------------------------------------------------------------------

    def _paragraph(self, paragraph: Any) -> list[Line]:
        properties = paragraph.find(f"{_W}pPr")
        style = self._style_of(properties)
        collected = _Collected()
        first_page: int | None = None
        for run in _runs(paragraph):
            for piece in self._run_pieces(run, style):
                if isinstance(piece, list):
                    collected.boxes += piece
                    continue
                if piece.text.strip() and first_page is None:
                    first_page = self.page
                collected.pieces.append(piece)
        text = "".join(piece.text for piece in collected.pieces)
        if not text.strip():
            return as_blocks(collected.boxes)
        words = [piece for piece in collected.pieces if piece.text.strip()]
        number = self._list_number(properties, style)
        bullet = number == "•"
        # Bold lines of a table of contents hold a tab before the page; headings hold none, save
        # behind their number.
        tabbed = "\t" in re.sub(r"^\s*[\d.]+\s*", "", text)
        heading = style.heading or (all(piece.bold for piece in words) and not tabbed)
        heading = heading and not bullet and not style.contents
        page = first_page if self.has_pages else None
        lines: list[Line] = []
        parts = [part for part in text.split("\n") if part.strip()]
        for place, part in enumerate(parts):
            own = f"{number} {part.strip()}" if place == 0 and number else part
            line = plain_line(own, heading=heading, page=page, may_be_bullet=not style.heading)
            if line is None:
                continue
            line.blank_before = place == 0
            line.blank_after = line.whole = place == len(parts) - 1
            lines.append(line)
        return lines + as_blocks(collected.boxes)

    def _run_pieces(self, run: Any, style: _Style) -> Iterator[_Piece | list[Line]]:
        """Text of a run, and the lines of the boxes that are anchored in it."""
        properties = run.find(f"{_W}rPr")
        if _is_on(properties, "vanish"):
            return
        bold = _is_on(properties, "b", style.bold)
        for element in run:
            if element.tag == f"{_W}t":
                yield _Piece(element.text or "", bold)
            elif element.tag in (f"{_W}tab", f"{_W}ptab"):
                yield _Piece("\t", bold)
            elif element.tag == f"{_W}noBreakHyphen":
                yield _Piece("-", bold)
            elif element.tag == f"{_W}cr":
                yield _Piece("\n", bold)
            elif element.tag == f"{_W}br":
                ends_line = element.get(f"{_W}type") in (None, "textWrapping")
                yield _Piece("\n" if ends_line else " ", bold)
            elif element.tag == f"{_W}sym":
                yield _Piece(_symbol(element.get(f"{_W}char") or ""), bold)
            elif element.tag == f"{_W}lastRenderedPageBreak":
                self.page += 1
            else:
                for box in _own(element, f"{_W}txbxContent", stop=f"{_MC}Fallback"):
                    yield self._children(box)

    def _list_number(self, properties: Any | None, style: _Style) -> str:
        list_id, level = style.list_id, style.level
        own = None if properties is None else properties.find(f"{_W}numPr")
        if own is not None:
            own_id, own_level = _numbering(own)
            list_id = own_id or list_id
            level = own_level if own_level is not None else level
        return self.numbers.next(list_id, level) if list_id not in ("", "0") else ""

    # -- styles ----------------------------------------------------------------------------

    def _style_of(self, properties: Any | None) -> _Style:
        named = None if properties is None else properties.find(f"{_W}pStyle")
        identity = self.default_style if named is None else named.get(f"{_W}val")
        if identity not in self.read_styles:
            self.read_styles[identity] = self._read_style(identity)
        return self.read_styles[identity]

    def _read_style(self, identity: str | None) -> _Style:
        """What a style says itself or takes from the styles that it is based on."""
        heading, contents, bold, list_id, level = False, False, None, "", None
        for _ in range(_MOST_STYLES):
            style = self.styles.get(identity) if identity else None
            if style is None:
                break
            name = (_attribute(style, f"{_W}name") or "").lower()
            contents = contents or name.startswith("toc")
            heading = heading or name.startswith(("heading", "title", "subtitle"))
            heading = heading or style.find(f"{_W}pPr/{_W}outlineLvl") is not None
            run = style.find(f"{_W}rPr")
            if bold is None and run is not None and run.find(f"{_W}b") is not None:
                bold = _is_on(run, "b")
            numbered = style.find(f"{_W}pPr/{_W}numPr")
            if numbered is not None:
                own_id, own_level = _numbering(numbered)
                list_id = list_id or own_id
                level = level if level is not None else own_level
            identity = _attribute(style, f"{_W}basedOn")
        return _Style(heading, contents, bool(bold), list_id, level or 0)


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    bold: bool


class _Collected:
    def __init__(self) -> None:
        self.pieces: list[_Piece] = []
        self.boxes: list[Line] = []


def _runs(paragraph: Any) -> Iterator[Any]:
    """A paragraph's runs in order, also those in links, insertions and content controls."""
    return _own(paragraph, f"{_W}r", stop=f"{_W}p")


def _own(parent: Any, tag: str, stop: str) -> Iterator[Any]:
    """Descendants with a tag, not looking into those found, left-out ones, or those to stop at."""
    for element in parent:
        if element.tag == tag:
            yield element
        elif element.tag != stop and element.tag not in _LEFT_OUT:
            yield from _own(element, tag, stop)


def _attribute(parent: Any, tag: str) -> str | None:
    element = parent.find(tag)
    return None if element is None else element.get(f"{_W}val")


def _is_on(properties: Any | None, setting: str, otherwise: bool = False) -> bool:
    element = None if properties is None else properties.find(f"{_W}{setting}")
    return otherwise if element is None else element.get(f"{_W}val") not in _OFF


def _numbering(properties: Any) -> tuple[str, int | None]:
    level = _attribute(properties, f"{_W}ilvl")
    number = _attribute(properties, f"{_W}numId") or ""
    return number, int(level) if level and level.isdigit() else None


def _symbol(code: str) -> str:
    """A character of a symbol font; those fonts' bullets are known by their place."""
    try:
        return chr(int(code, 16))
    except ValueError:
        return ""
