"""How well a model tags reports that it has not seen.

Definitions: precision, recall and F1 as usual, by theme, over paragraphs; average precision as in
scikit-learn; expected calibration error with ten equal-width bins over all themes together (Guo et
al. 2017, ICML); intervals by the percentile bootstrap over paragraphs within a report (Efron and
Tibshirani 1993, ch. 13). Stance is scored where a theme was rightly found; evidence where a
paragraph carries the theme, whether the model found it or not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clas_nlp.codebook import paragraph_stance
from clas_nlp.corpus.keywords import keyword_tags
from clas_nlp.corpus.records import Corpus, LabelledParagraph
from clas_nlp.errors import BadCorpus
from clas_nlp.reading.records import JUDGED_KINDS
from clas_nlp.tagging.model import Model

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

RESAMPLES = 1000
CALIBRATION_BINS = 10


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95% bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ThemeScore:
    """Scores of one theme on one report; `support` paragraphs carry it."""

    theme: str
    support: int
    precision: float
    recall: float
    f1: Interval
    average_precision: float
    keyword_f1: float


@dataclass(frozen=True)
class ReportScores:
    """Scores of a model on one report.

    Attributes:
        report: id of the report.
        seen: whether the model was trained on it; then the figures say nothing about new text.
        paragraphs: how many paragraphs were scored.
        themes: one score a theme.
        macro_f1: mean F1 over the themes.
        keyword_macro_f1: the same for the codebook's keywords.
        mean_average_precision: mean over the themes.
        stance_accuracy: share of rightly found themes with the right one of four stances.
        stance_confusion: counts by (true stance, given stance).
        evidence_f1: F1 of the evidence sentences, given the theme.
        services_f1: micro-F1 of the services.
        calibration_error: expected calibration error of the theme probabilities.
    """

    report: str
    seen: bool
    paragraphs: int
    themes: tuple[ThemeScore, ...]
    macro_f1: Interval
    keyword_macro_f1: float
    mean_average_precision: float
    stance_accuracy: float
    stance_confusion: dict[tuple[str, str], int]
    evidence_f1: float
    services_f1: float
    calibration_error: float

    def to_dict(self) -> dict[str, Any]:
        """The scores as plain values, rounded to four digits."""
        return {
            "report": self.report,
            "seen_in_training": self.seen,
            "paragraphs": self.paragraphs,
            "macro_f1": _interval(self.macro_f1),
            "keyword_macro_f1": _rounded(self.keyword_macro_f1),
            "mean_average_precision": _rounded(self.mean_average_precision),
            "stance_accuracy": _rounded(self.stance_accuracy),
            "stance_confusion": [
                {"true": true, "given": given, "count": count}
                for (true, given), count in sorted(self.stance_confusion.items())
            ],
            "evidence_f1": _rounded(self.evidence_f1),
            "services_micro_f1": _rounded(self.services_f1),
            "calibration_error": _rounded(self.calibration_error),
            "themes": [
                {
                    "theme": score.theme,
                    "support": score.support,
                    "precision": _rounded(score.precision),
                    "recall": _rounded(score.recall),
                    "f1": _interval(score.f1),
                    "average_precision": _rounded(score.average_precision),
                    "keyword_f1": _rounded(score.keyword_f1),
                }
                for score in self.themes
            ],
        }


@dataclass(frozen=True)
class Evaluation:
    """Scores of a model on each report of a corpus."""

    reports: tuple[ReportScores, ...]

    def to_dict(self) -> dict[str, Any]:
        """The scores as plain values."""
        return {"reports": [scores.to_dict() for scores in self.reports]}

    def to_frame(self) -> pd.DataFrame:
        """One row for each report and theme."""
        import pandas as pd

        rows = []
        for scores in self.reports:
            for theme in scores.themes:
                rows.append(
                    {
                        "report": scores.report,
                        "theme": theme.theme,
                        "support": theme.support,
                        "precision": theme.precision,
                        "recall": theme.recall,
                        "f1": theme.f1.value,
                        "f1_low": theme.f1.low,
                        "f1_high": theme.f1.high,
                        "average_precision": theme.average_precision,
                        "keyword_f1": theme.keyword_f1,
                    }
                )
        return pd.DataFrame(rows)


def evaluate(corpus: Corpus, model: Model, seed: int = 0) -> Evaluation:
    """Scores a model on every report of a corpus, each by itself.

    Args:
        corpus: labelled paragraphs; findings, examples and recommendations count.
        model: the model.
        seed: seed of the bootstrap.

    Raises:
        BadCorpus: nothing to score, or other themes than the model's.
    """
    if corpus.codebook.theme_ids != model.codebook.theme_ids:
        raise BadCorpus(
            f"the corpus is labelled with the themes {', '.join(corpus.codebook.theme_ids)}, the "
            f"model knows {', '.join(model.codebook.theme_ids)}; use one codebook for both"
        )
    sources = dict.fromkeys(p.report for p in corpus.paragraphs if p.kind in JUDGED_KINDS)
    if not sources:
        raise BadCorpus("the corpus has no findings, examples or recommendations to score")
    trained_on = model.details.get("trained_on", {})
    return Evaluation(
        tuple(
            _score_report(
                source,
                [p for p in corpus.paragraphs if p.report == source and p.kind in JUDGED_KINDS],
                model,
                source in trained_on,
                seed,
            )
            for source in sources
        )
    )


def _score_report(
    report: str, paragraphs: Sequence[LabelledParagraph], model: Model, seen: bool, seed: int
) -> ReportScores:
    codebook = model.codebook
    analysed = model.analyser.analyse(p.text for p in paragraphs)
    reading = model.read(analysed, [p.kind for p in paragraphs])
    truth = np.array([[t in p.themes for t in codebook.theme_ids] for p in paragraphs])
    found = model.theme_decisions(reading)
    keywords = keyword_tags(paragraphs, codebook)
    resampled = _resamples(len(paragraphs), seed)
    theme_f1 = [_f1_interval(truth[:, t], found[:, t], resampled) for t in range(truth.shape[1])]
    confusion: Counter[tuple[str, str]] = Counter()
    both = given = wanted = 0
    for place, paragraph in enumerate(paragraphs):
        spans = analysed.spans(place)
        first = int(analysed.bounds[place])
        for theme, stance in paragraph.themes.items():
            column = codebook.theme_ids.index(theme)
            given_evidence = model.evidence_of(reading, place, column)
            chosen = {spans[int(reading.rows.sentences[row]) - first] for row, _ in given_evidence}
            evidence = {
                span
                for span in spans
                if any(
                    x.theme == theme and x.start < span[1] and x.end > span[0]
                    for x in paragraph.labels
                )
            }
            both += len(chosen & evidence)
            given += len(chosen)
            wanted += len(evidence)
            if found[place, column]:
                confusion[stance, paragraph_stance({s for _, s in given_evidence})] += 1
    services = model.service_decisions(reading)
    true_services = np.array([[s in p.services for s in codebook.service_ids] for p in paragraphs])
    right = sum(count for (true, guess), count in confusion.items() if true == guess)
    scores = tuple(
        ThemeScore(
            theme=theme,
            support=int(truth[:, t].sum()),
            precision=_ratio(int((truth[:, t] & found[:, t]).sum()), int(found[:, t].sum())),
            recall=_ratio(int((truth[:, t] & found[:, t]).sum()), int(truth[:, t].sum())),
            f1=theme_f1[t][0],
            average_precision=average_precision(truth[:, t], reading.themes[:, t]),
            keyword_f1=_f1(truth[:, t], keywords[:, t]),
        )
        for t, theme in enumerate(codebook.theme_ids)
    )
    samples = np.column_stack([samples for _, samples in theme_f1])
    macro = np.array([_mean(row) for row in samples])
    known = macro[~np.isnan(macro)]
    low, high = np.percentile(known, [2.5, 97.5]) if len(known) else (np.nan, np.nan)
    return ReportScores(
        report=report,
        seen=seen,
        paragraphs=len(paragraphs),
        themes=scores,
        macro_f1=Interval(_mean([score.f1.value for score in scores]), float(low), float(high)),
        keyword_macro_f1=_mean([score.keyword_f1 for score in scores]),
        mean_average_precision=_mean([score.average_precision for score in scores]),
        stance_accuracy=_ratio(right, sum(confusion.values())),
        stance_confusion=dict(confusion),
        evidence_f1=_ratio(2 * both, given + wanted),
        services_f1=_f1(true_services.ravel(), services.ravel()),
        calibration_error=calibration_error(truth.ravel(), reading.themes.ravel()),
    )


def calibration_error(truth: Flags, probability: Floats, bins: int = CALIBRATION_BINS) -> float:
    """Expected calibration error: mean gap between probability and frequency, by bin size."""
    which = np.minimum((probability * bins).astype(int), bins - 1)
    error = 0.0
    for number in range(bins):
        inside = which == number
        if inside.any():
            error += abs(truth[inside].mean() - probability[inside].mean()) * inside.mean()
    return float(error)


def average_precision(truth: Flags, probability: Floats) -> float:
    """Average precision; NaN where nothing carries the theme."""
    if not truth.any():
        return float("nan")
    order = np.argsort(-probability, kind="stable")
    hits, ranked = truth[order], probability[order]
    # Equal probabilities have no order: each counts at the end of its run.
    last = np.searchsorted(-ranked, -ranked, side="right")
    return float((np.cumsum(hits)[last - 1] / last)[hits].mean())


def _resamples(paragraphs: int, seed: int) -> NDArray[np.int64]:
    """How often each paragraph stands in each resample, shape (RESAMPLES, paragraphs)."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(paragraphs, np.full(paragraphs, 1 / paragraphs), RESAMPLES)


def _f1_interval(truth: Flags, found: Flags, times: NDArray[np.int64]) -> tuple[Interval, Floats]:
    hit = times @ (truth & found).astype(float)
    total = times @ truth.astype(float) + times @ found.astype(float)
    with np.errstate(invalid="ignore"):
        samples = np.where(total > 0, 2 * hit / np.where(total > 0, total, 1), np.nan)
    known = samples[~np.isnan(samples)]
    low, high = np.percentile(known, [2.5, 97.5]) if len(known) else (np.nan, np.nan)
    return Interval(_f1(truth, found), float(low), float(high)), samples


def _f1(truth: Flags, found: Flags) -> float:
    return _ratio(2 * int((truth & found).sum()), int(truth.sum()) + int(found.sum()))


def _mean(figures: Sequence[float] | Floats) -> float:
    """Mean of the figures that there are; NaN where there are none."""
    known = [float(figure) for figure in figures if not np.isnan(figure)]
    return sum(known) / len(known) if known else float("nan")


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)


def _interval(interval: Interval) -> dict[str, float | None]:
    return {
        "value": _rounded(interval.value),
        "low": _rounded(interval.low),
        "high": _rounded(interval.high),
    }
