"""From lines to typed passages: findings, examples, recommendations, quotations, context, headings.

The walk keeps one open passage. A line either opens a new one (a number that may stand there, a
mark such as "Case Example:", a heading) or goes on with the open one.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from clas_nlp.reading.lines import Line
from clas_nlp.reading.records import ParagraphKind

Zone = Literal["front", "told", "findings", "recommendations", "after"]

#: Headings that every report of the programme has, without number and in lower case, and the
#: zone that begins there.
_KNOWN_HEADINGS: dict[str, Zone] = {
    "contents": "front",
    "summary of the review": "front",
    "about the review": "front",
    "how we carried out the review": "front",
    "context of the review": "front",
    "the report": "front",
    "what people told us": "told",
    "what people told us about health services": "told",
    "the child's journey": "findings",
    "early help": "findings",
    "children in need": "findings",
    "child protection": "findings",
    "looked after children": "findings",
    "looked-after children": "findings",
    "children looked after": "findings",
    "management": "findings",
    "leadership and management": "findings",
    "leadership & management": "findings",
    "governance": "findings",
    "training and supervision": "findings",
    "training & supervision": "findings",
    "recommendations": "recommendations",
    "next steps": "after",
}
_NUMBERED = re.compile(r"^(\d{1,2}(?:\.\d{1,3}){1,2})\.?(?:\s+|$)(.*)$", re.DOTALL)
_CHAPTER = re.compile(r"^(\d{1,2}(?:\.\d{1,2})?)\.?\s+(\S.*)$")
_EXAMPLE = re.compile(
    r"^(?:(?P<case>case\s+(?:example|study|studies))|"
    r"(?P<good>(?:example\s+of\s+)?(?:good|best|outstanding|notable)\s+practice"
    r"(?:\s+(?:example|case\s+study))?))"
    r"(?:\s*\d{1,2})?(?P<about>\s+(?:in|from|at|of|within)\s[^:.]{2,50})?\s*(?:[:–—-]\s*|$)",
    re.IGNORECASE,
)
_GROUP_END = re.compile(r"\b(?:should|must)\b\W*$|:$", re.IGNORECASE)
_SHOULD = re.compile(r"\bshould\s*[:;,]?\s*(?:\*\*)?$", re.IGNORECASE)
_CLOSING_MARKS = "\"'’”)]"
_LIST_NUMBER = re.compile(r"\d{1,2}[.)]\s+[A-Z]")
_OPEN_REFERENCE = re.compile(
    r"(?:\brecommendations?|\bparagraphs?|\bsections?)(?:[\s\d.,&]|and|to)*$", re.IGNORECASE
)
#: Longer lines name no heading and no group of recommendations.
_LONGEST_TITLE = 300
_LONGEST_GROUP = 2000
#: How much of a block's end is looked at; a block may be as long as the report.
_END = 300
#: How many lines ahead a heading's first number is looked for.
_AHEAD = 120


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
            piece = _join(self.end, text)[len(self.end) :]
            self.going_on.append(piece)
            self.end = (self.end + piece)[-_END:]
        else:
            self._open_block(text)
        self.after_whole = line.whole

    def _open_block(self, text: str) -> None:
        self.settle()
        self.blocks.append(text)
        self.end = text[-_END:]

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
            return line.blank_before or bool(_LIST_NUMBER.match(last)) or _ends_sentence(self.end)
        if not line.blank_before:
            return False
        if text[:1].islower() and (self.kind == "finding" or last.startswith("•")):
            return False
        return last.startswith("•") or _ends_sentence(self.end)

    @property
    def text(self) -> str:
        """The blocks, a line feed between them."""
        self.settle()
        return "\n".join(self.blocks)


def _join(first: str, second: str) -> str:
    """Joins two lines of one sentence; a compound broken at its hyphen gets no space."""
    if re.search(r"[A-Za-z]-$", first[-2:]) and second[:1].islower():
        return first + second
    return f"{first} {second}"


def _ends_sentence(text: str) -> bool:
    """Whether a text ends with the mark of a sentence's end, quotation marks and brackets apart."""
    return text[-1:] in ("”", '"') or text.rstrip(_CLOSING_MARKS)[-1:] in tuple(".!?:;")


def _number_key(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split("."))


def _follows(number: str, last: str) -> bool:
    """Whether a number is the next one: the same chapter plus one, or the first of another."""
    key = _number_key(number)
    if not last:
        return key[-1] == 1
    before = _number_key(last)
    if key[:-1] == before[:-1]:
        return key[-1] == before[-1] + 1
    return key[-1] == 1


def passages(lines: Sequence[Line]) -> tuple[list[Passage], list[str]]:
    """Groups a report's lines into passages.

    Args:
        lines: the clean lines of a report, in order.

    Returns:
        The passages in reading order, and warnings on numbers that are repeated or out of order.
    """
    return _Walk(lines).run()


