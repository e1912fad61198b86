"""Labels out to the tools that people use, and back: see `FORMATS`."""

from clas_nlp.exchanging.coding_files import known_paragraphs, load_coding, load_paragraphs
from clas_nlp.exchanging.decisions import Decision, read_decisions
from clas_nlp.exchanging.differences import Difference, coding_differences, write_differences
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
from clas_nlp.exchanging.settling import Settlement, settle
from clas_nlp.exchanging.suggesting import suggest

__all__ = [
    "FORMATS",
    "IMPORTS",
    "CodedParagraph",
    "Decision",
    "Difference",
    "ExchangeError",
    "Format",
    "Imported",
    "Merge",
    "Settlement",
    "coding_differences",
    "export",
    "import_labels",
    "known_paragraphs",
    "load_coding",
    "load_paragraphs",
    "merge_labels",
    "read_decisions",
    "read_labels",
    "settle",
    "suggest",
    "write_differences",
]
