"""Reading: report file → report → paragraphs → sentences."""

from clas_nlp.reading.records import (
    JUDGED_KINDS,
    PARAGRAPH_KINDS,
    InspectionDetails,
    Paragraph,
    ParagraphKind,
    Report,
    Section,
)
from clas_nlp.reading.report import parse_report, read_report
from clas_nlp.reading.sentences import sentence_spans

__all__ = [
    "JUDGED_KINDS",
    "PARAGRAPH_KINDS",
    "InspectionDetails",
    "Paragraph",
    "ParagraphKind",
    "Report",
    "Section",
    "parse_report",
    "read_report",
    "sentence_spans",
]
