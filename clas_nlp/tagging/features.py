"""From analysed texts to numbers: sparse features of sentences, of stances and of services.

Layout of a sentence's row: words (TF-IDF of stems and stem pairs), then
the theme patterns that fire in the sentence, before it, behind it, and elsewhere in its paragraph,
then the stance patterns, then kind and place.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from clas_nlp.reading.records import JUDGED_KINDS
from clas_nlp.tagging.analysis import AnalysedText

Floats = NDArray[np.float64]


def word_features(stems: Sequence[str]) -> list[str]:
    """Stems, and pairs of neighbours ("a_b")."""
    return [*stems, *(f"{a}_{b}" for a, b in itertools.pairwise(stems))]


@dataclass
class Vocabulary:
    """Words of the training text with their inverse document frequency.

    Attributes:
        index: column of each word feature.
        idf: shape (len(index),), smoothed as in scikit-learn's TfidfTransformer.
    """

    index: dict[str, int]
    idf: Floats

    @classmethod
    def learn(cls, sentences: Iterable[Sequence[str]], least: int = 2) -> Vocabulary:
        """Learns a vocabulary.

        Args:
            sentences: the stems of each sentence.
            least: in how many sentences a feature must occur.
        """
        frequency: Counter[str] = Counter()
        count = 0
        for stems in sentences:
            count += 1
            frequency.update(set(word_features(stems)))
        kept = sorted(feature for feature, times in frequency.items() if times >= least)
        idf = np.array([np.log((1 + count) / (1 + frequency[f])) + 1 for f in kept])
        return cls({feature: column for column, feature in enumerate(kept)}, idf)

    def matrix(self, sentences: Iterable[Sequence[str]]) -> sparse.csr_matrix:
        """TF-IDF rows of unit length, shape (sentences, words); logarithmic term frequency."""
        indptr, indices, values = [0], [], []
        index = self.index
        for stems in sentences:
            counts = Counter(
                column
                for feature in word_features(stems)
                if (column := index.get(feature)) is not None
            )
            columns = sorted(counts)
            row = (1 + np.log([counts[c] for c in columns])) * self.idf[columns]
            norm = np.sqrt((row**2).sum())
            indices += columns
            values.append(row / norm if norm else row)
            indptr.append(len(indices))
        flat = np.concatenate(values) if values else np.zeros(0)
        return sparse.csr_matrix((flat, indices, indptr), shape=(len(indptr) - 1, len(index)))


@dataclass(frozen=True, slots=True)
class SentenceRow:
    """Where a sentence stands: paragraph index, sentence index, kind of its paragraph."""

    paragraph: int
    sentence: int
    kind: str


#: How strongly each block of features speaks, beside the words' unit length. Found by trying
#: powers of two on reports left out in turn; the figures change little around these.
PATTERN_WEIGHT = 0.6
NEIGHBOUR_WEIGHT = 0.3
ELSEWHERE_WEIGHT = 0.2
STANCE_WEIGHT = 0.25
PLACE_WEIGHT = 0.3


def sentence_rows(analysed: Sequence[AnalysedText], kinds: Sequence[str]) -> list[SentenceRow]:
    """The sentences that count, in order; bare references to recommendations do not."""
    return [
        SentenceRow(p, s, kind)
        for p, (text, kind) in enumerate(zip(analysed, kinds, strict=True))
        for s in range(len(text.spans))
        if not text.bare_reference[s]
    ]


def sentence_matrix(
    vocabulary: Vocabulary,
    analysed: Sequence[AnalysedText],
    rows: Sequence[SentenceRow],
    theme_features: int,
    stance_features: int,
) -> sparse.csr_matrix:
    """Feature rows of sentences.

    Args:
        vocabulary: the words.
        analysed: the paragraphs.
        rows: which of their sentences.
        theme_features: how many theme-pattern features there are.
        stance_features: how many stance-pattern features there are.

    Returns:
        Shape (rows, words + 4 * theme_features + stance_features + PLACE_COLUMNS).
    """
    words = vocabulary.matrix(analysed[r.paragraph].stems[r.sentence] for r in rows)
    n, m = theme_features, stance_features
    cells = _Cells()
    for row in rows:
        text = analysed[row.paragraph]
        last = len(text.spans) - 1
        own = text.theme_hits[row.sentence]
        before = text.theme_hits[row.sentence - 1] if row.sentence else []
        behind = text.theme_hits[row.sentence + 1] if row.sentence < last else []
        elsewhere = {hit for hits in text.theme_hits for hit in hits}.difference(own)
        cells.add(own, 0, PATTERN_WEIGHT)
        cells.add(before, n, NEIGHBOUR_WEIGHT)
        cells.add(behind, 2 * n, NEIGHBOUR_WEIGHT)
        cells.add(sorted(elsewhere), 3 * n, ELSEWHERE_WEIGHT)
        cells.add(text.stance_hits[row.sentence], 4 * n, STANCE_WEIGHT)
        cells.add(_place_columns(text, row), 4 * n + m, PLACE_WEIGHT)
        cells.end_row()
    return sparse.hstack([words, cells.matrix(4 * n + m + PLACE_COLUMNS)], format="csr")


def stance_matrix(
    vocabulary: Vocabulary,
    analysed: Sequence[AnalysedText],
    rows: Sequence[SentenceRow],
    stance_features: int,
) -> sparse.csr_matrix:
    """What tells a sentence's stance: its words, and the stance patterns in and around it.

    Returns:
        Shape (rows, words + 3 * stance_features + PLACE_COLUMNS).
    """
    words = vocabulary.matrix(analysed[r.paragraph].stems[r.sentence] for r in rows)
    m = stance_features
    cells = _Cells()
    for row in rows:
        text = analysed[row.paragraph]
        last = len(text.spans) - 1
        cells.add(text.stance_hits[row.sentence], 0, PATTERN_WEIGHT)
        if row.sentence:
            cells.add(text.stance_hits[row.sentence - 1], m, ELSEWHERE_WEIGHT)
        if row.sentence < last:
            cells.add(text.stance_hits[row.sentence + 1], 2 * m, ELSEWHERE_WEIGHT)
        cells.add(_place_columns(text, row), 3 * m, PATTERN_WEIGHT)
        cells.end_row()
    return sparse.hstack([words, cells.matrix(3 * m + PLACE_COLUMNS)], format="csr")


#: Kinds, first of its paragraph, last of it, cites a recommendation, its paragraph cites one.
PLACE_COLUMNS = len(JUDGED_KINDS) + 4


def _place_columns(text: AnalysedText, row: SentenceRow) -> list[int]:
    kinds = len(JUDGED_KINDS)
    columns = [kind_column(row.kind)]
    if row.sentence == 0:
        columns.append(kinds)
    if row.sentence == len(text.spans) - 1:
        columns.append(kinds + 1)
    if text.cites[row.sentence]:
        columns.append(kinds + 2)
    elif any(text.cites):
        columns.append(kinds + 3)
    return columns


def paragraph_matrix(
    vocabulary: Vocabulary,
    analysed: Sequence[AnalysedText],
    theme_features: int,
    service_features: int,
) -> sparse.csr_matrix:
    """Feature rows of whole paragraphs: words, theme patterns, service patterns.

    Returns:
        Shape (paragraphs, words + theme_features + service_features).
    """
    words = vocabulary.matrix([stem for stems in text.stems for stem in stems] for text in analysed)
    cells = _Cells()
    for text in analysed:
        cells.add(sorted({h for hits in text.theme_hits for h in hits}), 0, PATTERN_WEIGHT)
        cells.add(sorted({m.feature for m in text.mentions}), theme_features, PATTERN_WEIGHT)
        cells.end_row()
    return sparse.hstack([words, cells.matrix(theme_features + service_features)], format="csr")


def kind_column(kind: str) -> int:
    """Column of a kind among the judged kinds; other kinds count as findings."""
    return next((i for i, k in enumerate(JUDGED_KINDS) if k == kind), 0)


class _Cells:
    """Rows of a sparse matrix, written one after the other."""

    def __init__(self) -> None:
        self._indptr = [0]
        self._indices: list[int] = []
        self._values: list[float] = []

    def add(self, columns: Iterable[int], offset: int, value: float) -> None:
        for column in columns:
            self._indices.append(offset + column)
            self._values.append(value)

    def end_row(self) -> None:
        self._indptr.append(len(self._indices))

    def matrix(self, width: int) -> sparse.csr_matrix:
        return sparse.csr_matrix(
            (np.array(self._values, dtype=float), self._indices, self._indptr),
            shape=(len(self._indptr) - 1, width),
        )
