"""A comparison of two models as tables, for the terminal and in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clas_nlp.evaluating.comparison import (
    LESS_IS_BETTER,
    UNCLEAR,
    ComparedFigure,
    ModelComparison,
    TagChange,
)
from clas_nlp.evaluating.scores import Interval
from clas_nlp.evaluating.tables import figure_text

if TYPE_CHECKING:
    from rich.table import Table

_FIGURES = ("theme", "figure", "support", "old", "new", "change (95% interval)", "verdict")
_CHANGES = ("paragraph", "theme", "old", "new", "labelled", "verdict", "evidence")
#: What the terminal calls a change that may be none.
_SHORT = "unclear"
_NAMES = {
    "f1": "F1",
    "macro_f1": "mean theme F1",
    "stance": "stance accuracy",
    "evidence": "evidence F1",
    "services": "services F1",
    "calibration": "miscalibration",
}


def _difference(interval: Interval, digits: int) -> str:
    if interval.value != interval.value:
        return "–"
    value, low, high = (f"{x:+.{digits}f}" for x in (interval.value, interval.low, interval.high))
    return f"{value} ({low} to {high})"


def _figure_row(found: ComparedFigure) -> tuple[str, ...]:
    digits = 3 if found.measure in LESS_IS_BETTER else 2
    return (
        found.theme or "all shared",
        _NAMES.get(found.measure, found.measure),
        str(found.support),
        figure_text(found.old, digits),
        figure_text(found.new, digits),
        _difference(found.difference, digits),
        found.verdict,
    )


def _change_row(change: TagChange) -> tuple[str, ...]:
    named = not change.number or change.id.endswith(change.number)
    name = change.id if named else f"{change.id} ({change.number})"
    return (
        name,
        change.theme,
        change.old,
        change.new,
        change.labelled,
        change.verdict,
        " | ".join(" ".join(sentence.split()) for sentence in change.evidence),
    )


def _title(comparison: ModelComparison) -> str:
    return f"Old and new model on {comparison.paragraphs} paragraphs of " + ", ".join(
        comparison.reports
    )


def _changes_title(comparison: ModelComparison) -> str:
    return f"{len(comparison.changes)} tags changed"


def comparison_tables(comparison: ModelComparison, width: int = 90) -> list[Table]:
    """The figures and the changed tags, a table each, for the terminal.

    Args:
        comparison: the comparison.
        width: characters of evidence that are shown.
    """
    from rich.table import Table
    from rich.text import Text

    # Without rules between its columns it fits a terminal of 80 characters.
    table = Table(
        title=_title(comparison),
        caption=f"{_SHORT}: {UNCLEAR}, since the interval holds zero",
        box=None,
        padding=(0, 1, 0, 0),
    )
    for column in _FIGURES:
        if column != "support":
            right = column in ("old", "new", "change (95% interval)")
            table.add_column(column, justify="right" if right else "left", no_wrap=True)
    before = None
    for found in comparison.figures:
        theme, figure, _, *cells = _figure_row(found)
        if before is not None and theme != before:
            table.add_section()
        cells[-1] = _SHORT if cells[-1] == UNCLEAR else cells[-1]
        table.add_row("" if theme == before else theme, figure, *cells)
        before = theme
    changes = Table(title=_changes_title(comparison))
    for column in _CHANGES:
        # The evidence gets the room that is left.
        changes.add_column(column, ratio=1 if column == "evidence" else None)
    for change in comparison.changes:
        *cells, evidence = _change_row(change)
        shown = evidence if len(evidence) <= width else evidence[: width - 1] + "…"
        changes.add_row(*(Text(_printable(cell)) for cell in (*cells, shown)))
    return [table, changes]


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def comparison_markdown(comparison: ModelComparison) -> str:
    """The figures, the notes and the changed tags as Markdown."""
    lines = [f"### {_title(comparison)}", ""]
    lines += _table(_FIGURES, [_figure_row(found) for found in comparison.figures])
    lines += [f"- {note}" for note in comparison.notes] + [""] * bool(comparison.notes)
    lines += [f"### {_changes_title(comparison)}", ""]
    lines += _table(_CHANGES, [_change_row(change) for change in comparison.changes])
    return "\n".join(lines)


def _table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    # A bar in a sentence would begin a new cell.
    body = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|", *body, ""]
