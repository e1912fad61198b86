"""The codebook's patterns, compiled: which features fire in a text, and where.

Patterns are in the format of spaCy's EntityRuler and are matched on stems (Snowball English, held
in each token's LEMMA), so that one phrase finds its inflections.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from clas_nlp.codebook import Pattern
from clas_nlp.errors import BadCodebook

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc


@cache
def _snowball() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("english")


class StemTable:
    """Stems by the hash of a lower-case form; filled as forms are met.

    Args:
        nlp: the pipeline whose string store resolves the hashes.
    """

    def __init__(self, nlp: Language) -> None:
        self._strings = nlp.vocab.strings
        self._stem_of_form: dict[int, int] = {}

    def stems(self, doc: Doc) -> list[int]:
        """Hash of the stem of each token; the hash of "" for white space."""
        from spacy.attrs import LOWER

        forms: list[int] = doc.to_array([LOWER]).tolist()
        table = self._stem_of_form
        try:
            return [table[form] for form in forms]
        except KeyError:
            for form in forms:
                if form not in table:
                    table[form] = self._stem(self._strings[form])
            return [table[form] for form in forms]

    def _stem(self, form: str) -> int:
        word = form.strip().replace("’", "'").replace("‘", "'")
        if not word:
            return 0
        return int(self._strings.add(_snowball().stemWord(word) if word.isalpha() else word))


def mark_stems(doc: Doc, stems: list[int]) -> None:
    """Writes the stems into the tokens' LEMMA, where the matchers look for them."""
    from spacy.attrs import LEMMA

    doc.from_array([LEMMA], np.asarray(stems, dtype="uint64").reshape(-1, 1))


#: Remembered moves of one automaton; beyond it they are forgotten, so that memory stays flat.
_MOST_MOVES = 300_000


@dataclass(frozen=True, slots=True)
class _Step:
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


class _State:
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
        self.moves: dict[int, _State | None] = {}


class _Automaton:
    """Finite automaton over many patterns, built from the states that texts lead to.

    A token costs one look-up for each state that is alive, however many patterns there are. The
    subset construction made as it is needed: Aho, Sethi and Ullman, Compilers, 1986, section 3.7.
    """

    def __init__(self) -> None:
        self._patterns: list[tuple[int, tuple[_Step, ...]]] = []
        self._starts: dict[tuple[str, int], list[tuple[int, int]]] = {}
        self._starts_anywhere: list[tuple[int, int]] = []
        self._states: dict[frozenset[tuple[int, int]], _State] = {}
        self.first: dict[int, _State | None] = {}
        self._moves = 0

    def add(self, feature: int, steps: tuple[_Step, ...]) -> None:
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

    def start(self, text: int, form: int, stem: int) -> _State | None:
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

    def move(self, state: _State, text: int, form: int, stem: int) -> _State | None:
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
    ) -> _State | None:
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
            state = self._states[key] = _State(tuple(sorted(features)), tuple(open))
        return state

    def _reached(self, pattern: int, step: int) -> Iterator[tuple[int, int]]:
        """A place in a pattern, and those behind the optional tokens that follow it."""
        steps = self._patterns[pattern][1]
        yield pattern, step
        while step < len(steps) and steps[step].optional:
            step += 1
            yield pattern, step


