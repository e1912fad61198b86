"""A finite automaton over token patterns: all patterns are tried at once, token by token."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

#: Remembered moves of one automaton; beyond it they are forgotten, so that memory stays flat.
_MOST_MOVES = 300_000


@dataclass(frozen=True, slots=True)
class Step:
    """One token of a pattern: which hashes it may have, of which attribute.

    Attributes:
        hashes: the hashes it may have, or may not have; None for a token of any kind.
        attribute: what they are hashes of: TEXT, LOWER, or LEMMA for stems.
        refused: whether the hashes are those that the token may not have.
        optional: whether the token may be missing.
    """

    hashes: frozenset[int] | None
    attribute: str
    refused: bool
    optional: bool

    def fits(self, text: int, form: int, stem: int) -> bool:
        """Whether a token with these hashes is one of the step's."""
        if self.hashes is None:
            return True
        own = stem if self.attribute == "LEMMA" else form if self.attribute == "LOWER" else text
        return (own in self.hashes) != self.refused


class State:
    """How far patterns have come at a token.

    Attributes:
        features: the features that are found when this state is reached.
        open: (pattern, step) of the tokens that may come next.
        moves: the state behind each token text that was met here; None where no pattern goes on.
    """

    __slots__ = ("features", "moves", "open")

    def __init__(self, features: tuple[int, ...], open: tuple[tuple[int, int], ...]) -> None:
        self.features = features
        self.open = open
        self.moves: dict[int, State | None] = {}


class Automaton:
    """Finite automaton over many patterns, built from the states that texts lead to.

    A token costs one look-up for each state that is alive, however many patterns there are. The
    subset construction made as it is needed: Aho, Sethi and Ullman, Compilers, 1986, section 3.7.
    """

    def __init__(self) -> None:
        self._patterns: list[tuple[int, tuple[Step, ...]]] = []
        self._starts: dict[tuple[str, int], list[tuple[int, int]]] = {}
        self._starts_anywhere: list[tuple[int, int]] = []
        self._states: dict[frozenset[tuple[int, int]], State] = {}
        self.first: dict[int, State | None] = {}
        self._moves = 0

    def add(self, feature: int, steps: tuple[Step, ...]) -> None:
        """Adds a pattern."""
        pattern = len(self._patterns)
        self._patterns.append((feature, steps))
        for place in self._reached(pattern, 0):
            if place[1] == len(steps):
                continue
            step = steps[place[1]]
            if step.hashes is None or step.refused:
                self._starts_anywhere.append(place)
            else:
                for value in step.hashes:
                    self._starts.setdefault((step.attribute, value), []).append(place)

    def start(self, text: int, form: int, stem: int) -> State | None:
        """The state behind a first token; looked up in `first` before."""
        places = [
            *self._starts.get(("TEXT", text), ()),
            *self._starts.get(("LOWER", form), ()),
            *self._starts.get(("LEMMA", stem), ()),
            *self._starts_anywhere,
        ]
        state = self._behind(places, text, form, stem)
        self._remember()
        self.first[text] = state
        return state

    def move(self, state: State, text: int, form: int, stem: int) -> State | None:
        """The state behind a further token; looked up in the state's `moves` before."""
        following = self._behind(state.open, text, form, stem)
        self._remember()
        state.moves[text] = following
        return following

    def _remember(self) -> None:
        self._moves += 1
        if self._moves > _MOST_MOVES:
            self._moves = 0
            self._states.clear()
            self.first.clear()

    def _behind(
        self, places: Iterable[tuple[int, int]], text: int, form: int, stem: int
    ) -> State | None:
        reached: set[tuple[int, int]] = set()
        for pattern, step in places:
            if self._patterns[pattern][1][step].fits(text, form, stem):
                reached.update(self._reached(pattern, step + 1))
        if not reached:
            return None
        key = frozenset(reached)
        state = self._states.get(key)
        if state is None:
            features, open = set(), []
            for pattern, step in sorted(reached):
                feature, steps = self._patterns[pattern]
                if step == len(steps):
                    features.add(feature)
                else:
                    open.append((pattern, step))
            state = self._states[key] = State(tuple(sorted(features)), tuple(open))
        return state

    def _reached(self, pattern: int, step: int) -> Iterator[tuple[int, int]]:
        """A place in a pattern, and those behind the optional tokens that follow it."""
        steps = self._patterns[pattern][1]
        yield pattern, step
        while step < len(steps) and steps[step].optional:
            step += 1
            yield pattern, step
