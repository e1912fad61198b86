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

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.matcher import Matcher
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
        self._phrases = PhraseMatcher(nlp.vocab, attr="LEMMA")
        self._gapped: dict[int, Matcher] = {}
        self._unanchored = Matcher(nlp.vocab)
        self._feature_of_key: dict[int, int] = {}
        for place, pattern in enumerate(patterns):
            key = f"{place}|{pattern.feature}"
            self._feature_of_key[nlp.vocab.strings.add(key)] = number[pattern.feature]
            try:
                if isinstance(pattern.pattern, str):
                    phrase = nlp.make_doc(pattern.pattern)
                    mark_stems(phrase, stems.stems(phrase))
                    self._phrases.add(key, [phrase])
                else:
                    tokens = [dict(token) for token in pattern.pattern]
                    anchors = self._anchors(tokens, nlp)
                    if not anchors:
                        self._unanchored.add(key, [tokens])
                    for anchor in anchors:
                        matcher = self._gapped.setdefault(anchor, Matcher(nlp.vocab))
                        matcher.add(key, [tokens])
            except (ValueError, TypeError) as error:
                reason = str(error).splitlines()[0]
                raise BadCodebook(
                    f"pattern {pattern.feature} ({pattern.pattern!r}) is refused by spaCy: {reason}"
                ) from None

    @staticmethod
    def _anchors(tokens: list[dict[str, Any]], nlp: Language) -> list[int]:
        """Stems of which one must be in a text for the pattern to match; empty where unknown.

        A matcher tries all its patterns at every token, so one is kept for each stem and only
        run on texts that hold it.
        """
        best: list[int] = []
        for token in tokens:
            if token.get("OP", "1") in ("?", "*", "!") or "LEMMA" not in token:
                continue
            wanted = token["LEMMA"]
            words = [wanted] if isinstance(wanted, str) else wanted.get("IN", [])
            if words and (not best or len(words) < len(best)):
                best = [int(nlp.vocab.strings.add(word)) for word in words]
        return best

    def matches(self, doc: Doc, stems: list[int]) -> list[tuple[int, int, int]]:
        """(feature index, first token, token past the last) of every match, in text order."""
        found = {(self._feature_of_key[key], start, end) for key, start, end in self._phrases(doc)}
        for anchor in set(stems).intersection(self._gapped):
            found.update(
                (self._feature_of_key[key], start, end)
                for key, start, end in self._gapped[anchor](doc)
            )
        if len(self._unanchored):
            found.update(
                (self._feature_of_key[key], start, end) for key, start, end in self._unanchored(doc)
            )
        return sorted(found, key=lambda match: (match[1], match[2], match[0]))
