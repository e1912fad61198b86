"""Evaluating: how well a model tags reports that it has not seen."""

from clas_nlp.evaluating.scores import Evaluation, Interval, ReportScores, ThemeScore, evaluate

__all__ = ["Evaluation", "Interval", "ReportScores", "ThemeScore", "evaluate"]
