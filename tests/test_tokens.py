"""The tokens are those of spaCy, however the texts come."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import spacy
from conftest import CORPUS
from hypothesis import given, settings
from hypothesis import strategies as st

from clas_nlp.corpus import Corpus
from clas_nlp.reading import tokens
from clas_nlp.reading.sentences import find_sentences, sentence_spans
from clas_nlp.reading.tokens import LONGEST_WORD, SPACE, TokenTable, blank_english
from clas_nlp.tagging import Tagger
from clas_nlp.tagging.lookup import ABSENT, IntegerMap, distinct

PIECES = st.sampled_from(
    ["Staff", "children’s", "(e.g.", "1.3).", "don't", "U.K.", "😀", "e\u0301", "שלום", "", "a/b"]
)
BETWEEN = st.sampled_from([" ", " ", " ", "\n", "  ", "\t", "\n\n", "\u00a0", " \n", ""])


def _tokens(texts: Sequence[str], table: TokenTable) -> list[list[tuple[str, int, int]]]:
    tokens = table.tokenise(texts)
    return [
        [
            (table.texts[tokens.types[t]], int(tokens.starts[t]), int(tokens.ends[t]))
            for t in range(tokens.bounds[i], tokens.bounds[i + 1])
        ]
        for i in range(len(texts))
    ]


def _spacys(text: str) -> list[tuple[str, int, int]]:
    return [(t.text, t.idx, t.idx + len(t.text)) for t in blank_english().tokenizer(text)]


def test_on_the_corpus(corpus: Corpus) -> None:
    texts = [p.text for p in corpus.paragraphs[::4]]
    assert _tokens(texts, TokenTable()) == [_spacys(text) for text in texts]


LONG = {
    "brackets": "(" * 50_000,
    "links": "[x](" * 20_000,
    "full stops": "." * 100_000,
    "letters": "a" * 1_000_000,
    "quotation marks": "'" * 50_000,
    "dollars": "$" * 50_000,
    "emoji": "😀" * 50_000,
    "ellipses": "…" * 50_000,
    "closing brackets": "a" + ")" * 50_000,
    "possessives": "'s" * 25_000,
    "currencies": "US$" * 20_000,
    "a little too long": "(" * (LONGEST_WORD + 1),
}


@pytest.mark.parametrize("name", LONG)
def test_a_stretch_that_is_no_word_is_one_token(name: str, tagger: Tagger) -> None:
    long = LONG[name]
    # By the square of its length each would take minutes.
    text = f"Staff\t have (no  supervision).\n {long} {long}\t\nThey ({long}"
    stand_ins = iter((long, long, f"({long}"))
    alone = text.replace(f"({long}", "x").replace(long, "x")
    cut = _spacys(text)
    assert [t for t, _, _ in cut] == [
        next(stand_ins) if t == "x" else t for t, _, _ in _spacys(alone)
    ]
    assert all(text[start:end] == t for t, start, end in cut)
    assert _tokens([text], TokenTable()) == [cut]
    (tagged,) = tagger.tag_texts([f"Staff have no supervision. {long}"])
    (without,) = tagger.tag_texts(["Staff have no supervision."])
    assert [t.theme for t in tagged.themes] == [t.theme for t in without.themes] != []


@pytest.mark.parametrize("piece", ["(", "a", "$", "'s"])
def test_up_to_the_longest_word_all_is_as_spacy_has_it(piece: str) -> None:
    text = (piece * LONGEST_WORD)[:LONGEST_WORD]
    plain = spacy.blank("en")
    assert _spacys(text) == [(t.text, t.idx, t.idx + len(t)) for t in plain(text)]


def test_no_report_has_a_longer_word(corpus: Corpus) -> None:
    reports = [p.read_text(encoding="utf-8") for p in (CORPUS / "reports").glob("*.txt")]
    texts = [*reports, *(p.text for p in corpus.paragraphs)]
    plain = spacy.blank("en")
    plain.max_length = blank_english().max_length
    assert max(len(word) for text in texts for word in text.split()) < LONGEST_WORD / 4
    for text in texts:
        assert _spacys(text) == [(t.text, t.idx, t.idx + len(t)) for t in plain.make_doc(text)]


def test_memory_stays_flat_however_many_words_come(
    tagger: Tagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "_MOST_STRETCHES", 1_000)
    texts = ["Staff have no regular supervision.", "They do not say so."]
    before = tagger.tag_texts(texts)
    for batch in range(3):
        names = " ".join(f"word{batch}x{i}" for i in range(1_100))
        tagger.tag_texts([names])
        assert f"word{batch}x7" in blank_english().vocab.strings
    assert "word0x7" not in blank_english().vocab.strings
    for batch in range(3):
        names = " ".join(f"name{batch}x{i}" for i in range(1_100))
        assert sentence_spans(names) == [(0, len(names))]
        assert f"name{batch}x7" in blank_english().vocab.strings
    assert "name0x7" not in blank_english().vocab.strings
    assert tagger.tag_texts(texts) == before


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.tuples(PIECES, BETWEEN), max_size=8), max_size=4))
def test_on_any_white_space(made: list[list[tuple[str, str]]]) -> None:
    texts = ["".join(piece + between for piece, between in text) for text in made]
    table = TokenTable()
    first = _tokens(texts, table)
    assert first == [_spacys(text) for text in texts]
    assert _tokens(texts, table) == first, "a second time, from what is remembered"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.tuples(PIECES, BETWEEN), max_size=8), min_size=1, max_size=4))
def test_sentences_together_are_sentences_alone(made: list[list[tuple[str, str]]]) -> None:
    texts = ["".join(piece + between for piece, between in text) for text in made]
    table = TokenTable()
    tokens = table.tokenise(texts)
    found = find_sentences(tokens, table)
    for i, text in enumerate(texts):
        own = slice(found.bounds[i], found.bounds[i + 1])
        spans = list(zip(found.starts[own].tolist(), found.ends[own].tolist(), strict=True))
        assert spans == sentence_spans(text)
        covered = "".join(text[start:end] for start, end in spans)
        assert covered.split() == text.split() or "".join(covered.split()) == "".join(text.split())
        assert all(text[start:end] == text[start:end].strip() for start, end in spans)
    visible = np.flatnonzero(tokens.flags & SPACE == 0)
    inside = found.of_token[visible]
    assert (tokens.starts[visible] >= found.starts[inside]).all()
    assert (tokens.ends[visible] <= found.ends[inside]).all()


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Seen.  Then left.", ["Seen.", "Then left."]),
        ("Seen.\tThen left.", ["Seen.\tThen left."]),
        ("• Seen.\n• Left.", ["• Seen.", "• Left."]),
    ],
)
def test_white_space_between_sentences(text: str, sentences: list[str]) -> None:
    assert [text[start:end] for start, end in sentence_spans(text)] == sentences


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.integers(0, 2**62), st.integers(-1, 2**40), max_size=300),
    st.lists(st.integers(0, 2**62), max_size=50),
    st.integers(1, 7),
)
def test_a_map_of_integers_is_a_dictionary(
    given_: dict[int, int], others: list[int], parts: int
) -> None:
    keys = np.array(list(given_), dtype=np.int64)
    values = np.array(list(given_.values()), dtype=np.int64)
    found = IntegerMap()
    for some, of_them in zip(
        np.array_split(keys, parts), np.array_split(values, parts), strict=True
    ):
        found.put(some, of_them)
    asked = np.concatenate([keys, np.array(others, dtype=np.int64)])
    assert found.get(asked).tolist() == [given_.get(key, ABSENT) for key in asked.tolist()]
    assert len(found) == len(given_)
    assert distinct(asked).tolist() == sorted(set(asked.tolist()))
