"""A comparison of two models as tables, for the terminal and in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clas_nlp.evaluating.comparing import (
    LESS_IS_BETTER,
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
_NAMES = {
    "f1": "F1",
    "macro_f1": "mean F1 of themes",
    "stance": "stance of found themes",
    "evidence": "evidence F1",
    "services": "services micro-F1",
    "calibration": "calibration error",
}


def _difference(interval: Interval) -> str:
    if interval.value != interval.value:
        return "–"
    return f"{interval.value:+.3f} ({interval.low:+.3f} to {interval.high:+.3f})"


def _figure_row(found: ComparedFigure) -> tuple[str, ...]:
    digits = 3 if found.measure in LESS_IS_BETTER else 2
    return (
        found.theme or "all shared",
        _NAMES.get(found.measure, found.measure),
        str(found.support),
        figure_text(found.old, digits),
        figure_text(found.new, digits),
        _difference(found.difference),
        found.verdict,
    )


def _change_row(change: TagChange) -> tuple[str, ...]:
    name = change.id if not change.number else f"{change.id} ({change.number})"
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

    table = Table(title=_title(comparison))
    for column in _FIGURES:
        right = column in ("support", "old", "new", "change (95% interval)")
        table.add_column(column, justify="right" if right else "left")
    for found in comparison.figures:
        table.add_row(*_figure_row(found), end_section=_last_of_its_theme(comparison, found))
    changes = Table(title=_changes_title(comparison))
    for column in _CHANGES:
        changes.add_column(column)
    for change in comparison.changes:
        *cells, evidence = _change_row(change)
        shown = evidence if len(evidence) <= width else evidence[: width - 1] + "…"
        changes.add_row(*(Text(_printable(cell)) for cell in (*cells, shown)))
    return [table, changes]


def _last_of_its_theme(comparison: ModelComparison, found: ComparedFigure) -> bool:
    return [f for f in comparison.figures if f.theme == found.theme][-1] is found


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
