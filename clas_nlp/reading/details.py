"""What the title, header table and summary of a report say about its inspection."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from clas_nlp.reading.records import InspectionDetails

_MONTHS = {
    name: number
    for number, name in enumerate(
        [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ],
        start=1,
    )
}
_DATE = re.compile(
    r"\b(\d{1,2})\s*(?:st|nd|rd|th)?\s*(?:of\s+)?"
    rf"(?:({'|'.join(_MONTHS)})\s*,?\s*)?(\d{{4}})?(?=\W|$)",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"^(date\(?s?\)? of review|review dates?|dates? of publication|publication dates?|"
    r"name\(?s?\)? of (?:cqc )?inspectors?|provider services included|providers? included|"
    r"ccgs? included|nhs england area|cqc region)\s*:\s*(.*)$",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"children looked after and safeguarding in ([A-Z][\w’'&,. -]{1,60}?)\s*$", re.IGNORECASE
)
_ROLE_TITLE = re.compile(r"^the role of health services in (.{2,60}?)\s*$", re.IGNORECASE)
_SUMMARY = re.compile(
    r"looked[ -]after children services in "
    r"([A-Z][\w’'&-]*(?:[ ,]+(?:and |of |upon |on |the )?[A-Z][\w’'&-]*)*)"
)
# Organisations are printed one after the other; a name ends with one of these words.
_ORGANISATION = re.compile(
    r".+?(?:\bTrust|\bCommissioning Group|\bCCG|\bLtd|\bLimited|\bCIC|\bLLP|\bplc)"
    r"(?=\s+[A-Z]|\s+and\s+[A-Z]|\s*[,;&]|\s*$)|[^,;]+"
)


def inspection_details(front: Sequence[str], running_title: str, summary: str) -> InspectionDetails:
    """Reads the details of an inspection.

    Args:
        front: the lines before the first finding, in order.
        running_title: the title found at the head of the pages, or empty.
        summary: the text of the report's opening sections.
    """
    fields = _header_fields(front)
    reviewed = _dates(fields.get("review", ""))
    published = _dates(fields.get("publication", ""))
    return InspectionDetails(
        area=_area(front, running_title, summary),
        review_start=reviewed[0] if reviewed else "",
        review_end=reviewed[-1] if reviewed else "",
        published=published[0] if published else "",
        providers=_organisations(fields.get("provider", "")),
        ccgs=_organisations(fields.get("ccg", "")),
        nhs_england_area=fields.get("nhs england", "").strip(),
        cqc_region=fields.get("cqc region", "").strip(),
        inspectors=tuple(
            name.strip() for name in re.split(r"[,;]", fields.get("inspector", "")) if name.strip()
        ),
    )


def _header_fields(front: Sequence[str]) -> dict[str, str]:
    """Fields of the header table, by a short key; a value may go on over the next lines."""
    fields: dict[str, str] = {}
    current = ""
    for line in front:
        match = _FIELD.match(line.replace("\t", " ").strip())
        if match:
            label = match.group(1).lower()
            current = next(
                key
                for key in (
                    "publication",
                    "inspector",
                    "provider",
                    "ccg",
                    "nhs england",
                    "cqc region",
                    "review",
                )
                if key in label
            )
            fields.setdefault(current, match.group(2))
        elif current and ":" not in line and not line.lower().startswith(("contents", "summary")):
            fields[current] += " " + line.replace("\t", " ")
        else:
            current = ""
    return fields


def _dates(text: str) -> list[str]:
    """ISO dates in a text such as "23rd - 27th May 2016"; a missing month or year is taken from
    the next date that has one.
    """
    found = [
        (int(day), month.lower(), year)
        for day, month, year in _DATE.findall(text)
        if 1 <= int(day) <= 31
    ]
    dates: list[str] = []
    month, year = "", ""
    for day, own_month, own_year in reversed(found):
        month, year = own_month or month, own_year or year
        if month and year:
            try:
                dates.append(date(int(year), _MONTHS[month], day).isoformat())
            except ValueError:
                continue
    return sorted(dates)


def _organisations(text: str) -> tuple[str, ...]:
    names = (re.sub(r"^and\s+", "", n.strip(" ,;.&")) for n in _ORGANISATION.findall(text))
    return tuple(name for name in names if name)


def _area(front: Sequence[str], running_title: str, summary: str) -> str:
    for line in (*front, running_title):
        for pattern in (_TITLE, _ROLE_TITLE):
            match = pattern.search(line.strip())
            if match:
                return match.group(1).strip(" .")
    match = _SUMMARY.search(summary)
    return match.group(1).strip() if match else ""
