"""From lines to typed passages: findings, examples, recommendations, quotations, context, headings.

The walk keeps one open passage. A line either opens a new one (a number that may stand there, a
mark such as "Case Example:", a heading) or goes on with the open one.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Sequence

from clas_nlp.reading.headings import CHAPTER, Zone, known_zone, looks_like_title
from clas_nlp.reading.lines import Line
from clas_nlp.reading.passage import BLOCK_END, Passage, ends_sentence, join_lines
from clas_nlp.reading.printed_numbers import (
    NUMBERED,
    follows,
    number_key,
    numbered_lines,
    same_depth,
)
from clas_nlp.reading.records import ParagraphKind

_EXAMPLE = re.compile(
    r"^(?:(?P<case>case\s+(?:example|study|studies))|"
    r"(?P<good>(?:example\s+of\s+)?(?:good|best|outstanding|notable)\s+practice"
    r"(?:\s+(?:example|case\s+study))?))"
    r"(?:\s*\d{1,2})?(?P<about>\s+(?:in|from|at|of|within)\s[^:.]{2,50})?\s*(?:[:–—-]\s*|$)",
    re.IGNORECASE,
)
_GROUP_END = re.compile(r"\b(?:should|must)\b\W*$|:$", re.IGNORECASE)
_OPEN_REFERENCE = re.compile(
    r"(?:\brecommendations?|\bparagraphs?|\bsections?)(?:[\s\d.,&]|and|to)*$", re.IGNORECASE
)
#: Longer lines name no group of recommendations.
_LONGEST_GROUP = 2000
#: How many lines ahead a heading's first number is looked for.
_AHEAD = 120


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
        self.numbers = numbered_lines(lines)

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
        if not (line.blank_before or line.heading):
            return False
        match = CHAPTER.match(line.text)
        number, title = (match.group(1), match.group(2)) if match else ("", line.text)
        zone = known_zone(title)
        if zone is None:
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
        match = CHAPTER.match(line.text)
        if not match or not looks_like_title(match.group(2), line):
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
        if not line.heading or NUMBERED.match(line.text) or _EXAMPLE.match(line.text):
            return False
        if not looks_like_title(line.text, line):
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
        if NUMBERED.match(line.text) or not (match or line.blank_before or line.heading):
            return 0
        text, used = match.group(2) if match else line.text, 1
        for following in self.lines[index + 1 : index + 8]:
            if (
                len(text) > _LONGEST_GROUP
                or _GROUP_END.search(text)
                or NUMBERED.match(following.text)
                or known_zone(following.text)
            ):
                break
            text = join_lines(text, following.text)
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
        match = NUMBERED.match(line.text)
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
        elif self.last_number and not follows(number, self.last_number):
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
        if any(part == 0 for part in number_key(number)):
            return False
        if rest[:1] and not re.match(r"[\"'“‘(\[A-Z]|\d", rest):
            return False
        if rest[:1] and re.match(r"\d+\s*%|%", rest):
            return False
        tail = self.open.end if self.open else ""
        if _OPEN_REFERENCE.search(tail) and not line.page_start:
            return False
        is_next = follows(number, self.last_number)
        if self.zone not in ("findings", "recommendations"):
            # Only a report without the usual headings gets here; it must begin at the beginning.
            return number in ("1.1", "1.1.1") and line.blank_before and bool(rest)
        if is_next:
            return True
        alone = line.blank_before or line.bullet
        return alone and bool(rest) and same_depth(number, self.last_number)

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
            and ends_sentence(self.open.end)
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


def _return_interrupted(found: list[Passage]) -> list[Passage]:
    """Gives a finding back its end where a floating box was set between its halves.

    The finding breaks off in mid-sentence, and a block behind the box begins with a small letter.
    """
    for earlier, box in itertools.pairwise(found):
        if earlier.kind != "finding" or box.kind not in ("case_example", "good_practice"):
            continue
        if not earlier.blocks or ends_sentence(earlier.blocks[-1][-BLOCK_END:]):
            continue
        for place, block in enumerate(box.blocks[1:], start=1):
            if re.match(r"[a-z(]", block):
                earlier.blocks[-1] = join_lines(earlier.blocks[-1], block)
                earlier.blocks += box.blocks[place + 1 :]
                del box.blocks[place:]
                break
    return found
