"""Trends: the share of inspections with a weakness, over the years."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from clas_nlp.codebook import Codebook
from clas_nlp.recurring.frames import typed_frame
from clas_nlp.recurring.inspections import Inspection
from clas_nlp.recurring.intervals import difference_of_shares, wilson
from clas_nlp.recurring.mentions import (
    COUNTED_KINDS,
    Comparison,
    as_comparison,
    weak_inspections,
)

if TYPE_CHECKING:
    import pandas as pd

#: Below so many inspections a share is hardly more than an anecdote.
FEW = 5

TREND_COLUMNS = {
    "theme": "string",
    "theme_name": "string",
    "year": "Int64",
    "inspections_with_weakness": "Int64",
    "inspections": "Int64",
    "share": "Float64",
    "share_low": "Float64",
    "share_high": "Float64",
    "few": "boolean",
}

SHIFT_COLUMNS = {
    "theme": "string",
    "theme_name": "string",
    "earlier_years": "string",
    "later_years": "string",
    "earlier_inspections": "Int64",
    "later_inspections": "Int64",
    "earlier_share": "Float64",
    "later_share": "Float64",
    "difference": "Float64",
    "difference_low": "Float64",
    "difference_high": "Float64",
    "few": "boolean",
}


def trend(
    tagged_inspections: Iterable[Inspection] | Comparison,
    kinds: Sequence[str] = COUNTED_KINDS,
    theme: str | Sequence[str] | None = None,
    codebook: Codebook | None = None,
) -> pd.DataFrame:
    """The share of inspections with a weakness, year by year, with a Wilson 95% interval.

    Returns:
        One row for each theme and year in which there was an inspection, in order of time; `few`
        is true for a year with fewer than five inspections.
    """
    comparison = as_comparison(tagged_inspections, kinds, theme, codebook)
    weak = weak_inspections(comparison)
    years = _by_year(comparison)
    rows = []
    for name in comparison.themes:
        for year, ids in years.items():
            count = len(weak[name] & set(ids))
            share, low, high = wilson(count, len(ids))
            rows.append(
                {
                    "theme": name,
                    "theme_name": comparison.codebook.theme_name(name),
                    "year": year,
                    "inspections_with_weakness": count,
                    "inspections": len(ids),
                    "share": share,
                    "share_low": low,
                    "share_high": high,
                    "few": len(ids) < FEW,
                }
            )
    notes = [*comparison.notes]
    sparse = [str(year) for year, ids in years.items() if len(ids) < FEW]
    if sparse:
        notes.append(
            f"fewer than {FEW} inspections in {', '.join(sparse)}: read no trend into them"
        )
    return typed_frame(rows, TREND_COLUMNS, notes)


def _by_year(comparison: Comparison) -> dict[int, list[str]]:
    years: dict[int, list[str]] = {}
    for inspection in comparison.inspections:
        if inspection.year is not None:
            years.setdefault(inspection.year, []).append(inspection.id)
    return dict(sorted(years.items()))


def shift(
    tagged_inspections: Iterable[Inspection] | Comparison,
    kinds: Sequence[str] = COUNTED_KINDS,
    theme: str | Sequence[str] | None = None,
    codebook: Codebook | None = None,
) -> pd.DataFrame:
    """Each theme's share in the later years less that in the earlier ones, with a 95% interval.

    The years are divided where the two sides are most alike in inspections; the interval is
    Newcombe's (see `difference_of_shares`). One that includes 0 is no evidence of change.

    Returns:
        One row for each theme; none where all inspections are of one year. `few` is true where a
        side has fewer than five inspections.
    """
    comparison = as_comparison(tagged_inspections, kinds, theme, codebook)
    weak = weak_inspections(comparison)
    years = _by_year(comparison)
    known = list(years)
    rows = []
    if len(known) > 1:
        cut = min(
            range(1, len(known)),
            key=lambda c: abs(
                sum(len(years[y]) for y in known[:c]) - sum(len(years[y]) for y in known[c:])
            ),
        )
        before = {i for y in known[:cut] for i in years[y]}
        after = {i for y in known[cut:] for i in years[y]}
        for name in comparison.themes:
            counts = len(weak[name] & before), len(before), len(weak[name] & after), len(after)
            difference, low, high = difference_of_shares(*counts)
            rows.append(
                {
                    "theme": name,
                    "theme_name": comparison.codebook.theme_name(name),
                    "earlier_years": _span(known[:cut]),
                    "later_years": _span(known[cut:]),
                    "earlier_inspections": len(before),
                    "later_inspections": len(after),
                    "earlier_share": counts[0] / counts[1],
                    "later_share": counts[2] / counts[3],
                    "difference": difference,
                    "difference_low": low,
                    "difference_high": high,
                    "few": min(len(before), len(after)) < FEW,
                }
            )
    return typed_frame(rows, SHIFT_COLUMNS, comparison.notes)


def _span(years: Sequence[int]) -> str:
    return str(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}"
