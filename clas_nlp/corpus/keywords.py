"""The codebook's stock phrases: the baseline that models are compared with."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clas_nlp.codebook import Codebook
from clas_nlp.corpus.records import LabelledParagraph

Flags = NDArray[np.bool_]


def keyword_tags(paragraphs: Sequence[LabelledParagraph], codebook: Codebook) -> Flags:
    """Themes by the codebook's keywords alone, shape (paragraphs, themes): the baseline."""
    tags = np.zeros((len(paragraphs), len(codebook.themes)), dtype=bool)
    for column, theme in enumerate(codebook.themes):
        if not theme.keywords:
            continue
        pattern = re.compile(
            r"\b(?:" + "|".join(re.escape(word) for word in theme.keywords) + r")\b", re.IGNORECASE
        )
        for place, paragraph in enumerate(paragraphs):
            text = paragraph.text.replace("’", "'")
            tags[place, column] = pattern.search(text) is not None
    return tags
