"""The coordinates of the trend charts; the drawing itself is a template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

WIDTH, HEIGHT = 320, 170
LEFT, RIGHT, TOP, BOTTOM = 42, 12, 12, 30


def trend_chart(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Places the years of one theme's trend in a small chart.

    Args:
        rows: plain rows of `trend`, of one theme, in order of time.

    Returns:
        Size, points with their intervals, the line, gridlines and a sentence that says it all in
        words; None where there is no year.
    """
    if not rows:
        return None
    first, last = rows[0]["year"], rows[-1]["year"]

    def across(year: int) -> float:
        room = WIDTH - LEFT - RIGHT - 24
        return round(
            LEFT + 12 + (room * (year - first) / (last - first) if last > first else room / 2), 1
        )

    def down(share: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - share), 1)

    # Labels of more years than fit would run into each other.
    every = max(1, -(-(last - first + 1) // 7))
    points = [
        {
            **row,
            "x": across(row["year"]),
            "y": down(row["share"]),
            "y_low": down(row["share_low"]),
            "y_high": down(row["share_high"]),
            "labelled": (row["year"] - first) % every == 0,
        }
        for row in rows
    ]
    said = "; ".join(
        f"{r['year']}: {r['inspections_with_weakness']} of {r['inspections']}" for r in rows
    )
    return {
        "theme": rows[0]["theme"],
        "name": rows[0]["theme_name"],
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "bottom": HEIGHT - BOTTOM,
        "points": points,
        "line": " ".join(f"{p['x']},{p['y']}" for p in points),
        "grid": [{"y": down(share), "label": f"{share:.0%}"} for share in (0.0, 0.5, 1.0)],
        "said": f"Inspections with a weakness, by year. {said}.",
    }
