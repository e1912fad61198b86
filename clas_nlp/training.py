"""Training: a labelled corpus in, a model out.

The layers above the first learn from out-of-fold log-odds: each source of text (a report, or one
author's written paragraphs) is scored by layers that have not seen it, so that pooling,
calibration and thresholds are fitted to what the model will meet on a report it has never seen.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from clas_nlp.codebook import Codebook
from clas_nlp.corpus.keywords import keyword_tags
from clas_nlp.corpus.records import WRITTEN, Corpus, LabelledParagraph, load_corpus
from clas_nlp.errors import BadCorpus, TooFewLabels
from clas_nlp.reading.records import JUDGED_KINDS
from clas_nlp.tagging.analysis import TextAnalyser
from clas_nlp.tagging.features import (
    Vocabulary,
    all_counts,
    beside,
    paragraph_patterns,
    paragraph_stems,
    sentence_patterns,
    sentence_rows,
    sentence_stems,
    stance_patterns,
)
from clas_nlp.tagging.model import (
    Model,
    Thresholds,
    citing,
    contextual_logits,
    judged_probabilities,
    pooled_probabilities,
    sentence_stances,
)
from clas_nlp.tagging.scoring import (
    LOGIT_LIMIT,
    LinearLayer,
    ParagraphIndex,
    context_features,
    paragraph_features,
    sigmoid,
    stance_features,
)
from clas_nlp.tagging.services import service_features

if TYPE_CHECKING:
    from clas_nlp.evaluating.scores import Evaluation, ReportScores

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

#: A theme with fewer labelled paragraphs than this cannot be learnt.
LEAST_PARAGRAPHS = 8
#: Margins of support vector machines times this are about as wide as log-odds.
MARGIN_STRETCH = 3.0
#: How much a report's paragraph counts beside a written one for the stance of paragraphs.
REPORT_STANCE_WEIGHT = 5.0


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
    near_miss_weight: float = 0.3
    folds: int = 6
    least_sentences: int = 2


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
    remaining = _remaining(corpus, held)
    check_labels(remaining)
    from threadpoolctl import threadpool_limits

    # One thread: sums in the same order on every machine, and no threads waiting for one another.
    with threadpool_limits(limits=1):
        return _Trainer(remaining, settings, progress or (lambda *_: None)).run(corpus, held)


def _remaining(corpus: Corpus, held: Sequence[str]) -> Corpus:
    for report in held:
        if report not in corpus.reports:
            raise BadCorpus(
                f"no report {report!r} in the corpus to hold out; it has "
                f"{', '.join(corpus.reports) or 'none'}"
            )
    if held and len(corpus.reports) <= len(set(held)):
        raise BadCorpus(
            f"the corpus has only the report {', '.join(corpus.reports)}; "
            "holding it out leaves no report to train on, so add another"
        )
    remaining = corpus.without(held)
    judged = tuple(p for p in remaining.paragraphs if p.kind in JUDGED_KINDS)
    if not judged:
        raise BadCorpus("the corpus has no findings, examples or recommendations to train on")
    return replace(remaining, paragraphs=judged)


def check_labels(corpus: Corpus) -> None:
    """Refuses labels that cannot be learnt from.

    Raises:
        BadCorpus: one text labelled with different themes in two places; `problems` lists them.
        TooFewLabels: a theme has too few labelled paragraphs.
    """
    seen: dict[str, LabelledParagraph] = {}
    problems = []
    for paragraph in corpus.paragraphs:
        earlier = seen.setdefault(" ".join(paragraph.text.split()), paragraph)
        if earlier.themes != paragraph.themes:
            problems.append(
                f"{paragraph.id} and {earlier.id} have the same text but other labels: "
                f"{_shown(paragraph.themes)} against {_shown(earlier.themes)}; settle them"
            )
    if problems:
        raise BadCorpus.of(problems)
    counts = Counter(theme for p in corpus.paragraphs for theme in p.themes)
    for theme in corpus.codebook.themes:
        if counts[theme.id] < LEAST_PARAGRAPHS:
            raise TooFewLabels(
                f"theme {theme.id} has {counts[theme.id]} labelled paragraphs, at least "
                f"{LEAST_PARAGRAPHS} are needed; label more or take the theme out of the codebook"
            )


def _shown(themes: dict[str, str]) -> str:
    return ", ".join(f"{theme} ({stance})" for theme, stance in sorted(themes.items())) or "none"


_NOTHING = LinearLayer(np.zeros((0, 0)), np.zeros(0))


@dataclass
class _FirstLayers:
    """The layers that learn from words, the vocabularies under them, and the columns of the whole
    corpus's counts that these keep.
    """

    sentence_words: Vocabulary
    sentence_columns: NDArray[np.int64]
    paragraph_words: Vocabulary
    paragraph_columns: NDArray[np.int64]
    sentence: LinearLayer = _NOTHING
    paragraph: LinearLayer = _NOTHING
    service: LinearLayer = _NOTHING
    stance: LinearLayer = _NOTHING


class _Trainer:
    def __init__(self, corpus: Corpus, settings: TrainingSettings, progress: Progress) -> None:
        self.corpus = corpus
        self.codebook: Codebook = corpus.codebook
        self.settings = settings
        self.progress = progress
        self.paragraphs = corpus.paragraphs
        self.kinds = [p.kind for p in self.paragraphs]
        self.analyser = TextAnalyser(self.codebook)
        self.analysed = list(self.analyser.analyse(p.text for p in self.paragraphs))
        self.rows = sentence_rows(self.analysed, self.kinds)
        self.index = ParagraphIndex.of(self.rows, len(self.paragraphs))
        self.owner = np.array([row.paragraph for row in self.rows], dtype=np.int64)
        theme_count, stance_count, service_count = (
            len(matcher.features)
            for matcher in (self.analyser.themes, self.analyser.stances, self.analyser.services)
        )
        # Counted once for the whole corpus; each fold takes its rows and the columns it knows.
        self.sentence_vocabulary, self.sentence_counts = all_counts(
            sentence_stems(self.analysed, self.rows)
        )
        self.paragraph_vocabulary, self.paragraph_counts = all_counts(
            paragraph_stems(self.analysed)
        )
        self.sentence_patterns = sentence_patterns(
            self.analysed, self.rows, theme_count, stance_count
        )
        self.stance_patterns = stance_patterns(self.analysed, self.rows, stance_count)
        self.paragraph_patterns = paragraph_patterns(self.analysed, theme_count, service_count)
        self.sentence_themes, self.sentence_stances = self._sentence_targets()
        self.paragraph_themes = np.array(
            [[theme in p.themes for theme in self.codebook.theme_ids] for p in self.paragraphs]
        )
        self.paragraph_services = np.array(
            [[s in p.services for s in self.codebook.service_ids] for p in self.paragraphs]
        )
        weight = [1.0 if p.origin == WRITTEN else settings.report_weight for p in self.paragraphs]
        self.paragraph_weight = np.array(weight)
        self.sentence_weight = self.paragraph_weight[self.owner]
        self.near_miss_weight = self._near_miss_weights()

    def _near_miss_weights(self) -> Floats:
        """Weight of each paragraph for each theme, shape (paragraphs, themes).

        Written text holds many near misses on purpose: paragraphs with a theme's stock phrase and
        not its meaning. In reports they are rare, so that at full weight the model would learn to
        distrust the phrase itself.
        """
        written = np.array([p.origin == WRITTEN for p in self.paragraphs])
        phrase = keyword_tags(self.paragraphs, self.codebook)
        missed = written[:, None] & phrase & ~self.paragraph_themes
        return np.where(missed, self.settings.near_miss_weight, 1.0)

    def _sentence_targets(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which sentences are evidence, (sentences, themes), and with which stance,
        (themes, sentences, stances).
        """
        themes = {theme: i for i, theme in enumerate(self.codebook.theme_ids)}
        stances = {stance: i for i, stance in enumerate(self.codebook.sentence_stances)}
        evidence = np.zeros((len(self.rows), len(themes)), dtype=bool)
        stance = np.zeros((len(themes), len(self.rows), len(stances)), dtype=bool)
        for place, row in enumerate(self.rows):
            start, end = self.analysed[row.paragraph].spans[row.sentence]
            for label in self.paragraphs[row.paragraph].labels:
                if label.start < end and label.end > start:
                    evidence[place, themes[label.theme]] = True
                    stance[themes[label.theme], place, stances[label.stance]] = True
        return evidence, stance

    def run(self, whole: Corpus, held: Sequence[str]) -> Model:
        steps = self._folds()
        total = len(steps) + 2
        sentence_logits = np.zeros((len(self.rows), len(self.codebook.theme_ids)))
        paragraph_logits = np.zeros((len(self.paragraphs), len(self.codebook.theme_ids)))
        service_logits = np.zeros((len(self.paragraphs), len(self.codebook.service_ids)))
        stances = np.zeros(self.sentence_stances.shape)
        for step, test in enumerate(steps):
            self.progress("folds", step, total)
            learnt = self._first_layers(np.flatnonzero(~test))
            chosen = np.flatnonzero(test)
            at = np.flatnonzero(test[self.owner])
            (
                sentence_logits[at],
                paragraph_logits[chosen],
                service_logits[chosen],
                stances[:, at],
            ) = self._apply(learnt, chosen)
        self.progress("layers", len(steps), total)
        context = context_features(sentence_logits, self.index, self.kinds)
        context_layers = tuple(
            self._fit(
                context[t],
                self.sentence_themes[:, [t]],
                1.0,
                self.sentence_weight * self.near_miss_weight[self.owner, t],
            )
            for t in range(len(self.codebook.theme_ids))
        )
        logits = contextual_logits(context_layers, sentence_logits, self.index, self.kinds)
        pooled = paragraph_features(logits, paragraph_logits, self.index, self.kinds)
        pooling_layers = tuple(
            self._fit(
                pooled[t],
                self.paragraph_themes[:, [t]],
                1.0,
                self.paragraph_weight * self.near_miss_weight[:, t],
            )
            for t in range(len(self.codebook.theme_ids))
        )
        themes = pooled_probabilities(
            pooling_layers, logits, paragraph_logits, self.index, self.kinds
        )
        judging_layer = self._judging_layer(service_logits)
        services = judged_probabilities(judging_layer, self.analysed, self.kinds, service_logits)
        thresholds = Thresholds(
            themes=tuple(
                best_threshold(
                    self.paragraph_themes[:, t],
                    themes[:, t],
                    self.paragraph_weight * self.near_miss_weight[:, t],
                )
                for t in range(themes.shape[1])
            ),
            evidence=tuple(self._evidence_threshold(logits, t) for t in range(logits.shape[1])),
            services=best_threshold(
                self.paragraph_services.ravel(),
                services.ravel(),
                np.repeat(self.paragraph_weight, services.shape[1]),
            ),
        )
        self.progress("final", len(steps) + 1, total)
        learnt = self._first_layers(np.arange(len(self.paragraphs)))
        self.progress("final", total, total)
        return Model(
            codebook=self.codebook,
            sentence_words=learnt.sentence_words,
            paragraph_words=learnt.paragraph_words,
            sentence_layer=learnt.sentence,
            context_layers=context_layers,
            paragraph_layer=learnt.paragraph,
            pooling_layers=pooling_layers,
            stance_layer=learnt.stance,
            stance_pooling_layer=self._stance_pooling_layer(logits, stances),
            service_layer=learnt.service,
            judging_layer=judging_layer,
            thresholds=thresholds,
            details=self._details(whole, held),
        )

    def _details(self, whole: Corpus, held: Sequence[str]) -> dict[str, Any]:
        counts = Counter(theme for p in self.paragraphs for theme in p.themes)
        return {
            "seed": self.settings.seed,
            "held_out": sorted(held),
            "trained_on": dict(sorted(Counter(p.report for p in self.paragraphs).items())),
            "theme_paragraphs": {theme: counts[theme] for theme in self.codebook.theme_ids},
            "corpus_sha256": dict(whole.hashes),
            "python": ".".join(platform.python_version_tuple()[:2]),
            "packages": {
                name: version(name) for name in ("numpy", "scipy", "scikit-learn", "spacy")
            },
        }

    def _folds(self) -> list[NDArray[np.bool_]]:
        """Masks of the paragraphs to test on; a source is wholly in one fold.

        Sources are dealt out by size, largest first, to the fold that has least. A corpus with
        one source is cut into runs of paragraphs instead, the best that can be done.
        """
        sources = [p.report for p in self.paragraphs]
        sizes = Counter(sources)
        if len(sizes) < 2:
            masks = self._runs(np.arange(len(sources)))
        else:
            folds: list[list[str]] = [[] for _ in range(min(self.settings.folds, len(sizes)))]
            load = [0] * len(folds)
            for source, size in sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0])):
                lightest = load.index(min(load))
                folds[lightest].append(source)
                load[lightest] += size
            masks = [np.array([source in fold for source in sources]) for fold in folds]
        # Where a theme stands in one fold alone, nothing could be learnt of it without that fold:
        # its paragraphs are tested run by run, so that none goes without out-of-fold scores.
        return [
            part
            for mask in masks
            for part in ([mask] if self._learnable(~mask) else self._runs(np.flatnonzero(mask)))
        ]

    def _runs(self, places: NDArray[np.int64]) -> list[NDArray[np.bool_]]:
        parts = np.array_split(places, min(self.settings.folds, 5))
        return [np.isin(np.arange(len(self.paragraphs)), part) for part in parts if len(part)]

    def _learnable(self, mask: NDArray[np.bool_]) -> bool:
        return bool(mask.any() and self.paragraph_themes[mask].any(axis=0).all())

    def _judging_layer(self, service_logits: Floats) -> LinearLayer:
        """Whether a service is judged: half from how it is named, half from that and the words.

        The words know a service well only where the corpus has many paragraphs on it; how a
        service is named tells as much for a service that is rare in it. On reports left out the
        two together were better by 0.01 than the words' layer alone.
        """
        naming = service_features(self.analysed, self.kinds, service_logits)
        rows = naming.reshape(-1, naming.shape[-1])
        judged = self.paragraph_services.reshape(-1, 1)
        weight = np.repeat(self.paragraph_weight, len(self.codebook.service_ids))
        with_words = self._fit(rows, judged, 1.0, weight)
        named_only = rows.copy()
        named_only[:, 0] = 0.0
        without = self._fit(named_only, judged, 1.0, weight)
        return _single_precision(
            (with_words.weights + without.weights) / 2, (with_words.bias + without.bias) / 2
        )

    def _first_layers(self, chosen: NDArray[np.int64]) -> _FirstLayers:
        at = np.flatnonzero(np.isin(self.owner, chosen))
        least = self.settings.least_sentences
        sentence_words, sentence_columns = Vocabulary.from_counts(
            self.sentence_vocabulary, self.sentence_counts[at], least
        )
        paragraph_words, paragraph_columns = Vocabulary.from_counts(
            self.paragraph_vocabulary, self.paragraph_counts[chosen], least
        )
        learnt = _FirstLayers(sentence_words, sentence_columns, paragraph_words, paragraph_columns)
        words = self._sentence_words(learnt, at)
        whole = self._whole(learnt, chosen)
        learnt.sentence = self._fit_margins(
            beside(words, self.sentence_patterns[at]),
            self.sentence_themes[at],
            self.near_miss_weight[self.owner[at]],
        )
        learnt.paragraph = self._fit(
            whole,
            self.paragraph_themes[chosen],
            self.settings.paragraph_strength,
            self.near_miss_weight[chosen],
        )
        learnt.service = self._fit(
            whole, self.paragraph_services[chosen], self.settings.service_strength, None
        )
        learnt.stance = self._stance_layer(beside(words, self.stance_patterns[at]), at)
        return learnt

    def _sentence_words(self, learnt: _FirstLayers, at: NDArray[np.int64]) -> sparse.csr_matrix:
        counts = self.sentence_counts[at][:, learnt.sentence_columns]
        return learnt.sentence_words.weighed(counts)

    def _whole(self, learnt: _FirstLayers, chosen: NDArray[np.int64]) -> sparse.csr_matrix:
        counts = self.paragraph_counts[chosen][:, learnt.paragraph_columns]
        return beside(learnt.paragraph_words.weighed(counts), self.paragraph_patterns[chosen])

    def _stance_layer(self, features: sparse.csr_matrix, at: NDArray[np.int64]) -> LinearLayer:
        """Stances of evidence sentences, recommendations left out: the rules give theirs."""
        blocks, targets = [], []
        themes = len(self.codebook.theme_ids)
        judged = np.array([self.rows[i].kind != "recommendation" for i in at], dtype=bool)
        features, at = features[judged], at[judged]
        for theme in range(themes):
            evidence = np.flatnonzero(self.sentence_themes[at, theme])
            one_hot = sparse.csr_matrix(
                (np.ones(len(evidence)), (np.arange(len(evidence)), np.full(len(evidence), theme))),
                shape=(len(evidence), themes),
            )
            blocks.append(sparse.hstack([features[evidence], one_hot], format="csr"))
            targets.append(self.sentence_stances[theme, at[evidence]])
        return self._fit(
            sparse.vstack(blocks, format="csr"),
            np.concatenate(targets),
            self.settings.stance_strength,
            None,
        )

    def _stance_pooling_layer(self, logits: Floats, stances: Floats) -> LinearLayer:
        """A paragraph's stance, one against the rest, from out-of-fold stances of sentences."""
        names = [stance.id for stance in self.codebook.stances]
        blocks, targets, weights = [], [], []
        for theme, theme_id in enumerate(self.codebook.theme_ids):
            features = stance_features(
                sigmoid(logits[:, theme]), stances[theme], self.index, citing(self.analysed)
            )
            for place, paragraph in enumerate(self.paragraphs):
                stance = paragraph.themes.get(theme_id)
                if stance is not None and paragraph.kind != "recommendation":
                    blocks.append(features[place])
                    targets.append(names.index(stance))
                    # How often a stance occurs differs from source to source: trust the reports.
                    weights.append(1.0 if paragraph.origin == WRITTEN else REPORT_STANCE_WEIGHT)
        return self._fit_classes(np.array(blocks), np.array(targets), len(names), np.array(weights))

    def _fit_classes(
        self, features: Floats, targets: NDArray[np.int64], classes: int, weight: Floats
    ) -> LinearLayer:
        """One multinomial logistic regression; a class that never occurs is never chosen."""
        from sklearn.linear_model import LogisticRegression

        weights = np.zeros((classes, features.shape[1]))
        bias = np.full(classes, -8.0)
        present = np.unique(targets)
        if len(present) < 2:
            bias[present] = 8.0
            return LinearLayer(weights, bias)
        fitted = LogisticRegression(max_iter=5000, random_state=self.settings.seed).fit(
            features, targets, sample_weight=weight
        )
        if len(present) == 2:
            weights[present[1]], bias[present[1]] = fitted.coef_[0], fitted.intercept_[0]
            bias[present[0]] = 0.0
        else:
            weights[present], bias[present] = fitted.coef_, fitted.intercept_
        return _single_precision(weights, bias)

    def _apply(
        self, learnt: _FirstLayers, chosen: NDArray[np.int64]
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """Log-odds of the first layers on some paragraphs, and stance probabilities."""
        at = np.flatnonzero(np.isin(self.owner, chosen))
        words = self._sentence_words(learnt, at)
        features = beside(words, self.sentence_patterns[at])
        whole = self._whole(learnt, chosen)
        stances = sentence_stances(
            learnt.stance,
            beside(words, self.stance_patterns[at]),
            [self.rows[i] for i in at],
            self.codebook,
        )
        return (
            learnt.sentence.logits(features),
            learnt.paragraph.logits(whole),
            learnt.service.logits(whole),
            stances,
        )

    def _fit_margins(
        self, features: sparse.csr_matrix, targets: NDArray[np.bool_], weight: Floats
    ) -> LinearLayer:
        """One linear support vector machine for each column; the layers above calibrate it.

        With squared hinge loss it found themes on reports left out somewhat better than logistic
        regression (mean average precision 0.937 and 0.884 against 0.932 and 0.869). Its margins
        are stretched to the range of log-odds.
        """
        from sklearn.svm import LinearSVC

        weights = np.zeros((targets.shape[1], features.shape[1]))
        bias = np.full(targets.shape[1], -LOGIT_LIMIT)
        for column in range(targets.shape[1]):
            if targets[:, column].any() and not targets[:, column].all():
                fitted = LinearSVC(
                    C=self.settings.sentence_strength,
                    dual=False,
                    intercept_scaling=10.0,
                    max_iter=5000,
                    random_state=self.settings.seed,
                ).fit(features, targets[:, column], sample_weight=weight[:, column])
                weights[column] = MARGIN_STRETCH * fitted.coef_[0]
                bias[column] = MARGIN_STRETCH * fitted.intercept_[0]
        return _single_precision(weights, bias)

    def _fit(
        self,
        features: sparse.csr_matrix | Floats,
        targets: NDArray[np.bool_],
        strength: float,
        weight: Floats | None,
    ) -> LinearLayer:
        """One logistic regression for each column of the targets.

        A column with one value only gets a constant: far below, or far above, any threshold.
        """
        from sklearn.linear_model import LogisticRegression

        weights = np.zeros((targets.shape[1], features.shape[1]))
        bias = np.zeros(targets.shape[1])
        for column in range(targets.shape[1]):
            wanted = targets[:, column]
            if wanted.all() or not wanted.any():
                bias[column] = 8.0 if wanted.all() and len(wanted) else -8.0
                continue
            # liblinear's trust-region Newton: exact, the same bytes every time, and ten times
            # faster here than L-BFGS. It regularises the bias too, unless that is scaled up.
            fitted = LogisticRegression(
                C=strength,
                solver="liblinear",
                intercept_scaling=10.0,
                max_iter=1000,
                random_state=self.settings.seed,
            ).fit(
                features,
                wanted,
                sample_weight=weight if weight is None or weight.ndim == 1 else weight[:, column],
            )
            weights[column], bias[column] = fitted.coef_[0], fitted.intercept_[0]
        return _single_precision(weights, bias)

    def _evidence_threshold(self, logits: Floats, theme: int) -> float:
        """Threshold on evidence sentences, within the paragraphs that carry the theme."""
        inside = self.paragraph_themes[self.owner, theme]
        return best_threshold(
            self.sentence_themes[inside, theme],
            sigmoid(logits[inside, theme]),
            self.sentence_weight[inside],
        )


def _single_precision(weights: Floats, bias: Floats) -> LinearLayer:
    """A layer as it will be read from disk, so that the model in memory is the same one."""
    return LinearLayer(
        weights.astype(np.float32).astype(float), bias.astype(np.float32).astype(float)
    )


def best_threshold(truth: NDArray[np.bool_], probability: Floats, weight: Floats | None) -> float:
    """Threshold with the best F1, smoothed over its neighbours so that luck does not choose it.

    Args:
        truth: shape (n,).
        probability: shape (n,).
        weight: shape (n,), or None for equal weights.
    """
    weight = np.ones(len(truth)) if weight is None else weight
    candidates = np.linspace(0.04, 0.8, 77)
    scores = []
    for candidate in candidates:
        chosen = probability >= candidate
        hit = weight[chosen & truth].sum()
        total = weight[chosen].sum() + weight[truth].sum()
        scores.append(2 * hit / total if total else 0.0)
    kernel = np.ones(9) / 9
    smooth = np.convolve(np.pad(scores, 4, mode="edge"), kernel, mode="valid")
    return float(round(candidates[int(np.argmax(smooth))], 3))


def train_to_folder(
    corpus: Iterable[str | Path],
    out: str | Path,
    hold_out: Sequence[str] = (),
    seed: int = 0,
    progress: Progress | None = None,
    cross_check: bool = False,
) -> Evaluation | None:
    """Trains a model and writes its folder; what `train.py` and `clas-nlp train` call.

    Args:
        corpus: paths of the corpus.
        out: folder of the new model.
        hold_out: reports to leave out, and to score the model on.
        seed: seed of everything random.
        progress: called with (step, done, all).
        cross_check: train once more without each report in turn, and put the scores on it into
            the card; not together with `hold_out`.

    Returns:
        The scores on the reports that the model, or its like, was trained without; None where
        there are none.

    Raises:
        BadCorpus, TooFewLabels: see `train`. Nothing is written then.
    """
    from clas_nlp.evaluating.card import model_card
    from clas_nlp.evaluating.scores import Evaluation, evaluate
    from clas_nlp.tagging.storage import save_model

    labelled = load_corpus(corpus)
    evaluation: Evaluation | None = None
    if cross_check and not hold_out and len(labelled.reports) > 1:
        scored: list[ReportScores] = []
        for report in labelled.reports:
            without = train(labelled, report, seed=seed, progress=progress)
            scored += evaluate(labelled.only([report]), without, seed).reports
        evaluation = Evaluation(tuple(scored))
    model = train(labelled, hold_out, seed=seed, progress=progress)
    if hold_out:
        evaluation = evaluate(labelled.only(hold_out), model, seed)
    if evaluation is not None:
        model.details["scores"] = evaluation.to_dict()["reports"]
    save_model(model, out, model_card(model, evaluation))
    return evaluation
