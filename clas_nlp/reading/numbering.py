"""The numbers that Word counts itself: they stand in no paragraph's text, only in list settings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
    (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_MOST_LEVELS = 9


@dataclass(frozen=True, slots=True)
class _Level:
    start: int
    form: str
    pattern: str
    legal: bool


class ListNumbers:
    """Counts a document's numbered lists.

    Args:
        numbering: the root element of the part `numbering.xml`, or None where there is none.
    """

    def __init__(self, numbering: Any | None) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._abstract_of: dict[str, str] = {}
        self._restarts: dict[str, dict[int, int]] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._used: set[str] = set()
        if numbering is None:
            return
        for abstract in numbering.iter(f"{_W}abstractNum"):
            identity = abstract.get(f"{_W}abstractNumId", "")
            self._levels[identity] = _levels(abstract)
        for num in numbering.iter(f"{_W}num"):
            identity = num.get(f"{_W}numId", "")
            self._abstract_of[identity] = _value(num.find(f"{_W}abstractNumId"))
            for override in num.iter(f"{_W}lvlOverride"):
                start = _value(override.find(f"{_W}startOverride"))
                if start.isdigit():
                    level = _integer(override.get(f"{_W}ilvl", "0"))
                    self._restarts.setdefault(identity, {})[level] = int(start)

    def next(self, list_id: str, level: int) -> str:
        """The number or bullet of the next paragraph of a list.

        Args:
            list_id: the `numId` of the paragraph or its style; "0" takes it out of any list.
            level: its depth, from 0.

        Returns:
            "1.2", "(a)", "•" and so on; empty for a paragraph in no list.
        """
        abstract = self._abstract_of.get(list_id, "")
        levels = self._levels.get(abstract, {})
        here = levels.get(level)
        if here is None or here.form == "none":
            return ""
        if here.form == "bullet":
            return "•"
        counts = self._counts.setdefault(abstract, {})
        if list_id not in self._used:
            self._used.add(list_id)
            for restarted, start in self._restarts.get(list_id, {}).items():
                counts[restarted] = start - 1
        counts[level] = counts.get(level, here.start - 1) + 1
        for deeper in [depth for depth in counts if depth > level]:
            del counts[deeper]

        def shown(match: re.Match[str]) -> str:
            depth = int(match.group(1)) - 1
            shallower = levels.get(depth)
            if shallower is None:
                return ""
            count = counts.setdefault(depth, shallower.start)
            return _written(count, "decimal" if here.legal else shallower.form)

        return re.sub(r"%(\d)", shown, here.pattern).strip()


def _levels(abstract: Any) -> dict[int, _Level]:
    levels: dict[int, _Level] = {}
    for element in abstract.iter(f"{_W}lvl"):
        start = _value(element.find(f"{_W}start"))
        levels[_integer(element.get(f"{_W}ilvl", "0"))] = _Level(
            start=int(start) if start.isdigit() else 1,
            form=_value(element.find(f"{_W}numFmt")) or "decimal",
            pattern=_value(element.find(f"{_W}lvlText")),
            legal=element.find(f"{_W}isLgl") is not None,
        )
    return levels


def _value(element: Any | None) -> str:
    return "" if element is None else str(element.get(f"{_W}val") or "")


def _integer(text: str) -> int:
    return min(int(text), _MOST_LEVELS) if text.isdigit() else 0


def _written(count: int, form: str) -> str:
    if form in ("lowerLetter", "upperLetter"):
        letter = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
        return letter.upper() if form == "upperLetter" else letter
    if form in ("lowerRoman", "upperRoman"):
        roman, left = "", min(count, 3999)
        for worth, sign in _ROMAN:
            while left >= worth:
                roman, left = roman + sign, left - worth
        return roman.upper() if form == "upperRoman" else roman
    return f"{count:02d}" if form == "decimalZero" else str(count)
