"""A scikit-learn estimator of themes, for pipelines, grids and cross-validation.

It learns from whole paragraphs alone, with the words and patterns of clas-nlp's own analysis: a
quick baseline and a building block. The full model (`clas_nlp.train`) also learns from evidence
sentences; `ThemeClassifier.from_model` puts it behind the same methods.
scikit-learn is imported at the top, since the estimator derives from its classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from clas_nlp.codebook import Codebook, load_codebook
from clas_nlp.tagging.analysed import AnalysedTexts
from clas_nlp.tagging.analysis import TextAnalyser
from clas_nlp.tagging.features import beside, paragraph_patterns
from clas_nlp.tagging.scoring import sigmoid
from clas_nlp.tagging.tagger import BATCH, Tagger, load
from clas_nlp.tagging.vocabulary import Vocabulary, WordColumns, all_counts

Floats = NDArray[np.float64]

#: Log-odds of a theme that none, or all, of the training paragraphs carry.
CERTAIN = 8.0
#: The codebooks last used, with their analysers, which take a second to build.
_RECENT: list[tuple[Codebook, TextAnalyser]] = []


class ThemeClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Multi-label classifier of paragraphs: TF-IDF of stems, patterns, logistic regression.

    Args:
        C: inverse regularisation strength.
        least: in how many paragraphs a word or pair of words must occur.
        patterns: whether the codebook's patterns count beside the words.
        threshold: least probability of a theme that `predict` gives.
        codebook: folder of a codebook; None for the project's own.
        random_state: seed of the solver.

    Attributes:
        classes_: ids of the themes, shape (themes,); the columns of what the methods give.
        coef_: weights, shape (themes, features); not on an estimator `from_model`.
        intercept_: shape (themes,); not on an estimator `from_model`.
    """

    def __init__(
        self,
        *,
        C: float = 10.0,  # noqa: N803 - scikit-learn's name
        least: int = 2,
        patterns: bool = True,
        threshold: float = 0.5,
        codebook: str | Path | None = None,
        random_state: int = 0,
    ) -> None:
        self.C = C
        self.least = least
        self.patterns = patterns
        self.threshold = threshold
        self.codebook = codebook
        self.random_state = random_state

    @classmethod
    def from_model(cls, path: str | Path | None = None) -> ThemeClassifier:
        """An estimator that is trained already: the full model, with its own thresholds.

        `clone`, and so cross-validation, makes an untrained estimator of it, and `fit` trains
        anew: take this one for `predict` and `predict_proba`.

        Args:
            path: a model folder; None for the shipped model.

        Raises:
            BadModel: the folder is missing or broken.
        """
        made = cls()
        made.model_ = load(path).model
        made.codebook_ = made.model_.codebook
        made.classes_ = np.array(made.codebook_.theme_ids)
        return made

    def fit(
        self,
        X: Iterable[str],  # noqa: N803 - scikit-learn's name
        y: Any,
        sample_weight: ArrayLike | None = None,
    ) -> ThemeClassifier:
        """Learns.

        Args:
            X: texts of n paragraphs.
            y: shape (n, themes) of 0 and 1, columns in the codebook's order or, in a data frame,
                named; or n lists of theme ids. Only the first does for integer `cv` and for
                scikit-learn's own scores.
            sample_weight: shape (n,); equal weights by default.

        Raises:
            ValueError: X is not texts, y has another length or width, or a theme is unknown.
            BadCodebook: the codebook's folder is missing or broken.
        """
        texts = _texts(X)
        codebook = load_codebook(self.codebook)
        classes, targets = _indicator(y, codebook.theme_ids)
        if len(targets) != len(texts):
            raise ValueError(f"{len(texts)} texts, but {len(targets)} rows of labels")
        if not texts:
            raise ValueError("no texts to learn from; expected at least one")
        self.__dict__.pop("model_", None)
        self.codebook_ = codebook
        self.classes_ = np.array(classes)
        analysed = _analyser(codebook).analyse(texts)
        words, counts = all_counts(
            analysed.stems, analysed.stem_bounds[analysed.bounds], analysed.words, self.least
        )
        self.vocabulary_, _ = Vocabulary.from_counts(words, counts, self.least)
        features = self._features(analysed)
        weights = None if sample_weight is None else np.asarray(sample_weight, dtype=float)
        self._fit_columns(features, targets, weights)
        return self

    def predict_proba(self, X: Iterable[str]) -> Floats:  # noqa: N803 - scikit-learn's name
        """Probability of each theme, shape (n, themes).

        Raises:
            sklearn.exceptions.NotFittedError: `fit` has not been called.
            ValueError: X is not texts.
        """
        check_is_fitted(self, "classes_")
        texts = _texts(X)
        model = vars(self).get("model_")
        if model is not None:
            tagged = Tagger(model).tag_texts(texts)
            return np.array([list(p.probabilities.values()) for p in tagged], dtype=float).reshape(
                len(texts), len(self.classes_)
            )
        analyser = _analyser(self.codebook_)
        found = [np.zeros((0, len(self.classes_)))]
        for first in range(0, len(texts), BATCH):
            features = self._features(analyser.analyse(texts[first : first + BATCH]))
            found.append(sigmoid(features @ self.coef_.T + self.intercept_))
        return np.concatenate(found)

    def predict(self, X: Iterable[str]) -> NDArray[np.int64]:  # noqa: N803 - scikit-learn's name
        """Which themes each paragraph carries, shape (n, themes), 0 or 1; a row of 0 is an answer.

        Raises:
            sklearn.exceptions.NotFittedError: `fit` has not been called.
            ValueError: X is not texts.
        """
        check_is_fitted(self, "classes_")
        model = vars(self).get("model_")
        if model is None:
            return (self.predict_proba(X) >= self.threshold).astype(np.int64)
        tagged = Tagger(model).tag_texts(_texts(X))
        carried = [[p.tag(theme) is not None for theme in self.classes_] for p in tagged]
        return np.array(carried, dtype=np.int64).reshape(len(tagged), len(self.classes_))

    def predict_themes(self, X: Iterable[str]) -> list[list[str]]:  # noqa: N803
        """Ids of the themes that each paragraph carries: `predict`, to be read."""
        return [[str(theme) for theme in self.classes_[row == 1]] for row in self.predict(X)]

    def score(self, X: Iterable[str], y: Any, sample_weight: ArrayLike | None = None) -> float:  # noqa: N803
        """Share of the paragraphs with exactly the right themes; y as for `fit`."""
        from sklearn.metrics import accuracy_score

        check_is_fitted(self, "classes_")
        _, targets = _indicator(y, tuple(self.classes_))
        return float(accuracy_score(targets, self.predict(X), sample_weight=sample_weight))

    def _features(self, analysed: AnalysedTexts) -> sparse.csr_matrix:
        (words,) = WordColumns(analysed.words, self.vocabulary_).matrices(
            analysed.stems, (analysed.text_of_stem, len(analysed))
        )
        if not self.patterns:
            return words
        analyser = _analyser(self.codebook_)
        return beside(
            words, paragraph_patterns(analysed, len(analyser.themes), len(analyser.services))
        )

    def _fit_columns(
        self, features: sparse.csr_matrix, targets: NDArray[np.int64], weights: Floats | None
    ) -> None:
        from sklearn.linear_model import LogisticRegression

        self.coef_ = np.zeros((targets.shape[1], features.shape[1]))
        self.intercept_ = np.zeros(targets.shape[1])
        for column, wanted in enumerate(targets.T):
            if wanted.all() or not wanted.any():
                self.intercept_[column] = CERTAIN if wanted.all() else -CERTAIN
                continue
            fitted = LogisticRegression(
                C=self.C,
                solver="liblinear",
                # liblinear regularises the bias too, unless that is scaled up.
                intercept_scaling=10.0,
                max_iter=1000,
                random_state=self.random_state,
            ).fit(features, wanted, sample_weight=weights)
            self.coef_[column], self.intercept_[column] = fitted.coef_[0], fitted.intercept_[0]

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if "model_" in state:
            # The analyser is made again where it is missing; spaCy's matchers travel badly.
            from dataclasses import replace

            state["model_"] = replace(state["model_"])
        return state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        return tags


