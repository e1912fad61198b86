"""From analysed texts to numbers: sparse features of sentences, of stances and of services.

Layout of a sentence's row: words (TF-IDF of stems and stem pairs), then
the theme patterns that fire in the sentence, before it, behind it, and elsewhere in its paragraph,
then the stance patterns, then kind and place.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from clas_nlp.reading.records import JUDGED_KINDS
from clas_nlp.tagging.analysis import AnalysedText

Floats = NDArray[np.float64]


def word_features(stems: Sequence[str]) -> list[str]:
    """Stems, and pairs of neighbours ("a_b")."""
    return [*stems, *map("_".join, itertools.pairwise(stems))]


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
    def learn(cls, texts: Iterable[Sequence[str]], least: int = 2) -> Vocabulary:
        """Learns a vocabulary from texts given as stems.

        Args:
            texts: the stems of each sentence or paragraph.
            least: in how many texts a feature must occur.
        """
        words, counts = all_counts(texts)
        return cls.from_counts(words, counts, least)[0]

    @classmethod
    def from_counts(
        cls, words: Sequence[str], counts: sparse.csr_matrix, least: int
    ) -> tuple[Vocabulary, NDArray[np.int64]]:
        """A vocabulary from counts that are there already, and the columns that it keeps.

        Args:
            words: the word feature of each column.
            counts: shape (texts, words).
            least: in how many texts a feature must occur.
        """
        frequency = np.bincount(counts.indices, minlength=len(words))
        kept = np.flatnonzero(frequency >= least)
        idf = np.log((1 + counts.shape[0]) / (1 + frequency[kept])) + 1
        return cls({words[int(column)]: place for place, column in enumerate(kept)}, idf), kept

    def matrix(self, texts: Iterable[Sequence[str]]) -> sparse.csr_matrix:
        """TF-IDF rows, shape (texts, words); see `weighed`."""
        return self.weighed(_counts(texts, self.index.get, len(self.index)))

    def weighed(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        """Counts as TF-IDF: logarithmic term frequency, rows of unit length."""
        values = (1 + np.log(counts.data)) * self.idf[counts.indices]
        sums = np.add.reduceat(np.append(values**2, 0.0), counts.indptr[:-1])
        lengths = np.diff(counts.indptr)
        norms = np.sqrt(np.where(lengths > 0, sums, 1.0))
        return sparse.csr_matrix(
            (values / np.repeat(norms, lengths), counts.indices, counts.indptr), shape=counts.shape
        )


def all_counts(texts: Iterable[Sequence[str]]) -> tuple[list[str], sparse.csr_matrix]:
    """Every word feature of some texts, in alphabetical order, and its counts."""
    seen: dict[str, int] = {}

    def column(feature: str) -> int:
        return seen.setdefault(feature, len(seen))

    rows = _counts(texts, column, None)
    words = sorted(seen)
    order = np.empty(len(words), dtype=np.int64)
    for place, word in enumerate(words):
        order[seen[word]] = place
    counts = sparse.csr_matrix(
        (rows.data, order[rows.indices], rows.indptr), shape=(rows.shape[0], len(words))
    )
    counts.sort_indices()
    return words, counts


def _counts(
    texts: Iterable[Sequence[str]], column_of: Callable[[str], int | None], width: int | None
) -> sparse.csr_matrix:
    """Counts of word features; `column_of` gives a feature's column, or None to leave it out."""
    indptr, indices = [0], []
    for stems in texts:
        indices += [c for c in map(column_of, word_features(stems)) if c is not None]
        indptr.append(len(indices))
    columns = width if width is not None else (max(indices, default=-1) + 1)
    counts = sparse.csr_matrix(
        (np.ones(len(indices)), np.array(indices, dtype=np.int64), indptr),
        shape=(len(indptr) - 1, columns),
    )
    counts.sum_duplicates()
    return counts


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


