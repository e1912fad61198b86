"""HTML into lines: paragraphs, headings, lists and tables, without what only serves the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from clas_nlp.errors import UnreadableReport
from clas_nlp.reading.decoding import decode
from clas_nlp.reading.lines import DocumentLines, Line, plain_line
from clas_nlp.reading.tables import as_blocks, row_lines

_HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
_BLOCKS = _HEADINGS | frozenset(
    " ".join(
        (
            "address article aside blockquote body caption center dd details dialog div dl dt",
            "fieldset figcaption figure footer form header hgroup hr html li main ol p pre section",
            "summary table tbody td tfoot th thead tr ul",
        )
    ).split()
)
_BOLD = frozenset(("b", "strong"))
_CELLS = frozenset(("td", "th"))
#: Elements whose text is no part of the report.
_SKIPPED = frozenset(
    " ".join(
        (
            "script style head nav template noscript svg math iframe object button input select",
            "textarea audio video canvas dialog",
        )
    ).split()
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE)
_XML_PROLOG = re.compile(r"^\s*<\?xml[^>]*\?>")


def html_lines(raw: bytes, name: str) -> DocumentLines:
    """Reads an HTML page.

    Nothing that the page refers to is fetched.

    Args:
        raw: the page's bytes; the encoding is its byte-order mark's, or the one it declares, or
            UTF-8, or Windows-1252.
        name: what to call the page in messages.

    Raises:
        UnreadableReport: no words on the page, or elements nested too deep to read.
        ModuleNotFoundError: lxml is not installed.
    """
    from lxml import etree

    text = _XML_PROLOG.sub("", _decode(raw, name))
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    if any("depth" in error.message for error in parser.error_log):
        raise UnreadableReport(
            f"{name}: an HTML page nested too deep to read; save it as text first"
        )
    lines = _Walk().run(etree.iterwalk(root, events=("start", "end"))) if root is not None else []
    if not lines:
        raise UnreadableReport(f"{name}: an HTML page without words; expected a report")
    return DocumentLines(lines)


def _decode(raw: bytes, name: str) -> str:
    declared = _DECLARED.search(raw[:4096])
    if declared and not raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        encoding = declared.group(1).decode("ascii")
        # Pages that declare Latin-1 are written in Windows-1252, and the standard reads them so.
        if encoding.lower() in ("iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii"):
            encoding = "cp1252"
        if encoding.lower().replace("-", "") not in ("utf8", "utf16"):
            try:
                return raw.decode(encoding)
            except (LookupError, UnicodeDecodeError):
                pass
    return decode(raw, name)


class _Walk:
    """Collects text into blocks; an element that is a block ends the block before it.

    A stack stands in for recursion, since pages may be nested deeper than Python allows.
    """

    def __init__(self) -> None:
        #: Lines of the page, and above it of each open table cell.
        self.targets: list[list[Line]] = [[]]
        #: Cells of each open row.
        self.rows: list[list[list[Line]]] = []
        self.pieces: list[str] = []
        self.bold_pieces: list[bool] = []
        self.heading = 0
        self.bold = 0
        self.preformatted = 0
        self.bullet = ""
        #: Next number of each open list; None for a list with bullets.
        self.lists: list[int | None] = []

    def run(self, events: Iterator[tuple[str, Any]]) -> list[Line]:
        skipping: Any = None
        for event, element in events:
            tag = element.tag if isinstance(element.tag, str) else ""
            if skipping is not None:
                if event == "end" and element is skipping:
                    skipping = None
                    self._text(element.tail)
                continue
            if event == "start":
                if not tag or _is_skipped(tag, element):
                    if tag in _BLOCKS:
                        self._flush()
                    skipping = element
                    continue
                self._open(tag, element)
                self._text(element.text)
            else:
                self._close(tag)
                self._text(element.tail)
        self._flush()
        return self.targets[0]

    def _open(self, tag: str, element: Any) -> None:
        if tag in _BLOCKS:
            self._flush()
        if tag in _HEADINGS:
            self.heading += 1
        elif tag in _BOLD:
            self.bold += 1
        elif tag == "pre":
            self.preformatted += 1
        elif tag == "br":
            self._line_break()
        elif tag == "ul":
            self.lists.append(None)
        elif tag == "ol":
            self.lists.append(_number(element.get("start"), 1))
        elif tag == "li":
            self._open_item(element)
        elif tag == "tr":
            self.rows.append([])
        elif tag in _CELLS and self.rows:
            self.rows[-1].append([])
            self.targets.append(self.rows[-1][-1])

    def _open_item(self, element: Any) -> None:
        numbered = self.lists[-1] if self.lists else None
        if numbered is None:
            self.bullet = "• "
            return
        number = _number(element.get("value"), numbered)
        self.bullet = f"{number}. "
        self.lists[-1] = number + 1

    def _close(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._flush()
        if tag in _HEADINGS:
            self.heading -= 1
        elif tag in _BOLD:
            self.bold -= 1
        elif tag == "pre":
            self.preformatted -= 1
        elif tag in ("ul", "ol") and self.lists:
            self.lists.pop()
        elif tag == "li":
            self.bullet = ""
        elif tag in _CELLS and self.rows and len(self.targets) > 1:
            self.targets.pop()
        elif tag == "tr" and self.rows:
            self.targets[-1] += row_lines(self.rows.pop())

    def _text(self, text: str | None) -> None:
        if not text:
            return
        if self.preformatted and "\n\n" in text:
            first, *others = re.split(r"\n\s*\n", text)
            self._piece(first)
            for other in others:
                self._flush()
                self._piece(other)
            return
        self._piece(text)

    def _piece(self, text: str) -> None:
        folded = re.sub(r"\s+", " ", text)
        self.pieces.append(folded)
        if folded.strip():
            self.bold_pieces.append(self.bold > 0)

    def _line_break(self) -> None:
        """One break goes on with the block, two end it."""
        if self.pieces and self.pieces[-1] == "\n":
            self._flush()
        else:
            while self.pieces and not self.pieces[-1].strip():
                self.pieces.pop()
            self.pieces.append("\n")

    def _flush(self) -> None:
        parts = [part.strip() for part in "".join(self.pieces).split("\n")]
        parts = [part for part in parts if part]
        whole_bold = bool(self.bold_pieces) and all(self.bold_pieces)
        heading = (self.heading > 0 or whole_bold) and not self.bullet
        self.pieces, self.bold_pieces = [], []
        for place, part in enumerate(parts):
            line = plain_line(
                f"{self.bullet}{part}", heading=heading, may_be_bullet=not self.heading
            )
            self.bullet = ""
            if line is None:
                continue
            block = as_blocks([line])[0]
            # A line behind a single break goes on with the block unless its words say otherwise.
            block.blank_before = place == 0
            block.blank_after = block.whole = place == len(parts) - 1
            self.targets[-1].append(block)


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and re.fullmatch(r"\d{1,4}", text.strip()) else otherwise


def _is_skipped(tag: str, element: Any) -> bool:
    """Whether an element's text is no part of the report: scripts, navigation, hidden text."""
    if tag in _SKIPPED or element.get("hidden") is not None:
        return True
    if _HIDDEN.search(element.get("style") or "") or element.get("role") == "navigation":
        return True
    if tag in ("header", "footer"):
        parent = element.getparent()
        of_page = parent is not None and parent.tag == "body"
        return of_page and (tag == "footer" or element.find(".//h1") is None)
    return tag in ("ul", "ol") and _is_contents(element)


def _is_contents(element: Any) -> bool:
    """Whether a list is a table of contents: nothing but links into the page itself."""
    links = element.findall(".//a")
    if len(links) < 2 or any(not (link.get("href") or "").startswith("#") for link in links):
        return False
    words = "".join("".join(element.itertext()).split())
    linked = "".join("".join("".join(link.itertext()) for link in links).split())
    return words == linked
