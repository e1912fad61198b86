"""What can be wrong with a row of a corpus."""

from __future__ import annotations

from typing import Any

from clas_nlp.codebook import Codebook
from clas_nlp.reading.records import PARAGRAPH_KINDS

_TEXT_FIELDS = ("id", "report", "kind", "text")


class RowCheck:
    """Checks the rows of a corpus one after the other, each by itself and its id among all.

    Args:
        codebook: the codebook whose themes, stances and services the rows may use.
        problems: what was wrong before; goes on growing.
    """

    def __init__(self, codebook: Codebook, problems: list[str] | None = None) -> None:
        self.codebook = codebook
        self.problems = [] if problems is None else problems
        self._places: dict[str, str] = {}

    def fits(self, row: Any, where: str) -> bool:
        """Whether a row may be used; if not, what is wrong with it is added to `problems`.

        Args:
            row: a value as JSON gave it.
            where: file and row, for messages.
        """
        found = row_problems(row, self.codebook)
        if not found and row["id"] in self._places:
            there = self._places[row["id"]]
            found = [f"id {row['id']!r} stands already at {there}; give it its own"]
        if not found:
            self._places[row["id"]] = where
        self.problems += [f"{where}: {problem}" for problem in found]
        return not found


def row_problems(row: Any, codebook: Codebook) -> list[str]:
    """Everything that is wrong with one row: what was found, what was expected.

    Args:
        row: a value as JSON gave it.
        codebook: the codebook whose themes, stances and services it may use.
    """
    if not isinstance(row, dict):
        return [f"found {type(row).__name__}, expected a JSON object"]
    problems = [
        f"field {name!r} is {_shown(row.get(name))}, expected text"
        for name in _TEXT_FIELDS
        if not isinstance(row.get(name), str) or not row[name].strip()
    ]
    for name in ("number", "section", "origin"):
        if not isinstance(row.get(name, ""), str):
            problems.append(f"field {name!r} is {_shown(row[name])}, expected text")
    if any("\ud800" <= c <= "\udfff" for c in str(row.get("text", ""))):
        problems.append("field 'text' holds half of a surrogate pair, expected whole characters")
    kind = row.get("kind")
    if isinstance(kind, str) and kind.strip() and kind not in PARAGRAPH_KINDS:
        problems.append(f"unknown kind {kind!r}; expected one of {', '.join(PARAGRAPH_KINDS)}")
    services = row.get("services", [])
    if not isinstance(services, list):
        problems.append(f"field 'services' is {_shown(services)}, expected a list")
    else:
        problems += [
            f"unknown service {service!r}; expected one of {', '.join(codebook.service_ids)}"
            for service in services
            if service not in codebook.service_ids
        ]
    labels = row.get("labels")
    if not isinstance(labels, list):
        problems.append(f"field 'labels' is {_shown(labels)}, expected a list")
    else:
        text = row["text"] if isinstance(row.get("text"), str) else ""
        for place, label in enumerate(labels, start=1):
            problems += [f"label {place}: {p}" for p in _label_problems(label, text, codebook)]
    return problems


def _label_problems(label: Any, text: str, codebook: Codebook) -> list[str]:
    if not isinstance(label, dict):
        return [f"found {_shown(label)}, expected an object with theme, stance, start, end"]
    problems = []
    if label.get("theme") not in codebook.theme_ids:
        problems.append(
            f"unknown theme {label.get('theme')!r}; expected one of {', '.join(codebook.theme_ids)}"
        )
    if label.get("stance") not in codebook.sentence_stances:
        problems.append(
            f"unknown stance {label.get('stance')!r}; "
            f"expected one of {', '.join(codebook.sentence_stances)}"
        )
    start, end = label.get("start"), label.get("end")
    whole = all(isinstance(n, int) and not isinstance(n, bool) for n in (start, end))
    if not whole or not 0 <= start < end <= len(text):  # type: ignore[operator]
        problems.append(
            f"span {_shown(start)} to {_shown(end)} lies outside the text; "
            f"expected 0 <= start < end <= {len(text)}"
        )
    return problems


def _shown(value: Any) -> str:
    if value is None:
        return "missing"
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:37] + "..."
