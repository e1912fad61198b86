"""Label Studio: tasks out (with the labelling interface), JSON, JSON_MIN and CSV back.

A task's `predictions` hold the model's tags and its `annotations` a person's; only annotations
come back as labels. The editor counts offsets in code points and a CRLF as two.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid5
from xml.sax.saxutils import quoteattr

from clas_nlp.codebook import Codebook
from clas_nlp.exchanging.json_rows import (
    field_offset,
    field_text,
    iso_date,
    json_rows,
    utf8_text,
    write_json,
)
from clas_nlp.exchanging.records import (
    Coding,
    ForeignRow,
    Mark,
    identity_from,
    mark_name,
)
from clas_nlp.exchanging.refi_codes import NAMESPACE, colour
from clas_nlp.files import write_text
from clas_nlp.json_text import NoJson, json_value

THEMES, SERVICES, EVIDENCE, TEXT = "themes", "services", "evidence", "text"
#: Columns that Label Studio adds to its flat exports, and nothing else has.
_FLAT_MARKS = frozenset(["annotation_id", "annotator", "lead_time"])


def write(codings: Sequence[Coding], path: Path, codebook: Codebook) -> list[Path]:
    """Writes tasks to import, and beside them the labelling interface as XML."""
    write_json([task(coding) for coding in codings], path)
    interface = path.with_suffix(".config.xml")
    write_text(interface, labelling_interface(codebook))
    return [path, interface]


def labelling_interface(codebook: Codebook) -> str:
    """The labelling interface: themes, services, and evidence as "theme/stance"."""
    lines = ["<View>", f'  <Text name="{TEXT}" value="$text"/>']
    lines.append(f'  <Choices name="{THEMES}" toName="{TEXT}" choice="multiple">')
    for theme in codebook.themes:
        hint = quoteattr(f"{theme.name}: {theme.definition}")
        lines.append(f"    <Choice value={quoteattr(theme.id)} hint={hint}/>")
    lines += ["  </Choices>", f'  <Labels name="{EVIDENCE}" toName="{TEXT}">']
    for place, theme in enumerate(codebook.themes):
        for stance in codebook.sentence_stances:
            value, shade = quoteattr(mark_name(theme.id, stance)), colour(place)
            lines.append(f'    <Label value={value} background="{shade}"/>')
    lines += ["  </Labels>", f'  <Choices name="{SERVICES}" toName="{TEXT}" choice="multiple">']
    for service in codebook.services:
        hint = quoteattr(f"{service.name}: {service.definition}")
        lines.append(f"    <Choice value={quoteattr(service.id)} hint={hint}/>")
    lines += ["  </Choices>", "</View>", ""]
    return "\n".join(lines)


def task(coding: Coding) -> dict[str, Any]:
    """One task: the model's tags as a prediction, a person's labels as an annotation."""
    result = list(_results(coding))
    found: dict[str, Any] = {"data": {"text": coding.text, **coding.identity}}
    if coding.by_model:
        prediction: dict[str, Any] = {"model_version": "clas-nlp", "result": result}
        if coding.themes and coding.probabilities:
            # The task's score: how sure the model is of the tag it is least sure of.
            prediction["score"] = min(coding.probabilities.get(t, 0.0) for t in coding.themes)
        found["predictions"] = [prediction]
    else:
        found["annotations"] = [{"was_cancelled": False, "ground_truth": False, "result": result}]
    return found


def _results(coding: Coding) -> Iterator[dict[str, Any]]:
    for name, chosen in ((THEMES, coding.themes), (SERVICES, coding.services)):
        if chosen:
            yield {
                "id": _result_id(coding, name),
                "from_name": name,
                "to_name": TEXT,
                "type": "choices",
                "value": {"choices": list(chosen)},
            }
    for start, end, label in coding.spans:
        yield {
            "id": _result_id(coding, f"{start}-{end}-{label}"),
            "from_name": EVIDENCE,
            "to_name": TEXT,
            "type": "labels",
            "value": {
                "start": start,
                "end": end,
                "text": coding.text[start:end],
                "labels": [label],
            },
        }


def _result_id(coding: Coding, what: str) -> str:
    return uuid5(NAMESPACE, f"{coding.report}\n{coding.id}\n{what}").hex[:12]


def recognises(row: Any) -> bool:
    """Whether a JSON row is a task, full or flat."""
    if not isinstance(row, Mapping):
        return False
    full = isinstance(row.get("data"), Mapping) and ("annotations" in row or "predictions" in row)
    return full or bool(_FLAT_MARKS & set(row))


def recognises_columns(columns: Sequence[str]) -> bool:
    """Whether a table's header is that of Label Studio's CSV export."""
    return bool(_FLAT_MARKS & set(columns))


def read(path: Path, codebook: Codebook) -> list[ForeignRow]:
    """Reads an export: JSON, JSON_MIN or CSV, told apart by content."""
    del codebook  # names are looked up when the rows are fitted
    found: list[ForeignRow] = []
    if utf8_text(path).lstrip()[:1] in ("[", "{"):
        for where, row in json_rows(path):
            if isinstance(row, Mapping) and isinstance(row.get("data"), Mapping):
                found += _task_rows(row, where)
            elif isinstance(row, Mapping):
                found.append(_flat_row(row, where))
            else:
                found.append(ForeignRow(where, problems=["no object; expected a task"]))
        return found
    csv.field_size_limit(2**30)
    reader = csv.DictReader(io.StringIO(utf8_text(path), newline=""))
    for number, cells in enumerate(reader, start=2):
        values = {k: _cell(v) if k in (THEMES, SERVICES, EVIDENCE) else v for k, v in cells.items()}
        found.append(_flat_row(values, f"{path}: row {number}"))
    return found


def _task_rows(row: Mapping[str, Any], where: str) -> Iterator[ForeignRow]:
    annotations = [a for a in row.get("annotations") or [] if isinstance(a, Mapping)]
    kept = [a for a in annotations if not a.get("was_cancelled")]
    chosen: list[Mapping[str, Any] | None] = [*kept] or [None]
    for annotation in chosen:
        made = ForeignRow(where, identity=identity_from(row["data"]))
        made.text = field_text(row["data"], "text", made)
        made.answered = annotation is not None
        if annotation is not None:
            made.themes, made.services = [], []
            made.coder = _coder(annotation.get("completed_by"))
            made.date = iso_date(annotation.get("updated_at") or annotation.get("created_at"))
            for result in annotation.get("result") or []:
                _add_result(made, result)
        yield made


def _add_result(made: ForeignRow, result: Any) -> None:
    value = result.get("value") if isinstance(result, Mapping) else None
    if not isinstance(value, Mapping):
        made.problems.append("a result without value; expected choices or labels")
        return
    if result.get("type") == "choices":
        target = made.services if result.get("from_name") == SERVICES else made.themes
        assert target is not None
        target += [str(choice) for choice in value.get("choices") or []]
    elif result.get("type") in ("labels", "hypertextlabels"):
        _add_marks(made, value)


def _add_marks(made: ForeignRow, value: Mapping[str, Any]) -> None:
    offsets = value.get("globalOffsets") or value
    start, end = field_offset(offsets.get("start")), field_offset(offsets.get("end"))
    labels = value.get("labels") or value.get("hypertextlabels") or []
    labels = [labels] if isinstance(labels, str) else labels
    if start is None or end is None or not labels:
        made.problems.append(
            f"a passage with start {value.get('start')!r}, end {value.get('end')!r} and labels "
            f"{labels!r}; expected two offsets and a label"
        )
        return
    quote = value.get("text")
    for label in labels:
        made.marks.append(Mark(str(label), start, end, quote if isinstance(quote, str) else None))


def _flat_row(row: Mapping[str, Any], where: str) -> ForeignRow:
    made = ForeignRow(where, identity=identity_from(row))
    made.text = field_text(row, "text", made)
    made.themes, made.services = _choices(row.get(THEMES)), _choices(row.get(SERVICES))
    made.coder = _coder(row.get("annotator"))
    made.date = iso_date(row.get("updated_at") or row.get("created_at"))
    evidence = row.get(EVIDENCE) or []
    if not isinstance(evidence, list):
        made.problems.append(f"field {EVIDENCE!r} is {str(evidence)[:40]!r}, expected a list")
        return made
    for value in evidence:
        if isinstance(value, Mapping):
            _add_marks(made, value)
        else:
            made.problems.append(f"evidence {str(value)[:40]!r}; expected start, end and labels")
    return made


def _choices(value: Any) -> list[str]:
    """Flat exports write one choice as bare text, and two or more as {"choices": [...]}."""
    if isinstance(value, Mapping):
        value = value.get("choices")
    if isinstance(value, list):
        return [str(choice) for choice in value]
    return [str(value)] if value else []


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json_value(value)
        except NoJson:
            return value
    return value


def _coder(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("email") or value.get("username") or value.get("id")
    if isinstance(value, list):
        return _coder(value[0]) if value else ""
    return "" if value is None else str(value)
