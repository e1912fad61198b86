from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clas_nlp.codebook import Pattern, load_codebook
from clas_nlp.corpus import Corpus
from clas_nlp.errors import BadCodebook
from clas_nlp.reading.sentences import sentence_pipeline
from clas_nlp.tagging.patterns import PatternMatcher, StemTable, mark_stems

PATTERNS = ("theme_patterns", "stance_patterns", "service_patterns")


class SpacyMatchers:
    """The same patterns, all of them given to spaCy's own two matchers."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        from spacy.matcher import Matcher, PhraseMatcher

        self.nlp = sentence_pipeline()
        self.stems = StemTable(self.nlp)
        self.matcher = Matcher(self.nlp.vocab)
        self.phrases = PhraseMatcher(self.nlp.vocab, attr="LEMMA")
        self.features = list(dict.fromkeys(p.feature for p in patterns))
        for place, pattern in enumerate(patterns):
            key = f"{self.features.index(pattern.feature)}|{place}"
            if isinstance(pattern.pattern, str):
                self.phrases.add(key, [self.doc(pattern.pattern)])
            else:
                self.matcher.add(key, [[dict(token) for token in pattern.pattern]])

    def doc(self, text: str) -> Any:
        doc = self.nlp.make_doc(text)
        mark_stems(doc, self.stems.stems(doc))
        return doc

    def matches(self, text: str) -> list[tuple[int, int]]:
        doc = self.doc(text)
        found = [*self.matcher(doc), *self.phrases(doc)]
        names = self.nlp.vocab.strings
        pairs = {(int(names[key].split("|")[0]), start) for key, start, _ in found}
        return sorted(pairs, key=lambda match: (match[1], match[0]))


def _matches(patterns: Sequence[Pattern], text: str) -> list[tuple[int, int]]:
    nlp = sentence_pipeline()
    stems = StemTable(nlp)
    matcher = PatternMatcher(patterns, nlp, stems)
    doc = nlp.make_doc(text)
    found = stems.stems(doc)
    mark_stems(doc, found)
    return matcher.matches(doc, found)


@pytest.fixture(scope="module", params=PATTERNS)
def pair(request: pytest.FixtureRequest) -> tuple[PatternMatcher, StemTable, SpacyMatchers]:
    patterns = getattr(load_codebook(), request.param)
    nlp = sentence_pipeline()
    stems = StemTable(nlp)
    return PatternMatcher(patterns, nlp, stems), stems, SpacyMatchers(patterns)


def test_exactly_what_spacys_own_matchers_find(
    pair: tuple[PatternMatcher, StemTable, SpacyMatchers], corpus: Corpus
) -> None:
    ours, stems, spacys = pair
    assert ours.features == tuple(spacys.features)
    nlp = sentence_pipeline()
    count = 0
    for paragraph in corpus.paragraphs[::3]:
        doc = nlp(paragraph.text)
        found = stems.stems(doc)
        mark_stems(doc, found)
        matches = ours.matches(doc, found)
        assert matches == spacys.matches(paragraph.text), paragraph.id
        count += len(matches)
    assert count > 100


TOKEN_PATTERNS: list[list[dict[str, Any]]] = [
    [{"LOWER": "staff"}],
    [{"LEMMA": "record"}],
    [{"LEMMA": {"IN": ["record", "flag"]}}, {"LOWER": "staff"}],
    [{"LOWER": "the"}, {}, {"LEMMA": "flag"}],
    [{"LOWER": "the", "OP": "?"}, {"LEMMA": "staff"}],
    [{"LOWER": "the"}, {"LOWER": "staff", "OP": "?"}, {"LEMMA": "flag", "OP": "?"}],
    [{"LOWER": "the"}, {"OP": "?"}, {"OP": "?"}, {"LEMMA": "record"}],
    [{"LOWER": "the", "OP": "?"}, {"LOWER": "staff", "OP": "?"}, {"LEMMA": "record"}],
    [{"LOWER": "not", "OP": "+"}, {"LEMMA": "record"}],
    [{"LOWER": "not", "OP": "!"}, {"LEMMA": "record"}],
    [{"LOWER": "not"}, {"OP": "*"}, {"LEMMA": "flag"}],
    [{"IS_DIGIT": True}, {"LEMMA": "record"}],
    [{}, {"LOWER": "staff"}],
    [{"LOWER": {"REGEX": "^rec"}}],
    [{"LOWER": {"NOT_IN": ["the", "staff"]}}],
    [{"LOWER": "the", "IS_TITLE": True}],
]
PHRASES = ["the records", "staff", "not recording the flags", "the the"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["the", "The", "staff", "records", "recorded", "flag", "flags", "not", "7", ".", "\n"]
        ),
        max_size=12,
    )
)
def test_every_form_of_pattern_on_shuffled_words(words: list[str]) -> None:
    patterns = [Pattern("x", str(i), tuple(p)) for i, p in enumerate(TOKEN_PATTERNS)]
    patterns += [Pattern("x", phrase, phrase) for phrase in PHRASES]
    ours, stems, spacys = _shared(patterns)
    text = " ".join(words)
    doc = spacys.nlp.make_doc(text)
    found = stems.stems(doc)
    if any(found):
        mark_stems(doc, found)
        assert ours.matches(doc, found) == spacys.matches(text)


_MADE: list[tuple[PatternMatcher, StemTable, SpacyMatchers]] = []


def _shared(patterns: list[Pattern]) -> tuple[PatternMatcher, StemTable, SpacyMatchers]:
    if not _MADE:
        nlp = sentence_pipeline()
        stems = StemTable(nlp)
        _MADE.append((PatternMatcher(patterns, nlp, stems), stems, SpacyMatchers(patterns)))
    return _MADE[0]


def test_a_phrase_finds_its_inflections_and_both_apostrophes() -> None:
    patterns = [Pattern("x", "a", "children's records"), Pattern("x", "b", "flag")]
    text = "The child was flagged. Children’s record; children's recording."
    assert [feature for feature, _ in _matches(patterns, text)].count(0) == 2
    assert [feature for feature, _ in _matches(patterns, text)].count(1) == 1


def test_patterns_of_one_id_are_one_feature() -> None:
    patterns = [Pattern("x", "a", "flag"), Pattern("x", "a", "alert"), Pattern("x", "b", "alert")]
    assert _matches(patterns, "A flag, an alert.") == [(0, 1), (0, 4), (1, 4)]


def test_nothing_in_nothing() -> None:
    assert _matches([], "Staff.") == []
    assert _matches([Pattern("x", "a", "staff")], "") == []


@pytest.mark.parametrize(
    "pattern",
    [
        ({"LOWERCASE": "staff"},),
        ({"LOWER": "staff", "OP": "many"},),
        ({"LOWER": 7},),
        ({"LOWER": {"AMONG": ["staff"]}},),
        ({"IS_DIGIT": "yes"},),
        ("staff", "records"),
        (7,),
        (),
        7,
        None,
    ],
)
def test_a_bad_pattern_is_refused_by_name(pattern: Any) -> None:
    nlp = sentence_pipeline()
    with pytest.raises(BadCodebook) as error:
        PatternMatcher([Pattern("supervision", "bad", pattern)], nlp, StemTable(nlp))
    assert str(error.value).startswith("pattern supervision/bad (")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("pattern", ["", "  "])
def test_an_empty_phrase_is_refused_by_name(pattern: str) -> None:
    nlp = sentence_pipeline()
    with pytest.raises(BadCodebook, match="pattern supervision/bad"):
        PatternMatcher([Pattern("supervision", "bad", pattern)], nlp, StemTable(nlp))
