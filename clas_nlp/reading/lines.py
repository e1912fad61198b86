"""From text to clean lines: Markdown and HTML marks off, pages counted, headers removed."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from clas_nlp.reading.tokens import LONGEST_WORD

_PAGE = re.compile(r"^\s*page\s+(\d{1,4})(?:\s+of\s+\d{1,4})?\s*$", re.IGNORECASE)
RUNNING_TITLE = re.compile(
    r"^\s*review of health services for children looked after and safeguarding in .{2,60}$",
    re.IGNORECASE,
)
_RULE = re.compile(r"^\s*(?:[-*_=]\s*){3,}$|^\s*[-*•]\s*$")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.*)$")
_BULLET = re.compile(r"^\s*(?:[•▪‣●◦·\uf0b7\uf0a7\uf0d8]|[-*+](?=\s)|o(?=\s+[a-z]))\s*")
# No white space before the run of it: else each of its places would be tried to its end.
_ORDINAL = re.compile(r"(?<!\s)\s*<sup>\s*(st|nd|rd|th)\s*</sup>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\((?:[^()\s]{1,500})\)")
_BOLD = re.compile(r"\*\*|__(?=\S)|(?<=\S)__")
_ITALIC = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]*?)(?<=\S)\*(?!\w)")
_WHOLE_BOLD = re.compile(r"^\s*(?:\*\*[^*]+\*\*|<b>[^<]+</b>)\s*$")
_SPACES = re.compile(r"[^\S\n]+")
#: As much of a stretch without white space as a word may have, and more behind it.
_TOO_LONG = re.compile(rf"\S{{{LONGEST_WORD}}}(?=\S)")
_LIGATURES = {
    "ﬀ": "ff",
    "ﬁ": "fi",
    "ﬂ": "fl",
    "ﬃ": "ffi",
    "ﬄ": "ffl",
    "ﬅ": "st",
    "ﬆ": "st",
    "\u00ad": "",
}
_LIGATURE = re.compile(f"[{''.join(_LIGATURES)}]")


@dataclass(slots=True)
class Line:
    """One line that holds words.

    Attributes:
        text: its words, marks removed and white space folded; tabs become a single tab.
        blank_before: an empty line, a rule or a page break stands before it.
        blank_after: the same after it.
        heading: marked as a heading (Markdown) or wholly bold.
        bullet: marked as an item of a list.
        page: the page that it stands on, None where unknown.
        page_start: the first line of a page.
        whole: a whole paragraph, as formats with paragraphs of their own have them; what follows
            it never belongs to it by an accident of the page.
    """

    text: str
    blank_before: bool
    blank_after: bool
    heading: bool
    bullet: bool
    page: int | None
    page_start: bool
    whole: bool = False


@dataclass(frozen=True, slots=True)
class DocumentLines:
    """What any format of file comes down to.

    Attributes:
        lines: the report's lines in reading order.
        running_title: the title in the running headers, empty where there is none.
        warnings: what a careful reader should know of the file.
    """

    lines: list[Line]
    running_title: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _PageMark:
    """A page begins (or, for a number at the foot, ends) before line `at`."""

    at: int
    number: int | None
    certain: bool


def report_lines(text: str) -> tuple[list[Line], str]:
    """Splits a report's text into clean lines.

    Args:
        text: decoded text with line feeds only.

    Returns:
        The lines, and the running title found beside the page numbers (empty where there is none).
    """
    lines: list[Line] = []
    page_marks: list[_PageMark] = []
    running_title = ""
    blank = True
    raw_lines = text.split("\n")
    for index, raw in enumerate(raw_lines):
        pieces = raw.split("\f")
        near_number: bool | None = None  # once for all pieces of the line
        for extra, piece in enumerate(pieces):
            if extra:
                page_marks.append(_PageMark(len(lines), None, certain=True))
                blank = True
            page = _PAGE.match(piece)
            if page:
                page_marks.append(_PageMark(len(lines), int(page.group(1)), certain=True))
                blank = True
                continue
            # A title line counts as a running header only beside a page number.
            if RUNNING_TITLE.match(piece):
                if near_number is None:
                    near_number = _near_page_number(raw_lines, index)
                if near_number:
                    running_title = running_title or piece.strip()
                    blank = True
                    continue
            if not piece.strip() or _RULE.match(piece):
                if lines:
                    lines[-1].blank_after = True
                blank = True
                continue
            line = _clean(piece)
            if line is None:
                continue
            # Text out of a PDF often keeps of the page break only one space before the first word.
            if re.match(r" (?! )\S", piece) and not line.bullet:
                page_marks.append(_PageMark(len(lines), None, certain=False))
                line.page_start = True
            line.blank_before = blank or line.page_start
            if lines and line.blank_before:
                lines[-1].blank_after = True
            lines.append(line)
            blank = False
    if lines:
        lines[-1].blank_after = True
    _number_pages(lines, page_marks)
    return lines, running_title


def _near_page_number(raw_lines: list[str], index: int) -> bool:
    near = [line for line in raw_lines[max(0, index - 3) : index + 4] if line.strip()]
    return any(_PAGE.match(line) for line in near)


def _clean(piece: str) -> Line | None:
    """Takes the marks off one line; None where nothing is left."""
    heading_mark = _HEADING.match(piece)
    heading = bool(heading_mark) or bool(_WHOLE_BOLD.match(piece))
    if heading_mark:
        piece = heading_mark.group(1).rstrip().rstrip("#").rstrip()
    text = _without_ligatures(piece)
    if "<" in text:
        text = _TAG.sub("", _ORDINAL.sub(r"\1", text))
    text = _LINK.sub(r"\1", text)
    if "*" in text or "_" in text:
        text = _BOLD.sub("", text)
        text = _ITALIC.sub(r"\1", text)
    if "*" in text:
        bullet_mark = None if heading_mark else _BULLET.match(text)
        mark_end = bullet_mark.end() if bullet_mark else 0
        text = text[:mark_end] + text[mark_end:].strip().strip("*")
    return plain_line(text, heading=heading, may_be_bullet=not heading_mark)


def plain_line(
    text: str, heading: bool = False, page: int | None = None, may_be_bullet: bool = True
) -> Line | None:
    """Makes a line of text that has no marks but a bullet; None where it holds no words.

    Args:
        text: the words; ligatures are taken apart, white space is folded, tabs divide cells, and
            runs of more than `LONGEST_WORD` characters without white space are cut.
        heading: whether the line is a heading.
        page: the page that it stands on.
        may_be_bullet: whether a bullet at its head marks an item of a list.
    """
    text = _without_ligatures(text)
    bullet_mark = _BULLET.match(text) if may_be_bullet else None
    if bullet_mark:
        text = text[bullet_mark.end() :].strip()
    if not text.isprintable():
        text = "".join(
            character
            for character in text
            if character == "\t" or unicodedata.category(character) not in ("Cc", "Cs", "Co", "Cn")
        )
    text = "\t".join(map(_folded, text.strip().split("\t")))
    if not text.strip():
        return None
    if len(text) > LONGEST_WORD and max(map(len, text.split())) > LONGEST_WORD:
        text = _TOO_LONG.sub(r"\g<0> ", text)
    return Line(text, False, False, heading, bool(bullet_mark), page, False)


def _without_ligatures(text: str) -> str:
    # In most lines there is none, and looking costs less than str.translate.
    return text if text.isascii() else _LIGATURE.sub(lambda m: _LIGATURES[m.group()], text)


def _folded(cell: str) -> str:
    """A cell with single blanks for its runs of white space, line feeds apart, and none around."""
    if "\n" in cell:
        return _SPACES.sub(" ", cell).strip()
    return " ".join(cell.split())


def _number_pages(lines: list[Line], marks: list[_PageMark]) -> None:
    """Gives lines their page where the marks agree, and leaves None where they do not.

    Bare breaks between two printed numbers are trusted only when their count is exactly what the
    two numbers leave room for. Printed numbers head their page, unless nothing follows the last
    one: then they stand at its foot.
    """
    printed = [mark for mark in marks if mark.number is not None]
    if not printed:
        # Form feeds alone count the pages; bare leading spaces alone are too weak a sign.
        if any(mark.certain for mark in marks):
            breaks = [mark.at for mark in marks if mark.certain]
            for index, line in enumerate(lines):
                line.page = 1 + bisect_right(breaks, index)
        return
    at_foot = printed[-1].at >= len(lines)
    if at_foot:
        foot = 0
        for index, line in enumerate(lines):
            while foot < len(printed) and printed[foot].at <= index:
                foot += 1
            line.page = printed[foot].number if foot < len(printed) else None
        return
    numbered: list[tuple[int, int | None]] = []  # line index, page that begins there
    heads = {mark.at for mark in printed}
    bare = sorted({mark.at for mark in marks if mark.number is None} - heads)
    first = printed[0]
    before = [at for at in bare if at < first.at]
    numbered += [(at, (first.number or 0) - len(before) + place) for place, at in enumerate(before)]
    for here, following in zip(printed, [*printed[1:], None], strict=True):
        end = following.at if following else len(lines)
        between = bare[bisect_right(bare, here.at) : bisect_left(bare, end)]
        page = here.number or 0
        room = len(between) if following is None else (following.number or 0) - page - 1
        numbered.append((here.at, page if len(between) == room else None))
        numbered += [
            (at, page + place if len(between) == room else None)
            for place, at in enumerate(between, start=1)
        ]
    starts = dict(numbered)
    current: int | None = None
    for index, line in enumerate(lines):
        if index in starts:
            current = starts[index]
            line.page_start = True
        line.page = current
