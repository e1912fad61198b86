"""`datasets` both ways: paragraphs to a Dataset, a Dataset to a corpus.

To tag by `Dataset.map`, see `clas_nlp.integrations.batches`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from clas_nlp.codebook import Codebook
from clas_nlp.corpus.checking import RowCheck
from clas_nlp.corpus.records import Corpus, LabelledParagraph
from clas_nlp.errors import BadCorpus
from clas_nlp.tagging.records import TaggedParagraph

if TYPE_CHECKING:
    from datasets import Dataset, Features


def to_dataset(
    paragraphs: Corpus | Iterable[LabelledParagraph] | Iterable[TaggedParagraph],
) -> Dataset:
    """Paragraphs as a Dataset, a row each, columns as in the JSON Lines files.

    Args:
        paragraphs: a corpus, labelled paragraphs, or tagged paragraphs (not both sorts). Tagged
            ones have the column `probabilities` besides: a number for each theme.

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
    themes = next((tuple(p.probabilities) for p in tagged if p.probabilities), ())
    return _dataset(
        [{**p.to_row(), "probabilities": dict(p.probabilities)} for p in tagged],
        tagged_features(themes),
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


def tagged_features(themes: Sequence[str]) -> Features:
    """Types of the columns of tagged paragraphs.

    Args:
        themes: ids of the themes that have a probability; without any, the column is left out.
    """
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
            **({"probabilities": dict.fromkeys(themes, share)} if themes else {}),
        }
    )
