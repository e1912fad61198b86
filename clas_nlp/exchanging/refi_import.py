"""REFI-QDA projects (.qdpx) back in: our own, and those that people coded by hand.

Codes are known by id or by name: a theme with its stance as sub-code, "theme/stance" as one code,
or a theme and a stance as two codes on one passage.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from clas_nlp.codebook import Codebook
from clas_nlp.corpus.records import Corpus
from clas_nlp.errors import BadCorpus
from clas_nlp.exchanging.archives import SafeArchive, safe_xml
from clas_nlp.exchanging.records import ForeignRow, Names, mark_name
from clas_nlp.exchanging.refi_codes import ORIGIN, kind_code, service_code, stance_code
from clas_nlp.exchanging.refi_qda import PROJECT_FILE
from clas_nlp.exchanging.refi_source import XMLNS, Code, Project, SourceReader, bare_guid
from clas_nlp.reading.records import PARAGRAPH_KINDS

_WANTED = "a REFI-QDA project (.qdpx)"


def read(path: Path, codebook: Codebook, corpus: Corpus | None = None) -> list[ForeignRow]:
    """Reads a project.

    Args:
        path: the .qdpx file.
        codebook: the codebook whose themes, stances and services are looked for.
        corpus: paragraphs to look for in sources that are not of our export.

    Raises:
        BadCorpus: the archive or its XML is broken or harmful, or a source lies elsewhere.
    """
    archive = SafeArchive(path, _WANTED)
    found = [name for name in archive.names if name.lower() == PROJECT_FILE]
    if not found:
        raise BadCorpus(f"{path}: no {PROJECT_FILE} in the archive; expected {_WANTED}")
    project = safe_xml(archive.read(found[0]), f"{path}: {found[0]}")
    if project.tag != f"{XMLNS}Project":
        raise BadCorpus(f"{path}: the root of {found[0]} is {project.tag!r}; expected {_WANTED}")
    users = {u.get("guid", ""): u.get("name", "") for u in project.iter(f"{XMLNS}User")}
    shared = Project(
        path, archive, _codes(project, codebook), users, corpus, project.get("origin") == ORIGIN
    )
    rows: list[ForeignRow] = []
    for source in project.iter(f"{XMLNS}TextSource"):
        rows += SourceReader(shared, source).rows()
    for pdf in project.iter(f"{XMLNS}PDFSource"):
        rows += _pdf_rows(shared, pdf)
    return rows


def _codes(project: Element, codebook: Codebook) -> dict[str, Code]:
    names = Names(codebook)
    own: dict[str, Code] = {}
    for theme in codebook.theme_ids:
        for stance in codebook.sentence_stances:
            shown = mark_name(theme, stance)
            own[stance_code(theme, stance)] = Code(shown, theme, stance)
    own.update({service_code(s): Code(s, service=s) for s in codebook.service_ids})
    own.update({kind_code(kind): Code(kind, kind=kind) for kind in PARAGRAPH_KINDS})
    found: dict[str, Code] = {}

    # A stack and no recursion: a harmful file may nest its codes however deep.
    waiting: list[tuple[Element, Code | None]] = [
        (top, None) for top in project.findall(f"{XMLNS}CodeBook/{XMLNS}Codes/{XMLNS}Code")
    ]
    while waiting:
        code, above = waiting.pop()
        key, name = bare_guid(code.get("guid")), code.get("name", "")
        made = own.get(key)
        if made is None:
            meant, judged = names.mark(name)
            judged = judged or names.stance(name)
            # A code below a theme inherits it: the usual shape of a codebook made by hand.
            meant = meant or (above.theme if above else None)
            shown = f"{above.shown}/{name}" if above and above.theme else name
            service = None if meant or judged else names.service(name)
            made = Code(shown, meant, judged, service)
        found[key] = made
        waiting += [(child, made) for child in code.findall(f"{XMLNS}Code")]
    return found


def _pdf_rows(shared: Project, pdf: Element) -> Iterator[ForeignRow]:
    name = pdf.get("name", "")
    text = pdf.find(f"{XMLNS}Representation")
    if text is not None:
        text.set("name", text.get("name") or name)
        yield from SourceReader(shared, text).rows()
    areas = sum(
        1 for s in pdf.findall(f"{XMLNS}PDFSelection") if s.find(f"{XMLNS}Coding") is not None
    )
    if areas:
        yield ForeignRow(
            f"{shared.path}: source {name!r}",
            problems=[
                f"{areas} codings lie on areas of PDF pages, which hold no text offsets; "
                "code the report's plain text"
            ],
        )
