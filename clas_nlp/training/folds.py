"""Parts of a corpus that are scored by layers which have not seen them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from clas_nlp.tagging.analysed import Bools


def folds(sources: Sequence[str], themes: Bools, most: int) -> list[Bools]:
    """Masks of the paragraphs to test on; a source is wholly in one fold.

    Sources are dealt out by size, largest first, to the fold that has least. A corpus with
    one source is cut into runs of paragraphs instead, the best that can be done.

    Args:
        sources: where each paragraph comes from: a report, or one author's written paragraphs.
        themes: which themes it carries, shape (paragraphs, themes).
        most: how many folds to make, at most, of whole sources.
    """
    sizes = Counter(sources)
    everything = np.ones(len(sources), dtype=bool)
    if len(sizes) < 2:
        masks = _runs(everything, most)
    else:
        dealt: list[list[str]] = [[] for _ in range(min(most, len(sizes)))]
        load = [0] * len(dealt)
        for source, size in sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0])):
            lightest = load.index(min(load))
            dealt[lightest].append(source)
            load[lightest] += size
        masks = [np.array([source in fold for source in sources]) for fold in dealt]
    # Where a theme stands in one fold alone, nothing could be learnt of it without that fold:
    # its paragraphs are tested run by run, so that none goes without out-of-fold scores.
    return [
        part
        for mask in masks
        for part in ([mask] if _learnable(themes[~mask]) else _runs(mask, most))
    ]


def _runs(mask: Bools, most: int) -> list[Bools]:
    parts = np.array_split(np.flatnonzero(mask), min(most, 5))
    return [np.isin(np.arange(len(mask)), part) for part in parts if len(part)]


def _learnable(themes: Bools) -> bool:
    return bool(len(themes) and themes.any(axis=0).all())
