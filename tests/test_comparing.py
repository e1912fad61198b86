"""Two models on the same labels: figures against scikit-learn, and what the command says."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import CORPUS
from openpyxl import load_workbook
from sklearn.metrics import f1_score, precision_score, recall_score
from typer.testing import CliRunner

from clas_nlp.cli.app import app
from clas_nlp.corpus import Corpus, Label, LabelledParagraph, save_corpus
from clas_nlp.errors import BadCorpus
from clas_nlp.evaluating import ModelComparison, compare_models, evaluate
from clas_nlp.evaluating.comparison import (
    BETTER,
    BOTH_WRONG,
    NO_TAG,
    ONLY_NEW,
    OVERALL_MEASURES,
    THEME_MEASURES,
    UNCLEAR,
    WORSE,
)
from clas_nlp.evaluating.comparison_tables import comparison_markdown, comparison_tables
from clas_nlp.evaluating.outcomes import figures, outcome, percentiles, resamples
from clas_nlp.tagging import Tagger, save_model
from clas_nlp.tagging.model import Model
from clas_nlp.training import TrainingSettings, train


@pytest.fixture(scope="module")
def held_out(corpus: Corpus) -> Corpus:
    return corpus.only(["dudley"])


@pytest.fixture(scope="module")
def weaker(corpus: Corpus) -> Model:
    """Trained on the same report, and told to distrust what it learns of sentences."""
    return train(corpus, hold_out="dudley", settings=TrainingSettings(sentence_strength=0.005))


@pytest.fixture(scope="module")
def found(weaker: Model, without_dudley: Model, held_out: Corpus) -> ModelComparison:
    return compare_models(weaker, without_dudley, held_out)


def relabelled(corpus: Corpus, model: Model) -> Corpus:
    """The corpus with a model's own tags for labels."""
    kinds = [p.kind for p in corpus.paragraphs]
    tagged = Tagger(model).tag_texts([p.text for p in corpus.paragraphs], kinds=kinds)
    paragraphs = [
        replace(
            p,
            services=t.services,
            labels=tuple(
                Label(e.start, e.end, tag.theme, e.stance) for tag in t.themes for e in tag.evidence
            ),
        )
        for p, t in zip(corpus.paragraphs, tagged, strict=True)
    ]
    return replace(corpus, paragraphs=tuple(paragraphs))


# ------------------------------------------------------------------ figures


def tags(model: Model, paragraphs: Sequence[LabelledParagraph]) -> np.ndarray:
    tagged = Tagger(model).tag_texts(
        [p.text for p in paragraphs], kinds=[p.kind for p in paragraphs]
    )
    themes = model.codebook.theme_ids
    return np.array([[t.tag(theme) is not None for theme in themes] for t in tagged])


def test_figures_are_scikit_learns_on_every_draw(
    found: ModelComparison, weaker: Model, without_dudley: Model, held_out: Corpus
) -> None:
    paragraphs = held_out.paragraphs
    truth = np.array([[t in p.themes for t in held_out.codebook.theme_ids] for p in paragraphs])
    times = resamples([p.report for p in paragraphs], seed=0)
    scores = {"f1": f1_score, "precision": precision_score, "recall": recall_score}
    samples = {}
    for side, model in (("old", weaker), ("new", without_dudley)):
        given = tags(model, paragraphs)
        sampled = figures(outcome(paragraphs, model), times)
        for measure, score in scores.items():
            samples[side, measure] = getattr(sampled, measure)
            for row, figure in zip(times[:25], samples[side, measure], strict=False):
                drawn = np.repeat(np.arange(len(paragraphs)), row)
                expected = score(truth[drawn], given[drawn], average=None, zero_division=np.nan)
                assert figure == pytest.approx(expected, nan_ok=True)
    # The interval is of differences on the same draws, not of two figures drawn apart.
    for measure in scores:
        for column, theme in enumerate(held_out.codebook.theme_ids):
            paired = samples["new", measure][:, column] - samples["old", measure][:, column]
            difference = found.figure(measure, theme).difference
            assert (difference.low, difference.high) == percentiles(paired)


