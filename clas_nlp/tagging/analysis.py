"""From paragraphs' texts to what the model looks at: sentences, stems, pattern matches.

Training and tagging both come through here, and nowhere else. Everything is in flat arrays, the
texts one after the other, so that a step costs a few array operations for many paragraphs.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

import numpy as np

from clas_nlp.codebook import Codebook
from clas_nlp.reading.citations import cites_recommendation, is_reference_only
from clas_nlp.reading.sentences import Sentences, find_sentences
from clas_nlp.reading.tokens import CITATION, Integers, Tokens, TokenTable, fresh_table, seen
from clas_nlp.tagging.analysed import (
    NO_WORD,
    AnalysedTexts,
    Bools,
    Hits,
    Mentions,
    WordTable,
    joined,
)
from clas_nlp.tagging.lookup import distinct
from clas_nlp.tagging.patterns import PatternMatcher, stem_of

#: Texts that are analysed together where a caller has more of them.
_TOGETHER = 1024


class TextAnalyser:
    """Analyses texts with one codebook's patterns.

    Args:
        codebook: the codebook.
        known: the words that count; None where every word that is met is to be learnt.

    Attributes:
        themes: features of the theme patterns.
        stances: features of the stance patterns.
        services: features of the service patterns.
        words: the words.
    """

    def __init__(self, codebook: Codebook, known: Iterable[str] | None = None) -> None:
        self._matcher = PatternMatcher(
            codebook.theme_patterns, codebook.stance_patterns, codebook.service_patterns
        )
        self.themes, self.stances, self.services = self._matcher.features
        self.words = WordTable(known)
        self._service_of_feature = np.array(
            [codebook.service_ids.index(f.split("/", 1)[0]) for f in self.services], dtype=np.int64
        )
        self._begin(TokenTable())

    def _begin(self, table: TokenTable) -> None:
        self._table = table
        self._word_of_type: array[int] = array("q")
        self._symbol_of_type: array[int] = array("q")

    def analyse(self, texts: Iterable[str]) -> AnalysedTexts:
        """Analyses texts."""
        texts = list(texts)
        parts = [
            self._analyse(texts[first : first + _TOGETHER])
            for first in range(0, max(len(texts), 1), _TOGETHER)
        ]
        return parts[0] if len(parts) == 1 else joined(parts)

    def _analyse(self, texts: Sequence[str]) -> AnalysedTexts:
        if self._table.full:
            self._begin(fresh_table())
        tokens = self._table.tokenise(texts)
        sentences = find_sentences(tokens, self._table)
        for token in self._table.texts[len(self._word_of_type) :]:
            stem = stem_of(token)
            self._word_of_type.append(self.words.index(_word(stem)))
            self._symbol_of_type.append(self._matcher.symbol(token, stem))
        features, starts = self._matcher.matches(
            texts, tokens, seen(self._symbol_of_type)[tokens.types]
        )
        words = seen(self._word_of_type)[tokens.types]
        are_words = np.flatnonzero(words != NO_WORD)
        themes, stances = len(self.themes), len(self.themes) + len(self.stances)
        theme, service = features < themes, features >= stances
        stance = ~(theme | service)
        bare, cites = _citations(texts, tokens, sentences)
        stem_bounds = np.searchsorted(are_words, sentences.first_tokens)
        return AnalysedTexts(
            texts=texts,
            words=self.words,
            starts=sentences.starts,
            ends=sentences.ends,
            bounds=sentences.bounds,
            stems=words[are_words],
            stem_bounds=np.append(stem_bounds, len(are_words)),
            theme_hits=_hits(sentences.of_token[starts[theme]], features[theme], themes),
            stance_hits=_hits(
                sentences.of_token[starts[stance]], features[stance] - themes, len(self.stances)
            ),
            mentions=self._mentions(
                features[service] - stances, starts[service], sentences, words, are_words
            ),
            bare_reference=bare,
            cites=cites,
        )

    def _mentions(
        self,
        features: Integers,
        starts: Integers,
        sentences: Sentences,
        words: Integers,
        are_words: Integers,
    ) -> Mentions:
        found = distinct(starts * len(self.services) + features)
        starts, features = divmod(found, max(len(self.services), 1))
        owner = sentences.of_token[starts]
        first_tokens = sentences.first_tokens[owner]
        before = np.searchsorted(are_words, starts)[:, None] - np.array([1, 2])
        tokens = are_words[np.maximum(before, 0)] if len(are_words) else before
        inside = (before >= 0) & (tokens >= first_tokens[:, None])
        return Mentions(
            services=self._service_of_feature[features],
            features=features,
            sentences=owner,
            places=starts - first_tokens,
            before=np.where(inside, words[np.where(inside, tokens, 0)], NO_WORD)
            if len(words)
            else before,
        )


def _word(stem: str) -> str:
    """A stem as vocabularies spell it; empty for punctuation and white space.

    Figures lose their value: that a percentage is given matters, not which.
    """
    if not any(character.isalnum() for character in stem):
        return ""
    return "0" if any(character.isdigit() for character in stem) else stem


def _hits(sentences: Integers, features: Integers, count: int) -> Hits:
    found = distinct(sentences * count + features)
    return Hits(*divmod(found, max(count, 1)))


def _citations(texts: Sequence[str], tokens: Tokens, sentences: Sentences) -> tuple[Bools, Bools]:
    """Which sentences are nothing but a citation, and which cite a recommendation."""
    count = len(sentences.starts)
    bare, cites = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    naming = np.unique(sentences.of_token[tokens.flags & CITATION != 0])
    owners = np.searchsorted(sentences.bounds, naming, side="right") - 1
    for sentence, owner in zip(naming.tolist(), owners.tolist(), strict=True):
        text = texts[owner][sentences.starts[sentence] : sentences.ends[sentence]]
        bare[sentence] = is_reference_only(text)
        cites[sentence] = not bare[sentence] and cites_recommendation(text)
    last = np.zeros(count, dtype=bool)
    last[sentences.bounds[1:][np.diff(sentences.bounds) > 0] - 1] = True
    cites[:-1] |= bare[1:] & ~bare[:-1] & ~last[:-1]
    return bare, cites
