from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import CORPUS, ROOT

from clas_nlp.corpus import WRITTEN, Corpus, Label, load_corpus, save_corpus
from clas_nlp.errors import BadCorpus, TooFewLabels
from clas_nlp.reading import sentence_spans
from clas_nlp.tagging import Tagger, save_model
from clas_nlp.tagging.model import Model
from clas_nlp.training import (
    LEAST_PARAGRAPHS,
    TrainingSettings,
    best_threshold,
    check_labels,
    train,
)
from clas_nlp.training.folds import folds

FILES = ("codebook.json", "vocabulary.json", "weights.npz", "manifest.json")


# ------------------------------------------------------------------ the same every time


def test_the_script_makes_the_same_model_byte_for_byte(small_model: Path, tmp_path: Path) -> None:
    # Another process, with other hashes of strings, by the script instead of the function.
    done = subprocess.run(
        [
            sys.executable,
            str(ROOT / "train.py"),
            *(str(CORPUS / f"{name}.jsonl") for name in ("dorset", "dudley")),
            *("--hold-out", "dudley", "--no-cross-check", "--out", str(tmp_path / "model")),
        ],
        env={**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    for name in FILES[:3]:
        assert (tmp_path / "model" / name).read_bytes() == (small_model / name).read_bytes(), name
    made, kept = (
        json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        for folder in (tmp_path / "model", small_model)
    )
    (scores,) = made.pop("scores")
    assert (scores["report"], scores["seen_in_training"]) == ("dudley", False)
    for manifest in (made, kept):
        manifest.pop("sha256", None)
    assert made == kept
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert "### dudley (208 paragraphs)" in card


def test_a_report_held_out_leaves_no_trace(
    corpus: Corpus, without_dudley: Model, small_model: Path, tmp_path: Path
) -> None:
    """Training without it, and training on a corpus that never had it, give the same weights."""
    alone = train(corpus.only(["dorset"]))
    save_model(alone, tmp_path / "alone")
    for name in FILES[:3]:
        assert (tmp_path / "alone" / name).read_bytes() == (small_model / name).read_bytes(), name
    assert alone.thresholds == without_dudley.thresholds
    assert without_dudley.details["trained_on"] == {"dorset": 201}
    assert without_dudley.details["held_out"] == ["dudley"]


def test_the_seed_is_on_record(corpus: Corpus) -> None:
    few = replace(corpus.codebook, theme_patterns=(), stance_patterns=())
    model = train(replace(corpus, codebook=few), "dudley", seed=7)
    assert model.details["seed"] == 7


# ------------------------------------------------------------------ split by report


def _several_sources(corpus: Corpus, sources: int) -> Corpus:
    """The corpus as if it were of more reports: runs of paragraphs, each under a name."""
    size = -(-len(corpus.paragraphs) // sources)
    return replace(
        corpus,
        paragraphs=tuple(
            replace(p, report=f"report-{i // size}") for i, p in enumerate(corpus.paragraphs)
        ),
    )


def _folds(corpus: Corpus) -> list[np.ndarray]:
    themes = np.array(
        [[t in p.themes for t in corpus.codebook.theme_ids] for p in corpus.paragraphs]
    )
    return folds([p.report for p in corpus.paragraphs], themes, TrainingSettings().folds)


@pytest.mark.parametrize("sources", [2, 4, 9])
def test_no_report_is_on_both_sides_of_a_fold(sources: int, corpus: Corpus) -> None:
    several = _several_sources(corpus, sources)
    reports = np.array([p.report for p in several.paragraphs])
    folds = _folds(several)
    assert len(folds) == min(sources, TrainingSettings().folds)
    for test in folds:
        assert not set(reports[test]) & set(reports[~test])
    assert (np.sum(folds, axis=0) == 1).all(), "each paragraph is tested once"


def test_one_report_is_cut_into_runs(corpus: Corpus) -> None:
    folds = _folds(corpus.only(["dorset"]))
    assert (np.sum(folds, axis=0) == 1).all()
    for test in folds:
        places = np.flatnonzero(test)
        assert (np.diff(places) == 1).all()


def test_a_theme_of_one_report_leaves_no_paragraph_untested(corpus: Corpus) -> None:
    # Every other report lacks the theme, so the layers cannot learn it without this one.
    theme = corpus.codebook.theme_ids[0]
    paragraphs = tuple(
        p
        if p.report == "dorset"
        else replace(p, labels=tuple(x for x in p.labels if x.theme != theme))
        for p in corpus.paragraphs
    )
    folds = _folds(replace(corpus, paragraphs=paragraphs))
    assert (np.sum(folds, axis=0) == 1).all()


def test_a_written_source_is_no_report(corpus: Corpus) -> None:
    written = tuple(
        replace(p, origin=WRITTEN, report="written-1") for p in corpus.only(["dudley"]).paragraphs
    )
    both = replace(corpus, paragraphs=(*corpus.only(["dorset"]).paragraphs, *written))
    with pytest.raises(BadCorpus, match="no report 'written-1' in the corpus to hold out"):
        train(both, "written-1")


# ------------------------------------------------------------------ a new theme


def test_a_new_theme_is_rows_and_labels_and_no_code(corpus: Corpus, tmp_path: Path) -> None:
    shutil.copytree(CORPUS / "codebook", tmp_path / "codebook")
    with (tmp_path / "codebook" / "themes.jsonl").open("a", encoding="utf-8") as file:
        row = {"id": "camhs_access", "name": "CAMHS", "definition": "What is said of CAMHS."}
        file.write(json.dumps(row) + "\n")
    with (tmp_path / "codebook" / "theme_patterns.jsonl").open("a", encoding="utf-8") as file:
        row = {"label": "camhs_access", "id": "name", "pattern": "CAMHS"}
        file.write(json.dumps(row) + "\n")
    labelled = []
    for p in corpus.paragraphs:
        new = tuple(
            Label(start, end, "camhs_access", "neutral")
            for start, end in sentence_spans(p.text)
            if "CAMHS" in p.text[start:end]
        )
        labelled.append(replace(p, labels=p.labels + new))
    save_corpus(labelled, tmp_path / "labels.jsonl")

    model = train(tmp_path, hold_out="dudley")
    assert model.codebook.theme_ids == (*corpus.codebook.theme_ids, "camhs_access")
    save_model(model, tmp_path / "model")
    unseen = [p for p in labelled if p.report == "dudley"]
    found = Tagger(model).tag_texts([p.text for p in unseen], kinds=[p.kind for p in unseen])
    wanted = {i for i, p in enumerate(unseen) if "camhs_access" in p.themes}
    given = {i for i, p in enumerate(found) if p.tag("camhs_access")}
    assert len(wanted & given) > 0.8 * len(wanted)
    assert len(given - wanted) < 0.2 * len(wanted)


# ------------------------------------------------------------------ what cannot be learnt from


def test_too_few_labels(corpus: Corpus) -> None:
    theme = corpus.codebook.theme_ids[2]
    carrying = [p.id for p in corpus.paragraphs if theme in p.themes]
    kept = set(carrying[: LEAST_PARAGRAPHS - 1])
    few = replace(
        corpus,
        paragraphs=tuple(
            p if p.id in kept else replace(p, labels=tuple(x for x in p.labels if x.theme != theme))
            for p in corpus.paragraphs
        ),
    )
    with pytest.raises(TooFewLabels) as error:
        train(few)
    assert str(error.value) == (
        f"theme {theme} has 7 labelled paragraphs, at least 8 are needed; "
        "label more or take the theme out of the codebook"
    )


def test_enough_labels_are_enough(corpus: Corpus) -> None:
    check_labels(corpus)
    counts = Counter(theme for p in corpus.paragraphs for theme in p.themes)
    assert min(counts.values()) >= LEAST_PARAGRAPHS


def test_one_report_only_with_it_held_out(corpus: Corpus) -> None:
    with pytest.raises(BadCorpus) as error:
        train(corpus.only(["dorset"]), hold_out="dorset")
    assert str(error.value) == (
        "the corpus has only the report dorset; holding it out leaves no report to train on, "
        "so add another"
    )


def test_all_reports_held_out(corpus: Corpus) -> None:
    with pytest.raises(BadCorpus, match=r"^the corpus has only the report dorset, dudley; "):
        train(corpus, hold_out=["dorset", "dudley"])


def test_an_unknown_report_held_out(corpus: Corpus) -> None:
    with pytest.raises(BadCorpus) as error:
        train(corpus, hold_out="leeds")
    assert str(error.value) == (
        "no report 'leeds' in the corpus to hold out; it has dorset, dudley"
    )


def test_nothing_to_train_on(corpus: Corpus) -> None:
    context = tuple(replace(p, kind="context") for p in corpus.paragraphs)
    with pytest.raises(BadCorpus) as error:
        train(replace(corpus, paragraphs=context))
    assert str(error.value) == (
        "the corpus has no findings, examples or recommendations to train on"
    )


def test_contradicting_labels(corpus: Corpus) -> None:
    labelled = [p for p in corpus.paragraphs if p.themes][:2]
    # White space makes no other text.
    again = [
        replace(p, id=f"{p.id}-again", text=p.text.replace(" ", "  ", 1), labels=())
        for p in labelled
    ]
    with pytest.raises(BadCorpus) as error:
        train(replace(corpus, paragraphs=(*corpus.paragraphs, *again)))
    shown = ", ".join(f"{t} ({s})" for t, s in sorted(labelled[0].themes.items()))
    assert error.value.problems[0] == (
        f"{labelled[0].id}-again and {labelled[0].id} have the same text but other labels: "
        f"none against {shown}; settle them"
    )
    assert len(error.value.problems) == 2
    assert str(error.value) == f"{error.value.problems[0]} (and 1 more)"


def test_the_same_text_with_the_same_labels_is_no_contradiction(corpus: Corpus) -> None:
    check_labels(
        replace(
            corpus,
            paragraphs=(
                *corpus.paragraphs,
                *(replace(p, id=f"{p.id}-again") for p in corpus.paragraphs),
            ),
        )
    )


# ------------------------------------------------------------------ thresholds


@pytest.mark.parametrize(
    ("truth", "probability", "low", "high"),
    [
        ([1, 1, 1, 0, 0, 0], [0.7, 0.7, 0.7, 0.2, 0.2, 0.2], 0.2, 0.7),
        ([1, 1, 1, 1], [0.6, 0.6, 0.6, 0.6], 0.0, 0.6),
        ([0, 1, 0, 1], [0.1, 0.4, 0.1, 0.5], 0.1, 0.4),
    ],
)
def test_threshold_lies_between_what_is_and_what_is_not(
    truth: list[int], probability: list[float], low: float, high: float
) -> None:
    found = best_threshold(np.array(truth, dtype=bool), np.array(probability), None)
    assert low < found <= high


def test_threshold_of_nothing_is_a_threshold() -> None:
    found = best_threshold(np.zeros(5, dtype=bool), np.full(5, 0.3), np.ones(5))
    assert 0 < found < 1


def test_progress_ends_at_the_whole(corpus: Corpus) -> None:
    steps: list[tuple[str, int, int]] = []
    few = replace(corpus.codebook, theme_patterns=(), stance_patterns=())
    train(
        replace(corpus, codebook=few),
        "dudley",
        progress=lambda *step: steps.append(step),
    )
    totals = {total for _, _, total in steps}
    assert len(totals) == 1
    assert [now for _, now, _ in steps] == sorted(now for _, now, _ in steps)
    assert steps[-1][1] == steps[-1][2]


def test_training_from_paths_is_training_from_a_corpus(tmp_path: Path, small_model: Path) -> None:
    paths = [CORPUS / "dorset.jsonl", CORPUS / "dudley.jsonl"]
    save_model(train(paths, "dudley"), tmp_path / "model", "# A small model\n")
    for name in FILES:
        assert (tmp_path / "model" / name).read_bytes() == (small_model / name).read_bytes(), name
    assert load_corpus(paths).reports == ("dorset", "dudley")
