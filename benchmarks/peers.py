"""What ours is measured beside: word TF-IDF with a linear model, and two pipelines of spaCy."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from clas_nlp.corpus import Corpus


class WordTfidf:
    """Bare word TF-IDF with a linear model of all themes at once (scikit-learn)."""

    def train(self, corpus: Corpus) -> None:
        """Learns the themes of labelled paragraphs."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import RidgeClassifier
        from sklearn.preprocessing import MultiLabelBinarizer

        self._words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 1), min_df=2)
        self._themes = MultiLabelBinarizer()
        wanted = self._themes.fit_transform([p.themes for p in corpus.paragraphs])
        rows = self._words.fit_transform([p.text for p in corpus.paragraphs])
        self._layer = RidgeClassifier().fit(rows, wanted)

    def tag(self, texts: Sequence[str]) -> int:
        """Goes over the texts; gives how many results there were."""
        return len(self._layer.predict(self._words.transform(texts)))


class Sentencizer:
    """spaCy's tokenizer and rule-based sentencizer, which tag nothing."""

    def __init__(self) -> None:
        import spacy

        self._nlp = spacy.blank("en")
        self._nlp.add_pipe("sentencizer")

    def tag(self, texts: Sequence[str]) -> int:
        """Goes over the texts; gives how many results there were."""
        return sum(len(list(doc.sents)) for doc in self._nlp.pipe(texts))


class TextCategoriser:
    """spaCy's text categoriser, bag of words, several labels (TextCatBOW)."""

    def train(self, corpus: Corpus, epochs: int = 5) -> None:
        """Learns the themes of labelled paragraphs, going over them so many times."""
        import spacy
        from spacy.training import Example
        from spacy.util import fix_random_seed, minibatch

        fix_random_seed(0)
        nlp: Any = spacy.blank("en")
        model = {
            "@architectures": "spacy.TextCatBOW.v3",
            "exclusive_classes": False,
            "length": 262144,
            "ngram_size": 1,
            "no_output_layer": False,
        }
        nlp.add_pipe("textcat_multilabel", config={"model": model})
        themes = sorted({theme for p in corpus.paragraphs for theme in p.themes})
        examples = [
            Example.from_dict(
                nlp.make_doc(p.text), {"cats": {t: float(t in p.themes) for t in themes}}
            )
            for p in corpus.paragraphs
        ]
        optimizer = nlp.initialize(lambda: examples)
        shuffled = random.Random(0)
        for _ in range(epochs):
            shuffled.shuffle(examples)
            for batch in minibatch(examples, 32):
                nlp.update(batch, sgd=optimizer)
        self._nlp = nlp

    def tag(self, texts: Sequence[str]) -> int:
        """Goes over the texts; gives how many results there were."""
        return sum(len(doc.cats) for doc in self._nlp.pipe(texts))
