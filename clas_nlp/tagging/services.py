"""Which of the services that a paragraph names it judges.

Patterns find the services named. Whether a service is the one whose practice is judged shows in
how it is named: early or late, often or once, "midwives ..." or "shared with midwives".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clas_nlp.reading.records import JUDGED_KINDS
from clas_nlp.reading.tokens import Integers
from clas_nlp.tagging.analysed import AnalysedTexts
from clas_nlp.tagging.lookup import distinct

Floats = NDArray[np.float64]

#: Words right before a name that show whose side it stands on.
BEFORE = ("with", "to", "from", "by", "and", "or", "for", "of", "the", "in", "at", "as", "between")
FEATURES = 12 + len(BEFORE) + len(JUDGED_KINDS)


def service_features(analysed: AnalysedTexts, kinds: Integers, word_logits: Floats) -> Floats:
    """How each paragraph names each service.

    Args:
        analysed: the paragraphs.
        kinds: column of the kind of each, see `clas_nlp.tagging.features.kind_column`.
        word_logits: log-odds of each service from the paragraph's words, (paragraphs, services).

    Returns:
        Shape (paragraphs, services, FEATURES).
    """
    paragraphs, services = word_logits.shape
    out = np.zeros((paragraphs, services, FEATURES))
    out[:, :, 0] = word_logits
    mentions = analysed.mentions
    if not len(mentions.services):
        return out
    text = analysed.text_of[mentions.sentences]
    pair = text * services + mentions.services
    # A row for each service that a paragraph names.
    named, first, counts = np.unique(pair, return_index=True, return_counts=True)
    owner = named // services
    names_in_text = np.bincount(owner, minlength=paragraphs)
    out[:, :, 11] = np.log1p(names_in_text)[:, None]
    row = np.zeros((len(named), FEATURES))
    sentences = np.diff(analysed.bounds)[owner]
    place = mentions.sentences[first] - analysed.bounds[owner]
    early = mentions.places[first] <= 6
    row[:, 1] = 1.0
    row[:, 2] = np.log1p(counts)
    row[:, 3] = counts / np.bincount(text, minlength=paragraphs)[owner]
    row[:, 4] = place == 0
    row[:, 5] = (place == 0) & early
    row[:, 6] = place / sentences
    row[:, 7] = _sentences_each(pair, mentions.sentences, named) / sentences
    row[:, 8] = first == np.searchsorted(text, owner)
    row[:, 9] = names_in_text[owner] == 1
    of_mention = np.searchsorted(named, pair)
    row[of_mention[mentions.places <= 4], 10] = 1.0
    for column, word in enumerate(BEFORE, start=12):
        index = analysed.words.find(word)
        row[of_mention[(mentions.before == index).any(axis=1)], column] = 1.0
    row[np.arange(len(row)), 12 + len(BEFORE) + kinds[owner]] = 1.0
    out.reshape(-1, FEATURES)[named, 1:11] = row[:, 1:11]
    out.reshape(-1, FEATURES)[named, 12:] = row[:, 12:]
    return out


def _sentences_each(pair: Integers, sentences: Integers, named: Integers) -> Integers:
    """In how many sentences each pair of paragraph and service stands."""
    width = int(sentences.max()) + 1
    return np.bincount(
        np.searchsorted(named, distinct(pair * width + sentences) // width), minlength=len(named)
    )
