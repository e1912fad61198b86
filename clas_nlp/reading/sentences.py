"""Sentences: where one ends and the next begins, by the rules of this genre.

A sentence ends at a full stop, question mark or exclamation mark with the closing marks behind it,
as in spaCy's sentencizer. Besides: a line feed ends a sentence (list items, boxes); an abbreviation
does not; nothing ends before a small letter; "(Recommendation 1.3)." behind a full stop stands by
itself, since it is no evidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clas_nlp.reading.tokens import (
    ABBREVIATED,
    ABBREVIATIONS,
    BLANK,
    BREAK,
    ENDER,
    LOWER,
    NUMBER,
    NUMBER_ABBREVIATIONS,
    OPENER,
    OPENING_MARKS,
    PUNCTUATION,
    SPACE,
    STOP,
    STRAIGHT_MARKS,
    Integers,
    Tokens,
    TokenTable,
    fresh_table,
)


@dataclass(frozen=True, slots=True)
class Sentences:
    """The sentences of some texts, one after the other.

    Every character that is no white space lies in exactly one sentence.

    Attributes:
        starts: offset of each sentence's first character in its own text, shape (sentences,).
        ends: offset behind its last one; no white space at either end.
        bounds: the sentences of text i are `bounds[i]` to `bounds[i + 1]`, shape (texts + 1,).
        first_tokens: index of each sentence's first token.
        of_token: the sentence of each token, shape (tokens,).
    """

    starts: Integers
    ends: Integers
    bounds: Integers
    first_tokens: Integers
    of_token: Integers


def find_sentences(tokens: Tokens, table: TokenTable) -> Sentences:
    """Cuts texts into sentences.

    Args:
        tokens: the texts' tokens.
        table: the table that made them.
    """
    visible = np.flatnonzero(tokens.flags & SPACE == 0)
    begins = np.zeros(len(tokens.types), dtype=bool)
    if len(visible):
        _Boundaries(tokens, table, visible).mark(begins)
    at = np.flatnonzero(begins[visible])
    first_tokens = visible[at]
    last_tokens = visible[np.append(at[1:], len(visible)) - 1] if len(at) else first_tokens
    bounds = np.searchsorted(first_tokens, tokens.bounds)
    # White space in front of a text's first word belongs to its first sentence.
    of_token = np.maximum(np.cumsum(begins) - 1, np.repeat(bounds[:-1], np.diff(tokens.bounds)))
    return Sentences(
        tokens.starts[first_tokens], tokens.ends[last_tokens], bounds, first_tokens, of_token
    )


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of each sentence of a text, in code points, without the white space around it.

    Every character that is no white space lies in exactly one sentence.

    Args:
        text: a paragraph's text.
    """
    global _table
    if _table is None:
        _table = TokenTable()
    elif _table.full:
        _table = fresh_table()
    found = find_sentences(_table.tokenise([text]), _table)
    return list(zip(found.starts.tolist(), found.ends.tolist(), strict=True))


_table: TokenTable | None = None


class _Boundaries:
    """The rules. All tokens are looked at together; the few doubtful ones one by one.

    Args:
        tokens: the tokens.
        table: the table that made them.
        visible: indexes of those that are no white space, at least one.
    """

    def __init__(self, tokens: Tokens, table: TokenTable, visible: Integers) -> None:
        self._tokens = tokens
        self._table = table
        self._visible = visible
        breaks = np.cumsum(tokens.flags & BREAK != 0)[visible]
        sizes = np.diff(tokens.bounds)
        self._text_of = np.repeat(np.arange(len(sizes)), sizes)
        owner = self._text_of[visible]
        #: Whether a visible token is the first of its line.
        self._first_of_line = np.ones(len(visible), dtype=bool)
        self._first_of_line[1:] = (breaks[1:] != breaks[:-1]) | (owner[1:] != owner[:-1])

    def mark(self, begins: NDArray[np.bool_]) -> None:
        """Marks the tokens that begin a sentence."""
        flags, visible = self._tokens.flags, self._visible
        begins[visible[self._first_of_line]] = True
        # The first word behind marks of which at least one ends a sentence. A tab or line feed
        # among them takes the word's place: what stands behind it is a list's bullet.
        words = np.flatnonzero(flags & (PUNCTUATION | ENDER | BLANK) == 0)
        if not len(words):
            return
        enders = np.concatenate([[0], np.cumsum(flags & ENDER != 0)])
        since = np.maximum(
            np.concatenate([[0], words[:-1]]), self._tokens.bounds[self._text_of[words]]
        )
        candidates = words[
            (enders[words] > enders[since]) & (flags[words] & (LOWER | SPACE) == 0) & ~begins[words]
        ]
        begins[candidates] = True
        places = np.searchsorted(visible, candidates)
        previous = visible[places - 1]
        stopped = (flags[previous] & STOP != 0) & (
            flags[visible[np.maximum(places - 2, 0)]] & ABBREVIATED != 0
        )
        opened = flags[candidates - 1] & OPENER != 0
        for place in places[stopped | opened].tolist():
            token = int(visible[place])
            begins[token] = False
            if not self._goes_on(place):
                begins[self._opening(token)] = True

    def _text(self, token: int) -> str:
        return self._table.texts[int(self._tokens.types[token])]

    def _goes_on(self, place: int) -> bool:
        """Whether a visible token behind a full stop goes on with the sentence."""
        visible, flags = self._visible, self._tokens.flags
        before, stops = place - 1, ""
        first = int(self._tokens.bounds[self._text_of[visible[place]]])
        while visible[before] > first and flags[visible[before]] & STOP:
            stops += "."
            before -= 1
        word = self._text(visible[before]) + stops
        if word.lower() in ABBREVIATIONS:
            return True
        if word.lower() in NUMBER_ABBREVIATIONS:
            return bool(flags[visible[place]] & NUMBER)
        return word.rstrip(".)").isdigit() and self._only_figures_before(place)

    def _only_figures_before(self, place: int) -> bool:
        """Whether the line holds nothing but figures and marks before a visible token."""
        while True:
            place -= 1
            if not self._tokens.flags[self._visible[place]] & (NUMBER | PUNCTUATION):
                return False
            if self._first_of_line[place]:
                return True

    def _opening(self, token: int) -> int:
        """Where a sentence begins whose first word is this: at the brackets opened before it.

        By itself all punctuation behind a full stop belongs to the sentence before.
        """
        tokens = self._tokens
        first_of_text = int(tokens.bounds[self._text_of[token]])
        first = token
        while first > first_of_text and tokens.ends[first - 1] == tokens.starts[first]:
            mark = self._text(first - 1)
            free = first - 1 > first_of_text and tokens.ends[first - 2] < tokens.starts[first - 1]
            if not (mark in OPENING_MARKS or (mark in STRAIGHT_MARKS and free)):
                break
            first -= 1
        return token if first == first_of_text else first
