"""Tables of documents, row by row, as lines: a table of fields, a numbered table, or boxes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from clas_nlp.reading.lines import Line

_NUMBER_ALONE = re.compile(r"^\d{1,2}(?:\.\d{1,3}){0,2}[.)]?$")
_LABEL_WORDS = 15


def as_blocks(lines: Sequence[Line]) -> list[Line]:
    """Marks each line as a paragraph of its own."""
    return [replace(line, blank_before=True, blank_after=True, whole=True) for line in lines]


def row_lines(cells: Sequence[Sequence[Line]]) -> list[Line]:
    """Lays out one row of a table.

    A number in a cell of its own belongs before the text beside it. A row of short cells, and a
    label with its value, make one line with tabs between the cells. Anything longer is a box whose
    cells are read one after the other.

    Args:
        cells: the lines of each cell, from left to right; merged cells once.
    """
    filled = [list(cell) for cell in cells if cell]
    if not filled:
        return []
    first = filled[0]
    if len(filled) == 1:
        return as_blocks(first)
    if len(first) == 1 and _NUMBER_ALONE.match(first[0].text):
        beside = filled[1]
        numbered = replace(
            beside[0], text=f"{first[0].text} {beside[0].text}", bullet=False, page=first[0].page
        )
        rest = [line for cell in filled[2:] for line in cell]
        return as_blocks([numbered, *beside[1:], *rest])
    if _is_record(filled):
        texts = [" ".join(line.text for line in cell) for cell in filled]
        joined = replace(first[0], text="\t".join(texts), heading=False, bullet=False)
        return as_blocks([joined])
    return as_blocks([line for cell in filled for line in cell])


def _is_record(cells: Sequence[Sequence[Line]]) -> bool:
    """Whether a row is a label with its values rather than running text side by side."""
    label = cells[0]
    if len(label) > 1 or len(label[0].text.split()) > _LABEL_WORDS:
        return False
    if label[0].text.rstrip().endswith(":") and len(cells) == 2:
        return True
    return all(len(cell) == 1 and len(cell[0].text.split()) <= 4 * _LABEL_WORDS for cell in cells)
