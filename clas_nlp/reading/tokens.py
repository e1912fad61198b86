"""Texts as tokens, many at a time, in flat arrays.

The tokens are those of spaCy's tokenizer. It looks at one stretch between white spaces at a time,
so its answer for a stretch is kept, and a stretch met before costs one look-up. A stretch that is
longer than any word or address is one token: spaCy takes the square of its length where it is all
brackets or quotation marks.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

Integers = NDArray[np.int64]
Flags = NDArray[np.uint16]

#: Properties of a token's text, as bits.
SPACE, BLANK, BREAK, PUNCTUATION, ENDER, LOWER, NUMBER, STOP, ABBREVIATED, OPENER, CITATION = (
    1 << bit for bit in range(11)
)

#: Abbreviations of these reports that a full stop follows without ending the sentence.
ABBREVIATIONS = frozenset(
    "e.g. i.e. eg. ie. etc. dr. mr. mrs. ms. st. vs. cf. approx. dept. hrs. yrs. al. inc. "
    "ltd.".split()
)
#: The same, but only before a figure: "no. 4", "para. 1.3".
NUMBER_ABBREVIATIONS = frozenset("no. nos. para. paras. rec. recs. ref. fig. p. pp.".split())
#: Characters that open a bracket or quotation, and those that may.
OPENING_MARKS = frozenset("([{“‘«")
STRAIGHT_MARKS = frozenset("\"'")

#: Characters. The longest stretch in the reports has 92; addresses of pages seldom pass 300.
LONGEST_WORD = 500
_TOO_LONG = re.compile(rf"\S{{{LONGEST_WORD + 1},}}")
_STAND_IN = "x"
#: So many stretches are remembered before everything is forgotten: some 100 MB.
_MOST_STRETCHES = 400_000
_LINE_FEED = "\n"
_OTHER = 0


@cache
def blank_english() -> Language:
    """The blank English pipeline of spaCy: a tokenizer, and no trained model."""
    import spacy

    nlp = spacy.blank("en")
    nlp.max_length = 10**9  # the limit is for parsers; a "paragraph" may be a whole file
    nlp.tokenizer = _Tokenizer(nlp.tokenizer)
    return nlp


class _Tokenizer:
    """A tokenizer for which a stretch that is no word is one token.

    Args:
        tokenizer: spaCy's, for all others.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def __call__(self, text: str) -> Doc:
        stretches: dict[int, str] = {}  # by where each is once all have given place to stand-ins
        shorter = 0
        for found in _TOO_LONG.finditer(text):
            stretches[found.start() - shorter] = found[0]
            shorter += len(found[0]) - len(_STAND_IN)
        if not stretches:
            return self._tokenizer(text)
        from spacy.tokens import Doc

        # A word of one letter in its place leaves all around it as it is.
        doc = self._tokenizer(_TOO_LONG.sub(_STAND_IN, text))
        words = [stretches.get(token.idx, token.text) for token in doc]
        return Doc(doc.vocab, words, [bool(token.whitespace_) for token in doc])


def fresh_table() -> TokenTable:
    """A table for the place of a full one; what spaCy remembers of its words is forgotten too."""
    blank_english.cache_clear()
    return TokenTable()


