"""Two models on the same labelled paragraphs: what got better or worse, and which tags changed.

Intervals of the differences come from a paired bootstrap: paragraphs are drawn within their report,
both models are scored on the same draw, and the interval holds the middle 95% of the differences.
What makes a paragraph hard is then in both figures and drops out. Sources: Efron and Tibshirani
(1993), An Introduction to the Bootstrap, ch. 13 (percentile interval); Koehn (2004), EMNLP, and
Berg-Kirkpatrick, Burkett and Klein (2012), EMNLP (paired resampling of two systems).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from clas_nlp.codebook import Codebook
from clas_nlp.corpus.records import Corpus, LabelledParagraph
from clas_nlp.errors import BadCorpus
from clas_nlp.evaluating.comparison import (
    BETTER,
    BOTH_WRONG,
    LESS_IS_BETTER,
    NO_TAG,
    NOTHING,
    ONLY_NEW,
    ONLY_OLD,
    OVERALL_MEASURES,
    THEME_MEASURES,
    UNCLEAR,
    WORSE,
    ComparedFigure,
    ModelComparison,
    TagChange,
)
from clas_nlp.evaluating.outcomes import (
    Counts,
    Figures,
    Floats,
    Outcome,
    figures,
    outcome,
    percentiles,
    resamples,
)
from clas_nlp.evaluating.scores import Interval, reports_trained_on, scored_paragraphs
from clas_nlp.tagging.model import Model


def compare_models(old: Model, new: Model, corpus: Corpus, seed: int = 0) -> ModelComparison:
    """Compares two models on labelled paragraphs that neither should have seen.

    Themes that only one of the models knows are named, and its figures on them given; everything
    else is about the themes that both know.

    Args:
        old: the model that there was.
        new: the model that may take its place.
        corpus: labelled paragraphs; findings, examples and recommendations count.
        seed: seed of the bootstrap.

    Raises:
        BadCorpus: nothing to score, or no theme that both models and the labels have.
    """
    paragraphs = scored_paragraphs(corpus)
    known = corpus.codebook.theme_ids
    both = [theme for theme in new.codebook.theme_ids if theme in old.codebook.theme_ids]
    shared = [theme for theme in both if theme in known]
    if not shared:
        raise BadCorpus(
            f"no theme in common: the old model knows {', '.join(old.codebook.theme_ids)}; the new "
            f"model {', '.join(new.codebook.theme_ids)}; the labels have {', '.join(known)}"
        )
    services = [
        service
        for service in corpus.codebook.service_ids
        if service in old.codebook.service_ids and service in new.codebook.service_ids
    ]
    outcomes = [outcome(paragraphs, model, services) for model in (old, new)]
    only = [
        [t for t in one.codebook.theme_ids if t not in other.codebook.theme_ids]
        for one, other in ((old, new), (new, old))
    ]
    times = resamples([p.report for p in paragraphs], seed)
    compared = list(_shared_figures([made.only(shared) for made in outcomes], times))
    for made, themes, verdict in zip(outcomes, only, (ONLY_OLD, ONLY_NEW), strict=True):
        labelled = [theme for theme in themes if theme in known]
        compared += _single_figures(made.only(labelled), verdict)
    reports = tuple(dict.fromkeys(p.report for p in paragraphs))
    return ModelComparison(
        reports=reports,
        paragraphs=len(paragraphs),
        themes=tuple(shared),
        only_old=tuple(only[0]),
        only_new=tuple(only[1]),
        unlabelled=tuple(theme for theme in both if theme not in known),
        redefined=tuple(_redefined(old.codebook, new.codebook, both)),
        seen_by_old=tuple(r for r in reports if r in reports_trained_on(old)),
        seen_by_new=tuple(r for r in reports if r in reports_trained_on(new)),
        figures=tuple(sorted(compared, key=lambda found: not found.theme)),
        changes=tuple(_changes(paragraphs, *(made.only(shared) for made in outcomes))),
    )


def _shared_figures(outcomes: Sequence[Outcome], times: Counts) -> Iterator[ComparedFigure]:
    labelled = outcomes[0]  # both models have the same labels before them
    whole = np.ones((1, times.shape[1]), dtype=np.int64)
    on_all = [figures(made, whole) for made in outcomes]
    resampled = [figures(made, times) for made in outcomes]
    supports = labelled.truth.sum(axis=0)
    for column, theme in enumerate(labelled.themes):
        for measure in THEME_MEASURES:
            yield _compared(
                measure,
                theme,
                int(supports[column]),
                [float(_samples(f, measure, column)[0]) for f in on_all],
                [_samples(f, measure, column) for f in resampled],
            )
    carrying = int(labelled.truth.any(axis=1).sum())
    for measure in OVERALL_MEASURES:
        yield _compared(
            measure,
            "",
            times.shape[1] if measure in ("services", "calibration") else carrying,
            [float(_samples(f, measure)[0]) for f in on_all],
            [_samples(f, measure) for f in resampled],
        )


def _samples(found: Figures, measure: str, column: int | None = None) -> Floats:
    samples: Floats = getattr(found, measure)
    return samples if column is None else samples[:, column]


def _compared(
    measure: str, theme: str, support: int, values: Sequence[float], samples: Sequence[Floats]
) -> ComparedFigure:
    old, new = values
    low, high = percentiles(samples[1] - samples[0])
    gain = (-high, -low) if measure in LESS_IS_BETTER else (low, high)
    verdict = UNCLEAR
    if np.isnan(new - old) or np.isnan(low):
        verdict = NOTHING
    elif gain[0] > 0:
        verdict = BETTER
    elif gain[1] < 0:
        verdict = WORSE
    return ComparedFigure(
        measure, theme, support, old, new, Interval(new - old, low, high), verdict
    )


def _single_figures(made: Outcome, verdict: str) -> Iterator[ComparedFigure]:
    """Figures on themes that only one of the models knows."""
    nan = float("nan")
    found = figures(made, np.ones((1, len(made.truth)), dtype=np.int64))
    for column, theme in enumerate(made.themes):
        for measure in THEME_MEASURES:
            value = float(_samples(found, measure, column)[0])
            yield ComparedFigure(
                measure,
                theme,
                int(made.truth[:, column].sum()),
                value if verdict == ONLY_OLD else nan,
                value if verdict == ONLY_NEW else nan,
                Interval(nan, nan, nan),
                verdict,
            )


def _redefined(old: Codebook, new: Codebook, themes: Sequence[str]) -> Iterator[str]:
    one, two = ({theme.id: theme for theme in book.themes} for book in (old, new))
    for theme in themes:
        a, b = one[theme], two[theme]
        if (a.definition, a.included, a.excluded) != (b.definition, b.included, b.excluded):
            yield theme


def _changes(
    paragraphs: Sequence[LabelledParagraph], old: Outcome, new: Outcome
) -> Iterator[TagChange]:
    for place, paragraph in enumerate(paragraphs):
        for column, theme in enumerate(new.themes):
            before, after = (
                str(made.stances[place, column]) if made.found[place, column] else NO_TAG
                for made in (old, new)
            )
            if before == after:
                continue
            labelled = paragraph.themes.get(theme, NO_TAG)
            nearer = _nearness(after, labelled) - _nearness(before, labelled)
            verdict = BOTH_WRONG if not nearer else BETTER if nearer > 0 else WORSE
            giving = new if after != NO_TAG else old
            yield TagChange(
                report=paragraph.report,
                id=paragraph.id,
                number=paragraph.number,
                theme=theme,
                old=before,
                new=after,
                labelled=labelled,
                verdict=verdict,
                evidence=tuple(
                    paragraph.text[start:end] for start, end in giving.sentences[place, column]
                ),
            )


def _nearness(given: str, labelled: str) -> int:
    """2 for the label itself, 1 for its theme with another stance, 0 for a theme amiss."""
    return 2 if given == labelled else int(NO_TAG not in (given, labelled))
