"""What the formats share: a paragraph on its way out, and a row on its way in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clas_nlp.codebook import Codebook
from clas_nlp.corpus.records import Label, LabelledParagraph
from clas_nlp.errors import ClasNlpError
from clas_nlp.tagging.records import TaggedParagraph

#: What every format carries of a paragraph besides its text, so that labels find home again.
IDENTITY = ("paragraph_id", "report", "kind", "number", "section", "origin", "text_sha256")
#: Marks a service where a tool has one list of labels for everything.
SERVICE_PREFIX = "service/"


class ExchangeError(ClasNlpError):
    """A file of another tool cannot be read or written at all."""


@dataclass(frozen=True, slots=True)
class CodedParagraph(LabelledParagraph):
    """A labelled paragraph that was brought in, with who labelled it and when.

    Attributes:
        coder: the coder's name, or empty.
        date: ISO date of the labelling, or empty.
    """

    coder: str = ""
    date: str = ""

    def to_row(self) -> dict[str, Any]:
        """The paragraph as a JSON row; coder and date stand last, where they are known."""
        # `super()` without arguments does not work in a dataclass with slots before Python 3.14.
        row = LabelledParagraph.to_row(self)
        row.update({k: v for k, v in (("coder", self.coder), ("date", self.date)) if v})
        return row


@dataclass(frozen=True)
class Coding:
    """One paragraph and what a coder, or the model, says of it; the common ground of exports.

    Attributes:
        themes: ids of the themes, in the codebook's order, also those without evidence.
        labels: the evidence, in text order.
        probabilities: the model's probability by theme; empty for a coder.
        by_model: whether the labels are the model's and wait for a person to check them.
    """

    id: str
    report: str
    kind: str
    number: str
    section: str
    origin: str
    text: str
    services: tuple[str, ...]
    themes: tuple[str, ...]
    labels: tuple[Label, ...]
    probabilities: Mapping[str, float]
    by_model: bool
    coder: str = ""
    date: str = ""

    @property
    def identity(self) -> dict[str, str]:
        """The fields of `IDENTITY`."""
        return {
            "paragraph_id": self.id,
            "report": self.report,
            "kind": self.kind,
            "number": self.number,
            "section": self.section,
            "origin": self.origin,
            "text_sha256": text_sha256(self.text),
        }

    @property
    def choices(self) -> list[str]:
        """Themes and services in one list, services marked by `SERVICE_PREFIX`."""
        return [*self.themes, *(SERVICE_PREFIX + service for service in self.services)]

    @property
    def spans(self) -> list[tuple[int, int, str]]:
        """(start, end, "theme/stance") of each piece of evidence."""
        return [(x.start, x.end, mark_name(x.theme, x.stance)) for x in self.labels]

    @classmethod
    def of(cls, paragraph: TaggedParagraph | LabelledParagraph, codebook: Codebook) -> Coding:
        """The common view of a tagged or a labelled paragraph."""
        probabilities: Mapping[str, float] = {}
        if isinstance(paragraph, TaggedParagraph):
            named = {tag.theme for tag in paragraph.themes}
            labels = {
                Label(e.start, e.end, tag.theme, e.stance)
                for tag in paragraph.themes
                for e in tag.evidence
            }
            probabilities = {
                **{tag.theme: tag.probability for tag in paragraph.themes},
                **paragraph.probabilities,
            }
        else:
            named = set(paragraph.themes)
            labels = set(paragraph.labels)
        return cls(
            id=paragraph.id,
            report=paragraph.report,
            kind=paragraph.kind,
            number=paragraph.number,
            section=paragraph.section,
            origin=getattr(paragraph, "origin", "report"),
            text=paragraph.text,
            services=paragraph.services,
            themes=tuple(theme for theme in codebook.theme_ids if theme in named),
            labels=tuple(sorted(labels)),
            probabilities=probabilities,
            by_model=isinstance(paragraph, TaggedParagraph),
            coder=getattr(paragraph, "coder", ""),
            date=getattr(paragraph, "date", ""),
        )


@dataclass(frozen=True, slots=True)
class Mark:
    """A passage that a person marked in a tool, before anything is checked.

    Attributes:
        label: what the tool calls it: "theme/stance", or names of either.
        start: offset in the row's text; None where only the words are given.
        end: offset past the last character; None likewise.
        quote: the words that the tool says stand there; None where it does not say.
        strict: whether the quote must stand in the text (else it only helps to find the offsets).
    """

    label: str
    start: int | None
    end: int | None
    quote: str | None = None
    strict: bool = True


@dataclass
class ForeignRow:
    """One paragraph as another tool gives it back, before anything is checked.

    Attributes:
        where: file and row, for messages.
        text: the paragraph's text as the tool has it; None where it keeps none.
        identity: the fields of `IDENTITY` that came back.
        marks: the passages marked.
        themes: the themes chosen; None where the tool does not ask for them.
        services: the services chosen; None where the tool does not ask for them.
        coder: who labelled it, as the tool says.
        date: ISO date of the labelling, as the tool says.
        answered: False where nobody has labelled the paragraph yet.
        problems: what was wrong already when the row was read.
    """

    where: str
    text: str | None = None
    identity: dict[str, str] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    themes: list[str] | None = None
    services: list[str] | None = None
    coder: str = ""
    date: str = ""
    answered: bool = True
    problems: list[str] = field(default_factory=list)

    def choose(self, names: Sequence[str]) -> None:
        """Sets themes and services from one list; see `Coding.choices`."""
        self.themes = [name for name in names if not name.startswith(SERVICE_PREFIX)]
        self.services = [
            name.removeprefix(SERVICE_PREFIX) for name in names if name.startswith(SERVICE_PREFIX)
        ]


@dataclass(frozen=True)
class Imported:
    """What a file of labels holds.

    Attributes:
        format: the format it was read as.
        paragraphs: those that fit, in the file's order.
        problems: one line for each thing that does not fit, naming file and row.
        waiting: how many paragraphs nobody has labelled yet; they are left out.
    """

    format: str
    paragraphs: tuple[CodedParagraph, ...]
    problems: tuple[str, ...]
    waiting: int


class Names:
    """Finds themes, stances and services by id or by name, whatever their case."""

    def __init__(self, codebook: Codebook) -> None:
        self._themes = _lookup((t.id, t.name) for t in codebook.themes)
        self._stances = _lookup(
            (s.id, s.name) for s in codebook.stances if s.id in codebook.sentence_stances
        )
        self._services = _lookup((s.id, s.name) for s in codebook.services)

    def theme(self, text: str) -> str | None:
        """Id of a theme, or None."""
        return self._themes.get(_key(text))

    def stance(self, text: str) -> str | None:
        """Id of a stance that a sentence can have, or None."""
        return self._stances.get(_key(text))

    def service(self, text: str) -> str | None:
        """Id of a service, or None."""
        return self._services.get(_key(text))

    def mark(self, label: str) -> tuple[str | None, str | None]:
        """(theme, stance) of "theme/stance"; None for what is not known or not there."""
        theme = self.theme(label)
        if theme is not None:
            return theme, None
        head, _, tail = label.rpartition("/")
        return self.theme(head), self.stance(tail)


def _lookup(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    rows = list(pairs)
    for own, _ in rows:
        found.setdefault(_key(own), own)
    for own, name in rows:
        found.setdefault(_key(name), own)
    return found


def _key(text: str) -> str:
    return " ".join(text.replace("_", " ").split()).casefold()


def mark_name(theme: str, stance: str) -> str:
    """What tools call the evidence of a theme with a stance: "theme/stance"."""
    return f"{theme}/{stance}"


def mark_names(codebook: Codebook) -> list[str]:
    """Every label that evidence can have, in the codebook's order."""
    return [mark_name(t, s) for t in codebook.theme_ids for s in codebook.sentence_stances]


def text_sha256(text: str) -> str:
    """Hash of a paragraph's text; with it an import sees that the text was edited."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def identity_from(row: Mapping[str, Any]) -> dict[str, str]:
    """The fields of `IDENTITY` that a tool's row holds, as text."""
    return {k: str(row[k]) for k in IDENTITY if row.get(k) is not None}
