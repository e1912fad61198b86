"""The codebook's patterns, compiled: which features fire in a text, and where.

Patterns are in the format of spaCy's EntityRuler and are matched on stems (Snowball English, held
in each token's LEMMA), so that one phrase finds its inflections.
"""

from __future__ import annotations

from collections.abc import Iterable
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


@dataclass(frozen=True, slots=True)
class _Step:
    """One token of a pattern: which hashes it may have, of which attribute.

    Attributes:
        hashes: the allowed hashes; None for a token of any kind.
        by_stem: whether they are stems, else lower-case forms.
        optional: whether the token may be missing.
    """

    hashes: frozenset[int] | None
    by_stem: bool
    optional: bool


class PatternMatcher:
    """Finds the features of a list of patterns in docs whose stems are marked.

    Phrases go to spaCy's PhraseMatcher. Token patterns of LEMMA and LOWER with optional tokens,
    nearly all there are, are tried only where their first word stands: spaCy's Matcher tries every
    pattern at every token, which is a hundred times as much work here. All others go to it.

    Args:
        patterns: the patterns; each feature is a label and an id.
        nlp: the pipeline that makes the docs.
        stems: its stem table.

    Raises:
        BadCodebook: a pattern that spaCy does not accept.
    """

    def __init__(self, patterns: Iterable[Pattern], nlp: Language, stems: StemTable) -> None:
        from spacy.matcher import Matcher, PhraseMatcher

        patterns = list(patterns)
        self.features: tuple[str, ...] = tuple(dict.fromkeys(p.feature for p in patterns))
        number = {feature: index for index, feature in enumerate(self.features)}
        self._stems = stems
        self._phrases = PhraseMatcher(nlp.vocab, attr="LEMMA")
        self._others = Matcher(nlp.vocab)
        self._by_first: dict[int, list[tuple[int, tuple[_Step, ...]]]] = {}
        self._feature_of_key: dict[int, int] = {}
        checker = Matcher(nlp.vocab)
        for place, pattern in enumerate(patterns):
            key = f"{place}|{pattern.feature}"
            feature = number[pattern.feature]
            self._feature_of_key[nlp.vocab.strings.add(key)] = feature
            try:
                if isinstance(pattern.pattern, str):
                    if not pattern.pattern.strip():
                        raise ValueError("an empty phrase")
                    phrase = nlp.make_doc(pattern.pattern)
                    mark_stems(phrase, stems.stems(phrase))
                    self._phrases.add(key, [phrase])
                    continue
                tokens = [dict(token) for token in pattern.pattern]
                checker.add(key, [tokens])
                steps = _steps(tokens, nlp)
                if steps is None:
                    self._others.add(key, [tokens])
                else:
                    self._anchor(feature, steps)
            except (ValueError, TypeError, AttributeError) as error:
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                raise BadCodebook(
                    f"pattern {pattern.feature} ({pattern.pattern!r}) is refused by spaCy: {reason}"
                ) from None

    def _anchor(self, feature: int, steps: tuple[_Step, ...]) -> None:
        """Files a pattern under the hashes of its first word, once for each optional start."""
        first = steps[0]
        assert first.hashes is not None
        for value in sorted(first.hashes):
            self._by_first.setdefault(value, []).append((feature, steps))
        if first.optional and len(steps) > 1 and steps[1].hashes is not None:
            self._anchor(feature, steps[1:])

    def matches(self, doc: Doc, stems: list[int]) -> list[tuple[int, int]]:
        """(feature index, first token) of every match, in text order, each once."""
        from spacy.attrs import LOWER

        found = {(self._feature_of_key[key], start) for key, start, _ in self._phrases(doc)}
        if self._by_first:
            forms: list[int] = doc.to_array([LOWER]).tolist()
            by_first = self._by_first
            for start, (form, stem) in enumerate(zip(forms, stems, strict=True)):
                for value in (form, stem) if form != stem else (form,):
                    for feature, steps in by_first.get(value, ()):
                        if (feature, start) not in found and _matches_at(
                            steps, 0, forms, stems, start
                        ):
                            found.add((feature, start))
        if len(self._others):
            found.update((self._feature_of_key[key], start) for key, start, _ in self._others(doc))
        return sorted(found, key=lambda match: (match[1], match[0]))


def _steps(tokens: list[dict[str, Any]], nlp: Language) -> tuple[_Step, ...] | None:
    """A token pattern as steps; None where it needs spaCy's own matcher."""
    steps = []
    for token in tokens:
        operator = token.get("OP", "1")
        attributes = set(token) - {"OP"}
        if operator not in ("1", "?") or len(attributes) > 1:
            return None
        if not attributes:
            steps.append(_Step(None, False, operator == "?"))
            continue
        attribute = attributes.pop()
        wanted = token[attribute]
        if attribute not in ("LEMMA", "LOWER"):
            return None
        if isinstance(wanted, str):
            words = [wanted]
        elif isinstance(wanted, dict) and set(wanted) == {"IN"}:
            words = wanted["IN"]
        else:
            return None
        if not words:
            return None
        hashes = frozenset(int(nlp.vocab.strings.add(word)) for word in words)
        steps.append(_Step(hashes, attribute == "LEMMA", operator == "?"))
    if not steps or steps[0].hashes is None:
        return None
    if steps[0].optional and (len(steps) < 2 or steps[1].hashes is None):
        return None
    return tuple(steps)


def _matches_at(
    steps: tuple[_Step, ...], step: int, forms: list[int], stems: list[int], token: int
) -> bool:
    """Whether steps from `step` on match the tokens from `token` on."""
    while step < len(steps):
        this = steps[step]
        fits = token < len(forms) and (
            this.hashes is None or (stems if this.by_stem else forms)[token] in this.hashes
        )
        if this.optional:
            if fits and _matches_at(steps, step + 1, forms, stems, token + 1):
                return True
            step += 1
            continue
        if not fits:
            return False
        step += 1
        token += 1
    return True
