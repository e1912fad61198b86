"""Many token patterns at once, on many texts at once.

A token stands here as a symbol: tokens that no step of any pattern tells apart share one, and
symbol 0 is every token of which no pattern speaks.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from clas_nlp.reading.tokens import Integers, seen
from clas_nlp.tagging.lookup import ABSENT, IntegerMap, distinct

#: Moves that are remembered before they are forgotten all at once: some 100 MB.
_MOST_MOVES = 500_000
_SYMBOL_BITS = 24
_START = 0
_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Step:
    """A token of a pattern.

    Attributes:
        words: what it may be, or may not be; None for a token of any kind.
        attribute: what the words are: TEXT, LOWER, or LEMMA for stems.
        refused: whether the words are those that the token may not be.
        optional: whether the token may be missing.
    """

    words: frozenset[str] | None
    attribute: str
    refused: bool
    optional: bool

    def fits(self, token: Sequence[str | None]) -> bool:
        """Whether a token, given as text, lower-case text and stem, is one of the step's."""
        if self.words is None:
            return True
        return (token[ATTRIBUTES.index(self.attribute)] in self.words) != self.refused


ATTRIBUTES = ("TEXT", "LOWER", "LEMMA")
#: A token of which no pattern speaks.
_OTHER = (None,) * len(ATTRIBUTES)