def test_every_figure_is_the_one_that_evaluate_gives(
    found: ModelComparison, weaker: Model, without_dudley: Model, held_out: Corpus
) -> None:
    for side, model in (("old", weaker), ("new", without_dudley)):
        (scores,) = evaluate(held_out, model).reports
        for theme in scores.themes:
            expected = (theme.f1.value, theme.precision, theme.recall)
            values = [getattr(found.figure(m, theme.theme), side) for m in THEME_MEASURES]
            assert values == pytest.approx(expected, nan_ok=True)
        overall = [getattr(found.figure(m), side) for m in OVERALL_MEASURES]
        assert overall == pytest.approx(
            [
                scores.macro_f1.value,
                scores.stance_accuracy,
                scores.evidence_f1,
                scores.services_f1,
                scores.calibration_error,
            ]
        )


def test_a_sample_is_scored_as_if_its_paragraphs_stood_there_so_often(
    without_dudley: Model, held_out: Corpus
) -> None:
    paragraphs = held_out.paragraphs[:60]
    times = resamples([p.report for p in paragraphs], seed=3)[:1]
    drawn = [p for p, n in zip(paragraphs, times[0], strict=True) for _ in range(n)]
    sampled = figures(outcome(paragraphs, without_dudley), times)
    repeated = figures(outcome(drawn, without_dudley), np.ones((1, len(drawn)), dtype=np.int64))
    for name in ("f1", "macro_f1", "stance", "evidence", "services", "calibration"):
        assert getattr(sampled, name) == pytest.approx(getattr(repeated, name), nan_ok=True), name


def test_paragraphs_are_drawn_within_their_report() -> None:
    reports = ["a"] * 7 + ["b"] * 3 + ["a"] * 2
    times = resamples(reports, seed=0)
    in_a = np.array([report == "a" for report in reports])
    assert (times[:, in_a].sum(axis=1) == 9).all()
    assert (times[:, ~in_a].sum(axis=1) == 3).all()
    assert (times == resamples(reports, seed=0)).all()
    assert (times != resamples(reports, seed=1)).any()


# ------------------------------------------------------------------ verdicts and changes


def test_a_model_is_no_better_than_itself(without_dudley: Model, held_out: Corpus) -> None:
    same = compare_models(without_dudley, without_dudley, held_out)
    assert {f.verdict for f in same.figures} == {UNCLEAR}
    assert {f.difference.value for f in same.figures} == {0.0}
    assert same.changes == ()
    assert same.notes == ()


def test_the_model_that_made_the_labels_is_better(
    weaker: Model, without_dudley: Model, held_out: Corpus
) -> None:
    own = relabelled(held_out, without_dudley)
    there = compare_models(weaker, without_dudley, own)
    back = compare_models(without_dudley, weaker, own)
    macro = there.figure("macro_f1")
    assert (macro.new, macro.verdict) == (1.0, BETTER)
    assert macro.difference.low > 0
    assert back.figure("macro_f1").verdict == WORSE
    # For an error, less is better: the verdicts of both ways are opposites there, too.
    opposite = {BETTER: WORSE, WORSE: BETTER}
    for one, two in zip(there.figures, back.figures, strict=True):
        assert two.verdict == opposite.get(one.verdict, one.verdict)
        assert two.difference.value == pytest.approx(-one.difference.value, nan_ok=True)
    assert {change.verdict for change in there.changes} == {BETTER}
    assert {change.verdict for change in back.changes} == {WORSE}


