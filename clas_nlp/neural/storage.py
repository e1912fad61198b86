"""An encoder as two files of a model's folder.

    neural.npz        arrays, no pickles; matrices of the encoder as whole numbers of one byte
    tokenizer.json    the tokenizer, in the JSON of the library `tokenizers`

A matrix is kept as whole numbers from -127 to 127 and one scale for each of its rows, a quarter of
the room; reading works with single precision again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clas_nlp.arrays import packed_arrays, unpacked_arrays
from clas_nlp.neural.encoder import Encoder, Floats32
from clas_nlp.neural.reader import Heads, NeuralReader

#: The files, in the order in which they are written.
NEURAL_FILES = ("neural.npz", "tokenizer.json")

_ENCODER, _SCALE, _HEAD = "encoder.", "scale.", "head."
_HEADS = ("themes", "stances", "services")
_MOST = 127


def neural_files(reader: NeuralReader) -> dict[str, bytes]:
    """The content of the files, by name."""
    arrays: dict[str, NDArray[Any]] = {"attention_heads": np.array([reader.encoder.heads])}
    for name, array in sorted(reader.encoder.weights.items()):
        if array.ndim == 2:
            arrays[_ENCODER + name], arrays[_SCALE + name] = _whole_numbers(array)
        else:
            arrays[_ENCODER + name] = array
    for name in _HEADS:
        weights, bias = getattr(reader.heads, name)
        arrays[f"{_HEAD}{name}.weight"], arrays[f"{_HEAD}{name}.bias"] = weights, bias
    return dict(
        zip(NEURAL_FILES, (packed_arrays(arrays), reader.tokenizer.encode("utf-8")), strict=True)
    )


def neural_from_files(files: Mapping[str, bytes]) -> NeuralReader:
    """A reader from the content of its files.

    Raises:
        KeyError: an array is missing.
        ValueError: an array is of the wrong shape, or holds figures that are none.
    """
    archive, tokenizer = (files[name] for name in NEURAL_FILES)
    arrays = unpacked_arrays(archive, NEURAL_FILES[0])
    weights: dict[str, Floats32] = {}
    for name, array in arrays.items():
        if name.startswith(_ENCODER):
            plain = name.removeprefix(_ENCODER)
            scale = arrays.get(_SCALE + plain)
            weights[plain] = array if scale is None else _figures(array, scale)
    heads = Heads(
        *((arrays[f"{_HEAD}{name}.weight"], arrays[f"{_HEAD}{name}.bias"]) for name in _HEADS)
    )
    encoder = Encoder(weights, int(arrays["attention_heads"][0]))
    return NeuralReader(encoder, heads, tokenizer.decode("utf-8"))


def as_stored(array: Floats32) -> Floats32:
    """An array as it will be read from disk, so that a model in memory is the same one."""
    return _figures(*_whole_numbers(array)) if array.ndim == 2 else array


def _whole_numbers(array: Floats32) -> tuple[NDArray[np.int8], Floats32]:
    """A matrix as whole numbers, and the scale of each row."""
    scale = np.abs(array).max(axis=1) / np.float32(_MOST)
    scale[scale == 0] = 1  # a row of zeros, such as that of a padding token
    return np.rint(array / scale[:, None]).astype(np.int8), scale


def _figures(whole: NDArray[np.int8], scale: Floats32) -> Floats32:
    made: Floats32 = whole.astype(np.float32) * scale[:, None]
    return made