class Automaton:
    """Finite automaton over many patterns, built from the states that texts lead to.

    A token costs one look-up for each state that is alive, however many patterns there are. The
    subset construction, made as it is needed: Aho, Sethi and Ullman, Compilers, 1986, section 3.7.
    """

    def __init__(self) -> None:
        self._patterns: list[tuple[int, tuple[Step, ...]]] = []
        self._starts: dict[tuple[str, str], list[tuple[int, int]]] = {}
        self._starts_anywhere: list[tuple[int, int]] = []
        self._words: dict[str, set[str]] = {attribute: set() for attribute in ATTRIBUTES}
        self._symbols: dict[tuple[str | None, ...], int] = {_OTHER: 0}
        self._tokens: list[tuple[str | None, ...]] = [_OTHER]
        self._forget()

    def _forget(self) -> None:
        self._moves = IntegerMap()
        self._state_of: dict[frozenset[tuple[int, int]], int] = {frozenset(): _START}
        self._places: list[tuple[tuple[int, int], ...]] = [()]
        self._goes_on: array[int] = array("b", [1])
        self._goes_on_anyhow: array[int] = array("b", [1])
        self._features: array[int] = array("q")
        self._first_feature: array[int] = array("q", [0])
        self._feature_count: array[int] = array("q", [0])
        self._behind_first: array[int] = array("q")

    def add(self, feature: int, steps: tuple[Step, ...]) -> None:
        """Adds a pattern; to be done before the first symbol is asked for."""
        pattern = len(self._patterns)
        self._patterns.append((feature, steps))
        for step in steps:
            self._words.get(step.attribute, set()).update(step.words or ())
        for place in self._reached(pattern, 0):
            if place[1] == len(steps):
                continue
            step = steps[place[1]]
            if step.words is None or step.refused:
                self._starts_anywhere.append(place)
            else:
                for word in step.words:
                    self._starts.setdefault((step.attribute, word), []).append(place)

    def symbol(self, *token: str) -> int:
        """The symbol of a token.

        Args:
            token: its text, lower-case text and stem.
        """
        told = tuple(
            word if word in self._words[attribute] else None
            for attribute, word in zip(ATTRIBUTES, token, strict=True)
        )
        symbol = self._symbols.setdefault(told, len(self._tokens))
        if symbol == len(self._tokens):
            self._tokens.append(told)
        return symbol

    def find(self, symbols: Integers, bounds: Integers) -> tuple[Integers, Integers]:
        """Finds the patterns in texts.

        All places where a pattern may begin are followed together, a token further each time.

        Args:
            symbols: symbol of each token, texts one after the other.
            bounds: the tokens of text i are `bounds[i]` to `bounds[i + 1]`.

        Returns:
            The feature and the first token of every match; a match may come twice.
        """
        if len(self._moves) > _MOST_MOVES:
            self._forget()
        left = np.repeat(bounds[1:], np.diff(bounds)) - np.arange(len(symbols))
        states, tokens = self._first_states()[symbols], np.arange(len(symbols))
        reached, begun = [], []
        step = 0
        while True:
            alive = states != _NOWHERE
            states, tokens = states[alive], tokens[alive]
            if not len(states):
                break
            reached.append(states)
            begun.append(tokens)
            step += 1
            alive = (seen(self._goes_on)[states] == 1) & (left[tokens] > step)
            states, tokens = states[alive], tokens[alive]
            following = symbols[tokens + step]
            alive = (following != 0) | (seen(self._goes_on_anyhow)[states] == 1)
            states, tokens, following = states[alive], tokens[alive], following[alive]
            states = self._behind(states, following)
        if not reached:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        states, tokens = np.concatenate(reached), np.concatenate(begun)
        counts = seen(self._feature_count)[states]
        ends = np.cumsum(counts)
        places = np.repeat(seen(self._first_feature)[states] - (ends - counts), counts)
        return seen(self._features)[places + np.arange(len(places))], np.repeat(tokens, counts)

    def _first_states(self) -> Integers:
        """The state behind each symbol as a first token."""
        for symbol in range(len(self._behind_first), len(self._tokens)):
            self._behind_first.append(self._move(_START, symbol))
        return seen(self._behind_first)

    def _behind(self, states: Integers, symbols: Integers) -> Integers:
        """The state behind each state and the token that follows; -1 where no pattern goes on."""
        moves = (states << _SYMBOL_BITS) | symbols
        behind = self._moves.get(moves)
        new = distinct(moves[behind == ABSENT])
        if len(new):
            last = (1 << _SYMBOL_BITS) - 1
            self._moves.put(
                new,
                np.array([self._move(m >> _SYMBOL_BITS, m & last) for m in new.tolist()], np.int64),
            )
            behind = self._moves.get(moves)
        return behind

    def _move(self, state: int, symbol: int) -> int:
        token = self._tokens[symbol]
        places: Iterable[tuple[int, int]] = self._places[state]
        if state == _START:
            places = [
                *self._starts_anywhere,
                *(
                    place
                    for attribute, word in zip(ATTRIBUTES, token, strict=True)
                    if word is not None
                    for place in self._starts.get((attribute, word), ())
                ),
            ]
        reached: set[tuple[int, int]] = set()
        for pattern, step in places:
            if self._patterns[pattern][1][step].fits(token):
                reached.update(self._reached(pattern, step + 1))
        if not reached:
            return _NOWHERE
        return self._state(frozenset(reached))

    def _state(self, reached: frozenset[tuple[int, int]]) -> int:
        state = self._state_of.get(reached)
        if state is None:
            state = self._state_of[reached] = len(self._places)
            features, going_on = set(), []
            for pattern, step in sorted(reached):
                feature, steps = self._patterns[pattern]
                if step == len(steps):
                    features.add(feature)
                else:
                    going_on.append((pattern, step))
            self._places.append(tuple(going_on))
            self._goes_on.append(bool(going_on))
            self._goes_on_anyhow.append(
                any(self._patterns[p][1][step].fits(_OTHER) for p, step in going_on)
            )
            self._first_feature.append(len(self._features))
            self._feature_count.append(len(features))
            self._features.extend(sorted(features))
        return state

    def _reached(self, pattern: int, step: int) -> Iterator[tuple[int, int]]:
        """A place in a pattern, and those behind the optional tokens that follow it."""
        steps = self._patterns[pattern][1]
        yield pattern, step
        while step < len(steps) and steps[step].optional:
            step += 1
            yield pattern, step
