"""Models with an encoder: where it comes from, and how it is put beside the layers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from clas_nlp.corpus.records import WRITTEN, Corpus
from clas_nlp.errors import BadCorpus, BadModel
from clas_nlp.neural.reader import NeuralReader
from clas_nlp.tagging.model import Model
from clas_nlp.training.trainer import Progress


@dataclass(frozen=True)
class TrainedEncoder:
    """An encoder, and what the manifest says of its making."""

    reader: NeuralReader
    details: dict[str, Any]

    def beside(self, model: Model, corpus: Corpus) -> Model:
        """A model that reads with its layers and with this encoder.

        Its stances are fitted to the reports that the model was trained on, which the encoder has
        not read; see `clas_nlp.neural.calibrating`.

        Args:
            model: a model without an encoder.
            corpus: the corpus that it was trained on.
        """
        from clas_nlp.neural.calibrating import calibrated

        reports = [
            p
            for p in corpus.paragraphs
            if p.origin != WRITTEN and p.report in model.details["trained_on"]
        ]
        return replace(
            model,
            neural=calibrated(self.reader, reports, corpus.codebook),
            details={**model.details, "encoder": self.details},
        )


def encoder_of(folder: str | Path, corpus: Corpus) -> TrainedEncoder:
    """The encoder of a model's folder, for a model to be trained on a corpus.

    Raises:
        BadModel: see `load_model`; or the model has no encoder, or one for another codebook.
    """
    from clas_nlp.tagging.storage import load_model

    model = load_model(folder)
    if model.neural is None:
        raise BadModel(
            f"{folder}: the model has no encoder; name one that has, such as models/neural"
        )
    for name in ("theme_ids", "service_ids", "sentence_stances"):
        if getattr(model.codebook, name) != getattr(corpus.codebook, name):
            raise BadModel(
                f"{folder}: the encoder was fine-tuned for another codebook (other "
                f"{name.replace('_', ' ')}); fine-tune one for this corpus with --fine-tune"
            )
    return TrainedEncoder(model.neural, model.details.get("encoder", {}))


def fine_tuned_encoder(
    corpus: Corpus, base: str | Path | None, seed: int, progress: Progress | None
) -> TrainedEncoder:
    """Fine-tunes an encoder on the text of a corpus that was written for training.

    On that alone: the reports stay unread, so that every one of them can test the encoder.

    Raises:
        BadCorpus: the corpus has no such text.
        BadModel: what fine-tuning needs is not installed.
    """
    from clas_nlp.neural.fine_tuning import FineTuningSettings, fine_tune

    written = replace(corpus, paragraphs=tuple(p for p in corpus.paragraphs if p.origin == WRITTEN))
    if not written.paragraphs:
        raise BadCorpus(
            f"the corpus has no text with the origin {WRITTEN!r}, from which an encoder learns; "
            "add corpus/written.jsonl, or take the encoder of another model with --encoder"
        )
    settings = FineTuningSettings(seed=seed)
    reader = fine_tune(written, base, settings, progress)
    details = {
        "base": Path(base).name if base is not None else "all-MiniLM-L6-v2",
        "fine_tuned_on": f"{len(written.paragraphs)} paragraphs written for training",
        **asdict(settings),
    }
    return TrainedEncoder(reader, details)
