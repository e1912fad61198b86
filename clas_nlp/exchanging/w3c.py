"""W3C Web Annotation (JSON-LD): one annotation for each piece of evidence and each service.

The target is the paragraph, `urn:clas-nlp:paragraph:REPORT:ID`, with a position and a quotation;
the recommendation counts positions in code points, as clas-nlp does. Only an export.
Source: https://www.w3.org/TR/annotation-model/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid5

from clas_nlp.codebook import Codebook
from clas_nlp.exchanging.json_rows import write_json
from clas_nlp.exchanging.records import Coding
from clas_nlp.exchanging.refi_codes import NAMESPACE

#: Characters of context on either side of a quotation.
CONTEXT = 32


def write(codings: Sequence[Coding], path: Path, codebook: Codebook) -> list[Path]:
    """Writes one AnnotationPage."""
    items = [item for coding in codings for item in paragraph_annotations(coding, codebook)]
    page = {
        "@context": [
            "http://www.w3.org/ns/anno.jsonld",
            {"probability": "urn:clas-nlp:probability"},
        ],
        "id": f"urn:uuid:{uuid5(NAMESPACE, chr(10).join(i['id'] for i in items))}",
        "type": "AnnotationPage",
        "items": items,
    }
    write_json(page, path)
    return [path]


def paragraph_annotations(coding: Coding, codebook: Codebook) -> Iterator[dict[str, Any]]:
    """The annotations of one paragraph: evidence in text order, then services."""
    source = f"urn:clas-nlp:paragraph:{quote(coding.report, safe='')}:{quote(coding.id, safe='')}"
    for label in coding.labels:
        bodies = [
            _body("theme", label.theme, codebook.theme_name(label.theme)),
            _body("stance", label.stance, _stance_name(codebook, label.stance)),
        ]
        if label.theme in coding.probabilities:
            bodies[0]["probability"] = coding.probabilities[label.theme]
        target = {
            "source": source,
            "selector": [
                {"type": "TextPositionSelector", "start": label.start, "end": label.end},
                {
                    "type": "TextQuoteSelector",
                    "exact": coding.text[label.start : label.end],
                    "prefix": coding.text[max(label.start - CONTEXT, 0) : label.start],
                    "suffix": coding.text[label.end : label.end + CONTEXT],
                },
            ],
        }
        yield _annotation(coding, bodies, target, f"{source}\n{label}", "tagging")
    for service in coding.services:
        body = _body("service", service, codebook.service_name(service))
        target = {"source": source}
        yield _annotation(coding, [body], target, f"{source}\n{service}", "classifying")


def _body(scheme: str, own: str, name: str) -> dict[str, Any]:
    return {
        "type": "SpecificResource",
        "purpose": "classifying",
        "source": {"id": f"urn:clas-nlp:{scheme}:{quote(own, safe='')}", "label": name},
    }


def _annotation(
    coding: Coding, bodies: list[dict[str, Any]], target: dict[str, Any], key: str, motivation: str
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": f"urn:uuid:{uuid5(NAMESPACE, key)}",
        "type": "Annotation",
        "motivation": motivation,
        "body": bodies,
        "target": target,
    }
    if coding.by_model:
        made["creator"] = {"type": "Software", "name": "clas-nlp"}
    elif coding.coder:
        made["creator"] = {"type": "Person", "name": coding.coder}
    if coding.date:
        made["created"] = f"{coding.date}T00:00:00Z"
    return made


def _stance_name(codebook: Codebook, own: str) -> str:
    return next((stance.name for stance in codebook.stances if stance.id == own), own)
