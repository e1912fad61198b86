"""What a fine-tuned encoder makes of paragraphs: log-odds of themes, stances and services."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from clas_nlp.errors import BadModel
from clas_nlp.neural.encoder import Encoder, Floats32, Integers

if TYPE_CHECKING:
    from tokenizers import Tokenizer

#: Tokens that are encoded together, padding included: more than that leave the processor's cache.
_TOKENS_TOGETHER = 512
#: What stands for the sentence of a token that has none, and of no token.
NO_SENTENCE, PADDING = -1, -2

Spans = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class NeuralScores:
    """Log-odds by an encoder; those of what it could not read are NaN.

    Attributes:
        themes: of each sentence, shape (sentences, themes).
        stances: if it is evidence of the theme, shape (themes, sentences, stances).
        services: of each paragraph, shape (paragraphs, services).
    """

    themes: Floats32
    stances: Floats32
    services: Floats32


@dataclass(frozen=True)
class Heads:
    """Linear maps from vectors to log-odds; `shape` is (outputs, inputs).

    Attributes:
        themes: from a sentence's vector and its paragraph's, with its bias.
        stances: from the same, stances of one theme side by side.
        services: from the paragraph's vector.
    """

    themes: tuple[Floats32, Floats32]
    stances: tuple[Floats32, Floats32]
    services: tuple[Floats32, Floats32]


@dataclass(frozen=True)
class Encoded:
    """A paragraph as tokens: their ids, and the sentence of each or `NO_SENTENCE`."""

    tokens: list[int]
    sentences: list[int]


class NeuralReader:
    """Reads paragraphs with an encoder.

    Each paragraph is read whole, so that a sentence is understood from those around it. A
    sentence's vector is the mean of its tokens', a paragraph's that of all.

    Args:
        encoder: the encoder.
        heads: what is made of its vectors.
        tokenizer: the tokenizer, in the JSON of the library `tokenizers`.

    Raises:
        ValueError: a head does not fit the encoder's vectors.
    """

    def __init__(self, encoder: Encoder, heads: Heads, tokenizer: str) -> None:
        for head, width in ((heads.themes, 2), (heads.stances, 2), (heads.services, 1)):
            wanted = (len(head[1]), width * encoder.width)
            if head[0].shape != wanted:
                raise ValueError(f"a head has the shape {head[0].shape}, expected {wanted}")
        self.encoder, self.heads, self.tokenizer = encoder, heads, tokenizer

    @property
    def outputs(self) -> tuple[int, int, int]:
        """How many figures there are for themes, for stances of all themes, and for services."""
        heads = self.heads
        return len(heads.themes[1]), len(heads.stances[1]), len(heads.services[1])

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return load_tokenizer(self.tokenizer, self.encoder.most_tokens)

    def read(self, texts: Sequence[str], spans: Sequence[Spans]) -> NeuralScores:
        """Scores paragraphs.

        Args:
            texts: the paragraphs.
            spans: (start, end) of the sentences of each, in text order.

        Raises:
            BadModel: the library `tokenizers` is not installed.
        """
        encoded = encode(self._tokenizer, texts, spans)
        counts = np.array([len(own) for own in spans], dtype=np.int64)
        firsts = np.cumsum(counts) - counts
        width = self.encoder.width
        sentences = np.full((int(counts.sum()), 2 * width), np.nan, dtype=np.float32)
        paragraphs = np.full((len(texts), width), np.nan, dtype=np.float32)

        def read_part(part: list[int]) -> None:
            tokens, owners = padded([encoded[place] for place in part])
            vectors = self.encoder.vectors(tokens, owners > PADDING)
            for place, own, states in zip(part, owners, vectors, strict=True):
                paragraphs[place] = whole = states[own > PADDING].mean(axis=0)
                for sentence in range(counts[place]):
                    inside = own == sentence
                    if inside.any():
                        row = sentences[firsts[place] + sentence]
                        row[:width], row[width:] = states[inside].mean(axis=0), whole

        parts = batches([len(e.tokens) for e in encoded], _TOKENS_TOGETHER)
        # Each on one core, so that the sums do not depend on how many cores there are.
        with threadpool_limits(limits=1), ThreadPoolExecutor(os.cpu_count()) as threads:
            for _ in threads.map(read_part, parts):
                pass
        themes, stances, _ = self.outputs
        by_theme = (len(sentences), themes, stances // themes)
        return NeuralScores(
            themes=_applied(sentences, self.heads.themes),
            stances=_applied(sentences, self.heads.stances).reshape(by_theme).transpose(1, 0, 2),
            services=_applied(paragraphs, self.heads.services),
        )


def load_tokenizer(tokenizer: str, most_tokens: int) -> Tokenizer:
    """A tokenizer that cuts texts at what the encoder can take, and pads nothing.

    Raises:
        BadModel: the library `tokenizers` is not installed.
    """
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise BadModel(
            "this model has a neural encoder, which needs tokenizers; install it with "
            "pip install 'clas-nlp[neural]', or use another model"
        ) from None
    made: Tokenizer = Tokenizer.from_str(tokenizer)
    made.no_padding()
    made.enable_truncation(most_tokens)
    return made


def encode(tokenizer: Tokenizer, texts: Sequence[str], spans: Sequence[Spans]) -> list[Encoded]:
    """Paragraphs as tokens, each with the sentence it stands in."""
    made = []
    for encoding, own in zip(tokenizer.encode_batch(list(texts)), spans, strict=True):
        starts = np.array([start for start, _ in own], dtype=np.int64)
        offsets = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)
        sentences = np.searchsorted(starts, offsets[:, 0], side="right") - 1
        # What opens and closes a text belongs to no sentence.
        sentences[offsets[:, 0] == offsets[:, 1]] = NO_SENTENCE
        made.append(Encoded(encoding.ids, sentences.tolist()))
    return made


def padded(encoded: Sequence[Encoded]) -> tuple[Integers, Integers]:
    """Ids of the tokens, and the sentence of each, `NO_SENTENCE` or `PADDING`.

    Returns:
        Two arrays of shape (paragraphs, longest).
    """
    longest = max(len(e.tokens) for e in encoded)
    tokens = np.zeros((len(encoded), longest), dtype=np.int64)
    owners = np.full((len(encoded), longest), PADDING)
    for row, one in enumerate(encoded):
        tokens[row, : len(one.tokens)] = one.tokens
        owners[row, : len(one.tokens)] = one.sentences
    return tokens, owners


def batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Places of texts to take together, those of like lengths in one batch.

    Args:
        lengths: tokens of each text.
        most: tokens of a batch, padding included; a longer text stands alone.
    """
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[place] > most:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _applied(vectors: Floats32, head: tuple[Floats32, Floats32]) -> Floats32:
    weights, bias = head
    made: Floats32 = vectors @ weights.T + bias
    return made
