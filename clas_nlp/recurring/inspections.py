"""Inspections: a report with its tags, ready to be laid beside others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from clas_nlp.codebook import Codebook, load_codebook
from clas_nlp.errors import BadCodebook, UnreadableReport
from clas_nlp.reading.records import InspectionDetails, Report
from clas_nlp.tagging.records import TaggedParagraph


@dataclass(frozen=True, slots=True)
class Inspection:
    """One inspection of one area, with its tagged paragraphs.

    Attributes:
        id: id of its report, unique among the inspections that are compared.
        details: area, dates and providers; empty where the report is silent.
        paragraphs: the report's paragraphs with their tags, in reading order.
        codebook: hash of the codebook that the tags were made with; empty where not known.
        source: the file that it came from, for messages.
    """

    id: str
    details: InspectionDetails = field(default_factory=InspectionDetails)
    paragraphs: tuple[TaggedParagraph, ...] = ()
    codebook: str = ""
    source: str = ""

    @classmethod
    def from_report(
        cls, report: Report, tagged: Iterable[TaggedParagraph], codebook: Codebook | str = ""
    ) -> Inspection:
        """The inspection that a report describes.

        Args:
            report: the report.
            tagged: its tagged paragraphs.
            codebook: the codebook of the tags (`tagger.codebook`), or its hash.
        """
        digest = codebook if isinstance(codebook, str) else codebook.sha256
        return cls(report.id, report.details, tuple(tagged), digest, report.source)

    @property
    def area(self) -> str:
        """The place inspected, or empty."""
        return self.details.area

    @property
    def year(self) -> int | None:
        """Year of the inspection, or None where the report has no date."""
        return self.details.year

    @property
    def date(self) -> str:
        """ISO date of the inspection's first day, or of its publication, or empty."""
        details = self.details
        return details.review_start or details.review_end or details.published

    @property
    def name(self) -> str:
        """Area and year as people say it ("Dudley 2016"), or the id where the area is not known."""
        if not self.area:
            return self.id
        return f"{self.area} {self.year}" if self.year else f"{self.area} (no date)"

    @property
    def has_all_probabilities(self) -> bool:
        """Whether every tagged kind of paragraph has the probability of every theme.

        Without them a theme that was nearly tagged counts for nothing, so no expected count can
        be given.
        """
        return any(p.probabilities for p in self.paragraphs) and all(
            p.probabilities for p in self.paragraphs if p.themes
        )

    @property
    def fingerprint(self) -> str:
        """Hash of the words of all paragraphs: equal for two copies of one report."""
        words = "\n".join(" ".join(p.text.split()) for p in self.paragraphs)
        return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()


def distinct_inspections(
    inspections: Iterable[Inspection],
) -> tuple[list[Inspection], list[str]]:
    """Drops second copies of an inspection, and gives every other one an id of its own.

    Two are the same where all their paragraphs read alike, or where area and first day of review
    agree. Of two copies the one that tells more (area, date, probabilities) is kept, else the
    first.

    Returns:
        The inspections in the order given, and a sentence on each copy that was left out.
    """
    given = list(inspections)
    places, copies = distinct_places([(identity(i), told(i)) for i in given])
    kept = [given[place] for place in places]
    notes = [_copy_note(given[left], given[chosen]) for left, chosen in copies]
    used: set[str] = set()
    for place, inspection in enumerate(kept):
        name, number = inspection.id, 1
        while name in used:
            number += 1
            name = f"{inspection.id}-{number}"
        used.add(name)
        if name != inspection.id:
            kept[place] = replace(inspection, id=name)
    return kept, list(dict.fromkeys(notes))


def distinct_places(
    known: Iterable[tuple[Sequence[str], int]],
) -> tuple[list[int], list[tuple[int, int]]]:
    """Which of some inspections to keep, from what identifies each and how much it tells.

    Args:
        known: `identity` and `told` of each inspection, in order.

    Returns:
        Places of the inspections to keep, and (place left out, place kept) for each copy.
    """
    kept: list[int] = []
    copies: list[tuple[int, int]] = []
    seats: dict[str, int] = {}
    telling: list[int] = []
    for place, (keys, tells) in enumerate(known):
        telling.append(tells)
        seat = next((seats[key] for key in keys if key in seats), None)
        if seat is None:
            seat = len(kept)
            kept.append(place)
        else:
            first = kept[seat]
            chosen, left = (place, first) if tells > telling[first] else (first, place)
            kept[seat] = chosen
            copies.append((left, chosen))
        seats.update(dict.fromkeys(keys, seat))
    return kept, copies


def _copy_note(left: Inspection, chosen: Inspection) -> str:
    return (
        f"{left.source or left.id} is the same inspection as {chosen.source or chosen.id}"
        f"{f' ({chosen.name})' if chosen.area else ''}; it is counted once"
    )


def told(inspection: Inspection) -> int:
    """How much of area, date and probabilities an inspection tells."""
    return bool(inspection.area) + bool(inspection.date) + inspection.has_all_probabilities


def identity(inspection: Inspection) -> tuple[str, ...]:
    """What two copies of an inspection share: its words, or the place and day of the visit."""
    keys = []
    if inspection.paragraphs:
        keys.append(f"words {inspection.fingerprint}")
    if inspection.area and inspection.details.review_start:
        keys.append(f"visit {same_name(inspection.area)} {inspection.details.review_start}")
    return tuple(keys)


def same_name(name: str) -> str:
    """A name with case and spacing levelled, so that two spellings of one place meet."""
    return " ".join(name.casefold().split())


def common_codebook(
    inspections: Sequence[Inspection], codebook: Codebook | None = None
) -> Codebook:
    """The codebook that the inspections can be counted by.

    Args:
        inspections: the inspections.
        codebook: the codebook of their tags; by default the project's own.

    Raises:
        BadCodebook: two inspections were tagged with different codebooks, or a tag's theme is
            not in the codebook.
        UnreadableReport: there are no inspections.
    """
    if not inspections:
        raise UnreadableReport("no inspections; expected at least one tagged report")
    first: Inspection | None = None
    for inspection in inspections:
        if not inspection.codebook:
            continue
        if first is None:
            first = inspection
        elif inspection.codebook != first.codebook:
            raise BadCodebook(
                f"{first.source or first.id} was tagged with codebook {first.codebook[:12]}, "
                f"{inspection.source or inspection.id} with codebook {inspection.codebook[:12]}; "
                "counts over both would mean nothing: tag them again with one model"
            )
    codebook = codebook or load_codebook()
    known = set(codebook.theme_ids)
    for inspection in inspections:
        for paragraph in inspection.paragraphs:
            for tag in paragraph.themes:
                if tag.theme not in known:
                    raise BadCodebook(
                        f"{inspection.source or inspection.id}: paragraph {paragraph.id} has the "
                        f"theme {tag.theme!r}; codebook {codebook.sha256[:12]} has "
                        f"{', '.join(codebook.theme_ids)}; give the codebook of these tags"
                    )
    return codebook
