"""What tagging gives: tags with their evidence, on paragraphs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that says a theme; `paragraph.text[start:end] == text`.

    A sentence that holds praise and criticism stands twice, once for each stance.
    """

    start: int
    end: int
    stance: str
    text: str


@dataclass(frozen=True, slots=True)
class ThemeTag:
    """A theme that a paragraph carries.

    Attributes:
        theme: id of the theme.
        stance: weakness, strength, mixed or neutral, from the evidence.
        probability: how likely the paragraph carries the theme, 0 to 1.
        evidence: the sentences that say so, in text order.
    """

    theme: str
    stance: str
    probability: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class TaggedParagraph:
    """A paragraph with its tags; the offsets `start` and `end` are those in the report's text.

    Attributes:
        probabilities: probability of every theme, tagged or not, in the codebook's order; empty
            for the kinds that are not tagged (quotations and context).
    """

    report: str
    id: str
    kind: str
    number: str
    section: str
    page: int | None
    start: int
    end: int
    text: str
    services: tuple[str, ...]
    recommendations: tuple[str, ...]
    themes: tuple[ThemeTag, ...]
    probabilities: Mapping[str, float]

    def to_row(self) -> dict[str, Any]:
        """The paragraph as a JSON row, keys in a fixed order."""
        return {
            "report": self.report,
            "id": self.id,
            "kind": self.kind,
            "number": self.number,
            "section": self.section,
            "page": self.page,
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "services": list(self.services),
            "recommendations": list(self.recommendations),
            "themes": [
                {
                    "theme": tag.theme,
                    "stance": tag.stance,
                    "probability": tag.probability,
                    "evidence": [
                        {"start": e.start, "end": e.end, "stance": e.stance, "text": e.text}
                        for e in tag.evidence
                    ],
                }
                for tag in self.themes
            ],
        }

    def tag(self, theme: str) -> ThemeTag | None:
        """The tag of a theme, or None."""
        return next((tag for tag in self.themes if tag.theme == theme), None)
