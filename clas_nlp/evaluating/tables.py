"""Scores as tables, for the terminal and in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clas_nlp.evaluating.scores import Evaluation, Interval, ReportScores

if TYPE_CHECKING:
    from rich.table import Table

_COLUMNS = (
    "theme",
    "support",
    "precision",
    "recall",
    "F1 (95% interval)",
    "avg. precision",
    "keywords F1",
)


def figure_text(value: float, digits: int = 2) -> str:
    """A figure for people; a dash where there is none."""
    return "–" if value != value else f"{value:.{digits}f}"


def _interval(interval: Interval) -> str:
    value, low, high = map(figure_text, (interval.value, interval.low, interval.high))
    return f"{value} ({low} to {high})"


def _rows(scores: ReportScores) -> list[tuple[str, ...]]:
    rows = [
        (
            theme.theme,
            str(theme.support),
            figure_text(theme.precision),
            figure_text(theme.recall),
            _interval(theme.f1),
            figure_text(theme.average_precision),
            figure_text(theme.keyword_f1),
        )
        for theme in scores.themes
    ]
    total = sum(theme.support for theme in scores.themes)
    mean = (
        "mean of themes",
        str(total),
        "",
        "",
        _interval(scores.macro_f1),
        figure_text(scores.mean_average_precision),
        figure_text(scores.keyword_macro_f1),
    )
    return [*rows, mean]


def _summary(scores: ReportScores) -> str:
    return (
        f"stance of found themes {figure_text(scores.stance_accuracy)}, "
        f"evidence F1 {figure_text(scores.evidence_f1)}, "
        f"services micro-F1 {figure_text(scores.services_f1)}, "
        f"calibration error {scores.calibration_error:.3f}"
    )


def _title(scores: ReportScores) -> str:
    seen = ", SEEN IN TRAINING" if scores.seen else ""
    return f"{scores.report} ({scores.paragraphs} paragraphs{seen})"


def score_tables(evaluation: Evaluation) -> list[Table]:
    """One table a report, for the terminal."""
    from rich.table import Table

    tables = []
    for scores in evaluation.reports:
        table = Table(title=_title(scores), caption=_summary(scores))
        for column in _COLUMNS:
            table.add_column(column, justify="left" if column == "theme" else "right")
        for row in _rows(scores):
            table.add_row(*row)
        tables.append(table)
    return tables


def score_markdown(evaluation: Evaluation) -> str:
    """All reports as Markdown tables, with the stance confusion of each."""
    lines: list[str] = []
    for scores in evaluation.reports:
        lines += [f"### {_title(scores)}", "", "| " + " | ".join(_COLUMNS) + " |"]
        lines.append("|---|" + "---:|" * (len(_COLUMNS) - 1))
        lines += ["| " + " | ".join(row) + " |" for row in _rows(scores)]
        lines += ["", _summary(scores)[:1].upper() + _summary(scores)[1:] + ".", ""]
        names = sorted({name for pair in scores.stance_confusion for name in pair})
        if names:
            lines += ["| true stance \\ given | " + " | ".join(names) + " |"]
            lines.append("|---|" + "---:|" * len(names))
            for true in names:
                counts = [str(scores.stance_confusion.get((true, given), 0)) for given in names]
                lines.append(f"| {true} | " + " | ".join(counts) + " |")
            lines.append("")
    return "\n".join(lines)
