"""Which of the services that a paragraph names it judges.

Patterns find the services named. Whether a service is the one whose practice is judged shows in
how it is named: early or late, often or once, "midwives ..." or "shared with midwives".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clas_nlp.tagging.analysis import AnalysedText, Mention
from clas_nlp.tagging.features import kind_column

Floats = NDArray[np.float64]

#: Words right before a name that show whose side it stands on.
_BEFORE = ("with", "to", "from", "by", "and", "or", "for", "of", "the", "in", "at", "as", "between")
FEATURES = 12 + len(_BEFORE) + 4


def service_features(
    analysed: Sequence[AnalysedText], kinds: Sequence[str], word_logits: Floats
) -> Floats:
    """How each paragraph names each service.

    Args:
        analysed: the paragraphs.
        kinds: their kinds.
        word_logits: log-odds of each service from the paragraph's words, (paragraphs, services).

    Returns:
        Shape (paragraphs, services, FEATURES).
    """
    paragraphs, services = word_logits.shape
    out = np.zeros((paragraphs, services, FEATURES))
    out[:, :, 0] = word_logits
    for p, text in enumerate(analysed):
        by_service: dict[int, list[Mention]] = {}
        for mention in text.mentions:
            by_service.setdefault(mention.service, []).append(mention)
        out[p, :, 11] = np.log1p(len(by_service))
        kind = kind_column(kinds[p])
        first_named = min(
            by_service,
            key=lambda s: (by_service[s][0].sentence, by_service[s][0].token),
            default=-1,
        )
        sentences = max(len(text.spans), 1)
        for service, mentions in by_service.items():
            first = mentions[0]
            row = out[p, service]
            row[1] = 1.0
            row[2] = np.log1p(len(mentions))
            row[3] = len(mentions) / len(text.mentions)
            row[4] = float(first.sentence == 0)
            row[5] = float(first.sentence == 0 and first.token <= 6)
            row[6] = first.sentence / sentences
            row[7] = len({m.sentence for m in mentions}) / sentences
            row[8] = float(service == first_named)
            row[9] = float(len(by_service) == 1)
            row[10] = float(any(m.token <= 4 for m in mentions))
            for mention in mentions:
                for word in mention.before:
                    if word in _BEFORE:
                        row[12 + _BEFORE.index(word)] = 1.0
            row[12 + len(_BEFORE) + kind] = 1.0
    return out
