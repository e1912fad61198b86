"""A labelled corpus as arrays: what its paragraphs and sentences look like, and their labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from clas_nlp.corpus.keywords import keyword_tags
from clas_nlp.corpus.records import WRITTEN, Corpus
from clas_nlp.tagging.analysed import Bools
from clas_nlp.tagging.analysis import TextAnalyser
from clas_nlp.tagging.features import (
    PatternFeatures,
    SentenceRows,
    citing_texts,
    paragraph_patterns,
)
from clas_nlp.tagging.vocabulary import all_counts
from clas_nlp.training.settings import TrainingSettings

Floats = NDArray[np.float64]


class Examples:
    """Paragraphs and sentences to learn from.

    Everything is worked out once for the whole corpus; each fold takes its rows, and the words
    that it knows.

    Args:
        corpus: judged paragraphs.
        settings: what can be set.

    Attributes:
        analysed: the texts.
        rows: the sentences.
        sentence_vocabulary: word features of the sentences, and `sentence_counts` their counts.
        paragraph_vocabulary: the same of paragraphs, with `paragraph_counts`.
        sentence_patterns: other features of the layer that finds themes in sentences.
        stance_patterns: other features of the layer that finds stances.
        paragraph_patterns: other features of the layers over whole paragraphs.
        cites: whether each paragraph cites a recommendation.
        sentence_themes: which sentences are evidence, shape (sentences, themes).
        sentence_stances: with which stance, shape (themes, sentences, stances).
        themes: themes of the paragraphs, shape (paragraphs, themes).
        services: services of the paragraphs, shape (paragraphs, services).
        weight: how much each paragraph counts in the upper layers.
        near_miss_weight: how much it counts for each theme, shape (paragraphs, themes).
    """

    def __init__(self, corpus: Corpus, settings: TrainingSettings) -> None:
        self.paragraphs = corpus.paragraphs
        self.codebook = corpus.codebook
        analyser = TextAnalyser(self.codebook)
        self.analysed = analyser.analyse(p.text for p in self.paragraphs)
        self.rows = SentenceRows.of(self.analysed, [p.kind for p in self.paragraphs])
        # What is too rare in the whole corpus is too rare in every part of it.
        least = settings.least_sentences
        bounds = self.analysed.stem_bounds
        stems, words = self.analysed.stems, analyser.words
        self.sentence_vocabulary, counts = all_counts(stems, bounds, words, least)
        self.sentence_counts = counts[self.rows.sentences]
        self.paragraph_vocabulary, self.paragraph_counts = all_counts(
            stems, bounds[self.analysed.bounds], words, least
        )
        patterns = PatternFeatures(
            self.analysed, self.rows, len(analyser.themes), len(analyser.stances)
        )
        self.sentence_patterns: sparse.csr_matrix = patterns.of_sentences()
        self.stance_patterns: sparse.csr_matrix = patterns.of_stances()
        self.paragraph_patterns = paragraph_patterns(
            self.analysed, len(analyser.themes), len(analyser.services)
        )
        self.cites = citing_texts(self.analysed)
        self.sentence_themes, self.sentence_stances = self._sentence_labels()
        self.themes = np.array(
            [[theme in p.themes for theme in self.codebook.theme_ids] for p in self.paragraphs]
        )
        self.services = np.array(
            [[s in p.services for s in self.codebook.service_ids] for p in self.paragraphs]
        )
        self.written = np.array([p.origin == WRITTEN for p in self.paragraphs])
        self.weight = np.where(self.written, 1.0, settings.report_weight)
        self.near_miss_weight = self._near_miss_weights(settings.near_miss_weight)

    @property
    def sentence_weight(self) -> Floats:
        """How much each sentence counts in the upper layers."""
        return self.weight[self.rows.owners]

    @property
    def sentence_near_miss_weight(self) -> Floats:
        """How much each sentence counts for each theme, shape (sentences, themes)."""
        return self.near_miss_weight[self.rows.owners]

    def sentences_of(self, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of some paragraphs' sentences."""
        return np.flatnonzero(np.isin(self.rows.owners, chosen))

    def _near_miss_weights(self, weight: float) -> Floats:
        """Weight of each paragraph for each theme, shape (paragraphs, themes).

        Written text holds many near misses on purpose: paragraphs with a theme's stock phrase and
        not its meaning. In reports they are rare, so that at full weight the model would learn to
        distrust the phrase itself.
        """
        phrase = keyword_tags(self.paragraphs, self.codebook)
        return np.where(self.written[:, None] & phrase & ~self.themes, weight, 1.0)

    def _sentence_labels(self) -> tuple[Bools, Bools]:
        themes = {theme: i for i, theme in enumerate(self.codebook.theme_ids)}
        stances = {stance: i for i, stance in enumerate(self.codebook.sentence_stances)}
        count = len(self.rows.sentences)
        evidence = np.zeros((count, len(themes)), dtype=bool)
        stance = np.zeros((len(themes), count, len(stances)), dtype=bool)
        starts = self.analysed.starts[self.rows.sentences].tolist()
        ends = self.analysed.ends[self.rows.sentences].tolist()
        all_spans = list(zip(starts, ends, strict=True))
        for place, paragraph in enumerate(self.paragraphs):
            first = self.rows.starts[place]
            spans = all_spans[first : first + self.rows.counts[place]]
            for sentence, label in paragraph.labelled_sentences(spans):
                evidence[first + sentence, themes[label.theme]] = True
                stance[themes[label.theme], first + sentence, stances[label.stance]] = True
        return evidence, stance
