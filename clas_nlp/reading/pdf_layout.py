"""From placed runs of characters to lines of print, with the columns of a page in order."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_BULLET_ALONE = re.compile(r"^(?:[-–•▪‣●◦·o]|[\uf0a7\uf0b7\uf0d8])$")
_NUMBER_ALONE = re.compile(r"^\(?\d{1,2}(?:\.\d{1,3}){0,2}[.)]?$")
_LEADERS = re.compile(r"(?:\s*[.…]){4,}\s*")


@dataclass(slots=True)
class Segment:
    """A run of characters on one baseline; places in points from the page's lower left corner.

    Attributes:
        text: its characters, with single spaces.
        left: where it begins.
        right: where it ends.
        baseline: its height on the page.
        size: its largest letters' size.
        bold: all of it is bold.
        bold_start: its first letter is bold.
        bold_end: its last letter is bold.
        first_width: width of its first word.
    """

    text: str
    left: float
    right: float
    baseline: float
    size: float
    bold: bool
    bold_start: bool
    bold_end: bool
    first_width: float = 0.0

    def goes_on(self, left: float, baseline: float, size: float) -> bool:
        """Whether a character belongs to the run; raised and lowered ones do."""
        largest = max(self.size, size)
        return (
            abs(baseline - self.baseline) <= 0.5 * largest
            and (size != self.size or abs(baseline - self.baseline) <= 0.25 * largest)
            and -0.6 * largest <= left - self.right < 1.7 * largest
        )

    def add(
        self, character: str, left: float, right: float, size: float, bold: bool, spaced: bool
    ) -> None:
        """Adds a character at the end."""
        if spaced or left - self.right > 0.3 * self.size:
            if not self.first_width:
                self.first_width = self.right - self.left
            self.text += " "
        self.text += character
        self.right = max(self.right, right)
        self.size = max(self.size, size)
        if character.isalnum():
            self.bold = self.bold and bold
            self.bold_end = bold


@dataclass(slots=True)
class Page:
    """A page of a PDF.

    Attributes:
        number: its place in the file, from 1; printed numbers take its place where they run on.
        height: in points.
        segments: its text in the order of its content.
        pictures: it holds pictures.
    """

    number: int
    height: float
    segments: list[Segment]
    pictures: bool = False


@dataclass(slots=True)
class Row:
    """A line of print: segments side by side.

    Attributes:
        segments: from left to right.
        page: the page's number.
        column: lines of one column of one page share it.
    """

    segments: list[Segment]
    page: int
    column: int = 0
    text: str = field(init=False)

    def __post_init__(self) -> None:
        self.text = _row_text(self.segments)

    @property
    def left(self) -> float:
        """Where the line begins."""
        return self.segments[0].left

    @property
    def right(self) -> float:
        """Where the line ends."""
        return max(segment.right for segment in self.segments)

    @property
    def baseline(self) -> float:
        """Its height on the page."""
        return self.segments[0].baseline

    @property
    def size(self) -> float:
        """Size of its largest letters."""
        return max(segment.size for segment in self.segments)

    @property
    def bold(self) -> bool:
        """Whether all of it is bold; bullets and bare numbers do not count."""
        return all(s.bold for s in self.segments if not _NUMBER_ALONE.match(s.text)) and any(
            s.bold for s in self.segments
        )

    @property
    def first_width(self) -> float:
        """Width of its first word."""
        first = self.segments[0]
        return first.first_width or first.right - first.left


def _row_text(segments: Sequence[Segment]) -> str:
    """A tab between cells, and a space behind a number or bullet that stands by itself."""
    texts = [_LEADERS.sub("\t", segment.text) for segment in segments]
    if len(texts) > 1 and _BULLET_ALONE.match(texts[0]):
        return "• " + "\t".join(texts[1:])
    if len(texts) > 1 and _NUMBER_ALONE.match(texts[0]):
        return f"{texts[0]} " + "\t".join(texts[1:])
    return "\t".join(texts)


def page_rows(page: Page) -> list[Row]:
    """The lines of a page in reading order, each with the number of its column on the page."""
    rows: list[Row] = []
    for segment in page.segments:
        if rows and _beside(rows[-1], segment):
            cells = sorted([*rows[-1].segments, segment], key=lambda s: s.left)
            rows[-1] = Row(cells, page.number)
        else:
            rows.append(Row([segment], page.number))
    if _is_scrambled(rows):
        rows = _sorted(page)
    rows = _columns_apart(rows)
    column = 0
    for place, row in enumerate(rows):
        if place and _new_column(rows[place - 1], row):
            column += 1
        row.column = column
    return rows


def _beside(row: Row, segment: Segment) -> bool:
    same_height = abs(row.baseline - segment.baseline) <= 0.3 * max(row.size, segment.size)
    return same_height and all(
        segment.left >= other.right - 1 or segment.right <= other.left + 1 for other in row.segments
    )


def _new_column(above: Row, below: Row) -> bool:
    if below.baseline >= above.baseline - 0.2 * below.size:
        return True
    return below.left > above.right or below.right < above.left


def _is_scrambled(rows: Sequence[Row]) -> bool:
    """Whether the content's order is no reading order: it jumps up again and again."""
    jumps = sum(1 for a, b in itertools.pairwise(rows) if b.baseline > a.baseline + b.size)
    return jumps > max(4, len(rows) // 4)


def _sorted(page: Page) -> list[Row]:
    rows: list[Row] = []
    for segment in sorted(page.segments, key=lambda s: (-s.baseline, s.left)):
        if rows and _beside(rows[-1], segment):
            rows[-1] = Row(sorted([*rows[-1].segments, segment], key=lambda s: s.left), page.number)
        else:
            rows.append(Row([segment], page.number))
    return rows


def _columns_apart(rows: list[Row]) -> list[Row]:
    """Reads two columns of running text one after the other where the content goes line by line.

    A table's rows stay together: there the left cells are short, or the lines are set apart.
    """
    result: list[Row] = []
    place = 0
    while place < len(rows):
        end = _side_by_side(rows, place)
        if end:
            block = rows[place:end]
            edge = max(row.segments[1].left for row in block if len(row.segments) == 2) - 2
            for is_right in (False, True):
                for row in block:
                    half = [s for s in row.segments if (s.left >= edge) is is_right]
                    if half:
                        result.append(Row(half, row.page))
            place = end
        else:
            result.append(rows[place])
            place += 1
    return result


def _side_by_side(rows: Sequence[Row], start: int) -> int:
    """Where two columns that begin at a row end; 0 where none begin."""
    first = rows[start]
    if len(first.segments) != 2 or _BULLET_ALONE.match(first.segments[0].text):
        return 0
    edge = first.segments[1].left
    end, pairs, words = start, 0, 0
    for row in rows[start:]:
        if end > start and rows[end - 1].baseline - row.baseline > 1.6 * row.size:
            break
        inside = row.right < edge or row.left >= edge - 2
        pair = len(row.segments) == 2 and abs(row.segments[1].left - edge) < 3
        if not (pair or (len(row.segments) == 1 and inside)):
            break
        if pair:
            pairs += 1
            words += len(row.segments[0].text.split())
        end += 1
    return end if pairs >= 4 and words >= 4 * pairs else 0
