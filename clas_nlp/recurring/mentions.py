"""Mentions: what each paragraph that counts says of each theme; all counts rest on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clas_nlp.codebook import MIXED, STRENGTH, WEAKNESS, Codebook
from clas_nlp.reading.records import JUDGED_KINDS, PARAGRAPH_KINDS
from clas_nlp.recurring.inspections import Inspection, common_codebook, distinct_inspections
from clas_nlp.tagging.records import TaggedParagraph, ThemeTag

if TYPE_CHECKING:
    import pandas as pd

#: A recommendation repeats the weakness of the finding that cites it, so it is not counted.
COUNTED_KINDS: tuple[str, ...] = tuple(k for k in JUDGED_KINDS if k != "recommendation")


@dataclass(frozen=True, slots=True)
class EvidenceSentence:
    """A sentence that says a theme, with all that is needed to find it again.

    Attributes:
        theme: id of the theme.
        stance: stance of the sentence.
        text: its words.
        inspection: id of the inspection.
        inspection_name: area and year, or the id.
        paragraph: id of the paragraph.
        number: the number printed before the paragraph, or empty.
        page: page of the report, 1-based, or None where the file does not tell.
        section: label of the section.
        services: ids of the services that the paragraph judges.
        probability: how likely the paragraph carries the theme.
    """

    theme: str
    stance: str
    text: str
    inspection: str
    inspection_name: str
    paragraph: str
    number: str
    page: int | None
    section: str
    services: tuple[str, ...]
    probability: float

    @property
    def reference(self) -> str:
        """Where it stands: "Dudley 2016, 3.12, page 14"."""
        place = self.number or self.paragraph
        page = f", page {self.page}" if self.page is not None else ""
        return f"{self.inspection_name}, {place}{page}"

    @property
    def cited(self) -> str:
        """Words and reference on one line."""
        return f"{' '.join(self.text.split())} ({self.reference})"


@dataclass(frozen=True, slots=True)
class Mention:
    """What one paragraph says of one theme.

    Attributes:
        inspection: the inspection.
        paragraph: the paragraph.
        theme: id of the theme.
        tag: the paragraph's tag, or None where it does not carry the theme.
        chance: probability that the paragraph holds a weakness of the theme; None where the
            inspection's tags came without probabilities.
    """

    inspection: Inspection
    paragraph: TaggedParagraph
    theme: str
    tag: ThemeTag | None
    chance: float | None

    @property
    def is_weakness(self) -> bool:
        """Whether practice falls short, by the tagger's thresholds."""
        return self.tag is not None and self.tag.stance in (WEAKNESS, MIXED)

    @property
    def is_strength(self) -> bool:
        """Whether practice is praised, by the tagger's thresholds."""
        return self.tag is not None and self.tag.stance in (STRENGTH, MIXED)

    def sentences(self, stance: str | None = None) -> list[EvidenceSentence]:
        """The evidence, of one stance or of all."""
        if self.tag is None:
            return []
        return [
            EvidenceSentence(
                theme=self.theme,
                stance=sentence.stance,
                text=sentence.text,
                inspection=self.inspection.id,
                inspection_name=self.inspection.name,
                paragraph=self.paragraph.id,
                number=self.paragraph.number,
                page=self.paragraph.page,
                section=self.paragraph.section,
                services=self.paragraph.services,
                probability=self.tag.probability,
            )
            for sentence in self.tag.evidence
            if stance in (None, sentence.stance)
        ]


@dataclass(frozen=True)
class Comparison:
    """Inspections that may be compared, and what they say.

    Attributes:
        inspections: each inspection once.
        codebook: the codebook of their tags.
        themes: ids of the themes looked at, in the codebook's order.
        kinds: the kinds of paragraph that count.
        mentions: one for each counted paragraph and theme.
        notes: what a reader must know: copies left out, no dates, no probabilities.
    """

    inspections: tuple[Inspection, ...]
    codebook: Codebook
    themes: tuple[str, ...]
    kinds: tuple[str, ...]
    mentions: tuple[Mention, ...]
    notes: tuple[str, ...]


def compare(
    inspections: Iterable[Inspection],
    kinds: Sequence[str] = COUNTED_KINDS,
    theme: str | Sequence[str] | None = None,
    codebook: Codebook | None = None,
) -> Comparison:
    """Lays inspections side by side.

    The chance of a weakness is the probability of the theme where the paragraph was tagged and
    its evidence holds a weakness, and nothing where the evidence holds none. Where the paragraph
    was not tagged there is no evidence to judge by: there the probability is multiplied by the
    share of weaknesses among the tagged paragraphs of the theme, (weaknesses + 1/2) / (tags + 1).

    Args:
        inspections: the inspections; second copies are dropped.
        kinds: the kinds of paragraph that count.
        theme: one theme or several; by default all of the codebook.
        codebook: the codebook of the tags; by default the project's own.

    Raises:
        ValueError: an unknown kind or theme.
        BadCodebook: see `common_codebook`.
        UnreadableReport: there are no inspections.
    """
    kept, notes = distinct_inspections(inspections)
    codebook = common_codebook(kept, codebook)
    themes = counted_themes(codebook, kinds, theme)
    undated = [i.id for i in kept if i.year is None]
    if undated:
        notes.append(f"no date in {_listed(undated)}: a group of their own, and in no trend")
    bare = [i.id for i in kept if not i.has_all_probabilities]
    if bare:
        notes.append(
            f"no probabilities in the tags of {_listed(bare)}: expected counts that include "
            "them are left empty"
        )
    return Comparison(
        tuple(kept),
        codebook,
        themes,
        tuple(kinds),
        tuple(mentions(kept, themes, kinds, tag_counts(kept, themes, kinds))),
        tuple(notes),
    )


