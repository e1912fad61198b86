"""What each kind of layer makes of its features: log-odds and probabilities.

Tagging and training both come through here; see `clas_nlp.tagging.model` for how the layers stand
on one another.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clas_nlp.codebook import WEAKNESS, Codebook
from clas_nlp.reading.tokens import Integers
from clas_nlp.tagging.analysed import AnalysedTexts, Bools
from clas_nlp.tagging.features import RECOMMENDATION, SentenceRows
from clas_nlp.tagging.scoring import (
    LinearLayer,
    context_features,
    paragraph_features,
    sigmoid,
    softmax,
    stance_features,
)
from clas_nlp.tagging.services import service_features

Floats = NDArray[np.float64]

#: Rule 2 of the codebook: what a recommendation asks for is a weakness.
RECOMMENDATION_STANCE = WEAKNESS


def contextual_logits(layers: Sequence[LinearLayer], logits: Floats, rows: SentenceRows) -> Floats:
    """Second-layer log-odds, shape (sentences, themes)."""
    features = context_features(logits, rows)
    return np.column_stack(
        [layer.logits(features[theme])[:, 0] for theme, layer in enumerate(layers)]
    )


def pooled_probabilities(
    layers: Sequence[LinearLayer],
    sentence_logits: Floats,
    paragraph_logits: Floats,
    rows: SentenceRows,
) -> Floats:
    """Probability of each theme, shape (paragraphs, themes)."""
    features = paragraph_features(sentence_logits, paragraph_logits, rows)
    return sigmoid(
        np.column_stack([layer.logits(features[theme])[:, 0] for theme, layer in enumerate(layers)])
    )


def judged_probabilities(
    layer: LinearLayer, analysed: AnalysedTexts, kinds: Integers, word_logits: Floats
) -> Floats:
    """Probability of each service, shape (paragraphs, services)."""
    features = service_features(analysed, kinds, word_logits)
    flat = features.reshape(-1, features.shape[-1])
    return sigmoid(layer.logits(flat)[:, 0].reshape(features.shape[:2]))


def sentence_stances(layer: LinearLayer, sums: Floats, asked: Bools, codebook: Codebook) -> Floats:
    """Probability of each stance, if a sentence is evidence of a theme.

    Args:
        layer: the layer; its last weights are for the themes.
        sums: what the layer makes of each sentence's other features, shape (sentences, stances).
        asked: whether it stands in a recommendation, whose stance the codebook's rules give.
        codebook: the codebook.

    Returns:
        Shape (themes, sentences, stances).
    """
    themes = layer.by_feature[-len(codebook.theme_ids) :]
    out = sigmoid(sums + layer.bias + themes[:, None, :])
    out[:, asked, :] = 0.0
    out[:, asked, codebook.sentence_stances.index(RECOMMENDATION_STANCE)] = 1.0
    return out


def paragraph_stances(
    layer: LinearLayer,
    logits: Floats,
    stances: Floats,
    rows: SentenceRows,
    cites: Bools,
    codebook: Codebook,
) -> Floats:
    """Probability of each of the codebook's stances, if a paragraph carries a theme.

    Returns:
        Shape (themes, paragraphs, stances).
    """
    names = [stance.id for stance in codebook.stances]
    features = stance_features(sigmoid(logits), stances, rows, cites)
    flat = layer.logits(features.reshape(-1, features.shape[-1]))
    out = softmax(flat.reshape(*features.shape[:2], len(names)))
    asked = rows.kinds == RECOMMENDATION
    out[:, asked, :] = 0.0
    out[:, asked, names.index(RECOMMENDATION_STANCE)] = 1.0
    return out
