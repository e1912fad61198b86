"""What a report is once it is read: metadata, sections, paragraphs over one canonical text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ParagraphKind = Literal[
    "finding", "case_example", "good_practice", "recommendation", "quotation", "context"
]

PARAGRAPH_KINDS: tuple[ParagraphKind, ...] = (
    "finding",
    "case_example",
    "good_practice",
    "recommendation",
    "quotation",
    "context",
)
#: The kinds that carry the inspectors' judgement, and so the ones that are labelled and tagged.
JUDGED_KINDS: tuple[ParagraphKind, ...] = PARAGRAPH_KINDS[:4]


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter or heading of a report.

    Attributes:
        number: "1" or "5.2"; empty where the heading has none.
        title: the heading's words.
        start: offset of the heading's first character in the report's text.
        end: offset just past the section's last paragraph.
    """

    number: str
    title: str
    start: int
    end: int

    @property
    def label(self) -> str:
        """Number and title together, as people cite it: "5.2 Governance"."""
        return f"{self.number} {self.title}".strip()


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of a report; `report.text[start:end] == text`.

    Attributes:
        id: unique within a collection of reports, e.g. "dorset-1.17" or "dorset-case-3".
        kind: one of `PARAGRAPH_KINDS`.
        number: the number printed before it; empty for examples, quotations and context.
        section: label of the section it stands in.
        page: page of its first line, 1-based; None where the file does not tell.
        start: offset in the report's text, in code points.
        end: offset past its last character.
        text: its words, unwrapped; the blocks of a box or list are divided by line feeds.
        recommendations: numbers of the recommendations that it cites, in order, without repeats.
        bodies: for a recommendation, the bodies that it is addressed to.
    """

    id: str
    kind: ParagraphKind
    number: str
    section: str
    page: int | None
    start: int
    end: int
    text: str
    recommendations: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InspectionDetails:
    """What a report's title and header table say about the inspection; empty where they are silent.

    Attributes:
        area: the place inspected, e.g. "Dudley".
        review_start: ISO date of the first day of the review.
        review_end: ISO date of the last day of the review.
        published: ISO date of publication.
        providers: the provider services included.
        ccgs: the clinical commissioning groups included.
        nhs_england_area: the area team, as printed.
        cqc_region: the region, as printed.
        inspectors: names of the inspectors, as printed.
    """

    area: str = ""
    review_start: str = ""
    review_end: str = ""
    published: str = ""
    providers: tuple[str, ...] = ()
    ccgs: tuple[str, ...] = ()
    nhs_england_area: str = ""
    cqc_region: str = ""
    inspectors: tuple[str, ...] = ()

    @property
    def year(self) -> int | None:
        """Year of the review, or of publication where only that is known."""
        for day in (self.review_start, self.review_end, self.published):
            if day:
                return int(day[:4])
        return None


@dataclass(frozen=True, slots=True)
class Report:
    """A report as read: one canonical text and the paragraphs over it.

    Attributes:
        id: short name, by default the file's name without its ending.
        text: the canonical text: unwrapped, running headers removed, line feeds only.
        details: what the report says of its inspection.
        sections: headings in reading order.
        paragraphs: every paragraph in reading order.
        warnings: what a careful reader should know (unresolved citations, numbers out of order).
        source: path of the file, or "-" for standard input.
    """

    id: str
    text: str
    details: InspectionDetails
    sections: tuple[Section, ...]
    paragraphs: tuple[Paragraph, ...]
    warnings: tuple[str, ...] = ()
    source: str = ""

    def of_kind(self, *kinds: ParagraphKind) -> list[Paragraph]:
        """The paragraphs of the given kinds, in reading order."""
        return [p for p in self.paragraphs if p.kind in kinds]

    @property
    def is_clas(self) -> bool:
        """Whether numbered findings were found, the mark of a CLAS report."""
        return any(p.kind == "finding" and p.number for p in self.paragraphs)

    def cited_by(self, recommendation: str) -> list[Paragraph]:
        """The findings and examples that cite a recommendation's number."""
        return [p for p in self.paragraphs if recommendation in p.recommendations]

    @property
    def uncited_recommendations(self) -> list[str]:
        """Numbers of the recommendations that no paragraph cites."""
        cited = {number for p in self.paragraphs for number in p.recommendations}
        return [p.number for p in self.of_kind("recommendation") if p.number not in cited]

    @property
    def unresolved_citations(self) -> list[tuple[str, str]]:
        """(paragraph id, number) of each citation of a recommendation that does not exist."""
        known = {p.number for p in self.of_kind("recommendation")}
        return [
            (p.id, number)
            for p in self.paragraphs
            for number in p.recommendations
            if number not in known
        ]
