"""The model: what it knows, and how it reads paragraphs.

Sentences first. A linear layer gives each sentence log-odds for each theme; a second looks at a
sentence among its neighbours; a third pools a paragraph's sentences with its words as a whole into
the paragraph's probability. Evidence is the sentences behind it, and a further layer gives each
evidence sentence its stance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from clas_nlp.codebook import STRENGTH, WEAKNESS, Codebook
from clas_nlp.tagging.analysis import AnalysedText, TextAnalyser
from clas_nlp.tagging.features import (
    SentenceRow,
    Vocabulary,
    paragraph_matrix,
    sentence_matrix,
    sentence_rows,
)
from clas_nlp.tagging.scoring import (
    LinearLayer,
    ParagraphIndex,
    context_features,
    paragraph_features,
    sigmoid,
)
from clas_nlp.tagging.services import service_features

Floats = NDArray[np.float64]

#: Rule 2 of the codebook: what a recommendation asks for is a weakness.
RECOMMENDATION_STANCE = WEAKNESS


@dataclass(frozen=True)
class Thresholds:
    """Where probabilities become tags.

    Attributes:
        themes: for each theme, the least probability of a tag.
        evidence: for each theme, the least probability of an evidence sentence.
        both: the least probability of the second of weakness and strength on one sentence.
        services: the least probability of a service.
    """

    themes: tuple[float, ...]
    evidence: tuple[float, ...]
    both: float
    services: float


@dataclass(frozen=True)
class Reading:
    """What the model makes of some paragraphs, before any threshold.

    Attributes:
        rows: the sentences.
        index: the paragraphs of the sentences.
        sentence_logits: second-layer log-odds, shape (sentences, themes).
        themes: probability of each theme, shape (paragraphs, themes).
        stances: probability of each stance, if the sentence is evidence of the theme,
            shape (themes, sentences, stances).
        services: probability of each service, shape (paragraphs, services).
    """

    rows: list[SentenceRow]
    index: ParagraphIndex
    sentence_logits: Floats
    themes: Floats
    stances: Floats
    services: Floats


@dataclass(frozen=True)
class Model:
    """A trained model; `clas_nlp.tagging.storage` writes and loads it.

    Attributes:
        codebook: its own copy of the codebook.
        sentence_words: vocabulary of the sentence layer and the stance layer.
        paragraph_words: vocabulary of the layers over whole paragraphs.
        sentence_layer: themes from a sentence's features.
        context_layers: for each theme, from `context_features`.
        paragraph_layer: themes from a paragraph's words.
        pooling_layers: for each theme, from `paragraph_features`.
        stance_layer: stances from a sentence's features and the theme.
        service_layer: services from a paragraph's words.
        judging_layer: whether a named service is judged, from `service_features`.
        thresholds: where probabilities become tags.
        details: what the manifest says of its making (seed, corpus hashes, versions, scores).
    """

    codebook: Codebook
    sentence_words: Vocabulary
    paragraph_words: Vocabulary
    sentence_layer: LinearLayer
    context_layers: tuple[LinearLayer, ...]
    paragraph_layer: LinearLayer
    pooling_layers: tuple[LinearLayer, ...]
    stance_layer: LinearLayer
    service_layer: LinearLayer
    judging_layer: LinearLayer
    thresholds: Thresholds
    details: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def analyser(self) -> TextAnalyser:
        """The analyser with this model's codebook."""
        return TextAnalyser(self.codebook)

    def sentence_matrix(
        self, analysed: Sequence[AnalysedText], rows: Sequence[SentenceRow]
    ) -> sparse.csr_matrix:
        """Feature rows of sentences; see `clas_nlp.tagging.features.sentence_matrix`."""
        return sentence_matrix(
            self.sentence_words,
            analysed,
            rows,
            len(self.analyser.themes.features),
            len(self.analyser.stances.features),
        )

    def read(self, analysed: Sequence[AnalysedText], kinds: Sequence[str]) -> Reading:
        """Reads paragraphs.

        Args:
            analysed: the paragraphs' texts, analysed by `analyser`.
            kinds: their kinds.
        """
        rows = sentence_rows(analysed, kinds)
        index = ParagraphIndex.of(rows, len(analysed))
        features = self.sentence_matrix(analysed, rows)
        whole = paragraph_matrix(
            self.paragraph_words,
            analysed,
            len(self.analyser.themes.features),
            len(self.analyser.services.features),
        )
        logits = contextual_logits(
            self.context_layers, self.sentence_layer.logits(features), index, kinds
        )
        themes = pooled_probabilities(
            self.pooling_layers, logits, self.paragraph_layer.logits(whole), index, kinds
        )
        services = judged_probabilities(
            self.judging_layer, analysed, kinds, self.service_layer.logits(whole)
        )
        return Reading(rows, index, logits, themes, self._stances(features, rows), services)

    def _stances(self, features: sparse.csr_matrix, rows: Sequence[SentenceRow]) -> Floats:
        """Probability of each stance for each theme; a recommendation's is given by the rules."""
        themes = len(self.codebook.theme_ids)
        width = features.shape[1]
        words = LinearLayer(self.stance_layer.weights[:, :width], self.stance_layer.bias)
        base = np.asarray(features @ words.weights.T) + words.bias
        out = np.stack(
            [sigmoid(base + self.stance_layer.weights[:, width + t]) for t in range(themes)]
        )
        asked = np.array([row.kind == "recommendation" for row in rows], dtype=bool)
        stance = self.codebook.sentence_stances.index(RECOMMENDATION_STANCE)
        out[:, asked, :] = 0.0
        out[:, asked, stance] = 1.0
        return out

    def theme_decisions(self, reading: Reading) -> NDArray[np.bool_]:
        """Which themes become tags, shape (paragraphs, themes)."""
        return np.asarray(reading.themes >= np.array(self.thresholds.themes))

    def evidence_rows(self, reading: Reading, paragraph: int, theme: int) -> list[int]:
        """Rows of the evidence sentences of a theme in a paragraph: at least the best one."""
        start, count = reading.index.starts[paragraph], reading.index.counts[paragraph]
        if not count:
            return []
        chance = sigmoid(reading.sentence_logits[start : start + count, theme])
        chosen = np.flatnonzero(chance >= self.thresholds.evidence[theme])
        if not len(chosen):
            chosen = np.array([int(np.argmax(chance))])
        return [int(start + place) for place in chosen]

    def stances_of(self, reading: Reading, row: int, theme: int) -> list[str]:
        """Stances of an evidence sentence: the likeliest, and its opposite where that is likely."""
        names = self.codebook.sentence_stances
        chance = dict(zip(names, reading.stances[theme, row], strict=True))
        best = max(names, key=lambda name: chance[name])
        found = [best]
        opposite = {WEAKNESS: STRENGTH, STRENGTH: WEAKNESS}.get(best)
        if opposite is not None and chance[opposite] >= self.thresholds.both:
            found.append(opposite)
        return found


