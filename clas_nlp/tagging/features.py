"""From analysed texts to numbers: sparse features of sentences, of stances and of paragraphs.

Layout of a sentence's row: words (TF-IDF of stems and stem pairs), then
the theme patterns that fire in the sentence, before it, behind it, and elsewhere in its paragraph,
then the stance patterns, then kind and place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from clas_nlp.reading.records import JUDGED_KINDS
from clas_nlp.reading.tokens import Integers
from clas_nlp.tagging.analysed import AnalysedTexts, Bools, Hits
from clas_nlp.tagging.lookup import distinct

Floats = NDArray[np.float64]

#: How strongly each block of features speaks, beside the words' unit length. Found by trying
#: powers of two on reports left out in turn; the figures change little around these.
PATTERN_WEIGHT = 0.6
NEIGHBOUR_WEIGHT = 0.3
ELSEWHERE_WEIGHT = 0.2
STANCE_WEIGHT = 0.25
PLACE_WEIGHT = 0.3

#: Kinds, first of its paragraph, last of it, cites a recommendation, its paragraph cites one.
PLACE_COLUMNS = len(JUDGED_KINDS) + 4

RECOMMENDATION = JUDGED_KINDS.index("recommendation")


@dataclass(frozen=True)
class SentenceRows:
    """The sentences that count, in order; bare references to recommendations do not.

    Attributes:
        sentences: index of each among all sentences of the analysed texts, shape (rows,).
        owners: index of its paragraph; rows of one paragraph stand together.
        starts: row of each paragraph's first sentence, shape (paragraphs,).
        counts: its number of sentences, 0 for a paragraph without any.
        kinds: column of its kind.
    """

    sentences: Integers
    owners: Integers
    starts: Integers
    counts: Integers
    kinds: Integers

    @classmethod
    def of(cls, analysed: AnalysedTexts, kinds: Sequence[str]) -> SentenceRows:
        """The sentences of paragraphs of these kinds."""
        sentences = np.flatnonzero(~analysed.bare_reference)
        owners = analysed.text_of[sentences]
        counts = np.bincount(owners, minlength=len(analysed))
        return cls(
            sentences,
            owners,
            np.cumsum(counts) - counts,
            counts,
            np.array([kind_column(kind) for kind in kinds], dtype=np.int64),
        )

    def of_stem(self, analysed: AnalysedTexts) -> Integers:
        """The row of each stem, -1 where its sentence does not count."""
        row_of_sentence = np.full(len(analysed.starts), -1)
        row_of_sentence[self.sentences] = np.arange(len(self.sentences))
        return np.repeat(row_of_sentence, np.diff(analysed.stem_bounds))

    @property
    def asked(self) -> Bools:
        """Whether each sentence stands in a recommendation."""
        return np.asarray(self.kinds[self.owners] == RECOMMENDATION)


def kind_column(kind: str) -> int:
    """Column of a kind among the judged kinds; other kinds count as findings."""
    return _KIND_COLUMNS.get(kind, 0)


_KIND_COLUMNS: dict[str, int] = {kind: column for column, kind in enumerate(JUDGED_KINDS)}


class PatternFeatures:
    """The patterns in and around sentences, as features and as what layers make of these.

    A layer over sentences has a row of weights for each theme pattern in the sentence, then for
    each before it, behind it, and elsewhere in its paragraph, for each stance pattern, and for
    kind and place. A layer over stances has one for each stance pattern in the sentence, before
    it and behind it, and for kind and place.

    Args:
        analysed: the paragraphs.
        rows: which of their sentences.
        theme_features: how many theme-pattern features there are.
        stance_features: how many stance-pattern features there are.
    """

    def __init__(
        self, analysed: AnalysedTexts, rows: SentenceRows, theme_features: int, stance_features: int
    ) -> None:
        # One row more, which is empty: the sentence before the first and the one behind the last.
        nowhere = len(analysed.starts)
        themes, stances = analysed.theme_hits, analysed.stance_hits
        self._themes = _ones(themes.sentences, themes.features, (nowhere + 1, theme_features))
        self._stances = _ones(stances.sentences, stances.features, (nowhere + 1, stance_features))
        self._in_texts = _by_text(analysed, themes, theme_features)
        self._places = _places(analysed, rows)
        first, last = analysed.bounds[rows.owners], analysed.bounds[rows.owners + 1] - 1
        self._owners = rows.owners
        self._own = rows.sentences
        self._before = np.where(self._own > first, self._own - 1, nowhere)
        self._behind = np.where(self._own < last, self._own + 1, nowhere)

    def of_sentences(self) -> sparse.csr_matrix:
        """Shape (rows, 4 * theme_features + stance_features + PLACE_COLUMNS)."""
        own = self._themes[self._own]
        return beside(
            own * PATTERN_WEIGHT,
            self._themes[self._before] * NEIGHBOUR_WEIGHT,
            self._themes[self._behind] * NEIGHBOUR_WEIGHT,
            (self._in_texts[self._owners] - own) * ELSEWHERE_WEIGHT,
            self._stances[self._own] * STANCE_WEIGHT,
            sparse.csr_matrix(self._places * PLACE_WEIGHT),
        )

    def sentence_sums(self, weights: Floats) -> Floats:
        """`of_sentences() @ weights`, in less time."""
        themes = self._themes.shape[1]
        own, before, behind, elsewhere = weights[: 4 * themes].reshape(4, themes, -1)
        stances = weights[4 * themes : -PLACE_COLUMNS] * STANCE_WEIGHT
        elsewhere = elsewhere * ELSEWHERE_WEIGHT
        own, before, behind = np.split(
            self._themes
            @ np.hstack(
                [
                    own * PATTERN_WEIGHT - elsewhere,
                    before * NEIGHBOUR_WEIGHT,
                    behind * NEIGHBOUR_WEIGHT,
                ]
            ),
            3,
            axis=1,
        )
        return np.asarray(
            (own + self._stances @ stances)[self._own]
            + before[self._before]
            + behind[self._behind]
            + (self._in_texts @ elsewhere)[self._owners]
            + self._places @ (weights[-PLACE_COLUMNS:] * PLACE_WEIGHT)
        )

    def of_stances(self) -> sparse.csr_matrix:
        """Shape (rows, 3 * stance_features + PLACE_COLUMNS)."""
        return beside(
            self._stances[self._own] * PATTERN_WEIGHT,
            self._stances[self._before] * ELSEWHERE_WEIGHT,
            self._stances[self._behind] * ELSEWHERE_WEIGHT,
            sparse.csr_matrix(self._places * PATTERN_WEIGHT),
        )

    def stance_sums(self, weights: Floats) -> Floats:
        """`of_stances() @ weights`, in less time."""
        stances = self._stances.shape[1]
        own, before, behind = weights[:-PLACE_COLUMNS].reshape(3, stances, -1)
        own, before, behind = np.split(
            self._stances
            @ np.hstack(
                [own * PATTERN_WEIGHT, before * ELSEWHERE_WEIGHT, behind * ELSEWHERE_WEIGHT]
            ),
            3,
            axis=1,
        )
        return np.asarray(
            own[self._own]
            + before[self._before]
            + behind[self._behind]
            + self._places @ (weights[-PLACE_COLUMNS:] * PATTERN_WEIGHT)
        )


def paragraph_patterns(
    analysed: AnalysedTexts, theme_features: int, service_features: int
) -> sparse.csr_matrix:
    """The theme and service patterns of whole paragraphs.

    Returns:
        Shape (paragraphs, theme_features + service_features).
    """
    named = Hits(analysed.mentions.sentences, analysed.mentions.features)
    return PATTERN_WEIGHT * beside(
        _by_text(analysed, analysed.theme_hits, theme_features),
        _by_text(analysed, named, service_features),
    )


def beside(*blocks: sparse.csr_matrix) -> sparse.csr_matrix:
    """Blocks of columns side by side."""
    return sparse.hstack(blocks, format="csr")


def _by_text(analysed: AnalysedTexts, hits: Hits, features: int) -> sparse.csr_matrix:
    """The hits anywhere in each paragraph."""
    found = distinct(analysed.text_of[hits.sentences] * features + hits.features)
    return _ones(*divmod(found, max(features, 1)), (len(analysed), features))


def _places(analysed: AnalysedTexts, rows: SentenceRows) -> Floats:
    """Kind and place of each sentence; see `PLACE_COLUMNS`."""
    kinds = len(JUDGED_KINDS)
    cites = analysed.cites
    citing = citing_texts(analysed)[rows.owners]
    table = np.zeros((len(rows.sentences), PLACE_COLUMNS))
    table[np.arange(len(table)), rows.kinds[rows.owners]] = 1.0
    table[:, kinds] = rows.sentences == analysed.bounds[rows.owners]
    table[:, kinds + 1] = rows.sentences == analysed.bounds[rows.owners + 1] - 1
    table[:, kinds + 2] = cites[rows.sentences]
    table[:, kinds + 3] = citing & ~cites[rows.sentences]
    return table


def citing_texts(analysed: AnalysedTexts) -> Bools:
    """Whether each paragraph cites a recommendation, shape (paragraphs,)."""
    found = np.zeros(len(analysed), dtype=bool)
    found[analysed.text_of[analysed.cites]] = True
    return found


def _ones(rows: Integers, columns: Integers, shape: tuple[int, int]) -> sparse.csr_matrix:
    """A matrix with ones at some places, which are in order and each there once."""
    bounds = np.searchsorted(rows, np.arange(shape[0] + 1))
    return sparse.csr_matrix((np.ones(len(rows)), columns, bounds), shape=shape)
