"""What a model makes of labelled paragraphs, counted by paragraph, and the figures on any sample.

Every figure follows from counts by paragraph, so that a bootstrap need only count each paragraph
as often as its resample holds it: models are read once, however many resamples there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clas_nlp.codebook import paragraph_stance
from clas_nlp.corpus.records import LabelledParagraph
from clas_nlp.tagging.model import Model

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]

RESAMPLES = 1000
CALIBRATION_BINS = 10


@dataclass(frozen=True)
class Outcome:
    """What a model makes of labelled paragraphs, beside their labels.

    Attributes:
        themes: ids of the themes, as in the columns below.
        truth: whether a paragraph carries a theme, shape (paragraphs, themes).
        found: whether the model says so, same shape.
        probabilities: the model's probabilities, same shape.
        true_stances: for each paragraph and theme the stance by the labels, or empty.
        stances: the model's stance by the evidence it gives, or empty; given for themes that it
            found or that are there, same shape as `truth`.
        evidence: evidence sentences of the themes that are there: in both, given by the model,
            and labelled; shape (3, paragraphs, themes).
        sentences: for each paragraph and theme, spans of the model's evidence in text order.
        true_services: services judged by the labels, shape (paragraphs, services).
        services: services judged by the model, same shape.
    """

    themes: tuple[str, ...]
    truth: Flags
    found: Flags
    probabilities: Floats
    true_stances: NDArray[np.str_]
    stances: NDArray[np.str_]
    evidence: Counts
    sentences: dict[tuple[int, int], tuple[tuple[int, int], ...]]
    true_services: Flags
    services: Flags

    def only(self, themes: Sequence[str]) -> Outcome:
        """The same for some of the themes, in the order asked for."""
        columns = [self.themes.index(theme) for theme in themes]
        return replace(
            self,
            themes=tuple(themes),
            truth=self.truth[:, columns],
            found=self.found[:, columns],
            probabilities=self.probabilities[:, columns],
            true_stances=self.true_stances[:, columns],
            stances=self.stances[:, columns],
            evidence=self.evidence[:, :, columns],
            sentences={
                (place, columns.index(column)): spans
                for (place, column), spans in self.sentences.items()
                if column in columns
            },
        )

    @property
    def rightly_found(self) -> Flags:
        """Where the model found a theme that is there."""
        return self.truth & self.found

    def stance_confusion(self) -> Counter[tuple[str, str]]:
        """Counts by (true stance, given stance), where a theme was rightly found."""
        where = self.rightly_found
        return Counter(
            (str(true), str(given))
            for true, given in zip(self.true_stances[where], self.stances[where], strict=True)
        )


def outcome(
    paragraphs: Sequence[LabelledParagraph], model: Model, services: Sequence[str] = ()
) -> Outcome:
    """Reads labelled paragraphs with a model.

    Args:
        paragraphs: findings, examples and recommendations; labels of themes that the model does
            not know are left out.
        model: the model.
        services: ids of the services that count; by default all that the model knows.
    """
    codebook = model.codebook
    themes = codebook.theme_ids
    analysed = model.analyser.analyse(p.text for p in paragraphs)
    reading = model.read(analysed, [p.kind for p in paragraphs])
    found = model.theme_decisions(reading)
    truth = np.array([[theme in p.themes for theme in themes] for p in paragraphs])
    true_stances = np.array([[p.themes.get(theme, "") for theme in themes] for p in paragraphs])
    stances = np.full(truth.shape, "", dtype="<U40")
    evidence = np.zeros((3, *truth.shape), dtype=np.int64)
    sentences: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {}
    tags = np.argwhere(truth | found)
    for (place, column), given in zip(
        tags.tolist(), model.all_evidence(reading, tags), strict=True
    ):
        spans = analysed.spans(place)
        first = int(analysed.bounds[place])
        stances[place, column] = paragraph_stance({stance for _, stance in given})
        chosen = {spans[int(reading.rows.sentences[row]) - first] for row, _ in given}
        sentences[place, column] = tuple(sorted(chosen))
        labelled = {
            spans[sentence]
            for sentence, label in paragraphs[place].labelled_sentences(spans)
            if label.theme == themes[column]
        }
        if truth[place, column]:
            evidence[:, place, column] = len(chosen & labelled), len(chosen), len(labelled)
    wanted = list(services or codebook.service_ids)
    columns = [codebook.service_ids.index(service) for service in wanted]
    return Outcome(
        themes=themes,
        truth=truth,
        found=found,
        probabilities=reading.themes,
        true_stances=true_stances,
        stances=stances,
        evidence=evidence,
        sentences=sentences,
        true_services=np.array([[s in p.services for s in wanted] for p in paragraphs]),
        services=model.service_decisions(reading)[:, columns],
    )


@dataclass(frozen=True)
class Figures:
    """Scores on some samples of the paragraphs; NaN where a sample has nothing to score.

    Attributes:
        precision: by theme, shape (samples, themes).
        recall: the same.
        f1: the same.
        macro_f1: mean F1 over the themes, shape (samples,).
        stance: share of rightly found themes with the right stance, shape (samples,).
        evidence: F1 of the evidence sentences of the themes that are there, shape (samples,).
        services: micro-F1 of the services, shape (samples,).
        calibration: expected calibration error of the theme probabilities, shape (samples,).
    """

    precision: Floats
    recall: Floats
    f1: Floats
    macro_f1: Floats
    stance: Floats
    evidence: Floats
    services: Floats
    calibration: Floats


def figures(of: Outcome, times: Counts) -> Figures:
    """Scores on samples of the paragraphs.

    Args:
        of: what a model made of the paragraphs.
        times: how often each paragraph stands in each sample, shape (samples, paragraphs).
    """
    weight = times.astype(np.float64)

    def total(counts: Flags | Counts) -> Floats:
        summed: Floats = weight @ counts.astype(np.float64)
        return summed

    hits, found, truth = total(of.rightly_found), total(of.found), total(of.truth)
    f1 = _ratio(2 * hits, found + truth)
    right = of.rightly_found & (of.true_stances == of.stances)
    both, given, labelled = (total(counts.sum(axis=1)) for counts in of.evidence)
    services = total((of.true_services & of.services).sum(axis=1))
    either = total(of.true_services.sum(axis=1) + of.services.sum(axis=1))
    return Figures(
        precision=_ratio(hits, found),
        recall=_ratio(hits, truth),
        f1=f1,
        macro_f1=mean(f1),
        stance=_ratio(total(right.sum(axis=1)), hits.sum(axis=1)),
        evidence=_ratio(2 * both, given + labelled),
        services=_ratio(2 * services, either),
        calibration=calibration_errors(of.truth, of.probabilities, weight),
    )


def calibration_errors(truth: Flags, probability: Floats, weight: Floats) -> Floats:
    """Expected calibration error on samples: mean gap of probability and frequency, by bin size.

    Args:
        truth: shape (paragraphs, themes).
        probability: same shape.
        weight: how often each paragraph stands in each sample, shape (samples, paragraphs).
    """
    which = np.minimum((probability * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = np.stack(
        [
            ((truth - probability) * (which == number)).sum(axis=1)
            for number in range(CALIBRATION_BINS)
        ]
    )
    error: Floats = np.abs(weight @ gaps.T).sum(axis=1)
    return _ratio(error, weight.sum(axis=1) * truth.shape[1])


def resamples(reports: Sequence[str], seed: int) -> Counts:
    """How often each paragraph stands in each resample, drawn within its own report.

    Args:
        reports: the report of each paragraph.
        seed: seed of the draw.

    Returns:
        Counts, shape (RESAMPLES, paragraphs).
    """
    generator = np.random.default_rng(seed)
    times = np.zeros((RESAMPLES, len(reports)), dtype=np.int64)
    for report in dict.fromkeys(reports):
        places = [place for place, own in enumerate(reports) if own == report]
        even = np.full(len(places), 1 / len(places))
        times[:, places] = generator.multinomial(len(places), even, RESAMPLES)
    return times


def mean(by_theme: Floats) -> Floats:
    """Mean over the last axis of the figures that there are; NaN where there are none."""
    known = ~np.isnan(by_theme)
    return _ratio(np.where(known, by_theme, 0.0).sum(axis=-1), known.sum(axis=-1))


def percentiles(samples: Floats) -> tuple[float, float]:
    """Ends of the 95% percentile interval of resampled figures; NaN where there are none."""
    known = samples[~np.isnan(samples)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)


def _ratio(part: Floats, whole: Floats | Counts) -> Floats:
    some = whole > 0
    return np.where(some, part / np.where(some, whole, 1), np.nan)
