"""How well a model tags reports that it has not seen.

Definitions: precision, recall and F1 as usual, by theme, over paragraphs; average precision as in
scikit-learn; expected calibration error with ten equal-width bins over all themes together (Guo et
al. 2017, ICML); intervals by the percentile bootstrap over paragraphs within a report (Efron and
Tibshirani 1993, ch. 13). Stance is scored where a theme was rightly found; evidence where a
paragraph carries the theme, whether the model found it or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from clas_nlp.corpus.keywords import keyword_tags
from clas_nlp.corpus.records import Corpus, LabelledParagraph
from clas_nlp.errors import BadCorpus
from clas_nlp.evaluating.outcomes import (
    Flags,
    Floats,
    figures,
    mean,
    outcome,
    percentiles,
    resamples,
)
from clas_nlp.reading.records import JUDGED_KINDS
from clas_nlp.tagging.model import Model

if TYPE_CHECKING:
    import pandas as pd


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
    paragraphs = scored_paragraphs(corpus)
    return Evaluation(
        tuple(
            _score_report(
                source,
                [p for p in paragraphs if p.report == source],
                model,
                source in reports_trained_on(model),
                seed,
            )
            for source in dict.fromkeys(p.report for p in paragraphs)
        )
    )


def scored_paragraphs(corpus: Corpus) -> list[LabelledParagraph]:
    """The findings, examples and recommendations of a corpus.

    Raises:
        BadCorpus: it has none.
    """
    found = [p for p in corpus.paragraphs if p.kind in JUDGED_KINDS]
    if not found:
        raise BadCorpus("the corpus has no findings, examples or recommendations to score")
    return found


def reports_trained_on(model: Model) -> frozenset[str]:
    """Sources of the text that a model was trained on, by its manifest."""
    return frozenset(model.details.get("trained_on", {}))


def _score_report(
    report: str, paragraphs: Sequence[LabelledParagraph], model: Model, seen: bool, seed: int
) -> ReportScores:
    made = outcome(paragraphs, model)
    whole = figures(made, np.ones((1, len(paragraphs)), dtype=np.int64))
    resampled = figures(made, resamples([report] * len(paragraphs), seed))
    keywords = keyword_tags(paragraphs, model.codebook)
    keyword_f1 = figures(
        replace(made, found=keywords), np.ones((1, len(paragraphs)), dtype=np.int64)
    )
    scores = tuple(
        ThemeScore(
            theme=theme,
            support=int(made.truth[:, t].sum()),
            precision=float(whole.precision[0, t]),
            recall=float(whole.recall[0, t]),
            f1=Interval(float(whole.f1[0, t]), *percentiles(resampled.f1[:, t])),
            average_precision=average_precision(made.truth[:, t], made.probabilities[:, t]),
            keyword_f1=float(keyword_f1.f1[0, t]),
        )
        for t, theme in enumerate(made.themes)
    )
    return ReportScores(
        report=report,
        seen=seen,
        paragraphs=len(paragraphs),
        themes=scores,
        macro_f1=Interval(float(whole.macro_f1[0]), *percentiles(resampled.macro_f1)),
        keyword_macro_f1=float(keyword_f1.macro_f1[0]),
        mean_average_precision=float(mean(np.array([x.average_precision for x in scores]))),
        stance_accuracy=float(whole.stance[0]),
        stance_confusion=dict(made.stance_confusion()),
        evidence_f1=float(whole.evidence[0]),
        services_f1=float(whole.services[0]),
        calibration_error=float(whole.calibration[0]),
    )


def average_precision(truth: Flags, probability: Floats) -> float:
    """Average precision; NaN where nothing carries the theme."""
    if not truth.any():
        return float("nan")
    order = np.argsort(-probability, kind="stable")
    hits, ranked = truth[order], probability[order]
    # Equal probabilities have no order: each counts at the end of its run.
    last = np.searchsorted(-ranked, -ranked, side="right")
    return float((np.cumsum(hits)[last - 1] / last)[hits].mean())


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)


def _interval(interval: Interval) -> dict[str, float | None]:
    return {
        "value": _rounded(interval.value),
        "low": _rounded(interval.low),
        "high": _rounded(interval.high),
    }
