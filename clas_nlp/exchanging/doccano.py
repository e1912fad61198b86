"""doccano: the intent-detection form, which holds themes (`cats`) and evidence (`entities`).

doccano gives every row an id of its own, so ours is `paragraph_id`, which it keeps as metadata.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clas_nlp.codebook import Codebook
from clas_nlp.exchanging.json_rows import (
    field_list,
    field_offset,
    field_text,
    foreign_rows,
    write_json,
    write_json_lines,
)
from clas_nlp.exchanging.records import (
    SERVICE_PREFIX,
    Coding,
    ForeignRow,
    Mark,
    identity_from,
    mark_names,
)
from clas_nlp.exchanging.refi_codes import colour

_LABEL_FIELDS = ("cats", "entities", "label", "labels")


def write(codings: Sequence[Coding], path: Path, codebook: Codebook) -> list[Path]:
    """Writes rows to import, and beside them the two label sets of the project."""
    write_json_lines(
        (
            {
                "text": coding.text,
                "cats": coding.choices,
                "entities": [list(span) for span in coding.spans],
                **coding.identity,
            }
            for coding in codings
        ),
        path,
    )
    categories, spans = path.with_suffix(".categories.json"), path.with_suffix(".spans.json")
    names = [*codebook.theme_ids, *(SERVICE_PREFIX + s for s in codebook.service_ids)]
    write_json([_label(name, place) for place, name in enumerate(names)], categories)
    stances = len(codebook.sentence_stances)
    write_json(
        [_label(name, place // stances) for place, name in enumerate(mark_names(codebook))], spans
    )
    return [path, categories, spans]


def _label(name: str, place: int) -> dict[str, str]:
    return {"text": name, "background_color": colour(place), "text_color": "#ffffff"}


def recognises(row: Any) -> bool:
    """Whether a JSON row has doccano's fields."""
    if not isinstance(row, Mapping) or "text" not in row:
        return False
    # A corpus of ours has labels, too, but never this field.
    corpus = {"id", "report", "kind"} <= set(row) and "paragraph_id" not in row
    return not corpus and any(isinstance(row.get(name), list) for name in _LABEL_FIELDS)


def read(path: Path, codebook: Codebook) -> list[ForeignRow]:
    """Reads an export, in the intent-detection, classification or sequence-labelling form."""
    del codebook  # names are looked up when the rows are fitted
    return foreign_rows(path, _fill, "text, cats and entities")


def _fill(row: Mapping[str, Any], made: ForeignRow) -> None:
    meta = row.get("meta")
    made.identity = identity_from({**(meta if isinstance(meta, Mapping) else {}), **row})
    made.text = field_text(row, "text", made)
    names: list[str] = []
    for field in _LABEL_FIELDS:
        for value in field_list(row, field, made) or []:
            if isinstance(value, str) and field != "entities":
                names.append(value)
            else:
                _add_mark(made, value)
    if "cats" in row or names:
        made.choose(names)
    made.coder = str(row.get("annotator") or row.get("username") or "")


def _add_mark(made: ForeignRow, value: Any) -> None:
    label: Any = None
    start = end = None
    if isinstance(value, Mapping):
        label = value.get("label")
        start = field_offset(value.get("start_offset", value.get("start")))
        end = field_offset(value.get("end_offset", value.get("end")))
    elif isinstance(value, list) and len(value) == 3:
        start, end, label = field_offset(value[0]), field_offset(value[1]), value[2]
    if start is None or end is None or not isinstance(label, str):
        made.problems.append(f"entity {str(value)[:60]!r}; expected [start, end, label]")
        return
    made.marks.append(Mark(label, start, end))
