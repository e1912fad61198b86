"""REFI-QDA projects (.qdpx) back in: our own, and those that people coded by hand.

Codes are known by id or by name: a theme with its stance as sub-code, "theme/stance" as one code,
or a theme and a stance as two codes on one passage. Paragraphs are known by the selections of our
own export; without those they are found in the source's text, from the corpus or by reading the
source as a report.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from clas_nlp.codebook import Codebook
from clas_nlp.corpus.records import Corpus
from clas_nlp.errors import BadCorpus, ClasNlpError
from clas_nlp.exchanging.archives import SafeArchive, leaves_archive, safe_xml
from clas_nlp.exchanging.json_rows import iso_date
from clas_nlp.exchanging.offsets import Aligner, Alignment, locate
from clas_nlp.exchanging.records import (
    ForeignRow,
    Mark,
    Names,
    identity_from,
    mark_name,
    text_sha256,
)
from clas_nlp.exchanging.refi_codes import kind_code, service_code, stance_code
from clas_nlp.exchanging.refi_qda import MARK, NO_DATE, ORIGIN, PROJECT_FILE, PROJECT_XMLNS
from clas_nlp.reading.records import JUDGED_KINDS, PARAGRAPH_KINDS

_NS = f"{{{PROJECT_XMLNS}}}"
_INTERNAL = "internal://"
_WANTED = "a REFI-QDA project (.qdpx)"


@dataclass(frozen=True, slots=True)
class _Code:
    """What a code of the project stands for."""

    shown: str
    theme: str | None = None
    stance: str | None = None
    service: str | None = None
    kind: str | None = None

    @property
    def known(self) -> bool:
        return any((self.theme, self.stance, self.service, self.kind))


@dataclass(frozen=True, slots=True)
class _Passage:
    """A coded selection of a source."""

    start: int
    end: int
    codes: tuple[_Code, ...]
    coder: str
    date: str


@dataclass(frozen=True)
class _Block:
    """A paragraph in a source; `within` cuts a span of the source to it."""

    row: ForeignRow
    start: int
    end: int
    alignment: Alignment | None = None

    def within(self, start: int, end: int) -> tuple[int, int] | None:
        if self.alignment is not None:
            return self.alignment.within(start, end)
        low, high = max(start, self.start), min(end, self.end)
        return (low - self.start, high - self.start) if low < high else None


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
    if project.tag != f"{_NS}Project":
        raise BadCorpus(f"{path}: the root of {found[0]} is {project.tag!r}; expected {_WANTED}")
    users = {u.get("guid", ""): u.get("name", "") for u in project.iter(f"{_NS}User")}
    codes = _codes(project, codebook)
    rows: list[ForeignRow] = []
    for source in project.iter(f"{_NS}TextSource"):
        rows += _SourceReader(path, archive, source, codes, users, corpus).rows()
    for pdf in project.iter(f"{_NS}PDFSource"):
        rows += _pdf_rows(path, archive, pdf, codes, users, corpus)
    return rows


def _codes(project: Element, codebook: Codebook) -> dict[str, _Code]:
    names = Names(codebook)
    own: dict[str, _Code] = {}
    for theme in codebook.theme_ids:
        for stance in codebook.sentence_stances:
            shown = mark_name(theme, stance)
            own[stance_code(theme, stance)] = _Code(shown, theme, stance)
    own.update({service_code(s): _Code(s, service=s) for s in codebook.service_ids})
    own.update({kind_code(kind): _Code(kind, kind=kind) for kind in PARAGRAPH_KINDS})
    found: dict[str, _Code] = {}

    def visit(code: Element, above: _Code | None) -> None:
        key, name = _guid(code.get("guid")), code.get("name", "")
        made = own.get(key)
        if made is None:
            theme, stance = names.mark(name)
            stance = stance or names.stance(name)
            # A code below a theme inherits it: the usual shape of a codebook made by hand.
            theme = theme or (above.theme if above else None)
            shown = f"{above.shown}/{name}" if above else name
            service = None if theme or stance else names.service(name)
            made = _Code(shown, theme, stance, service)
        found[key] = made
        for child in code.findall(f"{_NS}Code"):
            visit(child, made)

    for top in project.findall(f"{_NS}CodeBook/{_NS}Codes/{_NS}Code"):
        visit(top, None)
    return found


def _pdf_rows(
    path: Path,
    archive: SafeArchive,
    pdf: Element,
    codes: dict[str, _Code],
    users: dict[str, str],
    corpus: Corpus | None,
) -> Iterator[ForeignRow]:
    name = pdf.get("name", "")
    text = pdf.find(f"{_NS}Representation")
    if text is not None:
        text.set("name", text.get("name") or name)
        yield from _SourceReader(path, archive, text, codes, users, corpus).rows()
    areas = sum(1 for s in pdf.findall(f"{_NS}PDFSelection") if s.find(f"{_NS}Coding") is not None)
    if areas:
        yield ForeignRow(
            f"{path}: source {name!r}",
            problems=[
                f"{areas} codings lie on areas of PDF pages, which hold no text offsets; "
                "code the report's plain text"
            ],
        )


class _SourceReader:
    """Reads one source: its text, its passages, the paragraphs that they fall into."""

    def __init__(
        self,
        path: Path,
        archive: SafeArchive,
        source: Element,
        codes: dict[str, _Code],
        users: dict[str, str],
        corpus: Corpus | None,
    ) -> None:
        self.name = source.get("name", "") or source.get("guid", "")
        self.where = f"{path}: source {self.name!r}"
        self.codes, self.users, self.corpus = codes, users, corpus
        self.selections = source.findall(f"{_NS}PlainTextSelection")
        self.text = self._text(archive, source)
        self.problems: list[str] = []

    def _text(self, archive: SafeArchive, source: Element) -> str:
        inline = source.find(f"{_NS}PlainTextContent")
        if inline is not None:
            return inline.text or ""
        place = source.get("plainTextPath", "")
        name = place.removeprefix(_INTERNAL)
        if not place.startswith(_INTERNAL) or leaves_archive(name):
            if not self.selections:
                return ""
            raise BadCorpus(
                f"{self.where}: its text lies at {place[:80]!r}, outside the archive; "
                "export the project with its sources inside"
            )
        members = {member.lower(): member for member in archive.names}
        content = archive.read(members.get(f"sources/{name}".lower(), f"sources/{name}"))
        encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            raise BadCorpus(
                f"{self.where}: byte {error.start} of its text is not UTF-8; export it again"
            ) from None

    def rows(self) -> list[ForeignRow]:
        """A row for each paragraph, and one for what belongs to none."""
        passages = [p for p in map(self._passage, self.selections) if p is not None]
        blocks = self._own_blocks()
        ours = bool(blocks)
        evidence = [p for p in passages if any(c.theme or c.stance for c in p.codes)]
        about = [p for p in passages if any(c.service for c in p.codes)]
        if not blocks and (evidence or about):
            blocks = self._known_blocks() or self._read_blocks()
        for passage in evidence:
            self._place(passage, blocks, evidence)
        for passage in about:
            for block in blocks:
                if block.within(passage.start, passage.end):
                    services = block.row.services or []
                    services += [c.service for c in passage.codes if c.service]
                    block.row.services = services
        found = [
            block.row
            for block in blocks
            if ours or block.row.marks or block.row.identity.get("kind") in JUDGED_KINDS
        ]
        if self.problems:
            found.append(ForeignRow(self.where, problems=list(dict.fromkeys(self.problems))))
        return found

    def _passage(self, selection: Element) -> _Passage | None:
        codings = selection.findall(f"{_NS}Coding")
        references = [_guid(r.get("targetGUID")) for r in selection.iter(f"{_NS}CodeRef")]
        codes = [self.codes.get(r) for r in references]
        for code, reference in zip(codes, references, strict=True):
            if code is None:
                self.problems.append(f"a passage has the code {reference}, which is not defined")
            elif not code.known:
                self.problems.append(
                    f"passages have the code {code.shown!r}, which names no theme, stance or "
                    "service of the codebook; rename it, or remove it from the export"
                )
        span = self._span(selection)
        if span is None:
            return None
        first = codings[0] if codings else selection
        user = first.get("creatingUser") or selection.get("creatingUser")
        day = iso_date(first.get("creationDateTime") or selection.get("creationDateTime") or "")
        coder = self.users.get(user or "", "")
        return _Passage(
            *span,
            tuple(c for c in codes if c is not None and c.known),
            "" if coder in (ORIGIN, "coder") else coder,
            "" if day == NO_DATE else day,
        )

    def _span(self, selection: Element) -> tuple[int, int] | None:
        try:
            start = int(selection.get("startPosition", ""))
            end = int(selection.get("endPosition", ""))
        except ValueError:
            self.problems.append("a passage without startPosition and endPosition")
            return None
        # Some tools name a passage by its words, which then show how the tool counts.
        span = locate(self.text, start, end, selection.get("name"), strict=False)
        if span is None:
            self.problems.append(
                f"a passage from {start} to {end} lies outside the source's text "
                f"({len(self.text)} characters)"
            )
        return span

    def _own_blocks(self) -> list[_Block]:
        blocks = []
        for selection in self.selections:
            said = selection.findtext(f"{_NS}Description") or ""
            try:
                identity = json.loads(said) if MARK in said else None
            except (json.JSONDecodeError, RecursionError):
                identity = None
            span = self._span(selection) if isinstance(identity, dict) else None
            if span is None or not isinstance(identity, dict):
                continue
            row = ForeignRow(
                f"{self.where}: paragraph {identity.get('paragraph_id', '')!r}",
                text=self.text[slice(*span)],
                identity=identity_from(identity),
                services=[],
            )
            passage = self._passage(selection)
            if passage is not None:
                row.coder, row.date = passage.coder, passage.date
            blocks.append(_Block(row, *span))
        if blocks and all(
            text_sha256(b.row.text or "") != b.row.identity.get("text_sha256") for b in blocks
        ):
            # Every paragraph has moved: the source's line ends were changed without its offsets.
            return self._known_blocks() or blocks
        return blocks

    def _known_blocks(self) -> list[_Block]:
        """The paragraphs of the corpus that stand in the source, in the corpus's order."""
        if self.corpus is None:
            return []
        aligner = Aligner(self.text)
        blocks = []
        for p in self.corpus.paragraphs:
            alignment = aligner.find(p.text)
            if alignment is not None:
                row = ForeignRow(f"{self.where}: paragraph {p.id!r}", p.text, services=None)
                row.identity = {"paragraph_id": p.id, "kind": p.kind}
                blocks.append(_Block(row, alignment.start, alignment.end, alignment))
        return blocks

    def _read_blocks(self) -> list[_Block]:
        """The paragraphs of a source that is a whole report."""
        from clas_nlp.reading import parse_report

        name = Path(self.name).stem or "report"
        try:
            report = parse_report(self.text, name)
        except ClasNlpError as error:
            self.problems.append(f"its paragraphs were not found ({error})")
            return []
        aligner = Aligner(self.text)
        blocks = []
        for p in report.paragraphs:
            alignment = aligner.find(p.text)
            if alignment is None:
                continue
            identity = {
                "paragraph_id": p.id,
                "report": name,
                "kind": p.kind,
                "number": p.number,
                "section": p.section,
            }
            row = ForeignRow(f"{self.where}: paragraph {p.id!r}", p.text, identity, services=[])
            blocks.append(_Block(row, alignment.start, alignment.end, alignment))
        return blocks

    def _place(self, passage: _Passage, blocks: list[_Block], others: list[_Passage]) -> None:
        """Gives a passage to the paragraphs that it lies in, cut to each."""
        labels = [
            mark_name(code.theme, stance)
            for code in passage.codes
            if code.theme
            for stance in ([code.stance] if code.stance else _stances(passage, others))
        ]
        for code in passage.codes:
            if code.theme and not code.stance and not _stances(passage, others):
                self.problems.append(
                    f"the passage from {passage.start} to {passage.end} has the theme "
                    f"{code.theme!r} and no stance; code it with a stance, too"
                )
        homes = [(b, span) for b in blocks if (span := b.within(passage.start, passage.end))]
        if labels and not homes:
            self.problems.append(
                f"the passage from {passage.start} to {passage.end} "
                f"({self.text[passage.start : passage.end][:40]!r}) lies in no paragraph known; "
                "give the corpus that holds its paragraph"
            )
        for block, span in homes:
            text = block.row.text or ""
            if len(homes) > 1:
                cut = text[slice(*span)]
                lead = len(cut) - len(cut.lstrip())
                span = (span[0] + lead, span[0] + lead + len(cut.strip()))
            if span[0] < span[1]:
                block.row.marks += [Mark(label, *span) for label in labels]
                block.row.coder = block.row.coder or passage.coder
                block.row.date = block.row.date or passage.date


def _stances(passage: _Passage, others: list[_Passage]) -> list[str]:
    """Stances that stand alone on the same passage, or on one over the same characters."""
    return list(
        dict.fromkeys(
            code.stance
            for other in others
            if (other.start, other.end) == (passage.start, passage.end)
            for code in other.codes
            if code.stance and not code.theme
        )
    )


def _guid(value: str | None) -> str:
    return (value or "").strip("{}").lower()
