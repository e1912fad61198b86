"""Change between inspections of one area, trends over years, and weaknesses that travel together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from clas_nlp.codebook import STRENGTH, WEAKNESS, Codebook
from clas_nlp.recurring.counting import chance_of_any, groups_of
from clas_nlp.recurring.inspections import Inspection, same_name
from clas_nlp.recurring.intervals import difference_of_shares, wilson
from clas_nlp.recurring.mentions import COUNTED_KINDS, Comparison, Mention, compare, strongest

if TYPE_CHECKING:
    import pandas as pd

#: Below so many inspections a share is hardly more than an anecdote.
FEW = 5

#: What became of a weakness: there before and after, only after, only before.
STAYED, NEW, GONE = "stayed", "new", "gone"

CHANGE_COLUMNS = {
    "area": "string",
    "earlier": "string",
    "later": "string",
    "earlier_name": "string",
    "later_name": "string",
    "theme": "string",
    "theme_name": "string",
    "service": "string",
    "service_name": "string",
    "change": "string",
    "earlier_weaknesses": "Int64",
    "later_weaknesses": "Int64",
    "earlier_probability": "Float64",
    "later_probability": "Float64",
    "later_strengths": "Int64",
    "evidence": "object",
}

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


def _comparison(
    inspections: Iterable[Inspection] | Comparison,
    kinds: Sequence[str],
    theme: str | Sequence[str] | None,
    codebook: Codebook | None,
) -> Comparison:
    if isinstance(inspections, Comparison):
        return inspections
    return compare(inspections, kinds, theme, codebook)


def change_between_inspections(
    tagged_inspections: Iterable[Inspection] | Comparison,
    by: str = "theme",
    kinds: Sequence[str] = COUNTED_KINDS,
    theme: str | Sequence[str] | None = None,
    codebook: Codebook | None = None,
) -> pd.DataFrame:
    """What went, what stayed and what is new, where an area was inspected more than once.

    Each inspection is compared with the one before it in the same area. A weakness is there where
    the tagger's threshold says so; the probabilities that there is one stand beside it, because a
    weakness may seem to go where the tagger only just missed it. Inspections without area or date
    cannot be put in order and are left out.

    Args:
        tagged_inspections: the inspections, or a `Comparison` of them.
        by: "theme", or "service" for each theme within each service judged both times.
        kinds: kinds of paragraph that count.
        theme: one theme or several; by default all.
        codebook: the codebook of the tags.

    Returns:
        One row for each pair of inspections, theme and service that has a weakness in either, with
        `change` "stayed", "new" or "gone" and, as evidence, the later weaknesses, or the
        earlier ones where the weakness went.

    Raises:
        ValueError: `by` is neither "theme" nor "service".
        BadCodebook: the inspections were tagged with different codebooks.
    """
    import pandas as pd

    if by not in ("theme", "service"):
        raise ValueError(f"unknown grouping {by!r}; expected theme or service")
    comparison = _comparison(tagged_inspections, kinds, theme, codebook)
    areas: dict[str, list[Inspection]] = {}
    for inspection in comparison.inspections:
        if inspection.area and inspection.date:
            areas.setdefault(same_name(inspection.area), []).append(inspection)
    cells: dict[tuple[str, str, str], list[Mention]] = {}
    for mention in comparison.mentions:
        for group in groups_of(mention, by):
            cells.setdefault((mention.inspection.id, mention.theme, group), []).append(mention)
    groups = ("",) if by == "theme" else comparison.codebook.service_ids
    rows: list[dict[str, Any]] = []
    for visits in areas.values():
        visits.sort(key=lambda i: i.date)
        for earlier, later in zip(visits, visits[1:], strict=False):
            for name in comparison.themes:
                for group in groups:
                    before = cells.get((earlier.id, name, group), [])
                    after = cells.get((later.id, name, group), [])
                    if by == "service" and not (before and after):
                        continue
                    row = _change(before, after)
                    if row:
                        rows.append(
                            {
                                "area": later.area,
                                "earlier": earlier.id,
                                "later": later.id,
                                "earlier_name": earlier.name,
                                "later_name": later.name,
                                "theme": name,
                                "theme_name": comparison.codebook.theme_name(name),
                                "service": group,
                                "service_name": comparison.codebook.service_name(group),
                                **row,
                            }
                        )
    frame = pd.DataFrame(rows, columns=list(CHANGE_COLUMNS)).astype(CHANGE_COLUMNS)
    frame.attrs["notes"] = list(comparison.notes)
    return frame


def _change(before: list[Mention], after: list[Mention]) -> dict[str, Any] | None:
    earlier = [m for m in before if m.is_weakness]
    later = [m for m in after if m.is_weakness]
    if not earlier and not later:
        return None
    shown = later or earlier
    sentences = [s for m in shown for s in m.sentences(WEAKNESS)]
    if earlier and not later:
        # What took the place of a weakness is the best sign that it is gone and not only unsaid.
        sentences += [s for m in after for s in m.sentences(STRENGTH)]
    return {
        "change": STAYED if earlier and later else NEW if later else GONE,
        "earlier_weaknesses": len(earlier),
        "later_weaknesses": len(later),
        "earlier_probability": chance_of_any(before),
        "later_probability": chance_of_any(after),
        "later_strengths": sum(m.is_strength for m in after),
        "evidence": tuple(strongest(sentences, 6)),
    }


def _weak_inspections(comparison: Comparison) -> dict[str, set[str]]:
    """Ids of the inspections with a weakness, by theme."""
    weak: dict[str, set[str]] = {theme: set() for theme in comparison.themes}
    for mention in comparison.mentions:
        if mention.is_weakness:
            weak[mention.theme].add(mention.inspection.id)
    return weak


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
    import pandas as pd

    comparison = _comparison(tagged_inspections, kinds, theme, codebook)
    weak = _weak_inspections(comparison)
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
    frame = pd.DataFrame(rows, columns=list(TREND_COLUMNS)).astype(TREND_COLUMNS)
    sparse = [str(year) for year, ids in years.items() if len(ids) < FEW]
    frame.attrs["notes"] = [*comparison.notes]
    if sparse:
        frame.attrs["notes"].append(
            f"fewer than {FEW} inspections in {', '.join(sparse)}: read no trend into them"
        )
    return frame


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
    Newcombe's (see `difference_of_shares`). One that includes 0 shows no change.

    Returns:
        One row for each theme; none where all inspections are of one year. `few` is true where a
        side has fewer than five inspections.
    """
    import pandas as pd

    comparison = _comparison(tagged_inspections, kinds, theme, codebook)
    weak = _weak_inspections(comparison)
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
    frame = pd.DataFrame(rows, columns=list(SHIFT_COLUMNS)).astype(SHIFT_COLUMNS)
    frame.attrs["notes"] = list(comparison.notes)
    return frame


def _span(years: Sequence[int]) -> str:
    return str(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}"


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
    import pandas as pd

    if unit not in ("inspection", "paragraph"):
        raise ValueError(f"unknown unit {unit!r}; expected inspection or paragraph")
    comparison = _comparison(tagged_inspections, kinds, theme, codebook)
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
    rows = []
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
    frame = pd.DataFrame(rows, columns=list(TOGETHER_COLUMNS)).astype(TOGETHER_COLUMNS)
    frame.attrs["notes"] = list(comparison.notes)
    return frame
