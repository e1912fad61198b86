"""Citations of recommendations, and the bodies that recommendations are addressed to."""

from __future__ import annotations

import re

_CITATION = re.compile(
    r"\brecommendations?\s*((?:\d{1,2}\.\d{1,2})"
    r"(?:\s*(?:,\s*and|,|;|&|and|to|[-–—])\s*(?:recommendations?\s*)?\d{1,2}\.\d{1,2})*)",
    re.IGNORECASE,
)
#: In every word that the pattern takes for "recommendation", in whatever case; few texts have it.
_SURE_PART = "recommendat"
_NUMBER = re.compile(r"\d{1,2}\.\d{1,2}")
_RANGE = re.compile(r"(\d{1,2})\.(\d{1,2})\s*(?:to|[-–—])\s*(\d{1,2})\.(\d{1,2})")
_REFERENCE_ONLY = re.compile(
    r"[\s(\[]*recommendations?[\s\d.,;&)\]–—-]*(?:(?:and|to|recommendations?)[\s\d.,;&)\]–—-]*)*",
    re.IGNORECASE,
)
#: How an organisation's name ends; an "and" behind it divides two names, elsewhere it joins one.
_NAME_END = re.compile(
    r"(?:\b(?:CCGs?|Groups?|Trusts?|England|Council|Board|Ltd|Limited|CIC|LLP|Partnership|Team|"
    r"Services?|Hospitals?|Wales|GPs?|Practices?)|\))$",
    re.IGNORECASE,
)
_SHOULD = re.compile(
    r"[\s,]*\b(?:should|must|need to|are to|is to)\b.*$", re.IGNORECASE | re.DOTALL
)
_JOIN = re.compile(
    r"\s*,\s*(?:and\s+)?(?:(?:working\s+)?in (?:partnership|conjunction|collaboration) with\s+)?|"
    r"\s*;\s*|\s*\b(?:working\s+)?in (?:partnership|conjunction|collaboration) with\s+|"
    r"\s+together with\s+|\s+with\s+"
)


def cited_recommendations(text: str) -> tuple[str, ...]:
    """Numbers of the recommendations that a text cites, in order, without repeats.

    "(Recommendations 1.3 to 1.5 and 2.1)" gives 1.3, 1.4, 1.5 and 2.1.
    """
    numbers: dict[str, None] = {}
    if _SURE_PART not in text.lower():
        return ()
    for citation in _CITATION.finditer(text):
        cited = citation.group(1)
        for match in re.finditer(f"{_RANGE.pattern}|{_NUMBER.pattern}", cited):
            span = _RANGE.fullmatch(match.group())
            if span and span.group(1) == span.group(3):
                low, high = int(span.group(2)), int(span.group(4))
                if low <= high <= low + 40:
                    numbers.update(
                        dict.fromkeys(f"{span.group(1)}.{n}" for n in range(low, high + 1))
                    )
                    continue
            numbers.update(dict.fromkeys(_NUMBER.findall(match.group())))
    return tuple(numbers)


def cites_recommendation(text: str) -> bool:
    """Whether a text cites any recommendation."""
    return _CITATION.search(text) is not None


def is_reference_only(text: str) -> bool:
    """Whether a sentence is nothing but "(Recommendation 1.3)."."""
    return bool(_REFERENCE_ONLY.fullmatch(text.strip()))


def addressed_bodies(heading: str) -> tuple[str, ...]:
    """The organisations in the heading of a group of recommendations.

    "Dudley CCG in partnership with Dudley and Walsall Mental Health Trust should:" gives the two
    names; an "and" inside a name does not divide it.
    """
    names: list[str] = []
    for part in _JOIN.split(_SHOULD.sub("", heading)):
        pieces = re.split(r"\s+and\s+", part.strip(" ,.;:"))
        name = pieces[0]
        for piece in pieces[1:]:
            if _NAME_END.search(name):
                names.append(name)
                name = piece
            else:
                name = f"{name} and {piece}"
        names.append(name)
    return tuple(name for name in (n.strip(" ,.;:") for n in names) if name)
