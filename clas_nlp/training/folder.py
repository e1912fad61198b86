"""From the paths of a corpus to a model folder with its card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clas_nlp.corpus.records import load_corpus
from clas_nlp.training.encoders import TrainedEncoder, encoder_of, fine_tuned_encoder
from clas_nlp.training.trainer import Progress, train

if TYPE_CHECKING:
    from clas_nlp.evaluating.scores import Evaluation, ReportScores
    from clas_nlp.tagging.model import Model


def train_to_folder(
    corpus: Iterable[str | Path],
    out: str | Path,
    hold_out: Sequence[str] = (),
    seed: int = 0,
    progress: Progress | None = None,
    cross_check: bool = False,
    encoder: str | Path | None = None,
    fine_tune: bool = False,
    base: str | Path | None = None,
) -> Evaluation | None:
    """Trains a model and writes its folder; what `train.py` and `clas-nlp train` call.

    Args:
        corpus: paths of the corpus.
        out: folder of the new model.
        hold_out: reports to leave out, and to score the model on.
        seed: seed of everything random.
        progress: called with (step, done, all).
        cross_check: train once more without each report in turn, and put the scores on it into
            the card; not together with `hold_out`.
        encoder: a model's folder, whose encoder the new model reads with too.
        fine_tune: fine-tune an encoder instead, on the text written for training.
        base: what to begin with; see `clas_nlp.neural.fine_tuning.fine_tune`.

    Returns:
        The scores on the reports that the model, or its like, was trained without; None where
        there are none.

    Raises:
        BadCorpus, TooFewLabels: see `train`; or nothing to fine-tune on.
        BadModel: the encoder, or what fine-tuning needs, is missing. Nothing is written then.
    """
    from clas_nlp.evaluating.card import model_card
    from clas_nlp.evaluating.scores import Evaluation, evaluate
    from clas_nlp.tagging.storage import save_model

    labelled = load_corpus(corpus)
    beside: TrainedEncoder | None = None
    if fine_tune:
        beside = fine_tuned_encoder(labelled, base, seed, progress)
    elif encoder is not None:
        beside = encoder_of(encoder, labelled)

    def trained(without: str | Sequence[str]) -> Model:
        model = train(labelled, without, seed=seed, progress=progress)
        return beside.beside(model, labelled) if beside is not None else model

    evaluation: Evaluation | None = None
    if cross_check and not hold_out and len(labelled.reports) > 1:
        scored: list[ReportScores] = []
        for report in labelled.reports:
            scored += evaluate(labelled.only([report]), trained(report), seed).reports
        evaluation = Evaluation(tuple(scored))
    model = trained(hold_out)
    if hold_out:
        evaluation = evaluate(labelled.only(hold_out), model, seed)
    if evaluation is not None:
        model.details["scores"] = evaluation.to_dict()["reports"]
    save_model(model, out, model_card(model, evaluation))
    return evaluation
