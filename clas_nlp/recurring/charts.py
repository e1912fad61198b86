"""The trend charts: a theme's share of inspections with a weakness, year by year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from clas_nlp.recurring.drawings import drawing, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Width and height in pixels before the page stretches it, and the size of its words.
SIZE, WORDS = (340, 190), 12
#: More years than these have no room for their labels.
MOST_LABELS = 6


def trend_chart(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Draws one theme's trend.

    Args:
        rows: plain rows of `trend`, of one theme, in order of time.

    Returns:
        The theme's name, the rows for the table beside the chart, and the drawing as SVG, which
        says all its figures in words; None where there are not two years to compare.
    """
    if len(rows) < 2:
        return None
    said = "; ".join(
        f"{r['year']}: {r['inspections_with_weakness']} of {r['inspections']}" for r in rows
    )
    theme, name = rows[0]["theme"], rows[0]["theme_name"]
    return {
        "name": name,
        "rows": list(rows),
        "drawing": drawing(
            lambda: _trend_figure(rows),
            f"trend-{theme}",
            name,
            f"Inspections with a weakness, by year. {said}.",
        ),
    }


def _trend_figure(rows: Sequence[dict[str, Any]]) -> Figure:
    """Points joined by a line, with whiskers; each part is named, and coloured by the page."""
    years = [row["year"] for row in rows]
    shares = [row["share"] for row in rows]
    figure = new_figure(SIZE)
    axes = figure.add_axes((0.13, 0.14, 0.83, 0.79))
    axes.set_frame_on(False)
    axes.tick_params(length=0, pad=7, labelsize=WORDS)
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.5, 1], ["0%", "50%", "100%"])
    axes.set_xlim(years[0] - 0.4, years[-1] + 0.4)
    axes.set_xticks(range(years[0], years[-1] + 1, -(-(years[-1] - years[0] + 1) // MOST_LABELS)))
    axes.hlines([0, 0.5, 1], *axes.get_xlim(), gid="rule", clip_on=False)
    axes.vlines(
        years,
        [row["share_low"] for row in rows],
        [row["share_high"] for row in rows],
        gid="whisker",
        clip_on=False,
    )
    axes.plot(years, shares, gid="line", clip_on=False)
    for few, part in ((False, "point"), (True, "few")):
        chosen = [row for row in rows if row["few"] == few]
        if chosen:
            axes.plot(
                [row["year"] for row in chosen],
                [row["share"] for row in chosen],
                linestyle="none",
                marker="o",
                markersize=9,
                gid=part,
                clip_on=False,
            )
    return figure
