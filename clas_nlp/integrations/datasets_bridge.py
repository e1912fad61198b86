"""`datasets` both ways: paragraphs to a Dataset, a Dataset to a corpus, tagging by its `map`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clas_nlp.codebook import Codebook
from clas_nlp.corpus.checking import RowCheck
from clas_nlp.corpus.records import Corpus, LabelledParagraph
from clas_nlp.errors import BadCorpus
from clas_nlp.resources import resource_folder
from clas_nlp.tagging.records import TaggedParagraph
from clas_nlp.tagging.tagger import Tagger, load

if TYPE_CHECKING:
    from datasets import Dataset, Features


def to_dataset(
    paragraphs: Corpus | Iterable[LabelledParagraph] | Iterable[TaggedParagraph],
) -> Dataset:
    """Paragraphs as a Dataset, a row each, columns as in the JSON Lines files.

    Args:
        paragraphs: a corpus, labelled paragraphs, or tagged paragraphs (not both sorts). Tagged
            ones have the column `probabilities` besides: a list of `{theme, probability}`.

    Raises:
        ValueError: labelled and tagged paragraphs are mixed.
    """
    rows: list[Any] = list(paragraphs.paragraphs if isinstance(paragraphs, Corpus) else paragraphs)
    tagged = [p for p in rows if isinstance(p, TaggedParagraph)]
    if tagged and len(tagged) != len(rows):
        raise ValueError(
            f"{len(tagged)} tagged and {len(rows) - len(tagged)} labelled paragraphs; "
            "make a dataset of each sort"
        )
    if not tagged:
        return _dataset([p.to_row() for p in rows], _labelled_features())
    return _dataset(
        [{**p.to_row(), "probabilities": _probabilities(p)} for p in tagged], _tagged_features()
    )


def _dataset(rows: Sequence[Mapping[str, Any]], features: Features) -> Dataset:
    """By column, since `Dataset.from_list` refuses to make one without rows."""
    from datasets import Dataset

    return Dataset.from_dict(
        {name: [row[name] for row in rows] for name in features}, features=features
    )


def from_dataset(dataset: Dataset, codebook: Codebook) -> Corpus:
    """A Dataset with the columns of a corpus file as a corpus, every row checked.

    Args:
        dataset: with the columns id, report, kind, text and labels at least; others that a
            corpus file does not have are left out.
        codebook: what the labels are checked against.

    Raises:
        BadCorpus: a column is missing, the dataset holds a model's tags and no labels, or rows do
            not fit; `problems` has a line for each.
    """
    needed = ("id", "report", "kind", "text", "labels")
    missing = [name for name in needed if name not in dataset.column_names]
    if missing:
        tags = "; these are a model's tags, not labels" if "themes" in dataset.column_names else ""
        raise BadCorpus(
            f"dataset: no column {', '.join(missing)}; found {', '.join(dataset.column_names)}, "
            f"expected {', '.join(needed)}{tags}"
        )
    known = set(_labelled_columns())
    paragraphs: list[LabelledParagraph] = []
    check = RowCheck(codebook)
    for number, row in enumerate(dataset, start=1):
        # A column that only some rows have comes back as None in the others.
        plain = {key: value for key, value in row.items() if key in known and value is not None}
        if check.fits(plain, f"dataset: row {number}"):
            paragraphs.append(LabelledParagraph.from_row(plain))
    if check.problems:
        raise BadCorpus.of(check.problems)
    return Corpus(tuple(paragraphs), codebook)


class BatchTagger:
    """A function for `Dataset.map(..., batched=True)` that tags a column of paragraphs.

    It adds the columns `themes`, `services` and `probabilities`. Give its `features` to `map` too:
    a first batch without any theme tells nothing of the column's type.

        tag = BatchTagger()
        dataset.map(tag, batched=True, features=tag.features(dataset.features))

    It can be sent to other processes (`num_proc`), each of which loads the model once, and the
    cache of `datasets` knows it by the model's hash.

    Args:
        model: a model folder; None for the shipped model.
        text_column: the column with the texts.
        kind_column: the column with the paragraphs' kinds; where it is missing, all count as
            findings.

    Raises:
        BadModel: the folder is missing or broken.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        text_column: str = "text",
        kind_column: str = "kind",
    ) -> None:
        folder = Path(model) if model is not None else resource_folder("model")
        self._tagger: Tagger | None = load(folder)
        self._folder = str(folder)
        manifest = (folder / "manifest.json").read_bytes()
        self._model_hash = hashlib.sha256(manifest).hexdigest()
        self._columns = (text_column, kind_column)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_tagger": None}

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        """Tags a batch: columns in, new columns out.

        Raises:
            ValueError: a row has no text, or its kind is unknown.
            KeyError: the text column is missing.
        """
        if self._tagger is None:
            self._tagger = load(self._folder)
        text_column, kind_column = self._columns
        if text_column not in batch:
            raise KeyError(f"no column {text_column!r}; found {', '.join(batch)}")
        texts = list(batch[text_column])
        for row, text in enumerate(texts):
            if not isinstance(text, str):
                raise ValueError(
                    f"column {text_column!r}: row {row} of the batch is {type(text).__name__}; "
                    "expected a text"
                )
        kinds = list(batch[kind_column]) if kind_column in batch else None
        tagged = self._tagger.tag_texts(texts, kinds=kinds)
        rows = [p.to_row() for p in tagged]
        return {
            "themes": [row["themes"] for row in rows],
            "services": [row["services"] for row in rows],
            "probabilities": [_probabilities(p) for p in tagged],
        }

    def features(self, before: Mapping[str, Any]) -> Features:
        """The features of a dataset once it is tagged, from those it has."""
        from datasets import Features

        added = _tagged_features()
        new = {name: added[name] for name in ("themes", "services", "probabilities")}
        return Features({**before, **new})


def _probabilities(paragraph: TaggedParagraph) -> list[dict[str, Any]]:
    return [
        {"theme": theme, "probability": probability}
        for theme, probability in paragraph.probabilities.items()
    ]


def _labelled_columns() -> list[str]:
    return list(LabelledParagraph("", "", "", "", "", "").to_row())


def _labelled_features() -> Features:
    """Types of the columns of a corpus file."""
    from datasets import Features, Value

    text, place = Value("string"), Value("int64")
    lists: dict[str, Any] = {
        "services": [text],
        "labels": [{"theme": text, "stance": text, "start": place, "end": place}],
    }
    return Features({name: lists.get(name, text) for name in _labelled_columns()})


def _tagged_features() -> Features:
    """Types of the columns of tagged paragraphs."""
    from datasets import Features, Value

    text, place, share = Value("string"), Value("int64"), Value("float64")
    evidence = {"start": place, "end": place, "stance": text, "text": text}
    return Features(
        {
            "report": text,
            "id": text,
            "kind": text,
            "number": text,
            "section": text,
            "page": place,
            "start": place,
            "end": place,
            "text": text,
            "services": [text],
            "recommendations": [text],
            "themes": [
                {"theme": text, "stance": text, "probability": share, "evidence": [evidence]}
            ],
            "probabilities": [{"theme": text, "probability": share}],
        }
    )
