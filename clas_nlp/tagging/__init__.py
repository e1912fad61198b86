"""Tagging: paragraphs in, themes with stance, probability and evidence out."""

from clas_nlp.tagging.output import tagged_frame
from clas_nlp.tagging.records import Evidence, TaggedParagraph, ThemeTag
from clas_nlp.tagging.storage import load_model, save_model
from clas_nlp.tagging.tagger import Tagger, load

__all__ = [
    "Evidence",
    "TaggedParagraph",
    "Tagger",
    "ThemeTag",
    "load",
    "load_model",
    "save_model",
    "tagged_frame",
]
