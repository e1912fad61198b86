"""From placed runs of characters to lines of print: running headers off, columns in order."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from clas_nlp.reading.lines import RUNNING_TITLE

_PAGE_NUMBER = re.compile(r"\bpage\s+(\d{1,4})(?:\s*(?:of|/)\s*\d{1,4})?\b", re.IGNORECASE)
_NUMBER_OF = re.compile(r"(?<![\d.,/])\b(\d{1,4})\s*(?:/|of)\s*\d{1,4}\W*$", re.IGNORECASE)
_EDGE_NUMBER = re.compile(r"^\W*(\d{1,4})(?=\s|\W*$)(?![.,]\d)|(?<![\d.,])\b(\d{1,4})\W*$")
#: How far from the page's edge a running header or footer stands at most, in parts of its height.
_BAND = 0.17
_BAND_LINES = 4
#: A header stands on a quarter of the pages at least: covers and chapter openings have none.
_REPEATED = 0.25
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


# -- running headers and footers -----------------------------------------------------------


def without_running_lines(pages: Sequence[Page]) -> tuple[list[Page], str]:
    """Takes running headers and footers off, and numbers the pages as they are printed.

    Args:
        pages: the pages in order.

    Returns:
        The pages without those lines, and the report's title where a header prints it.
    """
    bands = [_band_lines(page) for page in pages]
    counts: Counter[tuple[bool, str]] = Counter()
    for band in bands:
        counts.update({(top, _without_number(text)) for top, text, _ in band})
    enough = max(2, round(_REPEATED * len(pages)))
    title = ""
    kept: list[Page] = []
    numbers: list[int | None] = []
    for page, band in zip(pages, bands, strict=True):
        dropped: set[int] = set()
        number: int | None = None
        for top, text, segments in band:
            key = _without_number(text)
            printed = _PAGE_NUMBER.search(text)
            page_number_only = printed is not None and printed.group() == text.strip()
            if not page_number_only and counts[(top, key)] < enough:
                continue
            dropped.update(id(segment) for segment in segments)
            if number is None:
                number = _printed_number(text)
            for segment in segments:
                if not title and RUNNING_TITLE.match(segment.text):
                    title = segment.text
        numbers.append(number)
        left = [segment for segment in page.segments if id(segment) not in dropped]
        kept.append(Page(page.number, page.height, left, page.pictures))
    shift = _shift(kept, numbers)
    return [Page(p.number + shift, p.height, p.segments, p.pictures) for p in kept], title


def _band_lines(page: Page) -> list[tuple[bool, str, list[Segment]]]:
    """(at the top, text, segments) of the lines near the page's upper and lower edge."""
    groups: list[list[Segment]] = []
    for segment in sorted(page.segments, key=lambda s: -s.baseline):
        if groups and abs(groups[-1][0].baseline - segment.baseline) < 0.3 * segment.size:
            groups[-1].append(segment)
        else:
            groups.append([segment])
    band: list[tuple[bool, str, list[Segment]]] = []
    for place, group in enumerate(groups):
        height = group[0].baseline / page.height if page.height else 0.5
        top = height > 1 - _BAND and place < _BAND_LINES
        bottom = height < _BAND and place >= len(groups) - _BAND_LINES
        if top or bottom:
            text = " ".join(s.text for s in sorted(group, key=lambda s: s.left))
            band.append((top, text, group))
    return band


def _without_number(text: str) -> str:
    folded = re.sub(r"\s+", " ", text).strip().lower()
    if _PAGE_NUMBER.search(folded):
        return _PAGE_NUMBER.sub("#", folded)
    if _NUMBER_OF.search(folded):
        return _NUMBER_OF.sub("#", folded)
    return _EDGE_NUMBER.sub("#", folded)


def _printed_number(text: str) -> int | None:
    match = _PAGE_NUMBER.search(text) or _NUMBER_OF.search(text) or _EDGE_NUMBER.search(text)
    return int(next(group for group in match.groups() if group)) if match else None


def _shift(pages: Sequence[Page], numbers: Sequence[int | None]) -> int:
    """How far printed numbers run ahead of the pages' places; 0 where they do not run along."""
    shifts = Counter(n - p.number for p, n in zip(pages, numbers, strict=True) if n is not None)
    if not shifts:
        return 0
    shift, agreeing = shifts.most_common(1)[0]
    return shift if agreeing >= max(1, len(pages) / 2) else 0


# -- rows and columns ----------------------------------------------------------------------


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
