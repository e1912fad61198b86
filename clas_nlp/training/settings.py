"""What can be set in training."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingSettings:
    """What can be set; the defaults were found on reports left out in turn.

    Attributes:
        seed: seed of everything random.
        sentence_strength: inverse regularisation of the sentence layer.
        paragraph_strength: the same of the layer that finds themes in whole paragraphs.
        service_strength: the same of the layer that finds services in whole paragraphs.
        stance_strength: the same of the stance layer.
        report_weight: how much a paragraph of a real report counts in the upper layers, beside
            one that was written for training.
        report_stance_weight: the same for the stance of paragraphs.
        near_miss_weight: how much a written paragraph counts that has a theme's stock phrase
            without the theme.
        folds: into how many parts the sources are divided for out-of-fold scores.
        least_sentences: in how many sentences a word feature must occur.
    """

    seed: int = 0
    sentence_strength: float = 0.3
    paragraph_strength: float = 10.0
    service_strength: float = 10.0
    stance_strength: float = 3.0
    report_weight: float = 2.0
    report_stance_weight: float = 5.0
    near_miss_weight: float = 0.3
    folds: int = 6
    least_sentences: int = 2
