"""The arithmetic of the model: linear layers over sparse rows, and what a paragraph's sentences
say together. Nothing here learns; see `clas_nlp.training`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from clas_nlp.reading.records import JUDGED_KINDS
from clas_nlp.reading.tokens import Integers
from clas_nlp.tagging.analysed import Bools
from clas_nlp.tagging.features import SentenceRows

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

    @cached_property
    def by_feature(self) -> Floats:
        """The weights with each feature's side by side, as sparse products want them."""
        return np.ascontiguousarray(self.weights.T)

    def logits(self, rows: sparse.csr_matrix | Floats) -> Floats:
        """Log-odds, shape (rows, outputs), within `LOGIT_LIMIT`."""
        return limited(np.asarray(rows @ self.by_feature) + self.bias)


def limited(sums: Floats) -> Floats:
    """Log-odds cut to `LOGIT_LIMIT`."""
    return np.clip(sums, -LOGIT_LIMIT, LOGIT_LIMIT)


def log_odds(probability: Floats, least: float) -> Floats:
    """Log-odds of probabilities, which count as `least` at least and as one less that at most."""
    clipped = np.clip(probability, least, 1 - least)
    return limited(np.log(clipped / (1 - clipped)))


def sigmoid(logits: Floats) -> Floats:
    """Probabilities of log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-logits)))


def softmax(logits: Floats) -> Floats:
    """Probabilities that add up to one in each row."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def context_features(logits: Floats, rows: SentenceRows) -> Floats:
    """What a sentence's log-odds look like among its neighbours', for each theme.

    Args:
        logits: first-layer log-odds, shape (sentences, themes).
        rows: the sentences.

    Returns:
        Shape (themes, sentences, 6): own, one before, one behind, the best other of the paragraph,
        the best other theme of the sentence, and whether the paragraph is a recommendation.
    """
    sentences, themes = logits.shape
    out = np.full((themes, sentences, 6), NO_SENTENCE)
    if not sentences:
        return out
    out[:, :, 0] = logits.T
    follows = rows.owners[1:] == rows.owners[:-1]
    out[:, 1:, 1][:, follows] = logits[:-1][follows].T
    out[:, :-1, 2][:, follows] = logits[1:][follows].T
    best, second = _two_best(logits, rows)
    of_row = np.repeat(np.arange(len(best)), rows.counts[rows.counts > 0])
    own_is_best = logits == best[of_row]
    out[:, :, 3] = np.where(own_is_best, second[of_row], best[of_row]).T
    out[:, :, 5] = rows.asked
    if themes > 1:
        order = np.sort(logits, axis=1)
        best, second = order[:, -1:], order[:, -2:-1]
        out[:, :, 4] = np.where(logits == best, second, best).T
    return out


def paragraph_features(
    sentence_logits: Floats, paragraph_logits: Floats, rows: SentenceRows
) -> Floats:
    """What a paragraph's sentences say together, for each theme.

    Args:
        sentence_logits: second-layer log-odds, shape (sentences, themes).
        paragraph_logits: log-odds from the paragraph's words as a whole, (paragraphs, themes).
        rows: the sentences.

    Returns:
        Shape (themes, paragraphs, 5 + kinds): the best sentence, the second best, all of them
        pooled (log of one minus the product of "not this sentence"), the whole paragraph's
        words, the log of its number of sentences, and its kind.
    """
    paragraphs, themes = paragraph_logits.shape
    out = np.zeros((themes, paragraphs, 5 + len(JUDGED_KINDS)))
    out[:, :, 0] = out[:, :, 1] = out[:, :, 2] = NO_SENTENCE
    out[:, :, 3] = paragraph_logits.T
    out[:, :, 4] = np.log1p(rows.counts)
    out[:, np.arange(paragraphs), 5 + rows.kinds] = 1.0
    filled = np.flatnonzero(rows.counts)
    if len(filled):
        best, second = _two_best(sentence_logits, rows)
        out[:, filled, 0], out[:, filled, 1] = best.T, second.T
        nones = np.log1p(-np.clip(sigmoid(sentence_logits), 0, 1 - 1e-9))
        out[:, filled, 2] = _odds_of_some(
            np.add.reduceat(nones, rows.starts[filled], axis=0), 1e-9
        ).T
    return out


def _two_best(logits: Floats, rows: SentenceRows) -> tuple[Floats, Floats]:
    """The highest and second highest log-odds of each paragraph with sentences, by column."""
    starts = rows.starts[rows.counts > 0]
    best = np.maximum.reduceat(logits, starts, axis=0)
    # Only the first of several that are equally high is taken out.
    others = logits.copy()
    np.put_along_axis(others, first_best(logits, rows), -np.inf, axis=0)
    second = np.maximum.reduceat(others, starts, axis=0)
    return best, np.where(np.isinf(second), NO_SENTENCE, second)


def first_best(scores: Floats, rows: SentenceRows) -> Integers:
    """Row of the highest score of each paragraph with sentences; the first of equal ones.

    Args:
        scores: shape (sentences, columns).
        rows: the sentences.

    Returns:
        Shape (paragraphs with sentences, columns).
    """
    counts = rows.counts[rows.counts > 0]
    if not len(counts):
        return np.zeros((0, scores.shape[1]), dtype=np.int64)
    starts = rows.starts[rows.counts > 0]
    best = np.maximum.reduceat(scores, starts, axis=0)
    is_best = scores == np.repeat(best, counts, axis=0)
    place = np.where(is_best, np.arange(len(scores))[:, None], len(scores))
    return np.minimum.reduceat(place, starts, axis=0)


def _odds_of_some(none: Floats, least: float) -> Floats:
    """Log-odds that something holds, from the logarithm of the chance that nothing does."""
    return log_odds(-np.expm1(none), least)


def stance_columns(stances: int) -> int:
    """How many columns `stance_features` has, for so many stances of sentences."""
    return 4 * stances + 1


def stance_features(evidence: Floats, stances: Floats, rows: SentenceRows, cites: Bools) -> Floats:
    """What a paragraph's sentences say together of the stance on each theme.

    Args:
        evidence: probability that each sentence is evidence of each theme, (sentences, themes).
        stances: probability of each stance, if it is, shape (themes, sentences, stances).
        rows: the sentences.
        cites: whether each paragraph cites a recommendation, shape (paragraphs,).

    Returns:
        Shape (themes, paragraphs, 4 * stances + 1): for each stance, log-odds that some sentence
        is evidence with it, the highest probability of one, that of the likeliest evidence
        sentence, and the lower of its log-odds and the next stance's; then `cites`.
    """
    themes, _, count = stances.shape
    out = np.zeros((themes, len(rows.counts), stance_columns(count)))
    out[:, :, -1] = cites
    filled = np.flatnonzero(rows.counts)
    if not len(filled):
        return out
    starts = rows.starts[filled]
    joint = evidence.T[:, :, None] * stances
    none = np.add.reduceat(np.log1p(-np.clip(joint, 0, 1 - 1e-9)), starts, axis=1)
    odds = _odds_of_some(none, 1e-6)
    likeliest = first_best(evidence, rows).T
    out[:, filled, :count] = odds
    out[:, filled, count : 2 * count] = np.maximum.reduceat(joint, starts, axis=1)
    out[:, filled, 2 * count : 3 * count] = stances[np.arange(themes)[:, None], likeliest]
    out[:, filled, 3 * count : 4 * count] = np.minimum(odds, np.roll(odds, 1, axis=2))
    return out
