"""REFI-QDA projects (.qdpx) and codebooks (.qdc) out: for NVivo, ATLAS.ti, MAXQDA, QualCoder.

One text source for each report, its paragraphs divided by an empty line. Each paragraph is a
selection with its kind and services as codes, and with its identity as JSON in the description;
each piece of evidence is a selection with a theme's stance as code. Positions count code points.
Source: REFI-QDA Standard 1.5 and its Project.xsd (https://www.qdasoftware.org).
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

from clas_nlp.codebook import Codebook
from clas_nlp.exchanging.records import Coding
from clas_nlp.exchanging.refi_codes import (
    ORIGIN,
    codebook_xml,
    codes,
    guid,
    kind_code,
    one_line,
    service_code,
    stance_code,
    xml_bytes,
)
from clas_nlp.files import write_bytes
from clas_nlp.reading.decoding import name_of

PROJECT_XMLNS = "urn:QDA-XML:project:1.0"
PROJECT_FILE = "project.qde"
#: Divides paragraphs in a source.
GAP = "\n\n"
#: The field of a description's JSON that says it is ours.
MARK = "clas_nlp"
#: Exports are the same byte for byte, so a coding without a date gets this one.
NO_DATE = "1970-01-01"
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def write(codings: Sequence[Coding], path: Path, codebook: Codebook) -> list[Path]:
    """Writes a project and, beside it, its codebook; only the codebook where `path` is a .qdc."""
    if path.suffix.lower() == ".qdc":
        write_bytes(path, codebook_xml(codebook))
        return [path]
    reports: dict[str, list[Coding]] = {}
    for coding in codings:
        reports.setdefault(coding.report, []).append(coding)
    project = _project(codings, codebook, name_of(path))
    texts = {}
    if reports:
        sources = SubElement(project, "Sources")
        for report, rows in reports.items():
            own = guid("source", report)
            texts[f"sources/{own}.txt"] = GAP.join(row.text for row in rows)
            sources.append(_source(own, report, rows))
    members = {PROJECT_FILE: xml_bytes(project)}
    members.update({name: text.encode() for name, text in texts.items()})
    write_bytes(path, zip_bytes(members))
    beside = path.with_suffix(".qdc")
    write_bytes(beside, codebook_xml(codebook))
    return [path, beside]


def zip_bytes(members: dict[str, bytes]) -> bytes:
    """A zip archive that is the same whenever it is made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, _ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def _project(codings: Sequence[Coding], codebook: Codebook, name: str) -> Element:
    root = Element("Project", xmlns=PROJECT_XMLNS, name=one_line(name), origin=ORIGIN)
    named = {_coder(coding): None for coding in codings} or {"": None}
    root.set("creatingUserGUID", guid("user", next(iter(named))))
    root.set("creationDateTime", f"{max([NO_DATE, *(c.date for c in codings)])}T00:00:00Z")
    users = SubElement(root, "Users")
    for coder in named:
        SubElement(users, "User", guid=guid("user", coder), name=one_line(coder) or "coder")
    SubElement(root, "CodeBook").append(codes(codebook))
    return root


def _coder(coding: Coding) -> str:
    return ORIGIN if coding.by_model else coding.coder


def _source(own: str, report: str, rows: Sequence[Coding]) -> Element:
    source = Element("TextSource", guid=own, name=one_line(report) or "text")
    source.set("plainTextPath", f"internal://{own}.txt")
    source.set("creatingUser", guid("user", _coder(rows[0])))
    source.set("creationDateTime", f"{rows[0].date or NO_DATE}T00:00:00Z")
    start = 0
    for row in rows:
        key = (report, row.id)
        paragraph = _selection(source, row, start, start + len(row.text), one_line(row.id), key)
        description = json.dumps({MARK: 1, **row.identity})
        SubElement(paragraph, "Description").text = description
        _add_coding(paragraph, kind_code(row.kind), row, (*key, "kind"))
        for service in row.services:
            _add_coding(paragraph, service_code(service), row, (*key, service))
        for label in row.labels:
            span = (start + label.start, start + label.end)
            name = one_line(row.text[label.start : label.end])
            place = (*key, f"{label.start}-{label.end}-{label.theme}-{label.stance}")
            evidence = _selection(source, row, *span, name, place)
            _add_coding(evidence, stance_code(label.theme, label.stance), row, place)
        start += len(row.text) + len(GAP)
    return source


def _selection(
    source: Element, row: Coding, start: int, end: int, name: str, key: tuple[str, ...]
) -> Element:
    selection = SubElement(source, "PlainTextSelection", guid=guid("selection", *key), name=name)
    selection.set("startPosition", str(start))
    selection.set("endPosition", str(end))
    selection.set("creatingUser", guid("user", _coder(row)))
    selection.set("creationDateTime", f"{row.date or NO_DATE}T00:00:00Z")
    return selection


def _add_coding(selection: Element, code: str, row: Coding, key: tuple[str, ...]) -> None:
    coding = SubElement(selection, "Coding", guid=guid("coding", *key))
    coding.set("creatingUser", guid("user", _coder(row)))
    coding.set("creationDateTime", f"{row.date or NO_DATE}T00:00:00Z")
    SubElement(coding, "CodeRef", targetGUID=code)