def seen(numbers: array[int]) -> NDArray[Any]:
    """Numbers that are still appended to, as NumPy sees them now; not to be kept."""
    return np.frombuffer(numbers, dtype=numbers.typecode) if numbers else np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of some texts, one after the other.

    Attributes:
        types: index of each token's type in the table, shape (tokens,).
        starts: offset of each token in its own text, in code points.
        ends: offset behind it.
        bounds: the tokens of text i are `bounds[i]` to `bounds[i + 1]`, shape (texts + 1,).
        flags: the properties of each token.
    """

    types: Integers
    starts: Integers
    ends: Integers
    bounds: Integers
    flags: Flags


class TokenTable:
    """The types of token met so far: their texts and properties, and the stretches they make up.

    Attributes:
        texts: text of each type.
    """

    def __init__(self) -> None:
        from spacy.pipeline.sentencizer import Sentencizer

        self._nlp = blank_english()
        self._enders = frozenset(Sentencizer.default_punct_chars)
        self.texts: list[str] = []
        self._type_of_text: dict[str, int] = {}
        self._flags: array[int] = array("H")
        self._lengths: array[int] = array("q")
        self._stretches = _Stretches(self)
        self._first: array[int] = array(
            "q"
        )  # where a stretch's tokens begin in the two lists below
        self._count: array[int] = array("q")
        self._advance: array[int] = array("q")  # how far the next stretch starts behind this one
        self._tokens: array[int] = array("q")
        self._offsets: array[int] = array("q")
        self._remember([], 0)  # stretch 0 stands for white space that is not one blank
        self._stretches[_LINE_FEED] = self._remember([(_LINE_FEED, 0)], 0)

    @property
    def full(self) -> bool:
        """Whether it is time for a `fresh_table`, so that memory stays flat."""
        return len(self._first) > _MOST_STRETCHES

    def tokenise(self, texts: Iterable[str]) -> Tokens:
        """Cuts texts into tokens.

        Args:
            texts: the texts.
        """
        texts = list(texts)
        # A line feed is a token of its own; the blanks around it are taken off again below.
        parts = " ".join(texts).replace(_LINE_FEED, " \n ").split(" ") if texts else []
        stretches = np.fromiter(map(self._stretches.__getitem__, parts), np.int64, len(parts))
        counts = np.array(
            [text.count(" ") + 2 * text.count(_LINE_FEED) + 1 for text in texts], dtype=np.int64
        )
        bounds = np.concatenate([[0], np.cumsum(counts)])
        if not stretches.all():
            kept = np.ones(len(stretches), dtype=bool)
            odd = np.searchsorted(bounds, np.flatnonzero(stretches == _OTHER), side="right") - 1
            for place in np.unique(odd).tolist():
                first, last = bounds[place], bounds[place + 1]
                stretches[first] = self._whole(texts[place])
                kept[first + 1 : last] = False
                counts[place] = 1
            stretches = stretches[kept]
            bounds = np.concatenate([[0], np.cumsum(counts)])
        return self._spread(stretches, bounds)

    def _spread(self, stretches: Integers, bounds: Integers) -> Tokens:
        """The tokens of stretches."""
        advance = seen(self._advance)[stretches]
        behind = np.concatenate([[0], np.cumsum(advance)])
        sizes = np.diff(bounds)
        starts = behind[:-1] - np.repeat(behind[bounds[:-1]], sizes)
        starts -= stretches == self._stretches[_LINE_FEED]
        counts = seen(self._count)[stretches]
        token_bounds = np.concatenate([[0], np.cumsum(counts)])
        first = seen(self._first)[stretches] - token_bounds[:-1]
        places = np.repeat(first, counts) + np.arange(token_bounds[-1])
        types = seen(self._tokens)[places]
        token_starts = np.repeat(starts, counts) + seen(self._offsets)[places]
        return Tokens(
            types,
            token_starts,
            token_starts + seen(self._lengths)[types],
            token_bounds[bounds],
            seen(self._flags)[types],
        )

    def _whole(self, text: str) -> int:
        """A text with other white space between its words, as a stretch that is not kept."""
        return self._remember([(t.text, t.idx) for t in self._nlp.tokenizer(text)], 0)

    def stretch(self, text: str) -> int:
        """The stretch of a text, which is new; 0 where there is white space in it, or nothing."""
        if text.split() != [text]:
            return _OTHER
        tokens = [(token.text, token.idx) for token in self._nlp.tokenizer(text)]
        return self._remember(tokens, len(text) + 1)

    def _remember(self, tokens: list[tuple[str, int]], advance: int) -> int:
        self._first.append(len(self._tokens))
        self._count.append(len(tokens))
        # "a\nb" was read as "a \n b": two blanks too many, one of them before the line feed.
        self._advance.append(advance)
        self._tokens.extend([self._type(text) for text, _ in tokens])
        self._offsets.extend([offset for _, offset in tokens])
        return len(self._first) - 1

    def _type(self, text: str) -> int:
        found = self._type_of_text.get(text)
        if found is None:
            found = self._type_of_text[text] = len(self.texts)
            self.texts.append(text)
            self._flags.append(self._properties(text))
            self._lengths.append(len(text))
        return found

    def _properties(self, text: str) -> int:
        word = self._nlp.vocab[text]
        return int(
            SPACE * word.is_space
            | BLANK * (not text.strip(" "))
            | BREAK * (word.is_space and _LINE_FEED in text)
            | PUNCTUATION * word.is_punct
            | ENDER * (text in self._enders)
            | LOWER * word.is_lower
            | NUMBER * word.like_num
            | STOP * (text == ".")
            | ABBREVIATED * _may_be_abbreviated(text)
            | OPENER * (text in OPENING_MARKS or text in STRAIGHT_MARKS)
            | CITATION * ("recommendation" in text.lower())
        )


def _may_be_abbreviated(text: str) -> bool:
    """Whether a full stop behind this may be that of an abbreviation or of a list's number."""
    stopped = f"{text.lower()}."
    return (
        stopped in ABBREVIATIONS
        or stopped in NUMBER_ABBREVIATIONS
        or text == "."
        or text.rstrip(".)").isdigit()
    )


class _Stretches(dict[str, int]):
    """Index of each stretch; one that is missing is cut into tokens when it is asked for."""

    def __init__(self, table: TokenTable) -> None:
        super().__init__()
        self._table = table

    def __missing__(self, text: str) -> int:
        found = self[text] = self._table.stretch(text)
        return found
