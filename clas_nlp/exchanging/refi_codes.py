"""The codebook as REFI-QDA codes: theme › stance, services, kinds of paragraph; and as a .qdc file.

Every id is a uuid5 of what it stands for, so that two exports, or two teams, share their codes.
"""

from __future__ import annotations

import re
from uuid import NAMESPACE_URL, UUID, uuid5
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from clas_nlp.codebook import Codebook
from clas_nlp.reading.records import PARAGRAPH_KINDS

#: All ids of all exports grow from this one.
NAMESPACE: UUID = uuid5(NAMESPACE_URL, "urn:clas-nlp")
ORIGIN = "clas-nlp"
CODEBOOK_XMLNS = "urn:QDA-XML:codebook:1.0"
SERVICES_CODE, KINDS_CODE = "Services", "Paragraphs"
#: Okabe and Ito's palette (2008), which colour-blind readers can tell apart; without black.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D1F")
#: What XML 1.0 cannot hold.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def colour(place: int) -> str:
    """The colour of the theme at a place in the codebook."""
    return _COLOURS[place % len(_COLOURS)]


def guid(*parts: str) -> str:
    """The id of what the parts name together."""
    return str(uuid5(NAMESPACE, "\n".join(parts)))


def stance_code(theme: str, stance: str) -> str:
    """Id of the code of a theme's stance."""
    return guid("code", "stance", theme, stance)


def service_code(service: str) -> str:
    """Id of the code of a service."""
    return guid("code", "service", service)


def kind_code(kind: str) -> str:
    """Id of the code of a kind of paragraph."""
    return guid("code", "kind", kind)


def one_line(text: str, width: int = 120) -> str:
    """A name for XML: on one line, cut, without what XML cannot hold."""
    shown = " ".join(xml_text(text).split())
    return shown if len(shown) <= width else shown[: width - 1] + "…"


def xml_text(text: str) -> str:
    """A text with a replacement character for what XML cannot hold."""
    return _NO_XML.sub("\ufffd", text)


def codes(codebook: Codebook) -> Element:
    """The element `Codes`."""
    root = Element("Codes")
    for place, theme in enumerate(codebook.themes):
        said = [theme.definition]
        said += [f"In: {theme.included}"] if theme.included else []
        said += [f"Out: {theme.excluded}"] if theme.excluded else []
        said += theme.rulings
        top = _code(root, guid("code", "theme", theme.id), theme.name, "\n".join(said), place)
        for stance in codebook.stances:
            if stance.id in codebook.sentence_stances:
                own = stance_code(theme.id, stance.id)
                _code(top, own, stance.name, stance.definition, place)
    services = _code(
        root, guid("code", "services"), SERVICES_CODE, "Services that are judged.", None
    )
    for service in codebook.services:
        _code(services, service_code(service.id), service.name, service.definition)
    kinds = _code(root, guid("code", "kinds"), KINDS_CODE, "What a paragraph is.", None)
    for kind in PARAGRAPH_KINDS:
        _code(kinds, kind_code(kind), kind.replace("_", " "), "")
    return root


def _code(
    parent: Element, own: str, name: str, description: str, place: int | None = -1
) -> Element:
    """Adds a code; `place` gives its colour, and None makes it a folder that nothing can carry."""
    code = SubElement(parent, "Code", guid=own, name=one_line(name))
    code.set("isCodable", "false" if place is None else "true")
    if place is not None and place >= 0:
        code.set("color", colour(place))
    if description:
        SubElement(code, "Description").text = xml_text(description)
    return code


def codebook_xml(codebook: Codebook) -> bytes:
    """A .qdc file: the codebook for exchange by itself."""
    root = Element("CodeBook", xmlns=CODEBOOK_XMLNS, origin=ORIGIN)
    root.append(codes(codebook))
    return xml_bytes(root)


def xml_bytes(root: Element) -> bytes:
    """An XML document in UTF-8, indented, with its declaration."""
    indent(root, " ")
    content: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"
