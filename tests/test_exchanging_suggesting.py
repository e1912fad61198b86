"""Suggestions: unsure, varied, short of examples, and always the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clas_nlp.codebook import Theme
from clas_nlp.corpus import Corpus
from clas_nlp.exchanging import suggest
from clas_nlp.reading import Report
from clas_nlp.tagging import TaggedParagraph, Tagger


@pytest.fixture(scope="module")
def tagged(tagger: Tagger, dudley: Report) -> list[TaggedParagraph]:
    return tagger.tag(dudley)


def test_the_same_input_gives_the_same_picks(
    tagger: Tagger, dudley: Report, tagged: list[TaggedParagraph], corpus: Corpus
) -> None:
    known = corpus.only(["dorset"])
    first = suggest(tagger, tagged, 12, known)
    assert [p.id for p in first] == [p.id for p in suggest(tagger, tagged, 12, known)]
    assert [p.id for p in first] == [p.id for p in suggest(tagger, dudley.paragraphs, 12, known)]
    assert [p.id for p in first[:5]] == [p.id for p in suggest(tagger, tagged, 5, known)]
    assert len({p.id for p in first}) == 12


def test_the_sure_come_behind_the_unsure(tagger: Tagger, tagged: list[TaggedParagraph]) -> None:
    judged = [p for p in tagged if p.probabilities]

    def doubt(p: TaggedParagraph) -> float:
        return max(min(chance, 1 - chance) for chance in p.probabilities.values())

    picked = suggest(tagger, tagged, 20)
    mean = sum(map(doubt, picked)) / len(picked)
    assert mean > 2 * sum(map(doubt, judged)) / len(judged)


def test_what_is_labelled_or_repeated_is_left_out(
    tagger: Tagger, tagged: list[TaggedParagraph], corpus: Corpus
) -> None:
    assert suggest(tagger, tagged, 50, corpus.only(["dudley"])) == []
    judged = [p for p in tagged if p.probabilities][:10]
    twice = [*judged, *(replace(p, id=f"{p.id}-again") for p in judged)]
    assert len(suggest(tagger, twice, 50)) == 10


def test_a_theme_short_of_examples_comes_first(
    tagger: Tagger, tagged: list[TaggedParagraph]
) -> None:
    base = next(p for p in tagged if p.probabilities)
    themes = tagger.codebook.theme_ids
    pair = [
        replace(base, id=theme, text=text, probabilities={**dict.fromkeys(themes, 0.0), theme: 0.3})
        for theme, text in (("supervision", "One group of words."), ("flagging", "Another set."))
    ]
    from clas_nlp.corpus import Label, LabelledParagraph

    for rich, poor in (("supervision", "flagging"), ("flagging", "supervision")):
        rows = tuple(
            LabelledParagraph(
                f"k{i}", "k", "finding", "", "", f"words {i}", (), (Label(0, 5, rich, "neutral"),)
            )
            for i in range(500)
        )
        assert suggest(tagger, pair, 1, Corpus(rows, tagger.codebook))[0].id == poor


def test_a_new_theme_is_looked_for_by_its_keywords(
    tagger: Tagger, tagged: list[TaggedParagraph]
) -> None:
    theme = Theme("perinatal", "Perinatal care", "Around birth.", keywords=("perinatal",))
    codebook = replace(tagger.codebook, themes=(*tagger.codebook.themes, theme))
    picked = suggest(tagger, tagged, 25, Corpus((), codebook))
    without = suggest(tagger, tagged, 25, Corpus((), tagger.codebook))
    named = [sum("perinatal" in p.text.lower() for p in found) for found in (picked, without)]
    assert named[0] > named[1]


def test_few_none_and_too_few_asked_for(tagger: Tagger, tagged: list[TaggedParagraph]) -> None:
    assert suggest(tagger, [], 5) == []
    assert len(suggest(tagger, tagged[:30], 500)) < 31
    with pytest.raises(ValueError, match="expected at least 1"):
        suggest(tagger, tagged, 0)
