"""Rows of JSON files as tools write them: one array, or one object a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from clas_nlp.errors import BadCorpus
from clas_nlp.exchanging.records import ForeignRow
from clas_nlp.files import write_text
from clas_nlp.json_text import NoJson, json_value


def json_rows(path: Path) -> list[tuple[str, Any]]:
    """(file and row, value) of each row of a JSON array or a JSON Lines file.

    Raises:
        BadCorpus: the file cannot be read, is no UTF-8, or has lines that are no JSON; all of them.
    """
    text = utf8_text(path)
    if text.lstrip()[:1] == "[":
        try:
            return [(f"{path}: row {n}", row) for n, row in enumerate(json_value(text), start=1)]
        except NoJson as error:
            raise BadCorpus(f"{path}: no JSON ({error}); export the file again") from None
    rows: list[tuple[str, Any]] = []
    problems: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            rows.append((f"{path}: row {number}", json_value(line)))
        except NoJson as error:
            problems.append(f"{path}: row {number}: no JSON ({error}); expected one object a line")
    if problems:
        raise BadCorpus(problems[0], problems)
    return rows


def foreign_rows(
    path: Path, fill: Callable[[Mapping[str, Any], ForeignRow], None], expected: str
) -> list[ForeignRow]:
    """The rows of a JSON file, each filled in by a tool's own rules.

    Args:
        path: the file.
        fill: takes what a row holds and puts it into the `ForeignRow`.
        expected: the fields of a row, for the message where a row is no object.
    """
    found = []
    for where, row in json_rows(path):
        made = ForeignRow(where)
        if isinstance(row, Mapping):
            fill(row, made)
        else:
            made.problems.append(f"no object; expected {expected}")
        found.append(made)
    return found


def utf8_text(path: Path) -> str:
    """Text of a file, line ends as they are, without a byte-order mark.

    Raises:
        BadCorpus: the file cannot be read or is no UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadCorpus(f"{path}: cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError as error:
        raise BadCorpus(f"{path}: byte {error.start} is not UTF-8; save it as UTF-8") from None


def write_json_lines(rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    """Writes one object a line."""
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def write_json(value: Any, path: Path) -> None:
    """Writes one JSON value, indented."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def field_text(source: Mapping[str, Any], name: str, row: ForeignRow) -> str | None:
    """A text field of a tool's row; something else there is noted as a problem."""
    value = source.get(name)
    if value is None or isinstance(value, str):
        return value
    row.problems.append(f"field {name!r} is {str(value)[:40]!r}, expected text")
    return None


def field_list(source: Mapping[str, Any], name: str, row: ForeignRow) -> list[Any] | None:
    """A list field of a tool's row; something else there is noted as a problem."""
    value = source.get(name)
    if value is None or isinstance(value, list):
        return value
    row.problems.append(f"field {name!r} is {str(value)[:40]!r}, expected a list")
    return None


def field_offset(value: Any) -> int | None:
    """A whole number, also where a tool writes it as text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return int(value)
    return None


def iso_date(value: Any) -> str:
    """The date at the front of an ISO time, or of seconds since 1970; empty for anything else."""
    from datetime import date, datetime, timezone

    if isinstance(value, str):
        try:
            return date.fromisoformat(value[:10]).isoformat()
        except ValueError:
            return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, timezone.utc).date().isoformat()
        except (ValueError, OverflowError, OSError):
            return ""
    return ""
