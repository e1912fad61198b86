"""Hyphens at line ends: which belong to the word, and which only to the end of the line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_BROKEN = re.compile(r"(?:[^\W_]+[-'’])*[^\W_]+[-\u00ad]$")
_GOES_ON = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
#: Behind these a suspended hyphen stands: "pre- and post-natal".
_SUSPENDING = frozenset(("and", "or", "to"))
#: First parts that English writes with a hyphen; they decide when the report has neither form.
_PREFIXES = frozenset(
    " ".join(
        (
            "self non multi cross co well long short high low one two three part full pan age",
            "looked follow year old",
        )
    ).split()
)
#: First parts that English writes without one, though they are words themselves.
_SOLID = frozenset(
    " ".join(
        (
            "over under out with there where any some every here how what when who more not may",
            "for thus safe life work house back down up",
        )
    ).split()
)
_SHORTEST_WORD = 3


class LineEndHyphens:
    """Decides from a report's own words whether a hyphen at a line's end is part of the word.

    Args:
        lines: every line of the report; words cut by the ends of lines are not counted.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.words: Counter[str] = Counter()
        cut = False
        for line in lines:
            text = line.strip()
            found = [word.lower() for word in _WORD.findall(text)]
            here = bool(_BROKEN.search(text))
            self.words.update(found[1 if cut else 0 : len(found) - 1 if here else len(found)])
            cut = here

    def moved_up(self, line: str, following: str) -> tuple[str, str]:
        """Moves the rest of a word that was cut at a line's end up to its beginning.

        Args:
            line: a line.
            following: the line that goes on from it.

        Returns:
            Both lines; unchanged where the first does not end in a cut word.
        """
        head = _BROKEN.search(line.rstrip())
        repeated = head is not None and re.match(r"-(?=[^\W\d_])", following) is not None
        if repeated:  # some typesetters set a hyphen of the word on both lines
            following = following[1:]
        tail = _GOES_ON.match(following)
        if head is None or tail is None:
            return line, following
        before = line.rstrip()[: head.start()]
        punctuation = re.match(r"[^\w\s]*", following[tail.end() :])
        end = tail.end() + (punctuation.end() if punctuation else 0)
        rest = following[end:].lstrip()
        if tail.group().lower() in _SUSPENDING:
            return f"{line.rstrip()} {following[:end]}", rest
        word = head.group() + tail.group() if repeated else self._whole(head.group(), tail.group())
        return f"{before}{word}{following[tail.end() : end]}", rest

    def _whole(self, head: str, tail: str) -> str:
        first = head[:-1]
        if head.endswith("\u00ad"):
            return first + tail
        hyphenated, joined = f"{first}-{tail}", first + tail
        if not first.isalpha() and not re.search(r"[^\W\d_]$", first):
            return hyphenated  # 10-24, 16-year-old
        seen_hyphenated = self.words[hyphenated.lower()]
        seen_joined = self.words[joined.lower()]
        if seen_joined or seen_hyphenated:
            return joined if seen_joined >= seen_hyphenated else hyphenated
        if not tail[:1].islower():
            return hyphenated
        return hyphenated if self._is_compound(first, tail) else joined

    def _is_compound(self, first: str, tail: str) -> bool:
        """Whether both parts are words, where the report writes the two together nowhere else."""
        last = re.split(r"[-'’]", first)[-1].lower()
        if last in _PREFIXES:
            return True
        if last in _SOLID:
            return False
        if "-" in tail and len(last) >= _SHORTEST_WORD and self.words[last]:
            return True
        parts = (last, re.split(r"[-'’]", tail)[0].lower())
        return all(len(part) >= _SHORTEST_WORD and self.words[part] for part in parts)