class PatternMatcher:
    """Finds the features of a list of patterns in docs whose stems are marked.

    Phrases and token patterns of LEMMA, LOWER and TEXT with optional tokens, nearly all there are,
    go to an automaton that looks at each token once: spaCy's Matcher tries every pattern at every
    token, which is a hundred times as much work here. All others go to it.

    Args:
        patterns: the patterns; each feature is a label and an id.
        nlp: the pipeline that makes the docs.
        stems: its stem table.

    Raises:
        BadCodebook: a pattern that spaCy does not accept.
    """

    def __init__(self, patterns: Iterable[Pattern], nlp: Language, stems: StemTable) -> None:
        from spacy.matcher import Matcher

        patterns = list(patterns)
        self.features: tuple[str, ...] = tuple(dict.fromkeys(p.feature for p in patterns))
        number = {feature: index for index, feature in enumerate(self.features)}
        self._vocab = nlp.vocab
        self._automaton = _Automaton()
        self._others = Matcher(nlp.vocab)
        self._feature_of_key: dict[int, int] = {}
        checker = Matcher(nlp.vocab)
        for place, pattern in enumerate(patterns):
            key = f"{place}|{pattern.feature}"
            feature = number[pattern.feature]
            try:
                if isinstance(pattern.pattern, str):
                    if not pattern.pattern.strip():
                        raise ValueError("an empty phrase")
                    phrase = stems.stems(nlp.make_doc(pattern.pattern))
                    self._automaton.add(
                        feature,
                        tuple(_Step(frozenset([stem]), "LEMMA", False, False) for stem in phrase),
                    )
                    continue
                tokens = [dict(token) for token in pattern.pattern]
                checker.add(key, [tokens])
                steps = _steps(tokens, nlp)
                if steps is None:
                    self._feature_of_key[nlp.vocab.strings.add(key)] = feature
                    self._others.add(key, [tokens])
                else:
                    self._automaton.add(feature, steps)
            except (ValueError, TypeError, AttributeError) as error:
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                raise BadCodebook(
                    f"pattern {pattern.feature} ({pattern.pattern!r}) is refused by spaCy: {reason}"
                ) from None

    @property
    def needs_marks(self) -> bool:
        """Whether some pattern goes to spaCy's matcher, which looks for stems in the doc."""
        return len(self._others) > 0

    def matches(
        self, doc: Doc, stems: list[int], texts: list[int] | None = None
    ) -> list[tuple[int, int]]:
        """(feature index, first token) of every match, in text order, each once.

        Args:
            doc: the doc; its stems are marked where `needs_marks`.
            stems: hash of each token's stem.
            texts: hash of each token's text, where the caller has them.
        """
        found = self._in_automaton(text_hashes(doc) if texts is None else texts, stems)
        if self.needs_marks:
            both = {
                *found,
                *((self._feature_of_key[k], start) for k, start, _ in self._others(doc)),
            }
            found = sorted(both, key=lambda match: (match[1], match[0]))
        return found

    def _in_automaton(self, texts: list[int], stems: list[int]) -> list[tuple[int, int]]:
        automaton = self._automaton
        first = automaton.first
        found: list[tuple[int, int]] = []
        end = len(texts)
        for start, text in enumerate(texts):
            try:
                state = first[text]
            except KeyError:
                state = automaton.start(text, self._form(text), stems[start])
            if state is None:
                continue
            features: list[int] = []
            token = start
            while True:
                features += state.features
                token += 1
                if token == end or not state.open:
                    break
                text = texts[token]
                try:
                    following = state.moves[text]
                except KeyError:
                    following = automaton.move(state, text, self._form(text), stems[token])
                if following is None:
                    break
                state = following
            if features:
                found += [(feature, start) for feature in sorted(set(features))]
        return found

    def _form(self, text: int) -> int:
        return int(self._vocab[text].lower)


def text_hashes(doc: Doc) -> list[int]:
    """Hash of each token's text."""
    from spacy.attrs import ORTH

    hashes: list[int] = doc.to_array([ORTH]).tolist()
    return hashes


def _steps(tokens: list[dict[str, Any]], nlp: Language) -> tuple[_Step, ...] | None:
    """A token pattern as steps; None where it needs spaCy's own matcher."""
    steps = []
    for token in tokens:
        operator = token.get("OP", "1")
        attributes = set(token) - {"OP"}
        if operator not in ("1", "?") or len(attributes) > 1:
            return None
        if not attributes:
            steps.append(_Step(None, "", False, operator == "?"))
            continue
        attribute = attributes.pop()
        wanted = token[attribute]
        if attribute not in ("LEMMA", "LOWER", "TEXT"):
            return None
        refused = isinstance(wanted, dict) and set(wanted) == {"NOT_IN"}
        if isinstance(wanted, str):
            words = [wanted]
        elif isinstance(wanted, dict) and (refused or set(wanted) == {"IN"}):
            words = list(next(iter(wanted.values())))
        else:
            return None
        if not words:
            return None
        hashes = frozenset(int(nlp.vocab.strings.add(word)) for word in words)
        steps.append(_Step(hashes, attribute, refused, operator == "?"))
    return tuple(steps) or None
