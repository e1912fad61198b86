"""Why a paragraph was, or was not, given a theme: sentences, words and patterns with what each
added, and the labelled paragraphs nearest to it.

The first layer is linear, so what a word or pattern added to a sentence's score is its weight
times its value, and the parts add up to the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clas_nlp.corpus.records import LabelledParagraph
from clas_nlp.reading.records import JUDGED_KINDS, Paragraph
from clas_nlp.tagging.features import PatternFeatures, SentenceRows, beside
from clas_nlp.tagging.model import Model
from clas_nlp.tagging.scoring import sigmoid


@dataclass(frozen=True, slots=True)
class Reason:
    """A word, or a pattern and where it stood, and what it added to a sentence's score."""

    name: str
    added: float


@dataclass(frozen=True, slots=True)
class SentenceReasons:
    """One sentence: `text[start:end]` of the paragraph.

    Attributes:
        probability: how likely it is evidence of the theme.
        reasons: what added most to its score, or took most from it, largest first.
    """

    start: int
    end: int
    text: str
    probability: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A labelled paragraph with similar words; `similarity` is the cosine, 0 to 1."""

    id: str
    similarity: float
    themes: dict[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a theme was given or not.

    Attributes:
        theme: id of the theme.
        probability: the paragraph's probability.
        threshold: from where on it is a tag.
        sentences: the sentences, likeliest first.
    """

    theme: str
    probability: float
    threshold: float
    sentences: tuple[SentenceReasons, ...]

    @property
    def tagged(self) -> bool:
        """Whether the theme was given."""
        return self.probability >= self.threshold


def explain(
    model: Model, paragraph: Paragraph, themes: Sequence[str] = (), most: int = 8
) -> list[Explanation]:
    """Explains the themes of a paragraph.

    Args:
        model: the model.
        paragraph: a finding, example or recommendation.
        themes: ids of the themes to explain; by default those given, or else the likeliest one.
        most: how many reasons to give for a sentence.

    Raises:
        ValueError: the paragraph is of a kind that is not tagged, or a theme is unknown.
    """
    if paragraph.kind not in JUDGED_KINDS:
        raise ValueError(f"{paragraph.id} is {paragraph.kind}, which is never tagged")
    unknown = [theme for theme in themes if theme not in model.codebook.theme_ids]
    if unknown:
        raise ValueError(
            f"unknown theme {unknown[0]!r}; expected one of {', '.join(model.codebook.theme_ids)}"
        )
    analyser = model.analyser
    analysed = analyser.analyse([paragraph.text])
    reading = model.read(analysed, [paragraph.kind])
    words, _ = model.words(analysed, reading.rows)
    patterns = PatternFeatures(analysed, reading.rows, len(analyser.themes), len(analyser.stances))
    features = beside(words, patterns.of_sentences())
    names = _feature_names(model)
    chances = dict(zip(model.codebook.theme_ids, reading.themes[0], strict=True))
    limits = dict(zip(model.codebook.theme_ids, model.thresholds.themes, strict=True))
    chosen = list(themes) or [t for t in chances if chances[t] >= limits[t]]
    chosen = chosen or [max(chances, key=lambda theme: chances[theme])]
    explanations = []
    for theme in chosen:
        column = model.codebook.theme_ids.index(theme)
        weights = model.sentence_layer.weights[column]
        sentences = []
        for place, sentence in enumerate(reading.rows.sentences.tolist()):
            own = features[[place]]
            added = own.data * weights[own.indices]
            order = np.argsort(-np.abs(added), kind="stable")[:most]
            start, end = analysed.spans(0)[sentence]
            sentences.append(
                SentenceReasons(
                    start,
                    end,
                    paragraph.text[start:end],
                    float(sigmoid(reading.sentence_logits[place, column])),
                    tuple(
                        Reason(names[own.indices[i]], float(added[i]))
                        for i in order
                        if abs(added[i]) > 0.01
                    ),
                )
            )
        sentences.sort(key=lambda sentence: -sentence.probability)
        explanations.append(
            Explanation(theme, float(chances[theme]), limits[theme], tuple(sentences))
        )
    return explanations


def nearest_labelled(
    model: Model, text: str, corpus: Sequence[LabelledParagraph], most: int = 3
) -> list[Neighbour]:
    """The labelled paragraphs whose words are most like a text's, by cosine of TF-IDF.

    Args:
        model: the model whose vocabulary weighs the words.
        text: the text.
        corpus: labelled paragraphs; the very same text is left out.
        most: how many to give.
    """
    others = [p for p in corpus if p.text != text]
    if not others:
        return []
    analysed = model.analyser.analyse([text, *(p.text for p in others)])
    _, vectors = model.words(analysed, SentenceRows.of(analysed, [""] * len(analysed)))
    similarity = np.asarray((vectors[1:] @ vectors[0].T).todense()).ravel()
    order = np.argsort(-similarity, kind="stable")[:most]
    return [
        Neighbour(others[i].id, float(similarity[i]), others[i].themes, others[i].text)
        for i in order
    ]


def _feature_names(model: Model) -> list[str]:
    """What each column of a sentence's row is called, for people."""
    themes, stances = model.analyser.themes, model.analyser.stances
    words = [f"“{word.replace('_', ' ')}”" for word in model.sentence_words.index]
    patterns = [
        f"pattern {feature}{where}"
        for where in ("", " in the sentence before", " in the sentence behind", " elsewhere in it")
        for feature in themes
    ]
    place = [
        *(f"kind {kind}" for kind in JUDGED_KINDS),
        "first sentence",
        "last sentence",
        "cites a recommendation",
        "its paragraph cites a recommendation",
    ]
    return [*words, *patterns, *(f"stance cue {feature}" for feature in stances), *place]
