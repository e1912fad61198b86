"""The arithmetic of the model: linear layers over sparse rows, and what a paragraph's sentences
say together. Nothing here learns; see `clas_nlp.training`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from clas_nlp.reading.records import JUDGED_KINDS
from clas_nlp.tagging.features import SentenceRow, kind_column

Floats = NDArray[np.float64]

#: Stands for "no sentence there" among log-odds.
NO_SENTENCE = -8.0
#: Log-odds are cut at plus and minus this, so that one rare word cannot outvote everything.
LOGIT_LIMIT = 8.0


@dataclass(frozen=True)
class LinearLayer:
    """Log-odds that are linear in the features.

    Attributes:
        weights: shape (outputs, features).
        bias: shape (outputs,).
    """

    weights: Floats
    bias: Floats

    def logits(self, rows: sparse.csr_matrix | Floats) -> Floats:
        """Log-odds, shape (rows, outputs), within `LOGIT_LIMIT`."""
        return np.clip(np.asarray(rows @ self.weights.T) + self.bias, -LOGIT_LIMIT, LOGIT_LIMIT)


def sigmoid(logits: Floats) -> Floats:
    """Probabilities of log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-logits)))


def softmax(logits: Floats) -> Floats:
    """Probabilities that add up to one in each row."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


@dataclass(frozen=True)
class ParagraphIndex:
    """Which rows belong to which paragraph; rows of one paragraph stand together.

    Attributes:
        starts: row of each paragraph's first sentence, shape (paragraphs,).
        counts: its number of sentences, 0 for a paragraph without any.
    """

    starts: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Sequence[SentenceRow], paragraphs: int) -> ParagraphIndex:
        """Indexes the rows of so many paragraphs."""
        owner = np.array([row.paragraph for row in rows], dtype=np.int64)
        counts = np.bincount(owner, minlength=paragraphs).astype(np.int64)
        return cls(np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64), counts)


def context_features(logits: Floats, index: ParagraphIndex, kinds: Sequence[str]) -> Floats:
    """What a sentence's log-odds look like among its neighbours', for each theme.

    Args:
        logits: first-layer log-odds, shape (sentences, themes).
        index: paragraphs of the sentences.
        kinds: kind of each paragraph.

    Returns:
        Shape (themes, sentences, 6): own, one before, one behind, the best other of the paragraph,
        the best other theme of the sentence, and whether the paragraph is a recommendation.
    """
    sentences, themes = logits.shape
    out = np.full((themes, sentences, 6), NO_SENTENCE)
    out[:, :, 0] = logits.T
    for paragraph, (start, count) in enumerate(zip(index.starts, index.counts, strict=True)):
        if not count:
            continue
        block = logits[start : start + count]
        out[:, start + 1 : start + count, 1] = block[:-1].T
        out[:, start : start + count - 1, 2] = block[1:].T
        if count > 1:
            order = np.sort(block, axis=0)
            best, second = order[-1], order[-2]
            out[:, start : start + count, 3] = np.where(block == best, second, best).T
        out[:, start : start + count, 5] = float(kinds[paragraph] == "recommendation")
    if themes > 1:
        order = np.sort(logits, axis=1)
        best, second = order[:, -1:], order[:, -2:-1]
        out[:, :, 4] = np.where(logits == best, second, best).T
    else:
        out[:, :, 4] = NO_SENTENCE
    return out


def paragraph_features(
    sentence_logits: Floats,
    paragraph_logits: Floats,
    index: ParagraphIndex,
    kinds: Sequence[str],
) -> Floats:
    """What a paragraph's sentences say together, for each theme.

    Args:
        sentence_logits: second-layer log-odds, shape (sentences, themes).
        paragraph_logits: log-odds from the paragraph's words as a whole, (paragraphs, themes).
        index: paragraphs of the sentences.
        kinds: kind of each paragraph.

    Returns:
        Shape (themes, paragraphs, 5 + kinds): the best sentence, the second best, all of them
        pooled (log of one minus the product of "not this sentence"), the whole paragraph's
        words, the log of its number of sentences, and its kind.
    """
    paragraphs = len(kinds)
    themes = paragraph_logits.shape[1]
    out = np.zeros((themes, paragraphs, 5 + len(JUDGED_KINDS)))
    out[:, :, 0] = out[:, :, 1] = out[:, :, 2] = NO_SENTENCE
    for paragraph, (start, count) in enumerate(zip(index.starts, index.counts, strict=True)):
        out[:, paragraph, 4] = np.log1p(count)
        out[:, paragraph, 5 + kind_column(kinds[paragraph])] = 1.0
        if not count:
            continue
        block = np.sort(sentence_logits[start : start + count], axis=0)
        out[:, paragraph, 0] = block[-1]
        if count > 1:
            out[:, paragraph, 1] = block[-2]
        none = np.log1p(-np.clip(sigmoid(block), 0, 1 - 1e-9)).sum(axis=0)
        some = np.clip(-np.expm1(none), 1e-9, 1 - 1e-9)
        out[:, paragraph, 2] = np.clip(np.log(some / (1 - some)), -LOGIT_LIMIT, LOGIT_LIMIT)
    out[:, :, 3] = paragraph_logits.T
    return out


def stance_columns(stances: int) -> int:
    """How many columns `stance_features` has, for so many stances of sentences."""
    return 4 * stances + 1


def stance_features(
    evidence: Floats, stances: Floats, index: ParagraphIndex, cites: Floats
) -> Floats:
    """What a paragraph's sentences say together of the stance on a theme.

    Args:
        evidence: probability that each sentence is evidence of the theme, shape (sentences,).
        stances: probability of each stance, if it is, shape (sentences, stances).
        index: paragraphs of the sentences.
        cites: whether each paragraph cites a recommendation, shape (paragraphs,).

    Returns:
        Shape (paragraphs, 4 * stances + 1): for each stance, log-odds that some sentence is
        evidence with it, the highest probability of one, that of the likeliest evidence
        sentence, and the lower of its log-odds and the next stance's; then `cites`.
    """
    paragraphs, count = len(index.counts), stances.shape[1]
    out = np.zeros((paragraphs, stance_columns(count)))
    out[:, -1] = cites
    filled = np.flatnonzero(index.counts)
    if not len(filled):
        return out
    starts, sizes = index.starts[filled], index.counts[filled]
    joint = evidence[:, None] * stances
    # Sentence by sentence, all paragraphs at once: the sums run in the order of the text.
    nones = np.log1p(-np.clip(joint, 0, 1 - 1e-9))
    none, highest = nones[starts], joint[starts]
    likeliest, best = evidence[starts], starts.copy()
    for place in range(1, int(sizes.max())):
        inside = np.flatnonzero(sizes > place)
        rows = starts[inside] + place
        none[inside] += nones[rows]
        highest[inside] = np.maximum(highest[inside], joint[rows])
        better = evidence[rows] > likeliest[inside]
        best[inside[better]] = rows[better]
        likeliest[inside[better]] = evidence[rows[better]]
    some = np.clip(-np.expm1(none), 1e-6, 1 - 1e-6)
    odds = np.clip(np.log(some / (1 - some)), -LOGIT_LIMIT, LOGIT_LIMIT)
    out[filled, :count] = odds
    out[filled, count : 2 * count] = highest
    out[filled, 2 * count : 3 * count] = stances[best]
    out[filled, 3 * count : 4 * count] = np.minimum(odds, np.roll(odds, 1, axis=1))
    return out