class _Walk:
    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.zone: Zone = "front"
        self.found: list[Passage] = []
        self.open: Passage | None = None
        self.last_number = ""
        self.group = ""
        self.seen: dict[tuple[str, str], int] = {}
        self.warnings: list[str] = []
        self.numbers = _numbered_lines(lines)

    def run(self) -> tuple[list[Passage], list[str]]:
        index = 0
        while index < len(self.lines):
            index = self._step(index)
        for passage in self.found:
            passage.settle()
        return [p for p in _return_interrupted(self.found) if p.text.strip()], self.warnings

    def _step(self, index: int) -> int:
        line = self.lines[index]
        if self.zone == "recommendations":
            used = self._recommendation_group(index)
            if used:
                return index + used
        if self._known_heading(line) or self._chapter_heading(index) or self._subheading(index):
            return index + 1
        if self._numbered(index):
            return index + 1
        if self._example(line):
            return index + 1
        self._go_on(line)
        return index + 1

    # -- headings --------------------------------------------------------------------------

    def _start(self, passage: Passage) -> None:
        self.found.append(passage)
        self.open = passage

    def _heading(self, line: Line, number: str, title: str, zone: Zone | None) -> None:
        self._start(Passage("heading", number, [title.strip()], line.page, opens=zone))
        self.open = None
        if zone is not None:
            self.zone = zone
            self.group = ""
            if zone == "recommendations":
                self.last_number = ""

    def _known_heading(self, line: Line) -> bool:
        match = _CHAPTER.match(line.text)
        number, title = (match.group(1), match.group(2)) if match else ("", line.text)
        zone = _known_zone(title)
        if zone is None or not (line.blank_before or line.heading):
            return False
        self._heading(line, number, title.strip(" :"), zone)
        return True

    def _next_number(self, index: int) -> str:
        """The number that opens the first numbered line after this one, or empty."""
        place = bisect_right(self.numbers, (index, "\uffff"))
        if place == len(self.numbers) or self.numbers[place][0] >= index + _AHEAD:
            return ""
        return self.numbers[place][1]

    def _chapter_heading(self, index: int) -> bool:
        """Whether a line is like "5.2 Governance": short, alone, and N.1 comes next."""
        line = self.lines[index]
        match = _CHAPTER.match(line.text)
        if not match or not _looks_like_title(match.group(2), line):
            return False
        if not (line.blank_before and line.blank_after) and not line.heading:
            return False
        if self._next_number(index) != f"{match.group(1)}.1":
            return False
        self._heading(
            line,
            match.group(1),
            match.group(2),
            None if self.zone == "recommendations" else "findings",
        )
        return True

    def _subheading(self, index: int) -> bool:
        """A heading without number, marked as one, or short and right before a number."""
        line = self.lines[index]
        if _NUMBERED.match(line.text) or _EXAMPLE.match(line.text):
            return False
        if not line.heading:
            return False
        if not _looks_like_title(line.text, line):
            return False
        self._heading(line, "", line.text, None)
        return True

    # -- recommendations -------------------------------------------------------------------

    def _recommendation_group(self, index: int) -> int:
        """The line(s) naming the bodies that the next recommendations are addressed to.

        Returns how many lines were used; 0 where none begins here.
        """
        line = self.lines[index]
        match = re.match(r"^(\d{1,2})[.)]?\s+(\S.*)$", line.text)
        number = match.group(1) if match else ""
        if _NUMBERED.match(line.text) or not (match or line.blank_before or line.heading):
            return 0
        text, used = match.group(2) if match else line.text, 1
        for following in self.lines[index + 1 : index + 8]:
            if (
                len(text) > _LONGEST_GROUP
                or _GROUP_END.search(text)
                or _NUMBERED.match(following.text)
                or _known_zone(following.text)
            ):
                break
            text = _join(text, following.text)
            used += 1
        if len(text) > _LONGEST_GROUP:
            return 0
        if not _GROUP_END.search(text) or not re.match(r"[\"'“‘(]?[A-Z]", text):
            return 0
        next_number = self._next_number(index + used - 1)
        begins_group = next_number == f"{number}.1" if match else next_number.endswith(".1")
        if not begins_group:
            return 0
        self._heading(line, number, text, None)
        self.group = text
        return used

    # -- numbered paragraphs ---------------------------------------------------------------

    def _numbered(self, index: int) -> bool:
        line = self.lines[index]
        match = _NUMBERED.match(line.text)
        if not match:
            return False
        number, rest = match.group(1), match.group(2)
        if not self._may_open(line, number, rest):
            return False
        if self.zone not in ("findings", "recommendations"):
            self.zone = "findings"
        kind: ParagraphKind = "recommendation" if self.zone == "recommendations" else "finding"
        if (kind, number) in self.seen:
            self.warnings.append(f"{kind} number {number} is repeated")
        elif self.last_number and not _follows(number, self.last_number):
            self.warnings.append(f"{kind} number {number} follows {self.last_number}")
        self.seen[(kind, number)] = 1
        self.last_number = number
        self._start(Passage(kind, number, [], line.page, group=self.group))
        if rest:
            assert self.open is not None
            self.open.add(
                Line(rest, False, line.blank_after, False, False, line.page, False, line.whole)
            )
        return True

    def _may_open(self, line: Line, number: str, rest: str) -> bool:
        """Whether a number at the head of a line opens a paragraph.

        It may also be the tail of "(Recommendations 1.6 and 1.8)" or a figure such as "0.75 wte".
        """
        if any(part == 0 for part in _number_key(number)):
            return False
        if rest[:1] and not re.match(r"[\"'“‘(\[A-Z]|\d", rest):
            return False
        if rest[:1] and re.match(r"\d+\s*%|%", rest):
            return False
        tail = self.open.end if self.open else ""
        if _OPEN_REFERENCE.search(tail) and not line.page_start:
            return False
        follows = _follows(number, self.last_number)
        if self.zone not in ("findings", "recommendations"):
            # Only a report without the usual headings gets here; it must begin at the beginning.
            return number in ("1.1", "1.1.1") and line.blank_before and bool(rest)
        if follows:
            return True
        alone = line.blank_before or line.bullet
        return alone and bool(rest) and _same_depth(number, self.last_number)

    # -- examples and running text ---------------------------------------------------------

    def _example(self, line: Line) -> bool:
        if self.zone != "findings" or not (line.blank_before or line.heading):
            return False
        match = _EXAMPLE.match(line.text)
        if not match:
            return False
        self._start(
            Passage("case_example" if match.group("case") else "good_practice", "", [], line.page)
        )
        assert self.open is not None
        self.open.add(line)
        return True

    def _go_on(self, line: Line) -> None:
        if self.zone in ("findings", "recommendations") and self.open is not None:
            if self.open.kind == "recommendation" and self._leaves_recommendation(line):
                self.open = None
            else:
                self.open.add(line)
                return
        kind: ParagraphKind = "quotation" if self.zone == "told" else "context"
        block_ended = (
            line.blank_before
            and self.open is not None
            and bool(self.open.blocks)
            and _ends_sentence(self.open.end)
            # Formats differ in whether gaps stand between the items of a list.
            and not (line.bullet and self.open.blocks[-1].startswith("•"))
        )
        table_row = "\t" in line.text
        if self.open is None or self.open.kind != kind or block_ended or table_row:
            self._start(Passage(kind, "", [], line.page))
        assert self.open is not None
        self.open.add(line)

    def _leaves_recommendation(self, line: Line) -> bool:
        """Whether a block behind a recommendation no longer belongs to it."""
        assert self.open is not None
        return line.blank_before and not line.bullet and self.open.end.rstrip().endswith(".")


