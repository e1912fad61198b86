"""Named arrays as one archive: NumPy's npz without pickles, the same bytes for the same arrays."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Bytes of a model's file, packed or unpacked; the largest that comes with clas-nlp has 23 million.
MOST_BYTES = 500_000_000


def packed_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Arrays as the content of an npz file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.save(content, array, allow_pickle=False)
            # A fixed date, so that the same training gives the same bytes.
            entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content.getvalue())
    return buffer.getvalue()


def unpacked_arrays(raw: bytes, file: str) -> dict[str, NDArray[Any]]:
    """The arrays of an npz file.

    Args:
        raw: its content.
        file: its name, for messages.

    Raises:
        ValueError: it unpacks to more than a model has, or an array holds figures that are none.
            What else a damaged archive raises is left to the caller.
    """
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > MOST_BYTES:
        raise ValueError(f"{file} unpacks to {unpacked // 1_000_000} MB, more than any model's")
    with np.load(io.BytesIO(raw), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds figures that are none")
    return arrays
