"""From the paths of a corpus to a model folder with its card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clas_nlp.corpus.records import load_corpus
from clas_nlp.training.trainer import Progress, train

if TYPE_CHECKING:
    from clas_nlp.evaluating.scores import Evaluation, ReportScores


def train_to_folder(
    corpus: Iterable[str | Path],
    out: str | Path,
    hold_out: Sequence[str] = (),
    seed: int = 0,
    progress: Progress | None = None,
    cross_check: bool = False,
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

    Returns:
        The scores on the reports that the model, or its like, was trained without; None where
        there are none.

    Raises:
        BadCorpus, TooFewLabels: see `train`. Nothing is written then.
    """
    from clas_nlp.evaluating.card import model_card
    from clas_nlp.evaluating.scores import Evaluation, evaluate
    from clas_nlp.tagging.storage import save_model

    labelled = load_corpus(corpus)
    evaluation: Evaluation | None = None
    if cross_check and not hold_out and len(labelled.reports) > 1:
        scored: list[ReportScores] = []
        for report in labelled.reports:
            without = train(labelled, report, seed=seed, progress=progress)
            scored += evaluate(labelled.only([report]), without, seed).reports
        evaluation = Evaluation(tuple(scored))
    model = train(labelled, hold_out, seed=seed, progress=progress)
    if hold_out:
        evaluation = evaluate(labelled.only(hold_out), model, seed)
    if evaluation is not None:
        model.details["scores"] = evaluation.to_dict()["reports"]
    save_model(model, out, model_card(model, evaluation))
    return evaluation