def test_a_change_of_the_tag_is_told_with_its_evidence(
    found: ModelComparison, weaker: Model, without_dudley: Model, held_out: Corpus
) -> None:
    by_id = {p.id: p for p in held_out.paragraphs}
    tagged = [
        {
            p.id: {tag.theme: tag for tag in t.themes}
            for p, t in zip(
                held_out.paragraphs,
                Tagger(model).tag_texts(
                    [p.text for p in held_out.paragraphs],
                    kinds=[p.kind for p in held_out.paragraphs],
                ),
                strict=True,
            )
        }
        for model in (weaker, without_dudley)
    ]
    expected = set()
    for own in by_id:
        for theme in held_out.codebook.theme_ids:
            old, new = (
                side[own][theme].stance if theme in side[own] else NO_TAG for side in tagged
            )
            if old != new:
                expected.add((own, theme, old, new))
    assert {(c.id, c.theme, c.old, c.new) for c in found.changes} == expected
    assert expected
    for change in found.changes:
        paragraph = by_id[change.id]
        assert change.number == paragraph.number
        assert change.labelled == paragraph.themes.get(change.theme, NO_TAG)
        side = tagged[1] if change.new != NO_TAG else tagged[0]
        evidence = side[change.id][change.theme].evidence
        assert set(change.evidence) == {e.text for e in evidence}
        right = [stance == change.labelled for stance in (change.old, change.new)]
        if any(right):
            assert change.verdict == (BETTER if right[1] else WORSE)
        elif NO_TAG not in (change.old, change.new):
            assert change.verdict == BOTH_WRONG


# ------------------------------------------------------------------ codebooks that differ


def restricted(corpus: Corpus, places: Sequence[int]) -> Corpus:
    """A corpus as it was labelled before some of its themes were added to the codebook."""
    book = corpus.codebook
    themes = tuple(book.themes[place] for place in places)
    ids = {theme.id for theme in themes}
    patterns = tuple(p for p in book.theme_patterns if p.label in ids)
    paragraphs = tuple(
        replace(p, labels=tuple(x for x in p.labels if x.theme in ids)) for p in corpus.paragraphs
    )
    codebook = replace(book, themes=themes, theme_patterns=patterns)
    return replace(corpus, paragraphs=paragraphs, codebook=codebook)


@pytest.fixture(scope="module")
def with_five(corpus: Corpus) -> Model:
    return train(restricted(corpus.only(["dorset"]), [0, 1, 2, 4, 5]))


def test_a_theme_that_was_added_is_named_and_the_others_compared(
    with_five: Model, without_dudley: Model, held_out: Corpus
) -> None:
    added = without_dudley.codebook.theme_ids[3]
    grown = compare_models(with_five, without_dudley, held_out)
    assert added not in grown.themes
    assert (grown.only_new, grown.only_old) == ((added,), ())
    assert grown.notes == (f"{added}: known to the new model only",)
    figure = grown.figure("f1", added)
    assert math.isnan(figure.old)
    (scores,) = evaluate(held_out, without_dudley).reports
    assert figure.new == scores.themes[3].f1.value
    assert figure.verdict == ONLY_NEW
    five = [scores.themes[i].f1.value for i in (0, 1, 2, 4, 5)]
    assert grown.figure("macro_f1").new == pytest.approx(np.mean(five))
    assert added not in {change.theme for change in grown.changes}
    shrunk = compare_models(without_dudley, with_five, held_out)
    assert (shrunk.only_new, shrunk.only_old) == ((), (added,))
    assert comparison_tables(grown)
    json.dumps(grown.to_dict(), allow_nan=False)


def test_models_without_a_theme_in_common_are_refused(
    without_dudley: Model, held_out: Corpus
) -> None:
    known = ", ".join(without_dudley.codebook.theme_ids)
    other = replace(held_out.codebook.themes[0], id="transition", name="Transition")
    book = replace(held_out.codebook, themes=(other,), theme_patterns=())
    with pytest.raises(BadCorpus) as error:
        compare_models(without_dudley, without_dudley, replace(held_out, codebook=book))
    assert str(error.value) == (
        f"no theme in common: the old model knows {known}; the new model {known}; "
        "the labels have transition"
    )


