"""Evaluating: how well a model tags reports that it has not seen, and how another compares."""

from clas_nlp.evaluating.comparing import compare_models
from clas_nlp.evaluating.comparison import ComparedFigure, ModelComparison, TagChange
from clas_nlp.evaluating.scores import Evaluation, Interval, ReportScores, ThemeScore, evaluate

__all__ = [
    "ComparedFigure",
    "Evaluation",
    "Interval",
    "ModelComparison",
    "ReportScores",
    "TagChange",
    "ThemeScore",
    "compare_models",
    "evaluate",
]
