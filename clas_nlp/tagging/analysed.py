"""Analysed texts: sentences, stems and pattern matches in flat arrays, text after text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clas_nlp.reading.tokens import Integers

Bools = NDArray[np.bool_]

#: Index of "no word": punctuation, white space, or nothing there; and of a word nobody knows.
NO_WORD, UNKNOWN_WORD = 0, 1


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
        texts: the texts themselves.
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

    texts: Sequence[str]
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


def joined(parts: Sequence[AnalysedTexts]) -> AnalysedTexts:
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
        texts=[text for part in parts for text in part.texts],
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
