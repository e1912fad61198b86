"""How often weaknesses come back: the frame that tables, sheets and pages are made from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from clas_nlp.codebook import WEAKNESS, Codebook
from clas_nlp.recurring.frames import typed_frame
from clas_nlp.recurring.inspections import Inspection, same_name
from clas_nlp.recurring.intervals import expected_count, wilson
from clas_nlp.recurring.mentions import (
    COUNTED_KINDS,
    Comparison,
    EvidenceSentence,
    Mention,
    compare,
    strongest,
)

if TYPE_CHECKING:
    import pandas as pd

#: What a theme's weaknesses can be counted within.
GROUPINGS = ("theme", "service", "section", "year", "area", "provider", "inspection")

#: Group of the paragraphs and inspections that do not tell; its id is empty.
NOT_STATED = {
    "theme": "All",
    "service": "No service named",
    "section": "No section",
    "year": "No date",
    "area": "Area not stated",
    "provider": "Provider not stated",
    "inspection": "",
}

COLUMNS = {
    "by": "string",
    "group": "string",
    "group_name": "string",
    "theme": "string",
    "theme_name": "string",
    "inspections_with_weakness": "Int64",
    "inspections": "Int64",
    "share": "Float64",
    "share_low": "Float64",
    "share_high": "Float64",
    "expected_inspections": "Float64",
    "expected_inspections_low": "Int64",
    "expected_inspections_high": "Int64",
    "weaknesses": "Int64",
    "strengths": "Int64",
    "expected_weaknesses": "Float64",
    "expected_weaknesses_low": "Int64",
    "expected_weaknesses_high": "Int64",
    "first_year": "Int64",
    "last_year": "Int64",
    "evidence": "object",
}


def recurring(
    tagged_inspections: Iterable[Inspection] | Comparison,
    by: str | Sequence[str] = "theme",
    kinds: Sequence[str] = COUNTED_KINDS,
    theme: str | Sequence[str] | None = None,
    min_inspections: int = 0,
    codebook: Codebook | None = None,
    evidence: int | None = 5,
) -> pd.DataFrame:
    """Counts in how many inspections each theme has a weakness.

    `inspections` is the number of inspections in which the group occurs at all: those with a
    counted paragraph that judges the service, stands in the section, or those of the year, area or
    provider. A paragraph that judges two services counts in both. An inspection counts for every
    provider that it included, since reports do not tell paragraph by paragraph whose practice they
    judge. Sections are the same where their titles are, whatever their numbers.

    Expected counts come from the tags' probabilities (see `compare`), taken as independent; an
    inspection has a weakness with the probability that at least one of its paragraphs has. They
    are empty where an inspection came without probabilities.

    Args:
        tagged_inspections: the inspections, or a `Comparison` of them (then `kinds`, `theme` and
            `codebook` are its own).
        by: one or more of `GROUPINGS`; "theme" counts over everything.
        kinds: kinds of paragraph that count.
        theme: one theme or several; by default all.
        min_inspections: leaves out rows with a weakness in fewer inspections.
        codebook: the codebook of the tags; by default the project's own.
        evidence: how many of the strongest sentences a row carries; None for all.

    Returns:
        One row for each grouping, group and theme, the most recurrent first within a grouping,
        with the columns of `COLUMNS`; `evidence` holds a tuple of `EvidenceSentence`. The notes
        that a reader must see are in `frame.attrs["notes"]`.

    Raises:
        ValueError: an unknown grouping, kind or theme.
        BadCodebook: the inspections were tagged with different codebooks.
        UnreadableReport: there are no inspections.
    """
    groupings = known_groupings(by)
    comparison = (
        tagged_inspections
        if isinstance(tagged_inspections, Comparison)
        else compare(tagged_inspections, kinds, theme, codebook)
    )
    rows: list[dict[str, Any]] = []
    for grouping in groupings:
        found = _grouped(comparison, grouping, evidence)
        found.sort(key=_recurrence)
        rows += [r for r in found if r["inspections_with_weakness"] >= min_inspections]
    notes = [*comparison.notes]
    if len(comparison.inspections) < 5:
        notes.append(f"only {_inspections(comparison)}: below five, shares say little")
    if not rows and min_inspections:
        notes.append(f"no theme has a weakness in {min_inspections} inspections or more")
    frame = typed_frame(rows, COLUMNS, notes)
    frame.attrs["inspections"] = len(comparison.inspections)
    frame.attrs["kinds"] = list(comparison.kinds)
    return frame


def title_of(comparison: Comparison) -> str:
    """What a table or a page of these inspections is called."""
    return f"Recurring weaknesses in {_inspections(comparison)}"


def _inspections(comparison: Comparison) -> str:
    count = len(comparison.inspections)
    return f"{count} inspection{'' if count == 1 else 's'}"


def known_groupings(by: str | Sequence[str]) -> tuple[str, ...]:
    """One grouping or several, checked.

    Raises:
        ValueError: one is not in `GROUPINGS`.
    """
    groupings = (by,) if isinstance(by, str) else tuple(by)
    for grouping in groupings:
        if grouping not in GROUPINGS:
            raise ValueError(f"unknown grouping {grouping!r}; expected {', '.join(GROUPINGS)}")
    return groupings


def _recurrence(row: dict[str, Any]) -> tuple[float, ...]:
    return (-row["inspections_with_weakness"], -row["share"], -row["weaknesses"])


def groups_of(mention: Mention, grouping: str) -> list[str]:
    """Ids of the groups that a mention belongs to; an empty id where its group is not stated."""
    inspection = mention.inspection
    if grouping == "service":
        return list(mention.paragraph.services) or [""]
    if grouping == "section":
        return [same_name(section_title(mention.paragraph.section))]
    if grouping == "year":
        return [str(inspection.year or "")]
    if grouping == "area":
        return [same_name(inspection.area)]
    if grouping == "provider":
        return list(dict.fromkeys(map(same_name, inspection.details.providers))) or [""]
    return [inspection.id] if grouping == "inspection" else [""]


def section_title(label: str) -> str:
    """A section's title without its number: "5.2 Governance" gives "Governance"."""
    return re.sub(r"^\d+(\.\d+)*\.?\s+", "", label)


