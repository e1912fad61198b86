"""Words as numbers: TF-IDF of stems and of pairs of neighbouring stems."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from clas_nlp.reading.tokens import Integers
from clas_nlp.tagging.analysed import WordTable
from clas_nlp.tagging.lookup import ABSENT, IntegerMap, first_places

Floats = NDArray[np.float64]

#: Between the two words of a pair, as in "a_b".
_JOINT = "_"
_COLUMN_BITS = 32
#: Column of a word that a vocabulary does not have.
_NOWHERE = -1


@dataclass
class Vocabulary:
    """Words of the training text with their inverse document frequency.

    Attributes:
        index: column of each word feature: a stem, or two neighbours ("a_b").
        idf: shape (len(index),), smoothed as in scikit-learn's TfidfTransformer.
    """

    index: dict[str, int]
    idf: Floats

    @classmethod
    def from_counts(
        cls, words: list[str], counts: sparse.csr_matrix, least: int
    ) -> tuple[Vocabulary, NDArray[np.int64]]:
        """A vocabulary from counts, and which of their columns it keeps.

        Args:
            words: the word feature of each column.
            counts: shape (texts, words).
            least: in how many texts a feature must occur.
        """
        frequency = np.bincount(counts.indices, minlength=len(words))
        kept = np.flatnonzero(frequency >= least)
        idf = np.log((1 + counts.shape[0]) / (1 + frequency[kept])) + 1
        return cls({words[int(column)]: place for place, column in enumerate(kept)}, idf), kept

    @property
    def words(self) -> set[str]:
        """The single words that the features are made of."""
        return {word for feature in self.index for word in feature.split(_JOINT)} | set(self.index)

    def weighed(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        """Counts as TF-IDF: logarithmic term frequency, rows of unit length."""
        if not len(counts.data):
            return counts.astype(np.float64)
        logarithms = np.log(np.arange(1, int(counts.data.max()) + 1))
        values = (1 + logarithms[counts.data.astype(np.int64) - 1]) * self.idf[counts.indices]
        sums = np.add.reduceat(np.append(values**2, 0.0), counts.indptr[:-1])
        lengths = np.diff(counts.indptr)
        norms = np.sqrt(np.where(lengths > 0, sums, 1.0))
        return sparse.csr_matrix(
            (values / np.repeat(norms, lengths), counts.indices, counts.indptr), shape=counts.shape
        )


class WordColumns:
    """Where the words of a table, and their pairs, stand in vocabularies.

    Args:
        table: the table.
        vocabularies: the vocabularies.
    """

    def __init__(self, table: WordTable, *vocabularies: Vocabulary) -> None:
        self._table = table
        self._vocabularies = vocabularies
        columns: dict[int, list[int]] = {}
        for place, vocabulary in enumerate(vocabularies):
            for feature, column in vocabulary.index.items():
                for pair in self._pairs_of(feature):
                    columns.setdefault(pair, [_NOWHERE] * len(vocabularies))[place] = column
        self._pairs = IntegerMap()
        self._pairs.put(np.array(list(columns), dtype=np.int64), np.arange(len(columns)))
        # Two rows more, for what is found where nothing is, counted from the end.
        table_of_pairs = [*columns.values(), *[[_NOWHERE] * len(vocabularies)] * -ABSENT]
        self._pair_columns = np.array(table_of_pairs, dtype=np.int32).T.copy()
        self._columns = np.zeros((len(vocabularies), 0), dtype=np.int32)

    def _pairs_of(self, feature: str) -> Iterator[int]:
        parts = feature.split(_JOINT)
        # A word may hold the joint itself: then every way to cut the feature counts.
        for cut in range(1, len(parts)):
            first = self._table.find(_JOINT.join(parts[:cut]))
            second = self._table.find(_JOINT.join(parts[cut:]))
            if first is not None and second is not None:
                yield first << _COLUMN_BITS | second

    def matrices(
        self, stems: Integers, *rows: tuple[Integers, int]
    ) -> tuple[sparse.csr_matrix, ...]:
        """TF-IDF rows for each vocabulary; see `Vocabulary.weighed`.

        Args:
            stems: indexes of words in the table, in text order.
            rows: for each vocabulary, the row of each stem (-1 for none) and how many rows.

        Returns:
            For each vocabulary, shape (rows, words of the vocabulary).
        """
        if self._columns.shape[1] < len(self._table):
            words = self._table.words
            self._columns = np.array(
                [[v.index.get(word, _NOWHERE) for word in words] for v in self._vocabularies],
                dtype=np.int32,
            )
        pairs = self._pairs.get((stems[:-1] << _COLUMN_BITS) | stems[1:])
        made = []
        for place, (vocabulary, (row_of, count)) in enumerate(
            zip(self._vocabularies, rows, strict=True)
        ):
            # Each word, and behind it the pair that begins with it, so that rows stay in order.
            columns = np.full(2 * len(stems), _NOWHERE, dtype=np.int32)
            columns[::2] = self._columns[place][stems]
            columns[1:-1:2] = np.where(
                row_of[1:] == row_of[:-1], self._pair_columns[place][pairs], _NOWHERE
            )
            owners = np.repeat(row_of, 2)
            known = np.flatnonzero((columns != _NOWHERE) & (owners >= 0))
            counts = _counted(owners[known], columns[known], (count, len(vocabulary.index)))
            made.append(vocabulary.weighed(counts))
        return tuple(made)


def all_counts(
    stems: Integers, bounds: Integers, table: WordTable, least: int = 1
) -> tuple[list[str], sparse.csr_matrix]:
    """The word features of some rows, in alphabetical order, and their counts.

    Args:
        stems: indexes of words in the table, rows one after the other.
        bounds: the stems of row i are `bounds[i]` to `bounds[i + 1]`.
        table: the table.
        least: in how many rows a feature must occur.
    """
    rows = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    first, second, pair_rows = _neighbours(stems, rows)
    pairs, of_pair = np.unique(first * len(table) + second, return_inverse=True)
    counts = _counted_in_order(
        np.concatenate([rows, pair_rows]),
        np.concatenate([stems, len(table) + of_pair]),
        (len(bounds) - 1, len(table) + len(pairs)),
    )
    kept = np.flatnonzero(np.bincount(counts.indices, minlength=counts.shape[1]) >= least)
    words = table.words
    names = [
        words[column]
        if column < len(words)
        else _JOINT.join(words[i] for i in divmod(int(pairs[column - len(words)]), len(words)))
        for column in kept.tolist()
    ]
    ordered = sorted(set(names))
    place = {name: column for column, name in enumerate(ordered)}
    counts = counts[:, kept]
    counts = sparse.csr_matrix(
        (counts.data, np.array([place[n] for n in names], np.int64)[counts.indices], counts.indptr),
        shape=(counts.shape[0], len(ordered)),
    )
    counts.sum_duplicates()
    return ordered, counts


def _counted(
    rows: Integers, columns: NDArray[np.int32], shape: tuple[int, int]
) -> sparse.csr_matrix:
    """How often each column occurs in each row.

    Args:
        rows: row of each occurrence, in order.
        columns: its column.
        shape: rows and columns.
    """
    first = first_places(rows * shape[1] + columns)
    counts = np.bincount(first, minlength=len(rows))
    kept = np.flatnonzero(counts)
    bounds = np.searchsorted(rows[kept], np.arange(shape[0] + 1))
    return sparse.csr_matrix(
        (counts[kept].astype(np.float64), columns[kept], bounds.astype(np.int32)), shape=shape
    )


def _neighbours(stems: Integers, rows: Integers) -> tuple[Integers, Integers, Integers]:
    """First and second word of each pair of neighbours in a row, and the row."""
    together = rows[1:] == rows[:-1]
    return stems[:-1][together], stems[1:][together], rows[1:][together]


def _counted_in_order(
    rows: Integers, columns: Integers, shape: tuple[int, int]
) -> sparse.csr_matrix:
    """How often each column occurs in each row, columns in order."""
    order = np.lexsort((columns, rows))
    counts = _counted(rows[order], columns[order].astype(np.int32), shape)
    counts.sort_indices()
    return counts
