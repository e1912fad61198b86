"""The fictional inspections of the tests, tagged once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from clas_nlp.reading import read_report
from clas_nlp.recurring import Inspection
from clas_nlp.tagging import Tagger, load

ROOT = Path(__file__).resolve().parent.parent
FICTIONAL = sorted((Path(__file__).parent / "reports_fictional").glob("*.txt"))
REAL = [ROOT / "corpus" / "reports" / f"{name}.txt" for name in ("dorset", "dudley")]


@cache
def shipped_tagger() -> Tagger:
    return load(ROOT / "models" / "default")


@cache
def inspection(path: Path) -> Inspection:
    report = read_report(path)
    return Inspection.from_report(report, shipped_tagger().tag(report), shipped_tagger().codebook)


def fictional() -> list[Inspection]:
    return [inspection(path) for path in FICTIONAL]


def real() -> list[Inspection]:
    return [inspection(path) for path in REAL]
