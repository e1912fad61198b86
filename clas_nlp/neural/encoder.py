"""A BERT encoder in NumPy (Devlin et al. 2019, NAACL), for models of MiniLM's size.

PyTorch would take more room than everything else together, and starts slower than a report is
read. The arithmetic is that of `transformers.BertModel`; tests compare the two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Floats32 = NDArray[np.float32]
Integers = NDArray[np.int64]

#: As in BERT's configuration, which no small encoder changes.
_LAYER_NORM_EPSILON = 1e-12
#: Added to the score of a token that is padding.
_FAR_BELOW = np.float32(-1e4)
_LAYER = re.compile(r"encoder\.layer\.(\d+)\.")


class Encoder:
    """Vectors of tokens.

    Args:
        weights: arrays by their names in `transformers.BertModel.state_dict()`, the pooler left
            out.
        heads: attention heads of each layer.

    Raises:
        KeyError: an array is missing.
        ValueError: the heads do not divide the width of the vectors, or an array is of the wrong
            shape.
    """

    def __init__(self, weights: Mapping[str, Floats32], heads: int) -> None:
        self.weights = dict(weights)
        self.heads = heads
        self._words = weights["embeddings.word_embeddings.weight"]
        # Every token is of the first of BERT's two types: texts stand alone.
        self._places = (
            weights["embeddings.position_embeddings.weight"]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        self.width = self._words.shape[1]
        if heads < 1 or self.width % heads:
            raise ValueError(f"{heads} heads do not divide vectors of {self.width}")
        found = (_LAYER.match(name) for name in weights)
        self._layers = 1 + max((int(layer[1]) for layer in found if layer), default=-1)
        self._check_shapes()

    def _check_shapes(self) -> None:
        width = self.width
        for table in ("word", "position", "token_type"):
            vectors = self.weights[f"embeddings.{table}_embeddings.weight"].shape
            if vectors[1:] != (width,):
                raise ValueError(f"the {table} vectors have the shape {vectors}, not {width} wide")
        wanted: dict[str, tuple[int, ...]] = {"embeddings.LayerNorm": (width,)}
        for number in range(self._layers):
            layer = f"encoder.layer.{number}"
            inner = len(self.weights[f"{layer}.intermediate.dense.weight"])
            wanted[f"{layer}.intermediate.dense"] = (inner, width)
            wanted[f"{layer}.output.dense"] = (width, inner)
            for part in ("self.query", "self.key", "self.value", "output.dense"):
                wanted[f"{layer}.attention.{part}"] = (width, width)
            for part in ("attention.output", "output"):
                wanted[f"{layer}.{part}.LayerNorm"] = (width,)
        for name, shape in wanted.items():
            found = self.weights[f"{name}.weight"].shape
            if found != shape:
                raise ValueError(f"{name} has the shape {found}, expected {shape}")
            bias = self.weights[f"{name}.bias"].shape
            if bias != shape[:1]:
                raise ValueError(f"the bias of {name} has the shape {bias}")

    @property
    def most_tokens(self) -> int:
        """How many tokens a text may have."""
        return len(self._places)

    def vectors(self, tokens: Integers, real: NDArray[np.bool_]) -> Floats32:
        """The vectors of some texts' tokens.

        Args:
            tokens: ids of the tokens, shape (texts, length).
            real: which of them are tokens and not padding, same shape.

        Returns:
            Shape (texts, length, width).
        """
        states = self._normalised(
            self._words[tokens] + self._places[: tokens.shape[1]], "embeddings.LayerNorm"
        )
        hidden = np.where(real, np.float32(0), _FAR_BELOW)[:, None, None, :]
        for number in range(self._layers):
            layer = f"encoder.layer.{number}"
            states = self._normalised(
                states + self._attended(states, hidden, f"{layer}.attention"),
                f"{layer}.attention.output.LayerNorm",
            )
            inner = _gelu(self._linear(states, f"{layer}.intermediate.dense"))
            states = self._normalised(
                states + self._linear(inner, f"{layer}.output.dense"), f"{layer}.output.LayerNorm"
            )
        return states

    def _attended(self, states: Floats32, hidden: Floats32, name: str) -> Floats32:
        texts, length, width = states.shape
        by_head = (texts, length, self.heads, width // self.heads)
        query, key, value = (
            self._linear(states, f"{name}.self.{part}").reshape(by_head).transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 1, 3, 2)
        scores *= np.float32((width // self.heads) ** -0.5)
        scores += hidden
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        together = (scores @ value).transpose(0, 2, 1, 3).reshape(states.shape)
        return self._linear(together, f"{name}.output.dense")

    def _linear(self, states: Floats32, name: str) -> Floats32:
        flat = states.reshape(-1, states.shape[-1]) @ self.weights[f"{name}.weight"].T
        flat += self.weights[f"{name}.bias"]
        return flat.reshape(*states.shape[:-1], -1)

    def _normalised(self, states: Floats32, name: str) -> Floats32:
        centred = states - states.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + _LAYER_NORM_EPSILON)
        made: Floats32 = centred / spread
        return made * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]


def _gelu(states: Floats32) -> Floats32:
    """Gaussian error linear units (Hendrycks and Gimpel 2016), exact."""
    from scipy.special import erf

    made: Floats32 = states * (erf(states * np.float32(0.5**0.5)) + np.float32(1))
    made *= np.float32(0.5)
    return made
