"""Training: a labelled corpus in, a model out.

The layers above the first learn from out-of-fold log-odds: each source of text (a report, or one
author's written paragraphs) is scored by layers that have not seen it, so that pooling,
calibration and thresholds are fitted to what the model will meet on a report it has never seen.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clas_nlp.corpus.records import Corpus, load_corpus
from clas_nlp.tagging.layers import (
    contextual_logits,
    judged_probabilities,
    pooled_probabilities,
)
from clas_nlp.tagging.model import Model, Thresholds
from clas_nlp.tagging.scoring import (
    LinearLayer,
    context_features,
    first_best,
    paragraph_features,
    sigmoid,
    stance_features,
)
from clas_nlp.tagging.services import service_features
from clas_nlp.training.examples import Examples
from clas_nlp.training.first_layers import (
    FirstScores,
    apply_first_layers,
    learn_first_layers,
)
from clas_nlp.training.fitting import (
    best_threshold,
    fit_classes,
    fit_logistic,
    single_precision,
)
from clas_nlp.training.folds import folds
from clas_nlp.training.labels import check_labels, remaining_corpus
from clas_nlp.training.settings import TrainingSettings

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

#: Inverse regularisation of the layers over few, dense features.
_UPPER_STRENGTH = 1.0


def train(
    corpus: Corpus | str | Path | Iterable[str | Path],
    hold_out: str | Sequence[str] = (),
    settings: TrainingSettings | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
) -> Model:
    """Trains a model.

    Args:
        corpus: a corpus, or the paths of one.
        hold_out: reports to leave out, so that the model can be tested on them.
        settings: what can be set.
        seed: shorthand for `settings.seed`.
        progress: called with (step, done, all).

    Raises:
        BadCorpus: bad rows, an unknown report to hold out, nothing left to train on, or one text
            labelled in two ways.
        TooFewLabels: a theme has too few labelled paragraphs.
    """
    settings = settings or TrainingSettings()
    if seed is not None:
        settings = replace(settings, seed=seed)
    if not isinstance(corpus, Corpus):
        corpus = load_corpus(corpus)
    held = [hold_out] if isinstance(hold_out, str) else list(hold_out)
    remaining = remaining_corpus(corpus, held)
    check_labels(remaining)
    import sklearn.linear_model
    import sklearn.svm  # noqa: F401 (loads the libraries that are limited; later ones are not)
    from threadpoolctl import threadpool_limits

    # One thread: sums in the same order on every machine, and no threads waiting for one another.
    with threadpool_limits(limits=1):
        examples = Examples(remaining, settings)
        model = _learn(examples, settings, progress or (lambda *_: None))
    return replace(model, details=_details(examples, settings, corpus, held))


def _learn(examples: Examples, settings: TrainingSettings, progress: Progress) -> Model:
    parts = folds([p.report for p in examples.paragraphs], examples.themes, settings.folds)
    total = len(parts) + 2
    scores = _out_of_fold(examples, parts, settings, progress, total)
    progress("layers", len(parts), total)
    upper = _UpperLayers(examples, scores, settings)
    progress("final", len(parts) + 1, total)
    learnt = learn_first_layers(examples, np.arange(len(examples.paragraphs)), settings)
    progress("final", total, total)
    return Model(
        codebook=examples.codebook,
        sentence_words=learnt.sentence_words,
        paragraph_words=learnt.paragraph_words,
        sentence_layer=learnt.sentence,
        context_layers=upper.context_layers,
        paragraph_layer=learnt.paragraph,
        pooling_layers=upper.pooling_layers,
        stance_layer=learnt.stance,
        stance_pooling_layer=upper.stance_pooling_layer(),
        service_layer=learnt.service,
        judging_layer=upper.judging_layer,
        thresholds=upper.thresholds(),
    )


def _out_of_fold(
    examples: Examples,
    parts: Sequence[NDArray[np.bool_]],
    settings: TrainingSettings,
    progress: Progress,
    total: int,
) -> FirstScores:
    """Scores of first layers that have not seen what they score."""
    sentences, paragraphs = len(examples.rows.sentences), len(examples.paragraphs)
    themes, services = examples.themes.shape[1], examples.services.shape[1]
    scores = FirstScores(
        np.zeros((sentences, themes)),
        np.zeros((paragraphs, themes)),
        np.zeros((paragraphs, services)),
        np.zeros(examples.sentence_stances.shape),
    )
    for step, test in enumerate(parts):
        progress("folds", step, total)
        learnt = learn_first_layers(examples, np.flatnonzero(~test), settings)
        chosen = np.flatnonzero(test)
        at = examples.sentences_of(chosen)
        part = apply_first_layers(examples, learnt, chosen, at)
        scores.sentences[at] = part.sentences
        scores.paragraphs[chosen] = part.paragraphs
        scores.services[chosen] = part.services
        scores.stances[:, at] = part.stances
    return scores


class _UpperLayers:
    """The layers that learn from the first ones' out-of-fold scores."""

    def __init__(self, examples: Examples, scores: FirstScores, settings: TrainingSettings) -> None:
        self._examples, self._scores, self._settings = examples, scores, settings
        rows = examples.rows
        weight = examples.sentence_weight[:, None] * examples.sentence_near_miss_weight
        self.context_layers = self._by_theme(
            context_features(scores.sentences, rows), examples.sentence_themes, weight
        )
        self._logits = contextual_logits(self.context_layers, scores.sentences, rows)
        self._theme_weight = examples.weight[:, None] * examples.near_miss_weight
        self.pooling_layers = self._by_theme(
            paragraph_features(self._logits, scores.paragraphs, rows),
            examples.themes,
            self._theme_weight,
        )
        self.judging_layer = self._learn_judging()

    def _by_theme(
        self, features: Floats, wanted: NDArray[np.bool_], weight: Floats
    ) -> tuple[LinearLayer, ...]:
        return tuple(
            fit_logistic(
                features[theme],
                wanted[:, [theme]],
                _UPPER_STRENGTH,
                weight[:, theme],
                self._settings.seed,
            )
            for theme in range(wanted.shape[1])
        )

    def _learn_judging(self) -> LinearLayer:
        """Whether a service is judged: half from how it is named, half from that and the words.

        The words know a service well only where the corpus has many paragraphs on it; how a
        service is named tells as much for a service that is rare in it. On reports left out the
        two together were better by 0.01 than the words' layer alone.
        """
        examples = self._examples
        naming = service_features(examples.analysed, examples.rows.kinds, self._scores.services)
        rows = naming.reshape(-1, naming.shape[-1])
        named_only = rows.copy()
        named_only[:, 0] = 0.0
        with_words, without = (
            fit_logistic(
                features,
                examples.services.reshape(-1, 1),
                _UPPER_STRENGTH,
                np.repeat(examples.weight, examples.services.shape[1]),
                self._settings.seed,
            )
            for features in (rows, named_only)
        )
        return single_precision(
            (with_words.weights + without.weights) / 2, (with_words.bias + without.bias) / 2
        )

    def stance_pooling_layer(self) -> LinearLayer:
        """A paragraph's stance, one against the rest, from out-of-fold stances of sentences."""
        examples = self._examples
        names = [stance.id for stance in examples.codebook.stances]
        features = stance_features(
            sigmoid(self._logits), self._scores.stances, examples.rows, examples.cites
        )
        blocks, targets, weights = [], [], []
        for theme, theme_id in enumerate(examples.codebook.theme_ids):
            for place, paragraph in enumerate(examples.paragraphs):
                stance = paragraph.themes.get(theme_id)
                if stance is not None and paragraph.kind != "recommendation":
                    blocks.append(features[theme, place])
                    targets.append(names.index(stance))
                    # How often a stance occurs differs from source to source: trust the reports.
                    weights.append(
                        1.0 if examples.written[place] else self._settings.report_stance_weight
                    )
        return fit_classes(
            np.array(blocks), np.array(targets), len(names), np.array(weights), self._settings.seed
        )

    def thresholds(self) -> Thresholds:
        """Thresholds with the best F1 on what the layers have not seen."""
        examples, rows = self._examples, self._examples.rows
        themes = pooled_probabilities(
            self.pooling_layers, self._logits, self._scores.paragraphs, rows
        )
        services = judged_probabilities(
            self.judging_layer, examples.analysed, rows.kinds, self._scores.services
        )
        return Thresholds(
            # One for all: on ten sources left out in turn it was no worse than one for each (mean
            # macro-F1 0.870 and 0.867), and luck with a rare theme does not choose it.
            themes=themes.shape[1]
            * (
                best_threshold(examples.themes.ravel(), themes.ravel(), self._theme_weight.ravel()),
            ),
            evidence=tuple(self._evidence_threshold(t) for t in range(themes.shape[1])),
            services=best_threshold(
                examples.services.ravel(),
                services.ravel(),
                np.repeat(examples.weight, services.shape[1]),
            ),
        )

    def _evidence_threshold(self, theme: int) -> float:
        """Threshold on evidence sentences, within the paragraphs that carry the theme.

        The likeliest sentence of a paragraph is evidence below any threshold, see `Model.read`, so
        it tells nothing of where the threshold belongs.
        """
        examples = self._examples
        chance = sigmoid(self._logits[:, [theme]])
        chance[first_best(chance, examples.rows)] = 1.0
        inside = examples.themes[examples.rows.owners, theme]
        return best_threshold(
            examples.sentence_themes[inside, theme],
            chance[inside, 0],
            examples.sentence_weight[inside],
        )


def _details(
    examples: Examples, settings: TrainingSettings, whole: Corpus, held: Sequence[str]
) -> dict[str, Any]:
    counts = Counter(theme for p in examples.paragraphs for theme in p.themes)
    return {
        "seed": settings.seed,
        "held_out": sorted(held),
        "trained_on": dict(sorted(Counter(p.report for p in examples.paragraphs).items())),
        "theme_paragraphs": {theme: counts[theme] for theme in examples.codebook.theme_ids},
        "corpus_sha256": dict(whole.hashes),
        "python": ".".join(platform.python_version_tuple()[:2]),
        "packages": {name: version(name) for name in ("numpy", "scipy", "scikit-learn", "spacy")},
    }
