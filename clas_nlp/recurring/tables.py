"""Frames as a terminal table, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from clas_nlp.recurring.mentions import EvidenceSentence
from clas_nlp.tagging.output import spreadsheet_safe

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

#: Decimals that the files carry; more would claim a precision that no count of reports has.
DECIMALS = 4


def plain_value(value: Any) -> Any:
    """A frame's cell as a plain Python value: missing is None, evidence is text."""
    import pandas as pd

    if isinstance(value, tuple):
        return " | ".join(s.cited if isinstance(s, EvidenceSentence) else str(s) for s in value)
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    if hasattr(value, "item"):
        value = value.item()
    return round(value, DECIMALS) if isinstance(value, float) else value


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The frame's rows as plain values, evidence as it is; see `plain_value`."""
    names = [str(name) for name in frame.columns]
    return [
        {
            name: value if isinstance(value, tuple) else plain_value(value)
            for name, value in zip(names, row, strict=True)
        }
        for row in frame.astype(object).itertuples(index=False, name=None)
    ]


def frame_csv(frame: pd.DataFrame) -> str:
    """A frame as CSV with a header; evidence sentences divided by " | ".

    Text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(frame.columns)
    for row in plain_rows(frame):
        writer.writerow([spreadsheet_safe(plain_value(value)) for value in row.values()])
    return buffer.getvalue()


def frame_json(frame: pd.DataFrame) -> str:
    """A frame as JSON: `rows`, with evidence sentences as objects, and `notes`."""
    rows = [
        {
            name: [_sentence(s) for s in value] if isinstance(value, tuple) else value
            for name, value in row.items()
        }
        for row in plain_rows(frame)
    ]
    facts = {key: value for key, value in frame.attrs.items() if key != "notes"}
    content = {**facts, "notes": frame.attrs.get("notes", []), "rows": rows}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _sentence(sentence: Any) -> Any:
    if isinstance(sentence, EvidenceSentence):
        return {**asdict(sentence), "reference": sentence.reference}
    return sentence


def percent(value: float | None) -> str:
    """A share as a whole percentage, or a dash where there is none."""
    return "–" if value is None else f"{100 * value:.0f}%"


def chance(value: float | None) -> str:
    """A probability as a whole percentage; what would round to 0 or 1 is no certainty."""
    if value is None:
        return percent(value)
    return "<1%" if value < 0.01 else ">99%" if value > 0.99 else percent(value)


def points(value: float) -> str:
    """A difference of two shares in points of per cent, with its sign."""
    return f"{100 * value:+.0f}".replace("-", "−")


def frame_table(frame: pd.DataFrame, title: str = "") -> Table:
    """A frame of `recurring` as a table for the terminal, with the strongest sentence of each row.

    Args:
        frame: the frame.
        title: what stands above it.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title) if title else None, show_lines=True)
    grouped = frame["by"].ne("theme").any()
    table.add_column("theme")
    if grouped:
        table.add_column("in")
    table.add_column("inspections", justify="right", no_wrap=True)
    table.add_column("share (95%)", justify="right", no_wrap=True)
    table.add_column("expected", justify="right", no_wrap=True)
    table.add_column("weak / strong", justify="right", no_wrap=True)
    table.add_column("years", no_wrap=True)
    table.add_column("strongest evidence (shortened)", ratio=1)
    for row in plain_rows(frame):
        cells = [
            row["theme_name"],
            f"{row['inspections_with_weakness']} of {row['inspections']}",
            f"{percent(row['share'])} ({percent(row['share_low'])}–{percent(row['share_high'])})",
            expected_text(row, "inspections"),
            f"{row['weaknesses']} / {row['strengths']}",
            year_span(row["first_year"], row["last_year"]),
            _shortened(row["evidence"][:1]),
        ]
        if grouped:
            cells.insert(1, row["group_name"] if row["by"] != "theme" else "everything")
        table.add_row(*(Text(_printable(cell)) for cell in cells))
    return table


def action_table(frame: pd.DataFrame, title: str = "") -> Table:
    """A frame of `action_plan` as a table for the terminal."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title) if title else None, show_lines=True)
    for name in ("number", "themes", "bodies", "cited by"):
        table.add_column(name)
    table.add_column("text", ratio=1)
    for row in plain_rows(frame):
        number = row["number"] if row["kind"] == "recommendation" else f"{row['number']} (drawn)"
        cells = [number, row["themes"], row["bodies"], row["cited_by"], row["text"]]
        table.add_row(*(Text(_printable(cell)) for cell in cells))
    return table


def expected_text(row: dict[str, Any], name: str) -> str:
    """An expected count with its interval, "3.2 (2–4)", or a dash where it is not known."""
    count = row[f"expected_{name}"]
    if count is None:
        return "–"
    return f"{count:.1f} ({row[f'expected_{name}_low']}–{row[f'expected_{name}_high']})"


def year_span(first: int | None, last: int | None) -> str:
    """First and last year: "2014–2016" or "2014", or a dash where there is none."""
    if first is None:
        return "–"
    return str(first) if first == last else f"{first}–{last}"


def _shortened(sentences: Sequence[EvidenceSentence], width: int = 110) -> str:
    parts = []
    for sentence in sentences:
        flat = " ".join(sentence.text.split())
        if len(flat) > width:
            flat = flat[: width - 1].rsplit(" ", 1)[0] + "…"
        parts.append(f"{flat} ({sentence.reference})")
    return "\n".join(parts)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)
