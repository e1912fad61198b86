"""spaCy: a DocBin of documents with `doc.cats`, evidence in `doc.spans`, identity in user data."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from clas_nlp.codebook import Codebook
from clas_nlp.exchanging.records import Coding
from clas_nlp.files import write_bytes

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

#: Where the evidence stands in `doc.spans`; each span's label is "theme/stance".
SPANS_KEY = "evidence"


def write(codings: Sequence[Coding], path: Path, codebook: Codebook) -> list[Path]:
    """Writes a DocBin (`DocBin().from_disk(path)` reads it)."""
    from spacy.tokens import DocBin

    nlp = _blank_pipeline()
    docs = DocBin(store_user_data=True)
    for coding in codings:
        docs.add(document(coding, codebook, nlp))
    write_bytes(path, docs.to_bytes())
    return [path]


@cache
def _blank_pipeline() -> Language:
    import spacy

    return spacy.blank("en")


def document(coding: Coding, codebook: Codebook, nlp: Language) -> Doc:
    """A document whose text, and whose spans' characters, are exactly the paragraph's.

    `doc.cats` holds every theme: the model's probability, or 1 and 0 for a person's labels. A
    paragraph of a kind that is not tagged has none, which means unknown.

    Args:
        coding: the paragraph.
        codebook: the codebook.
        nlp: the pipeline whose tokenizer and vocabulary the document takes.
    """
    from clas_nlp.reading.records import JUDGED_KINDS

    doc = _cut(nlp.make_doc(coding.text), coding, nlp)
    spans = []
    for start, end, label in coding.spans:
        span = doc.char_span(start, end, label=label)
        assert span is not None  # the tokens were cut at every boundary
        spans.append(span)
    doc.spans[SPANS_KEY] = spans
    if not coding.by_model or coding.probabilities or coding.kind in JUDGED_KINDS:
        doc.cats = {
            theme: float(coding.probabilities.get(theme, 0.0))
            if coding.by_model
            else float(theme in coding.themes)
            for theme in codebook.theme_ids
        }
    doc.user_data.update({**coding.identity, "services": list(coding.services)})
    doc.user_data["themes"] = list(coding.themes)
    return doc


def _cut(doc: Doc, coding: Coding, nlp: Language) -> Doc:
    """The document with its tokens cut wherever evidence begins or ends inside one."""
    from spacy.tokens import Doc

    starts = {start for start, _, _ in coding.spans}
    ends = {end for _, end, _ in coding.spans}
    words: list[str] = []
    spaces: list[bool] = []
    for token in doc:
        first, last = token.idx, token.idx + len(token.text)
        cuts = sorted(place for place in starts | ends if first < place < last)
        for begin, stop in zip([first, *cuts], [*cuts, last], strict=True):
            words.append(coding.text[begin:stop])
            spaces.append(False)
        if token.whitespace_:
            # A span cannot end in the blank that belongs to a token, so the blank becomes one.
            if last in starts or last + 1 in ends:
                words.append(" ")
                spaces.append(False)
            else:
                spaces[-1] = True
    return Doc(nlp.vocab, words=words, spaces=spaces)
