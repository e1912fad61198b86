"""What went, what stayed and what is new between two inspections of one area."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from clas_nlp.codebook import STRENGTH, WEAKNESS, Codebook
from clas_nlp.recurring.counting import chance_of_any, groups_of
from clas_nlp.recurring.frames import typed_frame
from clas_nlp.recurring.inspections import Inspection, same_name
from clas_nlp.recurring.mentions import (
    COUNTED_KINDS,
    Comparison,
    Mention,
    as_comparison,
    strongest,
)

if TYPE_CHECKING:
    import pandas as pd

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
    if by not in ("theme", "service"):
        raise ValueError(f"unknown grouping {by!r}; expected theme or service")
    comparison = as_comparison(tagged_inspections, kinds, theme, codebook)
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
        for earlier, later in pairwise(visits):
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
    return typed_frame(rows, CHANGE_COLUMNS, comparison.notes)


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
