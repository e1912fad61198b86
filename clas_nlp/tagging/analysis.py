"""From paragraphs' texts to what the model looks at: sentences, stems, pattern matches.

Training and tagging both come through here, and nowhere else. Everything is in flat arrays, the
texts one after the other, so that a step costs a few array operations for many paragraphs.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clas_nlp.codebook import Codebook
from clas_nlp.reading.citations import cited_recommendations, is_reference_only
from clas_nlp.reading.sentences import Sentences, find_sentences
from clas_nlp.reading.tokens import CITATION, Integers, Tokens, TokenTable, seen
from clas_nlp.tagging.lookup import distinct
from clas_nlp.tagging.patterns import PatternMatcher, stem_of

Bools = NDArray[np.bool_]

#: Index of "no word": punctuation, white space, or nothing there; and of a word nobody knows.
NO_WORD, UNKNOWN_WORD = 0, 1

#: Texts that are analysed together where a caller has more of them.
_TOGETHER = 1024


class WordTable:
    """The words that texts are made of, each with an index.

    Args:
        known: the words; None where every word that is met is to be learnt.

    Attributes:
        words: the words; the first two stand for no word and for an unknown one.
    """

    def __init__(self, known: Iterable[str] | None = None) -> None:
        self.words: list[str] = ["", "\0"]
        self._index: dict[str, int] = {}
        self._learning = True
        for word in known or ():
            self.index(word)
        self._learning = known is None

    def __len__(self) -> int:
        return len(self.words)

    def find(self, word: str) -> int | None:
        """Index of a word that the table has; None for any other."""
        return self._index.get(word)

    def index(self, word: str) -> int:
        """Index of a word, which is learnt if the table learns."""
        if not word:
            return NO_WORD
        found = self._index.get(word, UNKNOWN_WORD)
        if found == UNKNOWN_WORD and self._learning:
            found = self._index[word] = len(self.words)
            self.words.append(word)
        return found


@dataclass(frozen=True, slots=True)
class Hits:
    """Features that fire in sentences, each once a sentence, in text order.

    Attributes:
        sentences: index of the sentence, shape (hits,).
        features: index of the feature.
    """

    sentences: Integers
    features: Integers


@dataclass(frozen=True, slots=True)
class Mentions:
    """Services named in texts, in text order.

    Attributes:
        services: index of the service in the codebook, shape (mentions,).
        features: index of the pattern feature that found it.
        sentences: index of the sentence.
        places: index of its first token in the sentence.
        before: indexes of the two words before it in the sentence, nearest first,
            shape (mentions, 2).
    """

    services: Integers
    features: Integers
    sentences: Integers
    places: Integers
    before: Integers


@dataclass(frozen=True, slots=True)
class AnalysedTexts:
    """Paragraphs' texts, analysed.

    Attributes:
        words: the table that the words' indexes refer to.
        starts: offset of each sentence in its own text, shape (sentences,).
        ends: offset behind it.
        bounds: the sentences of text i are `bounds[i]` to `bounds[i + 1]`, shape (texts + 1,).
        stems: index of the stem of each word and figure, punctuation left out.
        stem_bounds: the stems of sentence i are `stem_bounds[i]` to `stem_bounds[i + 1]`.
        theme_hits: theme-pattern features.
        stance_hits: stance-pattern features.
        mentions: the services named.
        bare_reference: for each sentence, whether it is nothing but a citation.
        cites: for each sentence, whether it cites a recommendation, or a bare citation follows.
    """

    words: WordTable
    starts: Integers
    ends: Integers
    bounds: Integers
    stems: Integers
    stem_bounds: Integers
    theme_hits: Hits
    stance_hits: Hits
    mentions: Mentions
    bare_reference: Bools
    cites: Bools

    def __len__(self) -> int:
        return len(self.bounds) - 1

    @property
    def text_of(self) -> Integers:
        """Index of each sentence's text, shape (sentences,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.bounds))

    @property
    def text_of_stem(self) -> Integers:
        """Index of each stem's text, shape (stems,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.stem_bounds[self.bounds]))

    def spans(self, text: int) -> list[tuple[int, int]]:
        """(start, end) of each sentence of a text."""
        own = slice(self.bounds[text], self.bounds[text + 1])
        return list(zip(self.starts[own].tolist(), self.ends[own].tolist(), strict=True))


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
        self._begin()

    def _begin(self) -> None:
        self._table = TokenTable()
        self._word_of_type: array[int] = array("q")
        self._symbol_of_type: array[int] = array("q")

    def analyse(self, texts: Iterable[str]) -> AnalysedTexts:
        """Analyses texts."""
        texts = list(texts)
        parts = [
            self._analyse(texts[first : first + _TOGETHER])
            for first in range(0, max(len(texts), 1), _TOGETHER)
        ]
        return parts[0] if len(parts) == 1 else _joined(parts)

    def _analyse(self, texts: Sequence[str]) -> AnalysedTexts:
        if self._table.full:
            self._begin()
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
        cites[sentence] = not bare[sentence] and bool(cited_recommendations(text))
    last = np.zeros(count, dtype=bool)
    last[sentences.bounds[1:][np.diff(sentences.bounds) > 0] - 1] = True
    cites[:-1] |= bare[1:] & ~bare[:-1] & ~last[:-1]
    return bare, cites


def _joined(parts: Sequence[AnalysedTexts]) -> AnalysedTexts:
    """Texts analysed in parts, as if together."""
    sentences = np.cumsum([0, *(len(part.starts) for part in parts)])[:-1].tolist()
    stems = np.cumsum([0, *(len(part.stems) for part in parts)])[:-1].tolist()

    def bounds(of: Sequence[Integers], offsets: Sequence[int]) -> Integers:
        return np.concatenate(
            [np.zeros(1, np.int64), *(b[1:] + o for b, o in zip(of, offsets, strict=True))]
        )

    def hits(of: Sequence[Hits]) -> Hits:
        return Hits(
            np.concatenate([h.sentences + o for h, o in zip(of, sentences, strict=True)]),
            np.concatenate([h.features for h in of]),
        )

    mentions = [part.mentions for part in parts]
    return AnalysedTexts(
        words=parts[0].words,
        starts=np.concatenate([part.starts for part in parts]),
        ends=np.concatenate([part.ends for part in parts]),
        bounds=bounds([part.bounds for part in parts], sentences),
        stems=np.concatenate([part.stems for part in parts]),
        stem_bounds=bounds([part.stem_bounds for part in parts], stems),
        theme_hits=hits([part.theme_hits for part in parts]),
        stance_hits=hits([part.stance_hits for part in parts]),
        mentions=Mentions(
            services=np.concatenate([m.services for m in mentions]),
            features=np.concatenate([m.features for m in mentions]),
            sentences=np.concatenate(
                [m.sentences + o for m, o in zip(mentions, sentences, strict=True)]
            ),
            places=np.concatenate([m.places for m in mentions]),
            before=np.concatenate([m.before for m in mentions]),
        ),
        bare_reference=np.concatenate([part.bare_reference for part in parts]),
        cites=np.concatenate([part.cites for part in parts]),
    )
