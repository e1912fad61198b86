"""The two pages: one report with its evidence marked, and many inspections side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from clas_nlp.codebook import Codebook, load_codebook
from clas_nlp.reading.records import Report
from clas_nlp.recurring.change import change_between_inspections
from clas_nlp.recurring.charts import trend_chart
from clas_nlp.recurring.counting import groups_of, recurring, title_of
from clas_nlp.recurring.inspections import Inspection
from clas_nlp.recurring.marking import page_paragraphs
from clas_nlp.recurring.mentions import COUNTED_KINDS, Comparison, compare, evidence_frame
from clas_nlp.recurring.rendering import STANCE_SIGNS, render_page, stances
from clas_nlp.recurring.tables import plain_rows
from clas_nlp.recurring.together import co_occurrence
from clas_nlp.recurring.years import shift, trend
from clas_nlp.tagging.records import TaggedParagraph

if TYPE_CHECKING:
    import pandas as pd

UNSCORED = (
    "How good the tagger is on reports that it has not seen was not measured for this model: "
    "read the sentences before you rely on a count."
)


def accuracy_note(details: Mapping[str, Any], reports: Iterable[str] = ()) -> str:
    """How good the tagger is on unseen reports, and which of the reports it has seen.

    Args:
        details: `model.details`, where training puts the scores on reports left out.
        reports: ids of the reports that are shown.
    """
    seen = sorted(set(reports) & set(details.get("trained_on", ())))
    if seen:
        learnt = f" It was trained on {', '.join(seen)}: there its tags look surer than they are."
        return accuracy_note(details) + learnt
    unseen = [s for s in details.get("scores", ()) if not s.get("seen_in_training")]
    if not unseen:
        return UNSCORED
    parts = [
        f"{score['report']}: macro-F1 {score['macro_f1']['value']:.2f} "
        f"({score['macro_f1']['low']:.2f}–{score['macro_f1']['high']:.2f}), right stance "
        f"{100 * score['stance_accuracy']:.0f}%"
        for score in unseen
        if score.get("macro_f1") and score.get("stance_accuracy") is not None
    ]
    if not parts:
        return UNSCORED
    return (
        "The tagger on reports that it was trained without (95% intervals): "
        f"{'; '.join(parts)}. It misses some weaknesses and finds some that are none."
    )


def report_page(
    report: Report,
    tagged: Iterable[TaggedParagraph],
    codebook: Codebook | None = None,
    accuracy: str = UNSCORED,
) -> str:
    """One page for a report: its text with the evidence marked, and filters.

    Args:
        report: the report.
        tagged: its tagged paragraphs.
        codebook: the codebook of the tags; by default the project's own.
        accuracy: the footnote on the tagger, see `accuracy_note`.

    Returns:
        HTML, one file without anything outside it.
    """
    codebook = codebook or load_codebook()
    tagged = list(tagged)
    paragraphs = page_paragraphs(report, tagged, codebook)
    sections = list(dict.fromkeys(p["section"] for p in paragraphs if p["section"]))
    counts = []
    for theme in codebook.themes:
        tags = [tag for p in tagged if (tag := p.tag(theme.id))]
        counts.append(
            {
                "name": theme.name,
                "id": theme.id,
                "stances": [
                    {
                        "name": s["name"],
                        "sign": s["sign"],
                        "id": s["id"],
                        "count": sum(tag.stance == s["id"] for tag in tags),
                    }
                    for s in stances(codebook)
                ],
                "total": len(tags),
            }
        )
    used = {service for p in tagged for service in p.services}
    return render_page(
        "report.html",
        "report.js",
        {},
        title=_report_title(report),
        report=report,
        paragraphs=paragraphs,
        sections=sections,
        themes=codebook.themes,
        stances=stances(codebook),
        services=[s for s in codebook.services if s.id in used],
        counts=counts,
        judged=sum(1 for p in tagged if p.probabilities or p.themes),
        accuracy=accuracy,
    )


def _report_title(report: Report) -> str:
    details = report.details
    place = details.area or report.id
    return f"{place} {details.year}" if details.year else place


def recurring_page(
    tagged_inspections: Iterable[Inspection] | Comparison,
    codebook: Codebook | None = None,
    kinds: Sequence[str] = COUNTED_KINDS,
    theme: str | Sequence[str] | None = None,
    min_inspections: int = 0,
    by: str = "service",
    accuracy: str = UNSCORED,
) -> str:
    """One page for many inspections: heat map, matrix, trends, changes, and every sentence.

    Args:
        tagged_inspections: the inspections, or a `Comparison` of them.
        codebook: the codebook of the tags; by default the project's own.
        kinds: kinds of paragraph that count.
        theme: one theme or several; by default all.
        min_inspections: leaves themes and groups out that recur in fewer inspections.
        by: the grouping of the heat map, one of `GROUPINGS`.
        accuracy: the footnote on the tagger, see `accuracy_note`.

    Returns:
        HTML, one file without anything outside it.
    """
    comparison = (
        tagged_inspections
        if isinstance(tagged_inspections, Comparison)
        else compare(tagged_inspections, kinds, theme, codebook)
    )
    by_theme = recurring(comparison, min_inspections=min_inspections)
    shown = [str(theme_id) for theme_id in by_theme["theme"]]
    by_group = recurring(comparison, by=by, evidence=0)
    by_inspection = recurring(comparison, by="inspection", evidence=0)
    changes = change_between_inspections(comparison)
    trends = trend(comparison)
    years = [i.year for i in comparison.inspections if i.year]
    notes = dict.fromkeys([*by_theme.attrs["notes"], *trends.attrs["notes"]])
    return render_page(
        "recurring.html",
        "recurring.js",
        _sentences(comparison, by),
        title=title_of(comparison),
        areas=len({i.area.casefold() for i in comparison.inspections if i.area}),
        first_year=min(years, default=None),
        last_year=max(years, default=None),
        kinds=[kind.replace("_", " ") for kind in comparison.kinds],
        notes=list(notes),
        themes=plain_rows(by_theme),
        heat=_grid(by_group, shown, min_inspections),
        heat_title=by,
        matrix=_grid(by_inspection, shown, 0, chronological=comparison.inspections),
        charts=[c for c in (trend_chart(g) for g in _by_theme(trends, shown)) if c],
        shifts=[r for r in plain_rows(shift(comparison)) if r["theme"] in shown],
        changes=_changes(changes, shown),
        together=[
            r
            for r in plain_rows(co_occurrence(comparison))
            if r["first"] in shown and r["second"] in shown
        ],
        signs=STANCE_SIGNS,
        stances=stances(comparison.codebook),
        accuracy=accuracy,
    )


def _by_theme(frame: pd.DataFrame, shown: Sequence[str]) -> list[list[dict[str, Any]]]:
    rows = plain_rows(frame)
    return [[row for row in rows if row["theme"] == theme] for theme in shown]


def _grid(
    frame: pd.DataFrame,
    themes: Sequence[str],
    min_inspections: int,
    chronological: Sequence[Inspection] = (),
) -> list[dict[str, Any]]:
    """Rows of a table with a cell for each theme; `level` 0 to 4 is the cell's shade.

    Shades follow the share of inspections; in the matrix, where that is 0 or 1, the number of
    weaknesses.
    """
    cells: dict[str, dict[str, dict[str, Any]]] = {}
    names: dict[str, str] = {}
    for row in plain_rows(frame):
        cells.setdefault(row["group"], {})[row["theme"]] = row
        names[row["group"]] = row["group_name"]
    if chronological:
        ordered = sorted(chronological, key=lambda i: (i.date or "9", i.name))
        order = [i.id for i in ordered if i.id in cells]
    else:
        order = [
            group
            for group, row in cells.items()
            if max(c["inspections_with_weakness"] for c in row.values()) >= min_inspections
        ]
        order.sort(key=lambda g: -sum(c["inspections_with_weakness"] for c in cells[g].values()))
    grid = []
    for group in order:
        shades = []
        for theme in themes:
            cell = cells[group][theme]
            level = (
                min(4, cell["weaknesses"])
                if chronological
                else 0
                if not cell["inspections_with_weakness"]
                else min(4, 1 + int(3.99 * cell["share"]))
            )
            shades.append({**cell, "level": level})
        grid.append({"group": group, "name": names[group], "cells": shades})
    return grid


def _changes(frame: pd.DataFrame, themes: Sequence[str]) -> list[dict[str, Any]]:
    """The changes, put together by pair of inspections."""
    pairs: dict[tuple[str, str], dict[str, Any]] = {}
    for row in plain_rows(frame):
        if row["theme"] not in themes:
            continue
        pair = pairs.setdefault(
            (row["earlier"], row["later"]),
            {"earlier": row["earlier_name"], "later": row["later_name"], "rows": []},
        )
        pair["rows"].append(row)
    return list(pairs.values())


def _sentences(comparison: Comparison, by: str) -> dict[str, Any]:
    """Every sentence for the script, each once, with the groups of the heat map's grouping."""
    frame = evidence_frame(comparison)
    places: dict[str, list[str]] = {}
    for mention in comparison.mentions:
        key = f"{mention.inspection.id}\n{mention.paragraph.id}"
        if mention.tag is not None and key not in places:
            places[key] = groups_of(mention, by)
    rows = []
    for row in plain_rows(frame):
        rows.append(
            {
                "t": row["theme"],
                "s": row["stance"],
                "x": row["text"],
                "i": row["inspection"],
                "r": row["reference"],
                "p": row["probability"],
                "g": places[f"{row['inspection']}\n{row['paragraph']}"],
            }
        )
    return {
        "sentences": rows,
        "signs": STANCE_SIGNS,
        "names": {s["id"]: s["name"] for s in stances(comparison.codebook)},
    }
