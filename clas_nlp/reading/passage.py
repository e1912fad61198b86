"""A passage: a heading or a paragraph, joined from the lines that it was printed on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from clas_nlp.reading.headings import Zone
from clas_nlp.reading.lines import Line
from clas_nlp.reading.records import ParagraphKind

_CLOSING_MARKS = "\"'’”)]"
_LIST_NUMBER = re.compile(r"\d{1,2}[.)]\s+[A-Z]")
#: How much of a block's end is looked at; a block may be as long as the report.
BLOCK_END = 300


@dataclass(slots=True)
class Passage:
    """A heading or a paragraph, as blocks of joined lines.

    Attributes:
        kind: the paragraph's kind, or "heading".
        number: the number printed before it, or empty.
        blocks: its text; a block is a paragraph or a list item within it.
        page: page of its first line.
        group: for a recommendation, the heading of its group.
        opens: for a heading, the zone that begins there.
        lines: how many lines it was joined from.
        after_whole: the line before was a whole paragraph.
        end: the last characters of the last block.
        going_on: what the last block goes on with; `settle` puts it there, once for all lines.
    """

    kind: ParagraphKind | Literal["heading"]
    number: str
    blocks: list[str]
    page: int | None
    group: str = ""
    opens: Zone | None = None
    lines: int = 0
    after_whole: bool = False
    end: str = ""
    going_on: list[str] = field(default_factory=list)

    def add(self, line: Line) -> None:
        """Adds a line: to the last block where it goes on with it, else as a new block."""
        text = line.text.replace("\t", " ")
        self.lines += 1
        if line.bullet:
            self._open_block(f"• {text}")
        elif self.blocks and not self._opens_block(line, text):
            piece = join_lines(self.end, text)[len(self.end) :]
            self.going_on.append(piece)
            self.end = (self.end + piece)[-BLOCK_END:]
        else:
            self._open_block(text)
        self.after_whole = line.whole

    def _open_block(self, text: str) -> None:
        self.settle()
        self.blocks.append(text)
        self.end = text[-BLOCK_END:]

    def settle(self) -> None:
        """Joins the lines of the last block."""
        if self.going_on:
            self.blocks[-1] += "".join(self.going_on)
            self.going_on = []

    def _opens_block(self, line: Line, text: str) -> bool:
        """Whether a line without a bullet begins a block of its own."""
        last = self.blocks[-1]  # its beginning; its end is self.end
        first_line = self.number and self.lines == 2 and not self.after_whole
        if first_line and not _LIST_NUMBER.match(text):
            return False  # extraction often leaves a blank line behind a finding's first line
        if _LIST_NUMBER.match(text):
            return line.blank_before or bool(_LIST_NUMBER.match(last)) or ends_sentence(self.end)
        if not line.blank_before:
            return False
        if text[:1].islower() and (self.kind == "finding" or last.startswith("•")):
            return False
        return last.startswith("•") or ends_sentence(self.end)

    @property
    def text(self) -> str:
        """The blocks, a line feed between them."""
        self.settle()
        return "\n".join(self.blocks)


def join_lines(first: str, second: str) -> str:
    """Joins two lines of one sentence; a compound broken at its hyphen gets no space."""
    if re.search(r"[A-Za-z]-$", first[-2:]) and second[:1].islower():
        return first + second
    return f"{first} {second}"


def ends_sentence(text: str) -> bool:
    """Whether a text ends with the mark of a sentence's end, quotation marks and brackets apart."""
    return text[-1:] in ("”", '"') or text.rstrip(_CLOSING_MARKS)[-1:] in tuple(".!?:;")
