"""An encoder's stances brought to the reports: how sure it is, and how often each stance occurs.

A fine-tuned network is too sure of itself, and text written for training has other shares of
stances than reports have. So one temperature and one shift for each stance are fitted on reports
that the encoder has not read (bias-corrected temperature scaling: Alexandari, Kundaje and
Shrikumar 2020, ICML, after Guo et al. 2017, ICML).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clas_nlp.codebook import Codebook
from clas_nlp.corpus.records import LabelledParagraph
from clas_nlp.neural.reader import NeuralReader
from clas_nlp.reading.sentences import sentence_spans

Floats = NDArray[np.float64]

#: With fewer labelled sentences the stances stay as they are.
LEAST_SENTENCES = 50
#: How strongly the shifts are drawn to zero.
_DRAWN = 0.02


def calibrated(
    reader: NeuralReader, paragraphs: Sequence[LabelledParagraph], codebook: Codebook
) -> NeuralReader:
    """The reader with stances fitted to labelled reports; the rest of it stays the same.

    Args:
        reader: the reader.
        paragraphs: paragraphs of reports that it was not fine-tuned on.
        codebook: theirs.
    """
    logits, stances = _evidence(reader, paragraphs, codebook)
    if len(stances) < LEAST_SENTENCES:
        return reader
    scale, shifts = _fitted(logits, stances)
    weights, bias = reader.heads.stances
    themes = len(codebook.theme_ids)
    stance_head = (
        (weights * scale).astype(np.float32),
        (bias * scale + np.tile(shifts, themes)).astype(np.float32),
    )
    heads = replace(reader.heads, stances=stance_head)
    return NeuralReader(reader.encoder, heads, reader.tokenizer)


def _evidence(
    reader: NeuralReader, paragraphs: Sequence[LabelledParagraph], codebook: Codebook
) -> tuple[Floats, NDArray[np.int64]]:
    """Log-odds of the stances of evidence sentences, and the stance that each was given."""
    judged = [p for p in paragraphs if p.labels and p.kind != "recommendation"]
    spans = [sentence_spans(p.text) for p in judged]
    scores = reader.read([p.text for p in judged], spans)
    logits, stances, first = [], [], 0
    for paragraph, own in zip(judged, spans, strict=True):
        for sentence, label in paragraph.labelled_sentences(own):
            logits.append(scores.stances[codebook.theme_ids.index(label.theme), first + sentence])
            stances.append(codebook.sentence_stances.index(label.stance))
        first += len(own)
    found = np.array(logits, dtype=np.float64).reshape(-1, len(codebook.sentence_stances))
    read = np.isfinite(found).all(axis=1)
    return found[read], np.array(stances, dtype=np.int64)[read]


def _fitted(logits: Floats, stances: NDArray[np.int64]) -> tuple[float, Floats]:
    """What the log-odds are multiplied by, and what is added to those of each stance."""
    from scipy.optimize import minimize
    from scipy.special import log_softmax

    def loss(values: Floats) -> float:
        chances = log_softmax(logits * np.exp(values[0]) + values[1:], axis=1)
        own = chances[np.arange(len(stances)), stances]
        return float(-own.mean() + _DRAWN * (values[1:] ** 2).sum())

    found = minimize(loss, np.zeros(1 + logits.shape[1])).x
    return float(np.exp(found[0])), found[1:]
