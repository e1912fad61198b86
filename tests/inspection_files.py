"""The inspections of the tests: the real ones tagged, the fictional ones labelled by hand."""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import cache
from pathlib import Path

from clas_nlp.codebook import MIXED, STRENGTH, WEAKNESS
from clas_nlp.reading import read_report
from clas_nlp.recurring import Inspection
from clas_nlp.tagging import Evidence, TaggedParagraph, Tagger, ThemeTag, load

ROOT = Path(__file__).resolve().parent.parent
FICTION = Path(__file__).parent / "reports_fictional"
FICTIONAL = sorted(FICTION.glob("*.txt"))
#: A second, shorter printing of the report of one of the same visits.
REPRINT = FICTION / "reprints" / "garrowby_2017_corrected.txt"
REAL = [ROOT / "corpus" / "reports" / f"{name}.txt" for name in ("dorset", "dudley")]
#: Probability of a label given by hand, and of a theme that was not given.
SURE, UNLIKELY = 0.9, 0.05


@cache
def shipped_tagger() -> Tagger:
    return load(ROOT / "models" / "default")


@cache
def inspection(path: Path) -> Inspection:
    """An inspection with the tags that the shipped model gives it."""
    report = read_report(path)
    return Inspection.from_report(report, shipped_tagger().tag(report), shipped_tagger().codebook)


@cache
def hand_labels() -> dict[tuple[str, str], dict[str, str]]:
    """Stance by theme, for each labelled paragraph: its report, and its number or id."""
    labels: dict[tuple[str, str], dict[str, str]] = {}
    with (FICTION / "labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            stances = labels.setdefault((row["report"], row["paragraph"]), {})
            stances[row["theme"]] = row["stance"]
    return labels


@cache
def labelled(path: Path) -> Inspection:
    """An inspection with its labels, so that what is counted does not hang on a model."""
    tagged = inspection(path)
    paragraphs = tuple(
        _by_hand(p, hand_labels().get((tagged.id, p.number or p.id), {}))
        # Findings and recommendations share numbers; the labels are of findings and examples.
        if p.kind != "recommendation"
        else replace(p, themes=())
        for p in tagged.paragraphs
    )
    return replace(tagged, paragraphs=paragraphs)


def _by_hand(paragraph: TaggedParagraph, stances: dict[str, str]) -> TaggedParagraph:
    text = paragraph.text
    themes = tuple(
        ThemeTag(
            theme,
            stance,
            SURE,
            tuple(
                Evidence(0, len(text), held, text)
                for held in ((WEAKNESS, STRENGTH) if stance == MIXED else (stance,))
            ),
        )
        for theme, stance in stances.items()
    )
    chances = dict.fromkeys(shipped_tagger().codebook.theme_ids, UNLIKELY)
    return replace(
        paragraph, themes=themes, probabilities={**chances, **dict.fromkeys(stances, SURE)}
    )


def fictional() -> list[Inspection]:
    return [labelled(path) for path in FICTIONAL]


def real() -> list[Inspection]:
    return [inspection(path) for path in REAL]
