"""Corpus: labelled paragraphs, their checks, and the agreement of their coders."""

from clas_nlp.corpus.checking import row_problems
from clas_nlp.corpus.records import (
    WRITTEN,
    Corpus,
    Label,
    LabelledParagraph,
    corpus_files,
    load_corpus,
    save_corpus,
)

__all__ = [
    "WRITTEN",
    "Corpus",
    "Label",
    "LabelledParagraph",
    "corpus_files",
    "load_corpus",
    "row_problems",
    "save_corpus",
]
