"""Offsets that come back as they went out, whatever a tool did to line ends or counted in.

clas-nlp counts Unicode code points. Some tools count UTF-16 units (an emoji is two), some turn
CRLF into LF, some count a byte-order mark. Where a tool also gives the words at its offsets, the
reading under which they agree is the right one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from clas_nlp.exchanging.records import text_sha256

BYTE_ORDER_MARK = "\ufeff"


def flat(text: str) -> str:
    """A text with line feeds as its only line ends, and no byte-order mark in front."""
    return text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n").replace("\r", "\n")


def original_text(text: str, sha256: str) -> str | None:
    """The text as it was exported, where only its line ends have changed since.

    Args:
        text: the text as the tool gives it.
        sha256: hash of the exported text.

    Returns:
        The exported text, or None where something else was edited.
    """
    bare = flat(text)
    for candidate in (text, bare, bare.replace("\n", "\r\n"), bare.replace("\n", "\r")):
        if text_sha256(candidate) == sha256:
            return candidate
    return None


def carry(span: tuple[int, int], source: str, target: str) -> tuple[int, int]:
    """A span of one text, in a text that differs from it in line ends only."""
    if source == target:
        return span
    positions = _flat_positions(source)
    back = _flat_positions(target)
    start, end = positions[span[0]], positions[span[1]]
    return bisect_left(back, start), bisect_left(back, end)


def _flat_positions(text: str) -> list[int]:
    """For each offset of a text, and its end, the offset in its flat form."""
    positions = []
    reached = 0
    for place, character in enumerate(text):
        positions.append(reached)
        pair = character == "\r" and text[place + 1 : place + 2] == "\n"
        mark = place == 0 and character == BYTE_ORDER_MARK
        reached += not (pair or mark)
    positions.append(reached)
    return positions


def locate(
    text: str, start: int, end: int, quote: str | None, strict: bool = True
) -> tuple[int, int] | None:
    """The span that a tool means, in code points.

    Args:
        text: the text.
        start: offset, as the tool counts.
        end: offset past the last character, as the tool counts.
        quote: the words that the tool says stand there, if it does.
        strict: give None where they stand there under no way of counting.
    """
    inside = 0 <= start < end <= len(text)
    if quote is None:
        return (start, end) if inside else None
    for first, last in _readings(text, start, end):
        if 0 <= first < last <= len(text) and _same(text[first:last], quote):
            return first, last
    return (start, end) if inside and not strict else None


def _readings(text: str, start: int, end: int) -> Iterable[tuple[int, int]]:
    yield start, end
    units = [0]
    for character in text:
        units.append(units[-1] + (2 if ord(character) > 0xFFFF else 1))
    yield bisect_left(units, start), bisect_left(units, end)
    if "\r" in text:
        places = _flat_positions(text)
        yield bisect_left(places, start), bisect_left(places, end)
    yield start - 1, end - 1


def _same(found: str, quote: str) -> bool:
    if found == quote:
        return True
    # Label Studio writes line feeds in a region's words as a backslash and an n.
    return flat(found) in (flat(quote), flat(quote.replace("\\n", "\n")))


@dataclass(frozen=True)
class Alignment:
    """Where a paragraph stands in a longer text, white space apart.

    Attributes:
        start: offset of its first character in the longer text.
        end: offset past its last.
    """

    start: int
    end: int
    _first: int
    _places: tuple[int, ...]
    _source_places: tuple[int, ...]

    def within(self, start: int, end: int) -> tuple[int, int] | None:
        """A span of the longer text in the paragraph's offsets, cut to it; None if apart."""
        low = max(bisect_left(self._source_places, start) - self._first, 0)
        high = min(bisect_left(self._source_places, end) - self._first, len(self._places))
        return (self._places[low], self._places[high - 1] + 1) if low < high else None


class Aligner:
    """Finds paragraphs in a text that wraps and spaces them otherwise."""

    def __init__(self, source: str) -> None:
        self._places = tuple(i for i, c in enumerate(source) if not c.isspace())
        self._letters = "".join(source[i] for i in self._places)
        self._reached = 0

    def find(self, text: str) -> Alignment | None:
        """Where a paragraph stands: behind the last one found, or else anywhere."""
        places = tuple(i for i, c in enumerate(text) if not c.isspace())
        letters = "".join(text[i] for i in places)
        if not letters:
            return None
        first = self._letters.find(letters, self._reached)
        if first < 0:
            first = self._letters.find(letters)
        if first < 0:
            return None
        last = first + len(letters)
        self._reached = last
        return Alignment(
            self._places[first], self._places[last - 1] + 1, first, places, self._places
        )
