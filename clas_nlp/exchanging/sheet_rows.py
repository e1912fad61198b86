"""Labels as a table, for csv and xlsx alike: one row for each piece of evidence.

A paragraph without a theme has one row. A row without paragraph id and text belongs to the
paragraph above it, so that a coder adds a second theme by adding a row. `checked` says that a
person has looked at the paragraph: where the column stands, rows of paragraphs without a yes in it
are the model's alone, and are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from clas_nlp.errors import BadCorpus
from clas_nlp.exchanging.json_rows import field_offset, iso_date
from clas_nlp.exchanging.records import Coding, ForeignRow, Mark, identity_from, mark_name

COLUMNS = (
    "paragraph_id",
    "report",
    "kind",
    "number",
    "section",
    "text",
    "checked",
    "services",
    "theme",
    "stance",
    "evidence",
    "start",
    "end",
    "probability",
    "origin",
    "text_sha256",
    "coder",
    "date",
)
#: Without these columns a table holds no labels.
NEEDED = ("theme", "stance", "evidence")
#: Only an export has these; nobody who makes a table by hand does.
_ONLY_EXPORTED = frozenset(("probability", "text_sha256"))
#: Without these an exported table would come back as something else, and nobody would notice: the
#: model's tags as a person's labels, a recommendation as a finding, services as none.
_NEEDED_OF_EXPORTED = (
    "report",
    "kind",
    "number",
    "section",
    "checked",
    "services",
    "origin",
)
YES = "yes"
_YES = frozenset([YES, "y", "true", "1", "x", "done", "ok"])
_SAME = {"id": "paragraph_id"}


def sheet_rows(codings: Iterable[Coding]) -> Iterator[dict[str, Any]]:
    """The rows of a table, by column; offsets and probabilities are numbers."""
    for coding in codings:
        shared: dict[str, Any] = {
            **coding.identity,
            "text": coding.text,
            "checked": "" if coding.by_model else YES,
            "services": "; ".join(coding.services),
            "coder": coding.coder,
            "date": coding.date,
        }
        evidenced = {label.theme for label in coding.labels}
        found: list[dict[str, Any]] = [
            {
                "theme": label.theme,
                "stance": label.stance,
                "evidence": coding.text[label.start : label.end],
                "start": label.start,
                "end": label.end,
                "probability": coding.probabilities.get(label.theme, ""),
            }
            for label in coding.labels
        ]
        found += [
            {"theme": theme, "probability": coding.probabilities.get(theme, "")}
            for theme in coding.themes
            if theme not in evidenced
        ]
        for row in found or [{}]:
            yield {name: {**shared, **row}.get(name, "") for name in COLUMNS}


def column_names(header: Sequence[str], path: Path) -> list[str]:
    """The columns of a table under our names.

    Raises:
        BadCorpus: a column that labels need is missing; the message names those found.
    """
    names = ["_".join(str(name).strip().casefold().split()) for name in header]
    names = [_SAME.get(name, name) for name in names]
    missing = [name for name in NEEDED if name not in names]
    if "paragraph_id" not in names and "text" not in names:
        missing.insert(0, "paragraph_id")
    if _ONLY_EXPORTED & set(names):
        missing += [name for name in _NEEDED_OF_EXPORTED if name not in names]
    if missing:
        found = ", ".join(str(name) for name in header if str(name).strip()) or "nothing"
        raise BadCorpus(
            f"{path}: row 1: no column {', '.join(map(repr, missing))}; found {found[:300]}; "
            "give the columns the names that the export gave them"
        )
    return names


def rows_from_sheet(rows: Iterable[tuple[str, Mapping[str, str]]]) -> list[ForeignRow]:
    """Paragraphs from the rows of a table.

    Args:
        rows: (file and row, cells as text by column) of each row below the header.
    """
    found: list[ForeignRow] = []
    by_key: dict[str, ForeignRow] = {}
    for where, cells in rows:
        if not any(value.strip() for value in cells.values()):
            continue
        own, text = cells.get("paragraph_id", ""), cells.get("text", "")
        if not own and not text and not found:
            found.append(ForeignRow(where, problems=["no paragraph stands above this row"]))
            continue
        key = own or text
        made = by_key.get(key) if key else found[-1]
        if made is None:
            made = ForeignRow(where, text or None, identity_from(cells))
            made.identity = {k: v for k, v in made.identity.items() if v}
            made.answered = "checked" not in cells
            made.coder, made.date = cells.get("coder", ""), iso_date(cells.get("date", ""))
            found.append(made)
            by_key[key] = made
        elif text and made.text is not None and made.text != text:
            made.problems.append(f"{_row(where)} has another text under the same paragraph id")
        made.answered = made.answered or cells.get("checked", "").strip().casefold() in _YES
        _add_services(made, cells.get("services", ""), "services" in cells, where)
        _add_label(made, cells, where)
    return found


def _row(where: str) -> str:
    return where.rpartition(": ")[2]


def _add_services(made: ForeignRow, cell: str, asked: bool, where: str) -> None:
    if not asked:
        return
    services = [s.strip() for s in cell.replace("\n", ";").split(";") if s.strip()]
    if made.services is None or not made.services:
        made.services = services
    elif services and services != made.services:
        made.problems.append(
            f"{_row(where)} has the services {'; '.join(services)!r}, but the paragraph's first "
            f"row has {'; '.join(made.services)!r}; expected the same"
        )


def _add_label(made: ForeignRow, cells: Mapping[str, str], where: str) -> None:
    theme, stance = cells.get("theme", "").strip(), cells.get("stance", "").strip()
    evidence = cells.get("evidence", "")
    here = _row(where)
    if not theme:
        if stance or evidence.strip():
            made.problems.append(f"{here} has a stance or evidence and no theme; choose a theme")
        return
    if not evidence:
        made.problems.append(
            f"{here} has the theme {theme!r} and no evidence; copy the sentence that says it"
        )
        return
    start, end = field_offset(cells.get("start")), field_offset(cells.get("end"))
    text = made.text or ""
    label = mark_name(theme, stance) if stance else theme
    if start is not None and end is not None and text[start:end] == evidence and start < end:
        made.marks.append(Mark(label, start, end, evidence))
    else:
        # The coder put another sentence there: the offsets beside it are those of the old one,
        # and help only to choose between two places.
        made.marks.append(Mark(label, start, None, evidence))