def contextual_logits(
    layers: Sequence[LinearLayer], logits: Floats, index: ParagraphIndex, kinds: Sequence[str]
) -> Floats:
    """Second-layer log-odds, shape (sentences, themes)."""
    features = context_features(logits, index, kinds)
    return np.column_stack(
        [layer.logits(features[theme])[:, 0] for theme, layer in enumerate(layers)]
    )


def pooled_probabilities(
    layers: Sequence[LinearLayer],
    sentence_logits: Floats,
    paragraph_logits: Floats,
    index: ParagraphIndex,
    kinds: Sequence[str],
) -> Floats:
    """Probability of each theme, shape (paragraphs, themes)."""
    features = paragraph_features(sentence_logits, paragraph_logits, index, kinds)
    return sigmoid(
        np.column_stack([layer.logits(features[theme])[:, 0] for theme, layer in enumerate(layers)])
    )


def judged_probabilities(
    layer: LinearLayer,
    analysed: Sequence[AnalysedText],
    kinds: Sequence[str],
    word_logits: Floats,
) -> Floats:
    """Probability of each service, shape (paragraphs, services)."""
    features = service_features(analysed, kinds, word_logits)
    flat = features.reshape(-1, features.shape[-1])
    return sigmoid(layer.logits(flat)[:, 0].reshape(features.shape[:2]))
