"""Weaknesses that travel together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from clas_nlp.codebook import Codebook
from clas_nlp.recurring.frames import typed_frame
from clas_nlp.recurring.inspections import Inspection
from clas_nlp.recurring.intervals import wilson
from clas_nlp.recurring.mentions import COUNTED_KINDS, Comparison, as_comparison

if TYPE_CHECKING:
    import pandas as pd

TOGETHER_COLUMNS = {
    "first": "string",
    "first_name": "string",
    "second": "string",
    "second_name": "string",
    "unit": "string",
    "both": "Int64",
    "only_first": "Int64",
    "only_second": "Int64",
    "neither": "Int64",
    "total": "Int64",
    "share_of_either": "Float64",
    "share_of_either_low": "Float64",
    "share_of_either_high": "Float64",
    "lift": "Float64",
}


def co_occurrence(
    tagged_inspections: Iterable[Inspection] | Comparison,
    unit: str = "inspection",
    kinds: Sequence[str] = COUNTED_KINDS,
    theme: str | Sequence[str] | None = None,
    codebook: Codebook | None = None,
) -> pd.DataFrame:
    """Which weaknesses travel together.

    Args:
        tagged_inspections: the inspections, or a `Comparison` of them.
        unit: "inspection" (both anywhere in one report) or "paragraph" (both in one paragraph).
        kinds: kinds of paragraph that count.
        theme: the themes to pair; by default all.
        codebook: the codebook of the tags.

    Returns:
        One row for each pair of themes, the closest first: how many units have both, either or
        neither; `share_of_either`, those with both among those with at least one (the Jaccard
        index) with its Wilson interval; and `lift`, how many times more often they meet than they
        would by chance (1 is chance).

    Raises:
        ValueError: an unknown unit.
    """
    if unit not in ("inspection", "paragraph"):
        raise ValueError(f"unknown unit {unit!r}; expected inspection or paragraph")
    comparison = as_comparison(tagged_inspections, kinds, theme, codebook)
    units: dict[str, set[tuple[str, str]]] = {name: set() for name in comparison.themes}
    everything: set[tuple[str, str]] = set()
    for mention in comparison.mentions:
        paragraph = mention.paragraph.id if unit == "paragraph" else ""
        key = (mention.inspection.id, paragraph)
        everything.add(key)
        if mention.is_weakness:
            units[mention.theme].add(key)
    if unit == "inspection":
        everything |= {(i.id, "") for i in comparison.inspections}
    total = len(everything)
    rows: list[dict[str, Any]] = []
    for first, second in combinations(comparison.themes, 2):
        a, b = units[first], units[second]
        share, low, high = wilson(len(a & b), len(a | b))
        rows.append(
            {
                "first": first,
                "first_name": comparison.codebook.theme_name(first),
                "second": second,
                "second_name": comparison.codebook.theme_name(second),
                "unit": unit,
                "both": len(a & b),
                "only_first": len(a - b),
                "only_second": len(b - a),
                "neither": total - len(a | b),
                "total": total,
                "share_of_either": share,
                "share_of_either_low": low,
                "share_of_either_high": high,
                "lift": len(a & b) * total / (len(a) * len(b)) if a and b else None,
            }
        )
    rows.sort(key=lambda row: (-row["both"], -(row["lift"] or 0.0)))
    return typed_frame(rows, TOGETHER_COLUMNS, comparison.notes)