def _analyser(codebook: Codebook) -> TextAnalyser:
    for known, analyser in _RECENT:
        if known == codebook:
            return analyser
    made = TextAnalyser(codebook)
    _RECENT.append((codebook, made))
    del _RECENT[:-2]
    return made


def _texts(given: Iterable[str]) -> list[str]:
    if isinstance(given, str):
        raise ValueError("X is one text; expected a list of texts")
    texts = list(given)
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"X: row {row} is {type(text).__name__}; expected a text (str)")
    return texts


def _indicator(y: Any, themes: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """The themes that y is about, and y as 0 and 1, shape (n, themes)."""
    if hasattr(y, "columns"):
        themes = [str(column) for column in y.columns]
    elif not hasattr(y, "shape"):
        y = list(y)
        if not any(isinstance(value, int | np.integer) for row in y[:1] for value in row):
            return list(themes), _from_ids(y, themes)
    if sparse.issparse(y):
        y = y.toarray()
    table = np.asarray(y)
    if table.dtype == object and table.ndim == 1:
        return list(themes), _from_ids(list(table), themes)
    if table.ndim != 2 or table.shape[1] != len(themes):
        raise ValueError(
            f"y has the shape {table.shape}; expected {len(themes)} columns, one for each of "
            f"{', '.join(themes)}, or lists of theme ids"
        )
    if not np.isin(table, (0, 1)).all():
        raise ValueError("y holds values other than 0 and 1; expected a multi-label indicator")
    return list(themes), table.astype(np.int64)


def _from_ids(rows: Sequence[Iterable[str]], themes: Sequence[str]) -> NDArray[np.int64]:
    places = {theme: place for place, theme in enumerate(themes)}
    table = np.zeros((len(rows), len(themes)), dtype=np.int64)
    for number, row in enumerate(rows):
        for theme in [row] if isinstance(row, str) else row:
            if theme not in places:
                raise ValueError(
                    f"y: row {number} has the theme {theme!r}; expected {', '.join(themes)}"
                )
            table[number, places[theme]] = 1
    return table