def group_names(comparison: Comparison, grouping: str) -> dict[str, str]:
    """Names of the groups as first printed; ids that are missing are their own names."""
    names = {"": NOT_STATED[grouping]}
    if grouping == "service":
        names.update({s.id: s.name for s in comparison.codebook.services})
    for inspection in comparison.inspections:
        if grouping == "inspection":
            names[inspection.id] = inspection.name
        elif grouping == "area":
            names.setdefault(same_name(inspection.area), inspection.area)
        elif grouping == "provider":
            for provider in inspection.details.providers:
                names.setdefault(same_name(provider), provider)
        elif grouping == "section":
            for paragraph in inspection.paragraphs:
                title = section_title(paragraph.section)
                names.setdefault(same_name(title), title)
    return names


def _grouped(comparison: Comparison, grouping: str, evidence: int | None) -> list[dict[str, Any]]:
    names = group_names(comparison, grouping)
    cells: dict[tuple[str, str], dict[str, list[Mention]]] = {}
    members: dict[str, dict[str, None]] = {"": {}} if grouping == "theme" else {}
    for mention in comparison.mentions:
        for group in groups_of(mention, grouping):
            members.setdefault(group, {})[mention.inspection.id] = None
            by_inspection = cells.setdefault((group, mention.theme), {})
            by_inspection.setdefault(mention.inspection.id, []).append(mention)
    if grouping == "theme":
        # An inspection without a single counted paragraph was looked at all the same.
        members[""] = dict.fromkeys(i.id for i in comparison.inspections)
    order = list(members)
    if grouping == "service":
        known = (*comparison.codebook.service_ids, "")
        order = [s for s in known if s in members] + [s for s in members if s not in known]
    return [
        {
            "by": grouping,
            "group": group,
            "group_name": names.get(group, group),
            "theme": theme,
            "theme_name": comparison.codebook.theme_name(theme),
            **_figures(cells.get((group, theme), {}), len(members[group]), evidence),
        }
        for group in order
        for theme in comparison.themes
    ]


def _figures(
    by_inspection: dict[str, list[Mention]], total: int, evidence: int | None
) -> dict[str, Any]:
    """The figures of one theme in one group, from its mentions in each inspection."""
    weak = [m for mentions in by_inspection.values() for m in mentions if m.is_weakness]
    with_weakness = {m.inspection.id for m in weak}
    years = [m.inspection.year for m in weak if m.inspection.year]
    share, low, high = wilson(len(with_weakness), total)
    sentences: list[EvidenceSentence] = [s for m in weak for s in m.sentences(WEAKNESS)]
    return {
        "inspections_with_weakness": len(with_weakness),
        "inspections": total,
        "share": share,
        "share_low": low,
        "share_high": high,
        **_expected(by_inspection),
        "weaknesses": len(weak),
        "strengths": sum(m.is_strength for ms in by_inspection.values() for m in ms),
        "first_year": min(years, default=None),
        "last_year": max(years, default=None),
        "evidence": tuple(strongest(sentences, evidence)),
    }


def chance_of_any(mentions: Iterable[Mention]) -> float | None:
    """Probability that at least one of some mentions is a weakness; None where one is not known."""
    none = 1.0
    for mention in mentions:
        if mention.chance is None:
            return None
        none *= 1.0 - mention.chance
    return 1.0 - none


def _expected(by_inspection: dict[str, list[Mention]]) -> dict[str, Any]:
    chances = [m.chance for mentions in by_inspection.values() for m in mentions]
    any_weakness = [chance_of_any(mentions) for mentions in by_inspection.values()]
    figures: dict[str, Any] = {}
    for name, values in (("inspections", any_weakness), ("weaknesses", chances)):
        known = [value for value in values if value is not None]
        count, low, high = expected_count(known) if len(known) == len(values) else (None,) * 3
        figures[f"expected_{name}"] = count
        figures[f"expected_{name}_low"] = low
        figures[f"expected_{name}_high"] = high
    return figures
