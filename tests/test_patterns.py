from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clas_nlp.codebook import Pattern, load_codebook
from clas_nlp.corpus import Corpus
from clas_nlp.errors import BadCodebook
from clas_nlp.reading.tokens import TokenTable, blank_english
from clas_nlp.tagging.patterns import PatternMatcher, stem_of

PATTERNS = ("theme_patterns", "stance_patterns", "service_patterns")


class SpacyMatchers:
    """The same patterns, all of them given to spaCy's own two matchers."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        from spacy.matcher import Matcher, PhraseMatcher

        self.nlp = blank_english()
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
        for token in doc:
            token.lemma_ = stem_of(token.text)
        return doc

    def matches(self, text: str) -> list[tuple[int, int]]:
        doc = self.doc(text)
        found = [*self.matcher(doc), *self.phrases(doc)]
        names = self.nlp.vocab.strings
        pairs = {(int(names[key].split("|")[0]), start) for key, start, _ in found}
        return sorted(pairs, key=lambda match: (match[1], match[0]))


def _found(matcher: PatternMatcher, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
    """(feature, first token) of the matches in each text, in text order, each once."""
    table = TokenTable()
    tokens = table.tokenise(texts)
    symbols = [matcher.symbol(text, stem_of(text)) for text in table.texts]
    features, starts = matcher.matches(texts, tokens, np.array(symbols, int)[tokens.types])
    found: list[set[tuple[int, int]]] = [set() for _ in texts]
    for feature, start in zip(features.tolist(), starts.tolist(), strict=True):
        text = int(np.searchsorted(tokens.bounds, start, side="right")) - 1
        found[text].add((feature, start - int(tokens.bounds[text])))
    return [sorted(matches, key=lambda match: (match[1], match[0])) for matches in found]


def _matches(patterns: Sequence[Pattern], text: str) -> list[tuple[int, int]]:
    return _found(PatternMatcher(patterns), [text])[0]


@pytest.fixture(scope="module", params=PATTERNS)
def pair(request: pytest.FixtureRequest) -> tuple[PatternMatcher, SpacyMatchers]:
    patterns = getattr(load_codebook(), request.param)
    return PatternMatcher(patterns), SpacyMatchers(patterns)


def test_exactly_what_spacys_own_matchers_find(
    pair: tuple[PatternMatcher, SpacyMatchers], corpus: Corpus
) -> None:
    ours, spacys = pair
    assert ours.features == (tuple(spacys.features),)
    paragraphs = corpus.paragraphs[::3]
    found = _found(ours, [p.text for p in paragraphs])
    for paragraph, matches in zip(paragraphs, found, strict=True):
        assert matches == spacys.matches(paragraph.text), paragraph.id
    assert sum(map(len, found)) > 100


def test_lists_of_patterns_have_features_of_their_own() -> None:
    codebook = load_codebook()
    lists = [getattr(codebook, name) for name in PATTERNS]
    text = "Supervision was not routinely offered to health visitors, which is a weakness."
    together = _found(PatternMatcher(*lists), [text])[0]
    apart, before = [], 0
    for patterns in lists:
        matcher = PatternMatcher(patterns)
        apart += [(before + f, start) for f, start in _found(matcher, [text])[0]]
        before += len(matcher.features[0])
    assert sorted(together) == sorted(apart)
    assert len(together) >= 3


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
    ours, spacys = _shared(patterns)
    text = " ".join(words)
    if text.strip():
        assert _found(ours, ["Staff.", text])[1] == spacys.matches(text)


_MADE: list[tuple[PatternMatcher, SpacyMatchers]] = []


def _shared(patterns: list[Pattern]) -> tuple[PatternMatcher, SpacyMatchers]:
    if not _MADE:
        _MADE.append((PatternMatcher(patterns), SpacyMatchers(patterns)))
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
    with pytest.raises(BadCodebook) as error:
        PatternMatcher([Pattern("supervision", "bad", pattern)])
    assert str(error.value).startswith("pattern supervision/bad (")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("pattern", ["", "  "])
def test_an_empty_phrase_is_refused_by_name(pattern: str) -> None:
    with pytest.raises(BadCodebook, match="pattern supervision/bad"):
        PatternMatcher([Pattern("supervision", "bad", pattern)])
