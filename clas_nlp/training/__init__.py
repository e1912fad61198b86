"""Training: from a labelled corpus to a model; see `train`."""

from clas_nlp.training.fitting import best_threshold
from clas_nlp.training.folder import train_to_folder
from clas_nlp.training.labels import LEAST_PARAGRAPHS, check_labels
from clas_nlp.training.settings import TrainingSettings
from clas_nlp.training.trainer import train

__all__ = [
    "LEAST_PARAGRAPHS",
    "TrainingSettings",
    "best_threshold",
    "check_labels",
    "train",
    "train_to_folder",
]
