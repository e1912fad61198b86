"""How rows become a tidy frame: typed columns, and the notes that a reader must see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def typed_frame(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], notes: Iterable[str] = ()
) -> pd.DataFrame:
    """Rows as a frame that has all its columns and types, also where there is no row.

    Args:
        rows: a value for each column; None where there is none.
        columns: pandas types by name, in order.
        notes: what a reader must know, kept in `frame.attrs["notes"]`.
    """
    import pandas as pd

    frame = pd.DataFrame(rows, columns=list(columns)).astype(columns)
    frame.attrs["notes"] = list(notes)
    return frame