def sentence_patterns(
    analysed: Sequence[AnalysedText],
    rows: Sequence[SentenceRow],
    theme_features: int,
    stance_features: int,
) -> sparse.csr_matrix:
    """What a sentence's row holds behind its words.

    Args:
        analysed: the paragraphs.
        rows: which of their sentences.
        theme_features: how many theme-pattern features there are.
        stance_features: how many stance-pattern features there are.

    Returns:
        Shape (rows, 4 * theme_features + stance_features + PLACE_COLUMNS).
    """
    n, m = theme_features, stance_features
    cells = _Cells()
    for row in rows:
        text = analysed[row.paragraph]
        last = len(text.spans) - 1
        own = text.theme_hits[row.sentence]
        elsewhere = {hit for hits in text.theme_hits for hit in hits}.difference(own)
        cells.add(own, 0, PATTERN_WEIGHT)
        if row.sentence:
            cells.add(text.theme_hits[row.sentence - 1], n, NEIGHBOUR_WEIGHT)
        if row.sentence < last:
            cells.add(text.theme_hits[row.sentence + 1], 2 * n, NEIGHBOUR_WEIGHT)
        cells.add(sorted(elsewhere), 3 * n, ELSEWHERE_WEIGHT)
        cells.add(text.stance_hits[row.sentence], 4 * n, STANCE_WEIGHT)
        cells.add(_place_columns(text, row), 4 * n + m, PLACE_WEIGHT)
        cells.end_row()
    return cells.matrix(4 * n + m + PLACE_COLUMNS)


def stance_patterns(
    analysed: Sequence[AnalysedText], rows: Sequence[SentenceRow], stance_features: int
) -> sparse.csr_matrix:
    """What tells a sentence's stance beside its words: the stance patterns in and around it.

    Returns:
        Shape (rows, 3 * stance_features + PLACE_COLUMNS).
    """
    m = stance_features
    cells = _Cells()
    for row in rows:
        text = analysed[row.paragraph]
        cells.add(text.stance_hits[row.sentence], 0, PATTERN_WEIGHT)
        if row.sentence:
            cells.add(text.stance_hits[row.sentence - 1], m, ELSEWHERE_WEIGHT)
        if row.sentence < len(text.spans) - 1:
            cells.add(text.stance_hits[row.sentence + 1], 2 * m, ELSEWHERE_WEIGHT)
        cells.add(_place_columns(text, row), 3 * m, PATTERN_WEIGHT)
        cells.end_row()
    return cells.matrix(3 * m + PLACE_COLUMNS)


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


def paragraph_patterns(
    analysed: Sequence[AnalysedText], theme_features: int, service_features: int
) -> sparse.csr_matrix:
    """The theme and service patterns of whole paragraphs.

    Returns:
        Shape (paragraphs, theme_features + service_features).
    """
    cells = _Cells()
    for text in analysed:
        cells.add(sorted({h for hits in text.theme_hits for h in hits}), 0, PATTERN_WEIGHT)
        cells.add(sorted({m.feature for m in text.mentions}), theme_features, PATTERN_WEIGHT)
        cells.end_row()
    return cells.matrix(theme_features + service_features)


def sentence_stems(
    analysed: Sequence[AnalysedText], rows: Sequence[SentenceRow]
) -> Iterator[Sequence[str]]:
    """The stems of sentences."""
    return (analysed[row.paragraph].stems[row.sentence] for row in rows)


def paragraph_stems(analysed: Sequence[AnalysedText]) -> Iterator[Sequence[str]]:
    """The stems of whole paragraphs."""
    return ([stem for stems in text.stems for stem in stems] for text in analysed)


def beside(*blocks: sparse.csr_matrix) -> sparse.csr_matrix:
    """Blocks of columns side by side."""
    return sparse.hstack(blocks, format="csr")


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
        before = len(self._indices)
        self._indices += [offset + column for column in columns]
        self._values += [value] * (len(self._indices) - before)

    def end_row(self) -> None:
        self._indptr.append(len(self._indices))

    def matrix(self, width: int) -> sparse.csr_matrix:
        return sparse.csr_matrix(
            (np.array(self._values, dtype=float), self._indices, self._indptr),
            shape=(len(self._indptr) - 1, width),
        )
