"""The codebook's patterns, compiled: which features fire in a text, and where.

Patterns are in the format of spaCy's EntityRuler and are matched on stems (Snowball English, held
in each token's LEMMA), so that one phrase finds its inflections.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from clas_nlp.codebook import Pattern
from clas_nlp.errors import BadCodebook
from clas_nlp.tagging.automaton import Automaton, Step

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
        self._automaton = Automaton()
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
                        tuple(Step(frozenset([stem]), "LEMMA", False, False) for stem in phrase),
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


def _steps(tokens: list[dict[str, Any]], nlp: Language) -> tuple[Step, ...] | None:
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
        steps.append(Step(hashes, attribute, refused, operator == "?"))
    return tuple(steps) or None
