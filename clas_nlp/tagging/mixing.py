"""A linear reading and an encoder's, half and half.

Probabilities are mixed as log-odds, whose mean is the geometric mean of the odds (Genest and
Zidek 1986, Statistical Science 1, logarithmic opinion pools). What the encoder could not read, the
end of a paragraph longer than it takes, keeps the linear layers' figure.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clas_nlp.neural.reader import NeuralScores
from clas_nlp.tagging.features import SentenceRows
from clas_nlp.tagging.scoring import limited, log_odds, sigmoid

Floats = NDArray[np.float64]


def mixed_logits(linear: Floats, neural: NDArray[np.float32]) -> Floats:
    """The mean of log-odds of the same shape; `linear` where `neural` is NaN."""
    known = limited(neural.astype(np.float64))
    return np.where(np.isnan(known), linear, (linear + known) / 2)


def mixed_probabilities(linear: Floats, neural: NDArray[np.float32]) -> Floats:
    """The same for probabilities and log-odds."""
    return sigmoid(mixed_logits(log_odds(linear, 1e-6), neural))


def mixed_themes(linear: Floats, scores: NeuralScores, rows: SentenceRows) -> Floats:
    """Probabilities of the themes; to the encoder a paragraph is its likeliest sentence.

    Args:
        linear: the linear layers' probabilities, shape (paragraphs, themes).
        scores: the encoder's, for all sentences.
        rows: the sentences that count.
    """
    best = np.full(linear.shape, np.nan, dtype=np.float32)
    filled = rows.counts > 0
    if filled.any():
        own = scores.themes[rows.sentences]
        best[filled] = np.fmax.reduceat(own, rows.starts[filled], axis=0)
    return mixed_probabilities(linear, best)


def mixed_stances(linear: Floats, scores: NeuralScores, rows: SentenceRows) -> Floats:
    """Probabilities of the stances of sentences, shape (themes, sentences, stances).

    The rules of the codebook decide in recommendations, so those keep what they have.
    """
    own = scores.stances[:, rows.sentences]
    # The encoder's stances exclude one another; each against the rest, as the linear layer has it.
    rest = np.log(np.maximum(np.exp(own).sum(axis=-1, keepdims=True) - np.exp(own), 1e-6))
    made = mixed_probabilities(linear, own - rest)
    made[:, rows.asked] = linear[:, rows.asked]
    return made
