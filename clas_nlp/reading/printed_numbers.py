"""Numbers printed before paragraphs, such as "5.2.14", and which one follows which."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clas_nlp.reading.lines import Line

NUMBERED = re.compile(r"^(\d{1,2}(?:\.\d{1,3}){1,2})\.?(?:\s+|$)(.*)$", re.DOTALL)


def number_key(number: str) -> tuple[int, ...]:
    """The parts of a number: "5.2.14" gives (5, 2, 14)."""
    return tuple(int(part) for part in number.split("."))


def follows(number: str, last: str) -> bool:
    """Whether a number is the next one: the same chapter plus one, or the first of another."""
    key = number_key(number)
    if not last:
        return key[-1] == 1
    before = number_key(last)
    if key[:-1] == before[:-1]:
        return key[-1] == before[-1] + 1
    return key[-1] == 1


def same_depth(number: str, last: str) -> bool:
    """Whether two numbers have as many parts; the first of a chapter may have any."""
    return not last or number.count(".") == last.count(".") or number.split(".")[-1] == "1"


def numbered_lines(lines: Sequence[Line]) -> list[tuple[int, str]]:
    """Place and number of each line that looks like the beginning of a numbered paragraph."""
    found: list[tuple[int, str]] = []
    for index, line in enumerate(lines):
        match = NUMBERED.match(line.text)
        if match and (line.blank_before or not match.group(2)[:1].islower()):
            found.append((index, match.group(1)))
    return found
