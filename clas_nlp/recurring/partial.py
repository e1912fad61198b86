"""Figures of a part of the inspections, which join with those of another part.

`clas_nlp.recurring` counts inspections that fit into memory. Where they lie on many machines, each
machine counts its own, and the counts are joined; what comes out is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from clas_nlp.codebook import WEAKNESS, Codebook
from clas_nlp.recurring.counting import chance_of_any, group_names, groups_of
from clas_nlp.recurring.inspections import Inspection
from clas_nlp.recurring.intervals import CountDistribution, wilson
from clas_nlp.recurring.mentions import Comparison, Mention, mentions, strongest

#: (grouping, group, theme)
Cell = tuple[str, str, str]


@dataclass(frozen=True)
class PartialFigures:
    """What some inspections say of one theme in one group.

    Attributes:
        inspections: how many have the group.
        with_weakness: how many of them have a weakness.
        weaknesses: mentions of weaknesses.
        strengths: mentions of strengths.
        years: first and last year of an inspection with a weakness, or None.
        expected_inspections: distribution of inspections with a weakness; None without
            probabilities.
        expected_weaknesses: distribution of weaknesses; None without probabilities.
        name: (id of the inspection that has it first, the group's name as printed there).
        evidence: fields of the strongest evidence sentences, with their `place` among those of
            their inspection.
    """

    inspections: int
    with_weakness: int
    weaknesses: int
    strengths: int
    years: tuple[int, int] | None
    expected_inspections: CountDistribution | None
    expected_weaknesses: CountDistribution | None
    name: tuple[str, str]
    evidence: tuple[dict[str, Any], ...]

    @classmethod
    def of(
        cls, own: Sequence[Mention], inspection: Inspection, name: str, most: int | None
    ) -> PartialFigures:
        """The figures of one inspection, from its mentions of a theme in a group."""
        weak = [mention for mention in own if mention.is_weakness]
        chances = [m.chance for m in own if m.chance is not None]
        any_weakness = chance_of_any(own)
        known = len(chances) == len(own) and any_weakness is not None
        sentences = strongest((s for m in weak for s in m.sentences(WEAKNESS)), most)
        year = inspection.year
        return cls(
            inspections=1,
            with_weakness=int(bool(weak)),
            weaknesses=len(weak),
            strengths=sum(m.is_strength for m in own),
            years=(year, year) if weak and year else None,
            # Without mentions there is nothing that could be a weakness.
            expected_inspections=CountDistribution.of([any_weakness or 0.0] if own else [])
            if known
            else None,
            expected_weaknesses=CountDistribution.of(chances) if known else None,
            name=(inspection.id, name),
            evidence=tuple(
                {f: getattr(s, f) for f in s.__dataclass_fields__} | {"place": place}
                for place, s in enumerate(sentences)
            ),
        )

    @classmethod
    def joined(cls, parts: Sequence[PartialFigures], most: int | None) -> PartialFigures:
        """The figures of all parts, of which there is at least one."""
        years = [year for part in parts if part.years for year in part.years]
        sentences = sorted((e for part in parts for e in part.evidence), key=_strength)
        return cls(
            inspections=sum(part.inspections for part in parts),
            with_weakness=sum(part.with_weakness for part in parts),
            weaknesses=sum(part.weaknesses for part in parts),
            strengths=sum(part.strengths for part in parts),
            years=(min(years), max(years)) if years else None,
            expected_inspections=_joined([part.expected_inspections for part in parts]),
            expected_weaknesses=_joined([part.expected_weaknesses for part in parts]),
            name=min(part.name for part in parts),
            evidence=tuple(sentences[:most]),
        )

    def row(self) -> dict[str, Any]:
        """The columns of `recurring` that are figures, and `evidence` as fields."""
        share, low, high = wilson(self.with_weakness, self.inspections)
        figures = {
            "inspections_with_weakness": self.with_weakness,
            "inspections": self.inspections,
            "share": share,
            "share_low": low,
            "share_high": high,
            "weaknesses": self.weaknesses,
            "strengths": self.strengths,
            "first_year": self.years[0] if self.years else None,
            "last_year": self.years[1] if self.years else None,
            "evidence": [
                {name: value for name, value in sentence.items() if name != "place"}
                for sentence in self.evidence
            ],
        }
        for name in ("expected_inspections", "expected_weaknesses"):
            distribution: CountDistribution | None = getattr(self, name)
            ends = distribution.interval if distribution else (None, None)
            figures[name] = distribution.expected if distribution else None
            figures[f"{name}_low"], figures[f"{name}_high"] = ends
        return figures

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, to be sent elsewhere."""
        return {
            **vars(self),
            **{
                name: distribution
                and {**vars(distribution), "mass": np.asarray(distribution.mass).tolist()}
                for name, distribution in vars(self).items()
                if name.startswith("expected_")
            },
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> PartialFigures:
        """Back from `to_dict`, after a way through JSON."""
        back: dict[str, Any] = {**values, "evidence": tuple(values["evidence"])}
        back["name"] = tuple(values["name"])
        back["years"] = tuple(values["years"]) if values["years"] else None
        for name, value in values.items():
            if name.startswith("expected_") and value:
                back[name] = CountDistribution(**{**value, "mass": np.array(value["mass"])})
        return cls(**back)


def _strength(sentence: Mapping[str, Any]) -> tuple[Any, ...]:
    """As `strongest` has them: the best of each inspection before the second best of any."""
    return (sentence["place"], -sentence["probability"], sentence["inspection"])


def _joined(parts: Iterable[CountDistribution | None]) -> CountDistribution | None:
    known: list[CountDistribution] = []
    for part in parts:
        if part is None:
            return None
        known.append(part)
    return CountDistribution.joined(known)


def partial_figures(
    inspection: Inspection,
    codebook: Codebook,
    groupings: Sequence[str],
    themes: Sequence[str],
    kinds: Sequence[str],
    counts: Mapping[str, tuple[int, int]],
    most: int | None,
) -> Iterator[tuple[Cell, PartialFigures]]:
    """The figures of one inspection, for each group and theme.

    Args:
        inspection: the inspection.
        codebook: the codebook of its tags.
        groupings: see `clas_nlp.recurring.GROUPINGS`.
        themes: ids of the themes that count.
        kinds: kinds of paragraph that count.
        counts: `tag_counts` over all inspections.
        most: how many evidence sentences to keep; None for all.
    """
    own = tuple(mentions([inspection], themes, kinds, counts))
    alone = Comparison((inspection,), codebook, tuple(themes), tuple(kinds), own, ())
    for grouping in groupings:
        names = group_names(alone, grouping)
        cells: dict[Cell, list[Mention]] = {}
        if grouping == "theme":
            # An inspection without a single counted paragraph was looked at all the same.
            cells = {(grouping, "", theme): [] for theme in themes}
        for mention in own:
            for group in groups_of(mention, grouping):
                cells.setdefault((grouping, group, mention.theme), []).append(mention)
        for cell, found in cells.items():
            name = names.get(cell[1], cell[1])
            yield cell, PartialFigures.of(found, inspection, name, most)
