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
    from spacy.tokens import Doc

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
    nlp.max_length = 10**9  # the limit is for parsers; a "paragraph" may be a whole file
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("clas_sentences")
    return nlp


def _set_sentence_starts(doc: Doc) -> Doc:
    """Corrects the sentencizer's boundaries by the rules of this genre."""
    line_start = True  # nothing but a list number has been seen since the last line feed
    after_break = False
    previous = ""  # the word before, with its full stop
    for token in doc:
        if token.is_space:
            after_break = after_break or "\n" in token.text
            token.is_sent_start = token.i == 0
            continue
        if after_break or token.i == 0:
            token.is_sent_start = True
            line_start = True
        elif token.is_sent_start:
            listed = line_start and previous.rstrip(".)").isdigit()
            abbreviated = previous.lower() in ABBREVIATIONS or (
                previous.lower() in NUMBER_ABBREVIATIONS and token.like_num
            )
            if token.is_lower or abbreviated or listed:
                token.is_sent_start = False
            else:
                _start_at_opening_mark(doc, token.i)
        line_start = line_start and (token.like_num or token.is_punct)
        previous = previous + "." if token.text == "." else token.text
        after_break = False
    return doc


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
