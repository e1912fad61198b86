"""The layers that learn from words: themes, services and stances from sparse features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from clas_nlp.tagging.features import beside
from clas_nlp.tagging.layers import sentence_stances
from clas_nlp.tagging.scoring import LinearLayer
from clas_nlp.tagging.vocabulary import Vocabulary
from clas_nlp.training.examples import Examples
from clas_nlp.training.fitting import fit_logistic, fit_margins
from clas_nlp.training.settings import TrainingSettings

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class FirstLayers:
    """The layers, the vocabularies under them, and which of all words these keep.

    Attributes:
        sentence: themes of sentences.
        paragraph: themes of paragraphs.
        service: services of paragraphs.
        stance: stances of evidence sentences.
    """

    sentence_words: Vocabulary
    sentence_columns: Integers
    paragraph_words: Vocabulary
    paragraph_columns: Integers
    sentence: LinearLayer
    paragraph: LinearLayer
    service: LinearLayer
    stance: LinearLayer


@dataclass(frozen=True)
class FirstScores:
    """What first layers say of paragraphs and sentences.

    Attributes:
        sentences: log-odds of the themes, shape (sentences, themes).
        paragraphs: the same, shape (paragraphs, themes).
        services: log-odds, shape (paragraphs, services).
        stances: probabilities, shape (themes, sentences, stances).
    """

    sentences: Floats
    paragraphs: Floats
    services: Floats
    stances: Floats


def learn_first_layers(
    examples: Examples, chosen: Integers, settings: TrainingSettings
) -> FirstLayers:
    """Learns from some paragraphs.

    Args:
        examples: the corpus.
        chosen: which of its paragraphs.
        settings: what can be set.
    """
    at = examples.sentences_of(chosen)
    least, seed = settings.least_sentences, settings.seed
    sentence_words, sentence_columns = Vocabulary.from_counts(
        examples.sentence_vocabulary, examples.sentence_counts[at], least
    )
    paragraph_words, paragraph_columns = Vocabulary.from_counts(
        examples.paragraph_vocabulary, examples.paragraph_counts[chosen], least
    )
    words = sentence_words.weighed(examples.sentence_counts[at][:, sentence_columns])
    whole = _whole(examples, chosen, paragraph_words, paragraph_columns)
    return FirstLayers(
        sentence_words=sentence_words,
        sentence_columns=sentence_columns,
        paragraph_words=paragraph_words,
        paragraph_columns=paragraph_columns,
        sentence=fit_margins(
            beside(words, examples.sentence_patterns[at]),
            examples.sentence_themes[at],
            examples.sentence_near_miss_weight[at],
            settings.sentence_strength,
            seed,
        ),
        paragraph=fit_logistic(
            whole,
            examples.themes[chosen],
            settings.paragraph_strength,
            examples.near_miss_weight[chosen],
            seed,
        ),
        service=fit_logistic(
            whole, examples.services[chosen], settings.service_strength, None, seed
        ),
        stance=_learn_stances(examples, beside(words, examples.stance_patterns[at]), at, settings),
    )


def apply_first_layers(
    examples: Examples, learnt: FirstLayers, chosen: Integers, at: Integers
) -> FirstScores:
    """Scores some paragraphs, and their sentences `at`."""
    words = learnt.sentence_words.weighed(examples.sentence_counts[at][:, learnt.sentence_columns])
    whole = _whole(examples, chosen, learnt.paragraph_words, learnt.paragraph_columns)
    features = beside(words, examples.stance_patterns[at])
    return FirstScores(
        sentences=learnt.sentence.logits(beside(words, examples.sentence_patterns[at])),
        paragraphs=learnt.paragraph.logits(whole),
        services=learnt.service.logits(whole),
        stances=sentence_stances(
            learnt.stance,
            features @ learnt.stance.by_feature[: features.shape[1]],
            examples.rows.asked[at],
            examples.codebook,
        ),
    )


def _whole(
    examples: Examples, chosen: Integers, words: Vocabulary, columns: Integers
) -> sparse.csr_matrix:
    """The features of whole paragraphs."""
    counts = examples.paragraph_counts[chosen][:, columns]
    return beside(words.weighed(counts), examples.paragraph_patterns[chosen])


def _learn_stances(
    examples: Examples, features: sparse.csr_matrix, at: Integers, settings: TrainingSettings
) -> LinearLayer:
    """Stances of evidence sentences, recommendations left out: the rules give theirs."""
    judged = ~examples.rows.asked[at]
    features, at = features[judged], at[judged]
    blocks, targets = [], []
    themes = len(examples.codebook.theme_ids)
    for theme in range(themes):
        evidence = np.flatnonzero(examples.sentence_themes[at, theme])
        one_hot = sparse.csr_matrix(
            (np.ones(len(evidence)), (np.arange(len(evidence)), np.full(len(evidence), theme))),
            shape=(len(evidence), themes),
        )
        blocks.append(beside(features[evidence], one_hot))
        targets.append(examples.sentence_stances[theme, at[evidence]])
    return fit_logistic(
        sparse.vstack(blocks, format="csr"),
        np.concatenate(targets),
        settings.stance_strength,
        None,
        settings.seed,
    )
