"""Headings: those that every report of the programme has, and lines that look like one."""

from __future__ import annotations

import re
from typing import Literal

from clas_nlp.reading.lines import Line

Zone = Literal["front", "told", "findings", "recommendations", "after"]

#: Headings that every report of the programme has, without number and in lower case, and the
#: zone that begins there.
_KNOWN_HEADINGS: dict[str, Zone] = {
    "contents": "front",
    "summary of the review": "front",
    "about the review": "front",
    "how we carried out the review": "front",
    "context of the review": "front",
    "the report": "front",
    "what people told us": "told",
    "what people told us about health services": "told",
    "the child's journey": "findings",
    "early help": "findings",
    "children in need": "findings",
    "child protection": "findings",
    "looked after children": "findings",
    "looked-after children": "findings",
    "children looked after": "findings",
    "management": "findings",
    "leadership and management": "findings",
    "leadership & management": "findings",
    "governance": "findings",
    "training and supervision": "findings",
    "training & supervision": "findings",
    "recommendations": "recommendations",
    "next steps": "after",
}
_LONGEST_KNOWN = max(map(len, _KNOWN_HEADINGS))
CHAPTER = re.compile(r"^(\d{1,2}(?:\.\d{1,2})?)\.?\s+(\S.*)$")
_SHOULD = re.compile(r"\bshould\s*[:;,]?\s*(?:\*\*)?$", re.IGNORECASE)
#: Longer lines name no heading.
_LONGEST_TITLE = 300


def known_zone(text: str) -> Zone | None:
    """The zone that a heading of the programme begins; None for any other text."""
    title = text.strip(" :")
    if len(title) > _LONGEST_KNOWN:
        return None
    return _KNOWN_HEADINGS.get(title.lower().replace("’", "'"))


def looks_like_title(text: str, line: Line) -> bool:
    """Whether a text is short, begins with a capital and ends no sentence, as headings do."""
    words = text[: _LONGEST_TITLE + 1].split()
    return (
        len(text) <= _LONGEST_TITLE
        and 0 < len(words) <= (16 if line.heading else 8)
        and not re.search(r"[.;,?!]$", text.strip())
        and bool(re.match(r"[\"'“‘(]?[A-Z]", text))
        and not _SHOULD.search(text)
    )