def _numbered_lines(lines: Sequence[Line]) -> list[tuple[int, str]]:
    """Place and number of each line that looks like the beginning of a numbered paragraph."""
    found: list[tuple[int, str]] = []
    for index, line in enumerate(lines):
        match = _NUMBERED.match(line.text)
        if match and (line.blank_before or not match.group(2)[:1].islower()):
            found.append((index, match.group(1)))
    return found


def _same_depth(number: str, last: str) -> bool:
    return not last or number.count(".") == last.count(".") or number.split(".")[-1] == "1"


def _known_zone(text: str) -> Zone | None:
    return _KNOWN_HEADINGS.get(text.strip(" :").lower().replace("’", "'"))


def _looks_like_title(text: str, line: Line) -> bool:
    words = text[: _LONGEST_TITLE + 1].split()
    return (
        len(text) <= _LONGEST_TITLE
        and 0 < len(words) <= (16 if line.heading else 8)
        and not re.search(r"[.;,?!]$", text.strip())
        and bool(re.match(r"[\"'“‘(]?[A-Z]", text))
        and not _SHOULD.search(text)
    )


def _return_interrupted(found: list[Passage]) -> list[Passage]:
    """Gives a finding back its end where a floating box was set between its halves.

    The finding breaks off in mid-sentence, and a block behind the box begins with a small letter.
    """
    for earlier, box in itertools.pairwise(found):
        if earlier.kind != "finding" or box.kind not in ("case_example", "good_practice"):
            continue
        if not earlier.blocks or _ends_sentence(earlier.blocks[-1][-_END:]):
            continue
        for place, block in enumerate(box.blocks[1:], start=1):
            if re.match(r"[a-z(]", block):
                earlier.blocks[-1] = _join(earlier.blocks[-1], block)
                earlier.blocks += box.blocks[place + 1 :]
                del box.blocks[place:]
                break
    return found
