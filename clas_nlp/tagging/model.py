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

from clas_nlp.codebook import MIXED, NEUTRAL, STRENGTH, WEAKNESS, Codebook
from clas_nlp.tagging.analysis import AnalysedText, TextAnalyser
from clas_nlp.tagging.features import (
    SentenceRow,
    Vocabulary,
    beside,
    paragraph_patterns,
    paragraph_stems,
    sentence_patterns,
    sentence_rows,
    sentence_stems,
    stance_patterns,
)
from clas_nlp.tagging.scoring import (
    LinearLayer,
    ParagraphIndex,
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


@dataclass(frozen=True)
class Thresholds:
    """Where probabilities become tags.

    Attributes:
        themes: for each theme, the least probability of a tag.
        evidence: for each theme, the least probability of an evidence sentence.
        services: the least probability of a service.
    """

    themes: tuple[float, ...]
    evidence: tuple[float, ...]
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
        paragraph_stances: probability of each of the codebook's stances (mixed among them), if
            the paragraph carries the theme, shape (themes, paragraphs, stances).
        services: probability of each service, shape (paragraphs, services).
    """

    rows: list[SentenceRow]
    index: ParagraphIndex
    sentence_logits: Floats
    themes: Floats
    stances: Floats
    paragraph_stances: Floats
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
        stance_layer: stances from a sentence's words, `stance_patterns` and the theme.
        stance_pooling_layer: a paragraph's stance from `stance_features`.
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
    stance_pooling_layer: LinearLayer
    service_layer: LinearLayer
    judging_layer: LinearLayer
    thresholds: Thresholds
    details: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def analyser(self) -> TextAnalyser:
        """The analyser with this model's codebook."""
        return TextAnalyser(self.codebook)

    def read(self, analysed: Sequence[AnalysedText], kinds: Sequence[str]) -> Reading:
        """Reads paragraphs.

        Args:
            analysed: the paragraphs' texts, analysed by `analyser`.
            kinds: their kinds.
        """
        rows = sentence_rows(analysed, kinds)
        index = ParagraphIndex.of(rows, len(analysed))
        words = self.sentence_words.matrix(sentence_stems(analysed, rows))
        theme_count, stance_count, service_count = (
            len(matcher.features)
            for matcher in (self.analyser.themes, self.analyser.stances, self.analyser.services)
        )
        features = beside(words, sentence_patterns(analysed, rows, theme_count, stance_count))
        whole = beside(
            self.paragraph_words.matrix(paragraph_stems(analysed)),
            paragraph_patterns(analysed, theme_count, service_count),
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
        stances = sentence_stances(
            self.stance_layer,
            beside(words, stance_patterns(analysed, rows, stance_count)),
            rows,
            self.codebook,
        )
        whole_stances = paragraph_stances(
            self.stance_pooling_layer,
            logits,
            stances,
            index,
            kinds,
            citing(analysed),
            self.codebook,
        )
        return Reading(rows, index, logits, themes, stances, whole_stances, services)

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

    def evidence_of(self, reading: Reading, paragraph: int, theme: int) -> list[tuple[int, str]]:
        """(row, stance) of the evidence of a theme in a paragraph, in text order.

        The paragraph's stance is decided first, from all its sentences; then each sentence gets
        the likeliest stance that the paragraph's allows. A mixed paragraph has at least one
        sentence of weakness and one of strength, which may be the same sentence.
        """
        rows = self.evidence_rows(reading, paragraph, theme)
        if not rows:
            return []
        names = self.codebook.sentence_stances
        chance = {
            (row, name): float(reading.stances[theme, row, column])
            for row in rows
            for column, name in enumerate(names)
        }
        best = int(np.argmax(reading.paragraph_stances[theme, paragraph]))
        whole = self.codebook.stances[best].id
        if whole == MIXED:
            allowed, wanted = list(names), [WEAKNESS, STRENGTH]
        else:
            allowed, wanted = list(dict.fromkeys([whole, NEUTRAL])), [whole]
        given = {row: {max(allowed, key=lambda name: chance[row, name])} for row in rows}
        for stance in wanted:
            if not any(stance in stances for stances in given.values()):
                row = max(rows, key=lambda row: chance[row, stance])
                others = {s for r, stances in given.items() if r != row for s in stances}
                # Its own stance stays beside the missing one only where no other sentence has it.
                given[row] = {s for s in given[row] if s in wanted and s not in others} | {stance}
        return [(row, stance) for row in rows for stance in names if stance in given[row]]


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


def sentence_stances(
    layer: LinearLayer,
    features: sparse.csr_matrix,
    rows: Sequence[SentenceRow],
    codebook: Codebook,
) -> Floats:
    """Probability of each stance, if a sentence is evidence of a theme.

    A recommendation's stance is given by the rules of the codebook.

    Returns:
        Shape (themes, sentences, stances).
    """
    width = features.shape[1]
    base = np.asarray(features @ layer.weights[:, :width].T) + layer.bias
    out = np.stack(
        [sigmoid(base + layer.weights[:, width + t]) for t in range(len(codebook.theme_ids))]
    )
    asked = np.array([row.kind == "recommendation" for row in rows], dtype=bool)
    out[:, asked, :] = 0.0
    out[:, asked, codebook.sentence_stances.index(RECOMMENDATION_STANCE)] = 1.0
    return out


def paragraph_stances(
    layer: LinearLayer,
    logits: Floats,
    stances: Floats,
    index: ParagraphIndex,
    kinds: Sequence[str],
    cites: Floats,
    codebook: Codebook,
) -> Floats:
    """Probability of each of the codebook's stances, if a paragraph carries a theme.

    Returns:
        Shape (themes, paragraphs, stances).
    """
    names = [stance.id for stance in codebook.stances]
    out = np.stack(
        [
            softmax(layer.logits(stance_features(sigmoid(logits[:, t]), stances[t], index, cites)))
            for t in range(len(codebook.theme_ids))
        ]
    )
    asked = np.array([kind == "recommendation" for kind in kinds], dtype=bool)
    out[:, asked, :] = 0.0
    out[:, asked, names.index(RECOMMENDATION_STANCE)] = 1.0
    return out


def citing(analysed: Sequence[AnalysedText]) -> Floats:
    """Whether each paragraph cites a recommendation, shape (paragraphs,)."""
    return np.array([float(any(text.cites)) for text in analysed])
