"""Which labels can be learnt from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from clas_nlp.corpus.records import Corpus, LabelledParagraph
from clas_nlp.errors import BadCorpus, TooFewLabels
from clas_nlp.reading.records import JUDGED_KINDS

#: A theme with fewer labelled paragraphs than this cannot be learnt.
LEAST_PARAGRAPHS = 8


def remaining_corpus(corpus: Corpus, held: Sequence[str]) -> Corpus:
    """The corpus without the reports held out, and of it what can be judged.

    Raises:
        BadCorpus: a report to hold out that is not there, or nothing left to train on.
    """
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
