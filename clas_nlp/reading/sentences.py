"""Sentences, by spaCy's tokenizer and sentencizer with rules for this genre.

The rules: a line feed ends a sentence (list items, boxes); an abbreviation does not; nothing ends
before a small letter; "(Recommendation 1.3)." behind a full stop stands by itself, since it is no
evidence.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Token

#: Abbreviations of these reports that a full stop follows without ending the sentence.
ABBREVIATIONS = frozenset(
    "e.g. i.e. eg. ie. etc. dr. mr. mrs. ms. st. vs. cf. approx. dept. hrs. yrs. al. inc. "
    "ltd.".split()
)
#: The same, but only before a figure: "no. 4", "para. 1.3".
NUMBER_ABBREVIATIONS = frozenset("no. nos. para. paras. rec. recs. ref. fig. p. pp.".split())
OPENING_MARKS = frozenset("([{“‘«")


@cache
def sentence_pipeline() -> Language:
    """The blank English pipeline with the sentence rules; it needs no trained model."""
    import spacy
    from spacy.language import Language

    if not Language.has_factory("clas_sentences"):
        Language.component("clas_sentences", func=_set_sentence_starts)
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("clas_sentences")
    return nlp


#: What a token's text says of it, as bits.
_SPACE, _BREAK, _NUMBER_OR_MARK = 1, 2, 4


def _set_sentence_starts(doc: Doc) -> Doc:
    """Corrects the sentencizer's boundaries by the rules of this genre.

    Looks at hashes and at bits remembered for each of them: a token object for every word of a
    report takes longer than all the rules.
    """
    from spacy.attrs import ORTH, SENT_START

    bits = _token_bits()
    line_start = True  # nothing but a list number has been seen since the last line feed
    after_break = False
    for i, (text, start) in enumerate(doc.to_array([ORTH, SENT_START]).tolist()):
        kind = bits.get(text)
        if kind is None:
            kind = bits[text] = _bits(doc[i])
        if kind & _SPACE:
            after_break = after_break or bool(kind & _BREAK)
            if (start == 1) != (i == 0):
                doc[i].is_sent_start = i == 0
            continue
        if after_break or i == 0:
            if start != 1:
                doc[i].is_sent_start = True
            line_start = True
            after_break = False
        elif start == 1:
            previous = _word_before(doc, i)
            token = doc[i]
            listed = line_start and previous.rstrip(".)").isdigit()
            abbreviated = previous.lower() in ABBREVIATIONS or (
                previous.lower() in NUMBER_ABBREVIATIONS and token.like_num
            )
            if token.is_lower or abbreviated or listed:
                token.is_sent_start = False
            else:
                _start_at_opening_mark(doc, i)
        line_start = line_start and bool(kind & _NUMBER_OR_MARK)
    return doc


@cache
def _token_bits() -> dict[int, int]:
    """Bits by the hash of a token's text; filled as texts are met."""
    return {}


def _bits(token: Token) -> int:
    if token.is_space:
        return _SPACE | (_BREAK if "\n" in token.text else 0)
    return _NUMBER_OR_MARK if token.like_num or token.is_punct else 0


def _word_before(doc: Doc, index: int) -> str:
    """The word before a token, with its full stops; white space between does not count."""
    stops = ""
    for i in range(index - 1, -1, -1):
        token = doc[i]
        if token.is_space:
            continue
        if token.text != ".":
            return token.text + stops
        stops += "."
    return stops


def _start_at_opening_mark(doc: Doc, index: int) -> None:
    """Moves a sentence's start back over an opening bracket or quotation mark.

    The sentencizer gives all punctuation behind a full stop to the sentence before.
    """
    first = index
    while first > 0:
        before = doc[first - 1]
        opens = before.text in OPENING_MARKS or (
            before.text in "\"'" and first > 1 and bool(doc[first - 2].whitespace_)
        )
        if before.whitespace_ or not before.is_punct or not opens:
            break
        first -= 1
    if first not in (0, index):
        doc[index].is_sent_start = False
        doc[first].is_sent_start = True


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of each sentence of a text, in code points, without the white space around it.

    Every character that is no white space lies in exactly one sentence.

    Args:
        text: a paragraph's text.
    """
    doc = sentence_pipeline()(text)
    spans: list[tuple[int, int]] = []
    for sentence in doc.sents:
        raw = sentence.text
        stripped = raw.strip()
        if stripped:
            start = sentence.start_char + len(raw) - len(raw.lstrip())
            spans.append((start, start + len(stripped)))
    return spans
