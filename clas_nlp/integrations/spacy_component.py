"""A spaCy component: `nlp.add_pipe("clas_themes")`.

A doc is one paragraph, as everywhere in clas-nlp. The component needs no other: it works on
`spacy.blank("en")`, cuts sentences by clas-nlp's own rules, and leaves tokens and sentences of
the doc as they are. spaCy is imported at the top, since a factory registers when it is imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import minibatch

from clas_nlp.reading.records import PARAGRAPH_KINDS
from clas_nlp.tagging.records import TaggedParagraph
from clas_nlp.tagging.storage import save_model
from clas_nlp.tagging.tagger import Tagger, load

#: Where the evidence stands in `doc.spans`.
SPANS_KEY = "clas_evidence"


def _stance(span: Span) -> str:
    """The stance of an evidence span; empty for any other span.

    It is carried as the span's id. An underscore attribute with a value of its own would be
    shared by all spans over the same characters, and one sentence may be a weakness in one theme
    and a strength in another.
    """
    return str(span.id_) if span.label_ in span.doc._.clas_stance else ""


# `force` lets the module be imported again, as notebooks do.
Doc.set_extension("clas_stance", default={}, force=True)
Doc.set_extension("clas_services", default=[], force=True)
Doc.set_extension("clas_kind", default=None, force=True)
Span.set_extension("stance", getter=_stance, force=True)


class ThemeComponent:
    """Tags docs with themes, stance, evidence and services.

    Sets on each doc: `doc.cats` (probability of every theme; other labels there are kept),
    `doc.spans["clas_evidence"]` (label: theme; `span._.stance`), `doc._.clas_stance` (stance of
    each theme that the doc carries) and `doc._.clas_services` (ids). `doc._.clas_kind` may say
    beforehand what kind of paragraph the doc is.

    A span covers whole tokens. Where a tokenizer has no boundary at the evidence's first or last
    character, the span is as much wider.

    Args:
        model: a model folder; None for the shipped model. It is read when the first doc comes,
            so that a pipeline loaded from disk can bring its own.
        kind: kind of the docs that do not say theirs; see `clas_nlp.reading.PARAGRAPH_KINDS`.

    Raises:
        ValueError: the kind is unknown.
    """

    def __init__(self, model: str | Path | None = None, kind: str = "finding") -> None:
        _check_kind(kind)
        self._path = model
        self._kind = kind
        self._loaded: Tagger | None = None

    @property
    def tagger(self) -> Tagger:
        """The tagger behind the component.

        Raises:
            BadModel: the model folder is missing or broken.
        """
        if self._loaded is None:
            self._loaded = load(self._path)
        return self._loaded

    @property
    def labels(self) -> tuple[str, ...]:
        """The themes, in the codebook's order."""
        return self.tagger.codebook.theme_ids

    def __call__(self, doc: Doc) -> Doc:
        """Tags one doc."""
        return self._tag([doc])[0]

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Tags docs batch by batch, in order; what `nlp.pipe` calls.

        Args:
            stream: the docs.
            batch_size: how many are analysed together.
        """
        for batch in minibatch(stream, size=batch_size):
            yield from self._tag(batch)

    def to_disk(self, path: str | Path, **_: object) -> None:
        """Writes the model folder, so that a saved pipeline is whole; what `nlp.to_disk` calls."""
        save_model(self.tagger.model, path, "A clas-nlp model, saved with a spaCy pipeline.\n")

    def from_disk(self, path: str | Path, **_: object) -> ThemeComponent:
        """Takes the model that `to_disk` wrote; what `spacy.load` calls."""
        self._path, self._loaded = path, load(path)
        return self

    def _tag(self, docs: Sequence[Doc]) -> list[Doc]:
        kinds = [doc._.clas_kind or self._kind for doc in docs]
        for kind in kinds:
            _check_kind(kind)
        tagged = self.tagger.tag_texts([doc.text for doc in docs], kinds=kinds)
        for doc, paragraph in zip(docs, tagged, strict=True):
            _set(doc, paragraph)
        return list(docs)


def _set(doc: Doc, paragraph: TaggedParagraph) -> None:
    doc.cats = {**doc.cats, **paragraph.probabilities}
    doc._.clas_stance = {tag.theme: tag.stance for tag in paragraph.themes}
    doc._.clas_services = list(paragraph.services)
    spans = [
        doc.char_span(e.start, e.end, label=tag.theme, span_id=e.stance, alignment_mode="expand")
        for tag in paragraph.themes
        for e in tag.evidence
    ]
    doc.spans[SPANS_KEY] = [span for span in spans if span is not None]


def _check_kind(kind: str) -> None:
    if kind not in PARAGRAPH_KINDS:
        raise ValueError(f"unknown kind {kind!r}; expected one of {', '.join(PARAGRAPH_KINDS)}")


@Language.factory(  # type: ignore[untyped-decorator]
    "clas_themes",
    assigns=["doc.cats", "doc.spans", "doc._.clas_stance", "doc._.clas_services", "span._.stance"],
    default_config={"model": None, "kind": "finding"},
)
def create_clas_themes(
    nlp: Language,  # noqa: ARG001 - spaCy passes both by name
    name: str,  # noqa: ARG001
    model: str | None,
    kind: str,
) -> ThemeComponent:
    """The factory behind `nlp.add_pipe("clas_themes")`.

    Args:
        nlp: the pipeline; not used.
        name: the component's name in it; not used.
        model: a model folder; None for the shipped model.
        kind: kind of the docs that do not say theirs.
    """
    return ThemeComponent(model, kind)
