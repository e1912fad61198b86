"""Labels out to the tools that people use, and back: see `FORMATS`."""

from clas_nlp.exchanging.coding_files import load_coding, load_paragraphs
from clas_nlp.exchanging.formats import (
    FORMATS,
    IMPORTS,
    Format,
    export,
    import_labels,
    read_labels,
)
from clas_nlp.exchanging.merging import Merge, merge_labels
from clas_nlp.exchanging.records import CodedParagraph, ExchangeError, Imported
from clas_nlp.exchanging.suggesting import suggest

__all__ = [
    "FORMATS",
    "IMPORTS",
    "CodedParagraph",
    "ExchangeError",
    "Format",
    "Imported",
    "Merge",
    "export",
    "import_labels",
    "load_coding",
    "load_paragraphs",
    "merge_labels",
    "read_labels",
    "suggest",
]
