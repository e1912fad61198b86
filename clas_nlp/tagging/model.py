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
from clas_nlp.neural.reader import NeuralReader
from clas_nlp.reading.tokens import Integers
from clas_nlp.tagging.analysed import AnalysedTexts, Bools
from clas_nlp.tagging.analysis import TextAnalyser
from clas_nlp.tagging.features import (
    PatternFeatures,
    SentenceRows,
    citing_texts,
    paragraph_patterns,
)
from clas_nlp.tagging.layers import (
    contextual_logits,
    judged_probabilities,
    paragraph_stances,
    pooled_probabilities,
    sentence_stances,
)
from clas_nlp.tagging.mixing import (
    mixed_logits,
    mixed_probabilities,
    mixed_stances,
    mixed_themes,
)
from clas_nlp.tagging.scoring import LinearLayer, first_best, limited, sigmoid
from clas_nlp.tagging.services import BEFORE
from clas_nlp.tagging.vocabulary import Vocabulary, WordColumns

Floats = NDArray[np.float64]


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
        sentence_logits: second-layer log-odds, shape (sentences, themes).
        evidence: whether each sentence is evidence of each theme, if its paragraph carries it.
        themes: probability of each theme, shape (paragraphs, themes).
        stances: probability of each stance, if the sentence is evidence of the theme,
            shape (themes, sentences, stances).
        paragraph_stances: probability of each of the codebook's stances (mixed among them), if
            the paragraph carries the theme, shape (themes, paragraphs, stances).
        services: probability of each service, shape (paragraphs, services).
    """

    rows: SentenceRows
    sentence_logits: Floats
    evidence: Bools
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
        neural: a fine-tuned encoder that reads beside the layers, or None.
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
    neural: NeuralReader | None = None
    details: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def analyser(self) -> TextAnalyser:
        """The analyser with this model's codebook, which knows this model's words."""
        known = self.sentence_words.words | self.paragraph_words.words | set(BEFORE)
        return TextAnalyser(self.codebook, sorted(known))

    @cached_property
    def word_columns(self) -> WordColumns:
        """Columns of the words of sentences, and of those of paragraphs."""
        return WordColumns(self.analyser.words, self.sentence_words, self.paragraph_words)

    def words(
        self, analysed: AnalysedTexts, rows: SentenceRows
    ) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
        """TF-IDF of the words of sentences, and of those of paragraphs."""
        return self.word_columns.matrices(
            analysed.stems,
            (rows.of_stem(analysed), len(rows.sentences)),
            (analysed.text_of_stem, len(analysed)),
        )

    @cached_property
    def _word_weights(self) -> Floats:
        """Weights of the words of sentences, in the sentence layer and in the stance layer."""
        count = len(self.sentence_words.index)
        layers = (self.sentence_layer, self.stance_layer)
        return np.hstack([layer.by_feature[:count] for layer in layers]).astype(np.float32)

    @cached_property
    def _paragraph_weights(self) -> Floats:
        """Weights of the two layers over whole paragraphs."""
        layers = (self.paragraph_layer, self.service_layer)
        return np.hstack([layer.by_feature for layer in layers]).astype(np.float32)

    def read(self, analysed: AnalysedTexts, kinds: Sequence[str]) -> Reading:
        """Reads paragraphs.

        Args:
            analysed: the paragraphs' texts, analysed by `analyser`.
            kinds: their kinds.
        """
        rows = SentenceRows.of(analysed, kinds)
        analyser, theme_count = self.analyser, len(self.codebook.theme_ids)
        words, paragraph_words = self.words(analysed, rows)
        patterns = PatternFeatures(analysed, rows, len(analyser.themes), len(analyser.stances))
        # Layers over the same features are worked out together.
        of_words = _single(words) @ self._word_weights
        sentence_sums = of_words[:, :theme_count] + patterns.sentence_sums(
            self.sentence_layer.by_feature[words.shape[1] :]
        )
        stance_sums = of_words[:, theme_count:] + patterns.stance_sums(
            self.stance_layer.by_feature[words.shape[1] : -theme_count]
        )
        known = paragraph_words.shape[1]
        whole = _single(paragraph_words) @ self._paragraph_weights[:known] + (
            paragraph_patterns(analysed, len(analyser.themes), len(analyser.services))
            @ self._paragraph_weights[known:]
        )
        logits = contextual_logits(
            self.context_layers, limited(sentence_sums + self.sentence_layer.bias), rows
        )
        paragraph_logits = limited(whole[:, :theme_count] + self.paragraph_layer.bias)
        service_logits = limited(whole[:, theme_count:] + self.service_layer.bias)
        stances = sentence_stances(self.stance_layer, stance_sums, rows.asked, self.codebook)
        themes = pooled_probabilities(self.pooling_layers, logits, paragraph_logits, rows)
        services = judged_probabilities(self.judging_layer, analysed, rows.kinds, service_logits)
        if self.neural is not None:
            scores = self.neural.read(
                analysed.texts, [analysed.spans(text) for text in range(len(analysed))]
            )
            logits = mixed_logits(logits, scores.themes[rows.sentences])
            themes = mixed_themes(themes, scores, rows)
            stances = mixed_stances(stances, scores, rows)
            services = mixed_probabilities(services, scores.services)
        return Reading(
            rows=rows,
            sentence_logits=logits,
            evidence=self._evidence(logits, rows),
            themes=themes,
            stances=stances,
            paragraph_stances=paragraph_stances(
                self.stance_pooling_layer,
                logits,
                stances,
                rows,
                citing_texts(analysed),
                self.codebook,
            ),
            services=services,
        )

    def theme_decisions(self, reading: Reading) -> NDArray[np.bool_]:
        """Which themes become tags, shape (paragraphs, themes)."""
        return np.asarray(reading.themes >= np.array(self.thresholds.themes))

    def service_decisions(self, reading: Reading) -> NDArray[np.bool_]:
        """Which services each paragraph judges, shape (paragraphs, services)."""
        return np.asarray(reading.services >= self.thresholds.services)

    def _evidence(self, logits: Floats, rows: SentenceRows) -> Bools:
        """Which sentences are evidence: the likely ones, or else the likeliest of a paragraph."""
        chance = sigmoid(logits)
        chosen = chance >= np.array(self.thresholds.evidence)
        best = first_best(chance, rows)
        starts = rows.starts[rows.counts > 0]
        if len(starts):
            without, themes = np.nonzero(~np.logical_or.reduceat(chosen, starts, axis=0))
            chosen[best[without, themes], themes] = True
        return chosen

    def all_evidence(self, reading: Reading, tags: Integers) -> list[list[tuple[int, str]]]:
        """(row, stance) of the evidence of each tag, in text order.

        The paragraph's stance is decided first, from all its sentences; then each sentence gets
        the likeliest stance that the paragraph's allows. A mixed paragraph has at least one
        sentence of weakness and one of strength, which may be the same sentence.

        Args:
            reading: what the model makes of the paragraphs.
            tags: paragraph and theme of each tag, shape (tags, 2).
        """
        paragraphs, themes = tags.T
        counts = reading.rows.counts[paragraphs]
        of_tag = np.repeat(np.arange(len(tags)), counts)
        firsts = reading.rows.starts[paragraphs] - (np.cumsum(counts) - counts)
        rows = np.repeat(firsts, counts) + np.arange(len(of_tag))
        chosen = reading.evidence[rows, themes[of_tag]]
        rows, of_tag = rows[chosen], of_tag[chosen]
        chances = reading.stances[themes[of_tag], rows].tolist()
        ends = np.searchsorted(of_tag, np.arange(len(tags) + 1)).tolist()
        whole = reading.paragraph_stances[themes, paragraphs].argmax(axis=-1).tolist()
        numbers = rows.tolist()
        names, ids = self.codebook.sentence_stances, [s.id for s in self.codebook.stances]
        return [
            _mixed(numbers[first:last], chances[first:last], names)
            if ids[best] == MIXED
            else _of_one_stance(numbers[first:last], chances[first:last], names, ids[best])
            for first, last, best in zip(ends[:-1], ends[1:], whole, strict=True)
        ]


def _of_one_stance(
    rows: list[int], chances: list[list[float]], names: Sequence[str], whole: str
) -> list[tuple[int, str]]:
    """(row, stance) of evidence in a paragraph of one stance: that, or neutral."""
    if not rows:
        return []
    own, neutral = names.index(whole), names.index(NEUTRAL)
    given = [whole if chance[own] >= chance[neutral] else NEUTRAL for chance in chances]
    if whole not in given:
        given[max(range(len(rows)), key=lambda place: chances[place][own])] = whole
    return list(zip(rows, given, strict=True))


def _mixed(
    rows: list[int], chances: list[list[float]], names: Sequence[str]
) -> list[tuple[int, str]]:
    """(row, stance) of evidence in a mixed paragraph."""
    if not rows:
        return []
    chance = {
        row: dict(zip(names, own, strict=True)) for row, own in zip(rows, chances, strict=True)
    }
    wanted = (WEAKNESS, STRENGTH)
    given = {row: {max(names, key=chance[row].__getitem__)} for row in rows}
    for stance in wanted:
        if not any(stance in stances for stances in given.values()):
            row = max(rows, key=lambda row: chance[row][stance])
            others = {s for r, stances in given.items() if r != row for s in stances}
            # Its own stance stays beside the missing one only where no other sentence has it.
            given[row] = {s for s in given[row] if s in wanted and s not in others} | {stance}
    return [(row, stance) for row in rows for stance in names if stance in given[row]]


def _single(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    """Rows in single precision, like the weights in a model's folder."""
    return sparse.csr_matrix(
        (rows.data.astype(np.float32), rows.indices, rows.indptr), shape=rows.shape
    )
