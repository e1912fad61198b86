"""clas-nlp: themes, stance and evidence in reviews of health services for children.

    report = clas_nlp.read_report("dudley.txt")
    tagger = clas_nlp.load()
    for paragraph in tagger.tag(report): ...

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clas_nlp.codebook import Codebook, load_codebook
    from clas_nlp.corpus import Corpus, Label, LabelledParagraph, load_corpus, save_corpus
    from clas_nlp.errors import ClasNlpError
    from clas_nlp.evaluating import Evaluation, compare_models, evaluate
    from clas_nlp.exchanging import export, import_labels, merge_labels, suggest
    from clas_nlp.reading import Paragraph, Report, parse_report, read_report
    from clas_nlp.recurring import (
        Inspection,
        action_plan,
        recurring,
        recurring_page,
        report_page,
    )
    from clas_nlp.tagging import (
        Evidence,
        TaggedParagraph,
        Tagger,
        ThemeTag,
        load,
        load_model,
        save_model,
        tagged_frame,
    )
    from clas_nlp.training import TrainingSettings, train

__version__ = "0.1.0"

_HOMES = {
    "ClasNlpError": "errors",
    "Codebook": "codebook",
    "Corpus": "corpus",
    "Evaluation": "evaluating",
    "Evidence": "tagging",
    "Label": "corpus",
    "Inspection": "recurring",
    "LabelledParagraph": "corpus",
    "Paragraph": "reading",
    "Report": "reading",
    "TaggedParagraph": "tagging",
    "Tagger": "tagging",
    "ThemeTag": "tagging",
    "TrainingSettings": "training",
    "action_plan": "recurring",
    "compare_models": "evaluating",
    "evaluate": "evaluating",
    "export": "exchanging",
    "import_labels": "exchanging",
    "load": "tagging",
    "load_codebook": "codebook",
    "load_corpus": "corpus",
    "load_model": "tagging",
    "merge_labels": "exchanging",
    "parse_report": "reading",
    "read_report": "reading",
    "recurring": "recurring",
    "recurring_page": "recurring",
    "report_page": "recurring",
    "save_corpus": "corpus",
    "save_model": "tagging",
    "suggest": "exchanging",
    "tagged_frame": "tagging",
    "train": "training",
}

__all__ = [
    "ClasNlpError",
    "Codebook",
    "Corpus",
    "Evaluation",
    "Evidence",
    "Inspection",
    "Label",
    "LabelledParagraph",
    "Paragraph",
    "Report",
    "TaggedParagraph",
    "Tagger",
    "ThemeTag",
    "TrainingSettings",
    "__version__",
    "action_plan",
    "compare_models",
    "evaluate",
    "export",
    "import_labels",
    "load",
    "load_codebook",
    "load_corpus",
    "load_model",
    "merge_labels",
    "parse_report",
    "read_report",
    "recurring",
    "recurring_page",
    "report_page",
    "save_corpus",
    "save_model",
    "suggest",
    "tagged_frame",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"clas_nlp.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'clas_nlp' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
