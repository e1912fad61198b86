from __future__ import annotations

import json

import pytest
from conftest import ROOT

from clas_nlp.reading import read_report
from clas_nlp.recurring import COUNTED_KINDS, GROUPINGS, Inspection, recurring
from clas_nlp.recurring.mentions import tag_counts
from clas_nlp.recurring.partial import Cell, PartialFigures, partial_figures
from clas_nlp.tagging import Tagger


@pytest.fixture(scope="module")
def inspections(tagger: Tagger) -> list[Inspection]:
    paths = [*sorted((ROOT / "tests" / "reports_fictional").glob("*.txt"))[:4]]
    paths.append(ROOT / "corpus" / "reports" / "dorset.txt")
    found = [
        Inspection.from_report(report, tagger.tag(report), tagger.codebook)
        for report in map(read_report, paths)
    ]
    return sorted(found, key=lambda inspection: inspection.id)


@pytest.mark.parametrize("most", [2, None])
def test_joined_parts_are_the_whole(
    inspections: list[Inspection], tagger: Tagger, most: int | None
) -> None:
    themes = tagger.codebook.theme_ids
    counts = tag_counts(inspections, themes, COUNTED_KINDS)
    parts: dict[Cell, list[PartialFigures]] = {}
    for inspection in reversed(inspections):
        for cell, figures in partial_figures(
            inspection, tagger.codebook, GROUPINGS, themes, COUNTED_KINDS, counts, most
        ):
            sent = json.loads(json.dumps(figures.to_dict()))
            parts.setdefault(cell, []).append(PartialFigures.from_dict(sent))
    # Joined two by two, then all: in which lots they come makes no difference.
    found = {
        cell: PartialFigures.joined([PartialFigures.joined(own[:2], most), *own[2:]], most)
        for cell, own in parts.items()
    }
    wanted = recurring(inspections, by=GROUPINGS, evidence=most)
    assert len(wanted) == len(found)
    assert wanted["weaknesses"].sum() > 0
    for row in wanted.to_dict("records"):
        figures = found[row["by"], row["group"], row["theme"]]
        assert figures.name[1] == row["group_name"]
        for name, value in figures.row().items():
            if name == "evidence":
                assert [e["text"] for e in value] == [e.text for e in row[name]]
            elif value is not None:
                assert value == pytest.approx(row[name]), (row, name)


def test_one_without_probabilities_leaves_expected_counts_empty(
    inspections: list[Inspection], tagger: Tagger
) -> None:
    from dataclasses import replace

    first = inspections[0]
    bare = replace(first, paragraphs=tuple(replace(p, probabilities={}) for p in first.paragraphs))
    counts = tag_counts([bare, first], tagger.codebook.theme_ids, COUNTED_KINDS)
    for one in (bare, first):
        cells = partial_figures(
            one, tagger.codebook, ["theme"], tagger.codebook.theme_ids, COUNTED_KINDS, counts, 1
        )
        found = [figures for _, figures in cells]
        assert all((f.expected_weaknesses is None) == (one is bare) for f in found)
    joined = PartialFigures.joined([found[0], replace(found[0], expected_weaknesses=None)], 1)
    assert joined.expected_weaknesses is None
    assert joined.row()["expected_weaknesses"] is None