def test_themes_that_the_labels_lack_or_describe_otherwise_are_named(
    without_dudley: Model, held_out: Corpus
) -> None:
    themes = held_out.codebook.theme_ids
    few = compare_models(without_dudley, without_dudley, restricted(held_out, range(4)))
    assert few.themes == themes[:4]
    assert few.unlabelled == themes[4:]
    assert {f.theme for f in few.figures} == {"", *themes[:4]}
    book = without_dudley.codebook
    first = replace(book.themes[0], definition="Something else.")
    altered = replace(without_dudley, codebook=replace(book, themes=(first, *book.themes[1:])))
    found = compare_models(without_dudley, altered, held_out)
    assert found.redefined == themes[:1]


def test_a_report_that_either_model_has_seen_is_named(
    weaker: Model, without_dudley: Model, corpus: Corpus
) -> None:
    found = compare_models(weaker, without_dudley, corpus)
    assert found.reports == ("dorset", "dudley")
    assert found.seen_by_old == found.seen_by_new == ("dorset",)
    assert found.notes[0] == "dorset: the old model was trained on it; its figures are no test"


# ------------------------------------------------------------------ frames, tables, the command


def test_frames_hold_every_figure_and_change(found: ModelComparison) -> None:
    frame = found.to_frame()
    assert len(frame) == len(found.figures) == 6 * len(THEME_MEASURES) + len(OVERALL_MEASURES)
    row = frame[(frame["measure"] == "macro_f1") & (frame["theme"] == "")].iloc[0]
    assert row["difference"] == found.figure("macro_f1").difference.value
    assert list(found.changes_frame()["id"]) == [change.id for change in found.changes]
    with pytest.raises(KeyError):
        found.figure("f1", "parking")


def test_markdown_tables_are_whole(found: ModelComparison) -> None:
    lines = comparison_markdown(found).split("\n")
    assert lines[0] == "### Old and new model on 208 paragraphs of dudley"
    assert f"### {len(found.changes)} tags changed" in lines
    for start in (i for i, line in enumerate(lines) if line.startswith("|---")):
        width = lines[start].count("|")
        body = lines[start + 1 : lines.index("", start)]
        assert body
        assert all(line.replace("\\|", "").count("|") == width for line in body)


@pytest.fixture(scope="module")
def folders(
    weaker: Model, without_dudley: Model, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("models")
    for name, model in (("old", weaker), ("new", without_dudley)):
        save_model(model, folder / name)
    return folder / "old", folder / "new"


def test_the_command_writes_every_format(
    folders: tuple[Path, Path],
    weaker: Model,
    without_dudley: Model,
    held_out: Corpus,
    tmp_path: Path,
) -> None:
    few = replace(held_out, paragraphs=held_out.paragraphs[:50])
    dudley = tmp_path / "dudley.jsonl"
    save_corpus(few.paragraphs, dudley)
    found = compare_models(weaker, without_dudley, few)
    assert found.changes

    def run(*arguments: str | Path, code: int = 0) -> str:
        result = CliRunner().invoke(app, ["compare", *map(str, (*folders, dudley, *arguments))])
        assert result.exit_code == code, result.output
        return result.output

    assert "no clear difference" in run()
    assert json.loads(run("--format", "json")) == json.loads(json.dumps(found.to_dict()))
    run("--out", tmp_path / "c.md")
    assert (tmp_path / "c.md").read_text(encoding="utf-8") == comparison_markdown(found)
    run("--out", tmp_path / "c.csv")
    with (tmp_path / "c.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["verdict"] for row in rows] == [f.verdict for f in found.figures]
    run("--out", tmp_path / "c.xlsx")
    book = load_workbook(tmp_path / "c.xlsx")
    assert book.sheetnames == ["Figures", "Changed tags", "About"]
    assert book["Changed tags"].max_row == len(found.changes) + 1
    assert "add --out" in run("--format", "xlsx", code=2)


def test_the_command_names_what_is_missing(folders: tuple[Path, Path], tmp_path: Path) -> None:
    for arguments in (
        [folders[0], tmp_path / "none", CORPUS / "dudley.jsonl"],
        [*folders, tmp_path / "none.jsonl"],
    ):
        result = CliRunner().invoke(app, ["compare", *map(str, arguments)])
        assert result.exit_code == 1  # `main` makes it one line and exit code 2
        assert "no such" in str(result.exception)
