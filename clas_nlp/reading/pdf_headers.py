"""Running headers and footers of a PDF, and the page numbers that they print."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from clas_nlp.reading.lines import RUNNING_TITLE
from clas_nlp.reading.pdf_layout import Page, Segment

_PAGE_NUMBER = re.compile(r"\bpage\s+(\d{1,4})(?:\s*(?:of|/)\s*\d{1,4})?\b", re.IGNORECASE)
_NUMBER_OF = re.compile(r"(?<![\d.,/])\b(\d{1,4})\s*(?:/|of)\s*\d{1,4}\W*$", re.IGNORECASE)
_EDGE_NUMBER = re.compile(r"^\W*(\d{1,4})(?=\s|\W*$)(?![.,]\d)|(?<![\d.,])\b(\d{1,4})\W*$")
#: How far from the page's edge a running header or footer stands at most, in parts of its height.
_BAND = 0.17
_BAND_LINES = 4
#: A header stands on a quarter of the pages at least: covers and chapter openings have none.
_REPEATED = 0.25


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