def counted_themes(
    codebook: Codebook, kinds: Sequence[str], theme: str | Sequence[str] | None
) -> tuple[str, ...]:
    """The themes to count, in the codebook's order; checks the kinds too.

    Raises:
        ValueError: an unknown kind or theme.
    """
    for kind in kinds:
        if kind not in PARAGRAPH_KINDS:
            raise ValueError(f"unknown kind {kind!r}; expected one of {', '.join(PARAGRAPH_KINDS)}")
    wanted = codebook.theme_ids if theme is None else (theme,) if isinstance(theme, str) else theme
    for one in wanted:
        if one not in codebook.theme_ids:
            known = ", ".join(codebook.theme_ids)
            raise ValueError(f"unknown theme {one!r}; expected one of {known}")
    return tuple(t for t in codebook.theme_ids if t in wanted)


def _listed(names: Sequence[str], most: int = 6) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def as_comparison(
    inspections: Iterable[Inspection] | Comparison,
    kinds: Sequence[str],
    theme: str | Sequence[str] | None,
    codebook: Codebook | None,
) -> Comparison:
    """A comparison as it is, or one made of inspections; see `compare`."""
    if isinstance(inspections, Comparison):
        return inspections
    return compare(inspections, kinds, theme, codebook)


def weak_inspections(comparison: Comparison) -> dict[str, set[str]]:
    """Ids of the inspections with a weakness, by theme."""
    weak: dict[str, set[str]] = {theme: set() for theme in comparison.themes}
    for mention in comparison.mentions:
        if mention.is_weakness:
            weak[mention.theme].add(mention.inspection.id)
    return weak


def tag_counts(
    inspections: Iterable[Inspection], themes: Sequence[str], kinds: Sequence[str]
) -> dict[str, tuple[int, int]]:
    """How many counted paragraphs are tagged with each theme, and how many as a weakness."""
    counts = dict.fromkeys(themes, (0, 0))
    for inspection in inspections:
        for paragraph in inspection.paragraphs:
            for tag in paragraph.themes if paragraph.kind in kinds else ():
                if tag.theme in counts:
                    tagged, weak = counts[tag.theme]
                    counts[tag.theme] = (tagged + 1, weak + (tag.stance in (WEAKNESS, MIXED)))
    return counts


def mentions(
    inspections: Iterable[Inspection],
    themes: Sequence[str],
    kinds: Sequence[str],
    counts: Mapping[str, tuple[int, int]],
) -> Iterator[Mention]:
    """What each counted paragraph says of each theme; see `compare` for the chances.

    Args:
        inspections: the inspections.
        themes: ids of the themes.
        kinds: the kinds of paragraph that count.
        counts: see `tag_counts`, over all inspections that are compared.
    """
    share = {theme: (counts[theme][1] + 0.5) / (counts[theme][0] + 1) for theme in themes}
    for inspection in inspections:
        complete = inspection.has_all_probabilities
        for paragraph in inspection.paragraphs:
            if paragraph.kind not in kinds:
                continue
            tags = {tag.theme: tag for tag in paragraph.themes}
            for theme in themes:
                own = tags.get(theme)
                chance: float | None = None
                if complete and own is not None:
                    chance = own.probability if own.stance in (WEAKNESS, MIXED) else 0.0
                elif complete:
                    chance = paragraph.probabilities.get(theme, 0.0) * share[theme]
                yield Mention(inspection, paragraph, theme, own, chance)


def strongest(sentences: Iterable[EvidenceSentence], count: int | None) -> list[EvidenceSentence]:
    """The most probable sentences, the best of each inspection before the second best of any.

    Args:
        sentences: the sentences.
        count: how many; None for all.
    """
    ranked = sorted(sentences, key=lambda s: -s.probability)
    rank_within: dict[str, int] = {}
    places = []
    for sentence in ranked:
        place = rank_within.get(sentence.inspection, 0)
        rank_within[sentence.inspection] = place + 1
        places.append(place)
    order = sorted(range(len(ranked)), key=lambda i: (places[i], i))
    return [ranked[i] for i in order][:count]


def evidence_frame(comparison: Comparison) -> pd.DataFrame:
    """Every evidence sentence that counts: one row for each sentence, theme and stance."""
    import pandas as pd

    names = EvidenceSentence.__dataclass_fields__
    rows: list[dict[str, Any]] = []
    for mention in comparison.mentions:
        for sentence in mention.sentences():
            row = {name: getattr(sentence, name) for name in names}
            rows.append({**row, "reference": sentence.reference})
    frame = pd.DataFrame(rows, columns=[*names, "reference"])
    frame["page"] = frame["page"].astype("Int64")
    frame["probability"] = frame["probability"].astype("Float64")
    return frame
