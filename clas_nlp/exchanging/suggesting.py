"""Which paragraphs are most worth labelling: active learning for a small corpus.

A paragraph is worth more, the less sure the model is of its themes (entropy, as in uncertainty
sampling; Lewis and Gale 1994), the fewer labelled examples those themes have, and the less it
resembles those already picked (maximal marginal relevance; Carbonell and Goldstein 1998). Nothing
is random: the same model, paragraphs and corpus give the same picks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from clas_nlp.codebook import Codebook
from clas_nlp.corpus.records import Corpus
from clas_nlp.reading.records import Paragraph
from clas_nlp.tagging.records import TaggedParagraph

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clas_nlp.tagging.tagger import Tagger

    Floats = NDArray[np.float64]

#: So many examples are held to be enough; below it a theme's paragraphs gain weight.
ENOUGH_EXAMPLES = 50
#: Weight of likeness to what was picked already, against worth; both lie between 0 and 1.
LIKENESS_WEIGHT = 0.5


def suggest(
    tagger: Tagger,
    paragraphs: Iterable[TaggedParagraph | Paragraph],
    n: int = 50,
    corpus: Corpus | None = None,
) -> list[TaggedParagraph]:
    """Picks the paragraphs most worth labelling, most worth first.

    Paragraphs that the corpus has already (by id or text), repeated texts, and kinds that are not
    tagged are left out. A theme of the corpus's codebook that the model does not know yet is looked
    for by its keywords.

    Args:
        tagger: the tagger; it tags what is not tagged yet.
        paragraphs: candidates; bare ones count as of the report "".
        n: how many to pick; fewer come back where there are fewer.
        corpus: what is labelled already, for the themes short of examples.

    Raises:
        ValueError: `n` is less than 1.
    """
    import numpy as np

    if n < 1:
        raise ValueError(f"{n} paragraphs to suggest; expected at least 1")
    candidates = _candidates(tagger, paragraphs, corpus)
    if not candidates:
        return []
    codebook = corpus.codebook if corpus else tagger.codebook
    chance = _chances(candidates, tagger, codebook)
    doubt = _entropy(chance)
    examples = Counter(theme for p in (corpus.paragraphs if corpus else ()) for theme in p.themes)
    have = np.array([float(examples[theme]) for theme in codebook.theme_ids])
    likeness = _likeness([p.text for p in candidates])
    nearest = np.zeros(len(candidates))
    left = np.ones(len(candidates), dtype=bool)
    picked: list[TaggedParagraph] = []
    while left.any() and len(picked) < n:
        short = ENOUGH_EXAMPLES / (ENOUGH_EXAMPLES + have)
        # Doubt tells where a label teaches most; the chance itself, where examples would come from.
        worth = ((0.75 * doubt + 0.25 * chance) * short).max(axis=1)
        value = np.where(left, worth - LIKENESS_WEIGHT * nearest, -np.inf)
        best = int(np.argmax(value))  # the first of equals, in reading order
        picked.append(candidates[best])
        left[best] = False
        nearest = np.maximum(nearest, likeness[best])
        have = have + chance[best]
    return picked


def _candidates(
    tagger: Tagger, paragraphs: Iterable[TaggedParagraph | Paragraph], corpus: Corpus | None
) -> list[TaggedParagraph]:
    given = list(paragraphs)
    waiting = [p for p in given if isinstance(p, Paragraph)]
    fresh = iter(tagger.tag_paragraphs(waiting, "") if waiting else ())
    tagged = [next(fresh) if isinstance(p, Paragraph) else p for p in given]
    known = corpus.paragraphs if corpus else ()
    ids = {p.id for p in known}
    texts = {_words(p.text) for p in known}
    found = []
    for p in tagged:
        words = _words(p.text)
        if p.probabilities and p.id not in ids and words not in texts:
            texts.add(words)
            found.append(p)
    return found


def _words(text: str) -> str:
    return " ".join(text.split())


def _chances(candidates: Sequence[TaggedParagraph], tagger: Tagger, codebook: Codebook) -> Floats:
    """Chance of each theme, moved so that the model's threshold lies at one half."""
    import numpy as np

    limits = dict(zip(tagger.codebook.theme_ids, tagger.model.thresholds.themes, strict=True))
    columns = []
    for theme in codebook.themes:
        if theme.id in limits:
            p = np.array([float(c.probabilities.get(theme.id, 0.0)) for c in candidates])
            limit = min(max(float(limits[theme.id]), 1e-6), 1 - 1e-6)
            columns.append(np.where(p < limit, p / limit, 1 + (p - limit) / (1 - limit)) / 2)
        else:
            words = [keyword.casefold() for keyword in theme.keywords]
            hits = [any(w in _words(c.text).casefold() for w in words) for c in candidates]
            columns.append(np.array(hits, dtype=np.float64) / 2)
    return np.stack(columns, axis=1)


def _entropy(chance: Floats) -> Floats:
    """Binary entropy in bits: 1 where nothing is known, 0 where all is."""
    import numpy as np

    p = np.clip(chance, 1e-9, 1 - 1e-9)
    entropy: Floats = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
    return entropy


def _likeness(texts: Sequence[str]) -> Floats:
    """Cosine of the texts' tf-idf vectors, shape (texts, texts)."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    try:
        vectors = TfidfVectorizer(sublinear_tf=True).fit_transform(texts)
    except ValueError:  # no words in any of them
        return np.eye(len(texts))
    likeness: Floats = np.asarray((vectors @ vectors.T).toarray(), dtype=np.float64)
    return likeness
