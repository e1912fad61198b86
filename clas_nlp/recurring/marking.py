"""A report's paragraphs for a page: text in pieces, each plain, evidence or a link."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from clas_nlp.codebook import MIXED, Codebook
from clas_nlp.reading.records import Report
from clas_nlp.recurring.rendering import STANCE_SIGNS
from clas_nlp.tagging.records import TaggedParagraph

_CITATION = re.compile(
    r"\brecommendations?\s[\d.,;:&\s–—-]*(?:(?:and|to|recommendations?)\s[\d.,;:&\s–—-]*)*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d{1,2}\.\d{1,2}")


def page_paragraphs(
    report: Report, tagged: Iterable[TaggedParagraph], codebook: Codebook
) -> list[dict[str, Any]]:
    """Each paragraph with what the template shows of it.

    Returns:
        Plain values: id, kind, number, section, page, services, tags, pieces (see `pieces`), the
        paragraphs that cite a recommendation, and whether its section begins with it.
    """
    anchors = {p.number: p.id for p in report.of_kind("recommendation") if p.number}
    bodies = {p.id: p.bodies for p in report.paragraphs}
    found = []
    section = None
    for paragraph in tagged:
        cited_by = (
            report.cited_by(paragraph.number)
            if paragraph.kind == "recommendation" and paragraph.number
            else []
        )
        found.append(
            {
                "id": paragraph.id,
                "kind": paragraph.kind,
                "kind_name": paragraph.kind.replace("_", " "),
                "number": paragraph.number,
                "section": paragraph.section,
                "heading": paragraph.section if paragraph.section != section else "",
                "page": paragraph.page,
                "bodies": bodies.get(paragraph.id, ()),
                "services": paragraph.services,
                "service_names": [codebook.service_name(s) for s in paragraph.services],
                "tags": [
                    {
                        "theme": tag.theme,
                        "name": codebook.theme_name(tag.theme),
                        "stance": tag.stance,
                        "sign": STANCE_SIGNS.get(tag.stance, "●"),
                        "probability": tag.probability,
                    }
                    for tag in paragraph.themes
                ],
                "pieces": pieces(paragraph, anchors, codebook),
                "cited_by": [{"id": p.id, "number": p.number or p.id} for p in cited_by],
            }
        )
        section = paragraph.section
    return found


def pieces(
    paragraph: TaggedParagraph, anchors: dict[str, str], codebook: Codebook
) -> list[dict[str, Any]]:
    """The paragraph's text cut where evidence or a link begins or ends; joined it is the text.

    Args:
        paragraph: the paragraph.
        anchors: ids of the recommendations' paragraphs, by number.
        codebook: for the themes' names.

    Returns:
        Pieces with `text`, `link` (a paragraph's id or empty), `marks` (theme, stance, sign and
        whether the evidence ends here), and `stance`: the one that the piece is coloured by.
    """
    text = paragraph.text
    links = {
        (citation.start() + n.start(), citation.start() + n.end()): anchors[n.group()]
        for citation in _CITATION.finditer(text)
        for n in _NUMBER.finditer(citation.group())
        if n.group() in anchors and n.group() in paragraph.recommendations
    }
    evidence = [(e, tag.theme) for tag in paragraph.themes for e in tag.evidence]
    cuts = {0, len(text)}
    cuts.update(place for span in links for place in span)
    cuts.update(place for e, _ in evidence for place in (e.start, e.end))
    places = sorted(cuts)
    found = []
    for start, end in pairwise(places):
        marks = [
            {
                "theme": theme,
                "name": codebook.theme_name(theme),
                "stance": e.stance,
                "sign": STANCE_SIGNS.get(e.stance, "●"),
                "ends": e.end == end,
            }
            for e, theme in evidence
            if e.start <= start and end <= e.end
        ]
        held = {mark["stance"] for mark in marks}
        found.append(
            {
                "text": text[start:end],
                "link": links.get((start, end), ""),
                "marks": marks,
                "stance": "" if not held else next(iter(held)) if len(held) == 1 else MIXED,
            }
        )
    return found
