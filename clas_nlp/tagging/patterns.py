"""The codebook's patterns, compiled: which features fire in texts, and where.

Patterns are in the format of spaCy's EntityRuler and are matched on stems (Snowball English, held
in each token's LEMMA), so that one phrase finds its inflections.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np

from clas_nlp.codebook import Pattern
from clas_nlp.errors import BadCodebook
from clas_nlp.reading.tokens import LONGEST_WORD, Integers, Tokens, blank_english
from clas_nlp.tagging.automaton import ATTRIBUTES, Automaton, Step


@cache
def _snowball() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("english")


def stem_of(token: str) -> str:
    """Stem of a token's text; empty for white space."""
    word = token.lower().strip().replace("’", "'").replace("‘", "'")
    is_word = word.isalpha() and len(word) <= LONGEST_WORD
    return str(_snowball().stemWord(word)) if is_word else word


class PatternMatcher:
    """Finds the features of lists of patterns.

    Phrases and token patterns of LEMMA, LOWER and TEXT with optional tokens, nearly all there are,
    go to an automaton that looks at each token once: spaCy's Matcher tries every pattern at every
    token, which is a hundred times as much work here. All others go to it.

    Args:
        lists: the lists of patterns; each list has features of its own, a label and an id each.

    Attributes:
        features: the features of each list. A match names its feature by its place among all of
            them, one list behind the other.

    Raises:
        BadCodebook: a pattern that spaCy does not accept.
    """

    def __init__(self, *lists: Iterable[Pattern]) -> None:
        from spacy.matcher import Matcher

        nlp = blank_english()
        self._automaton = Automaton()
        self._others = Matcher(nlp.vocab)
        self._feature_of_key: dict[int, int] = {}
        checker = Matcher(nlp.vocab)
        features: list[tuple[str, ...]] = []
        before = 0
        for patterns in map(list, lists):
            features.append(tuple(dict.fromkeys(p.feature for p in patterns)))
            number = {feature: before + place for place, feature in enumerate(features[-1])}
            for place, pattern in enumerate(patterns):
                key = f"{len(features)}|{place}|{pattern.feature}"
                try:
                    self._add(pattern, key, number[pattern.feature], checker)
                except (ValueError, TypeError, AttributeError) as error:
                    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                    raise BadCodebook(
                        f"pattern {pattern.feature} ({pattern.pattern!r}) is refused by spaCy: "
                        f"{reason}"
                    ) from None
            before += len(features[-1])
        self.features = tuple(features)

    def _add(self, pattern: Pattern, key: str, feature: int, checker: Any) -> None:
        nlp = blank_english()
        if isinstance(pattern.pattern, str):
            if not pattern.pattern.strip():
                raise ValueError("an empty phrase")
            phrase = [stem_of(token.text) for token in nlp.make_doc(pattern.pattern)]
            self._automaton.add(
                feature, tuple(Step(frozenset([stem]), "LEMMA", False, False) for stem in phrase)
            )
            return
        tokens = [dict(token) for token in pattern.pattern]
        checker.add(key, [tokens])
        steps = _steps(tokens)
        if steps is None:
            self._feature_of_key[nlp.vocab.strings.add(key)] = feature
            self._others.add(key, [tokens])
        else:
            self._automaton.add(feature, steps)

    def symbol(self, token: str, stem: str) -> int:
        """What `matches` wants to know of a token's text and stem."""
        return self._automaton.symbol(token, token.lower(), stem)

    def matches(
        self, texts: Sequence[str], tokens: Tokens, symbols: Integers
    ) -> tuple[Integers, Integers]:
        """The feature and the first token of every match; a match may come twice.

        Args:
            texts: the texts.
            tokens: their tokens.
            symbols: the symbol of each token.
        """
        features, starts = self._automaton.find(symbols, tokens.bounds)
        if len(self._others):
            others = np.array([*self._slowly(texts, tokens)], dtype=np.int64).reshape(-1, 2)
            features = np.append(features, others[:, 0])
            starts = np.append(starts, others[:, 1])
        return features, starts

    def _slowly(self, texts: Sequence[str], tokens: Tokens) -> Iterable[tuple[int, int]]:
        """The matches of the patterns that only spaCy's matcher knows how to find."""
        nlp = blank_english()
        for text, first in zip(texts, tokens.bounds.tolist(), strict=False):
            doc = nlp.make_doc(text)
            if not text.strip():
                continue  # spaCy's matcher refuses a doc in which no token has a stem
            for token in doc:
                token.lemma_ = stem_of(token.text)
            for key, start, _ in self._others(doc):
                yield self._feature_of_key[key], first + start


def _steps(tokens: list[dict[str, Any]]) -> tuple[Step, ...] | None:
    """A token pattern as steps; None where it needs spaCy's own matcher."""
    steps = []
    for token in tokens:
        operator = token.get("OP", "1")
        attributes = set(token) - {"OP"}
        if operator not in ("1", "?") or len(attributes) > 1:
            return None
        if not attributes:
            steps.append(Step(None, "", False, operator == "?"))
            continue
        attribute = attributes.pop()
        wanted = token[attribute]
        if attribute not in ATTRIBUTES:
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
        steps.append(Step(frozenset(map(str, words)), attribute, refused, operator == "?"))
    return tuple(steps) or None
