"""One text source of a REFI-QDA project: its text, its passages, the paragraphs they fall into.

Paragraphs are known by the selections of our own export; without those they are found in the
source's text, from the corpus or by reading the source as a report.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from clas_nlp.corpus.records import Corpus
from clas_nlp.errors import BadCorpus, ClasNlpError
from clas_nlp.exchanging.archives import SafeArchive, leaves_archive
from clas_nlp.exchanging.json_rows import iso_date
from clas_nlp.exchanging.offsets import Aligner, Alignment, locate
from clas_nlp.exchanging.records import ForeignRow, Mark, identity_from, mark_name, text_sha256
from clas_nlp.exchanging.refi_codes import ORIGIN
from clas_nlp.exchanging.refi_qda import MARK, NO_DATE, PROJECT_XMLNS
from clas_nlp.json_text import NoJson, json_value
from clas_nlp.reading.records import JUDGED_KINDS

XMLNS = f"{{{PROJECT_XMLNS}}}"
_INTERNAL = "internal://"


@dataclass(frozen=True, slots=True)
class Code:
    """What a code of the project stands for."""

    shown: str
    theme: str | None = None
    stance: str | None = None
    service: str | None = None
    kind: str | None = None

    @property
    def known(self) -> bool:
        """Whether it stands for anything of the codebook."""
        return any((self.theme, self.stance, self.service, self.kind))


@dataclass(frozen=True, slots=True)
class _Passage:
    """A coded selection of a source."""

    start: int
    end: int
    codes: tuple[Code, ...]
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


@dataclass(frozen=True)
class Project:
    """What the sources of a project share.

    Attributes:
        path: the .qdpx file.
        archive: its content.
        codes: what each code stands for, by id.
        users: names by id.
        corpus: paragraphs to look for in sources that are not of our export.
        trusted: whether the project is our own export, which counts in code points.
    """

    path: Path
    archive: SafeArchive
    codes: dict[str, Code]
    users: dict[str, str]
    corpus: Corpus | None
    trusted: bool


class SourceReader:
    """Reads one source: its text, its passages, the paragraphs that they fall into."""

    def __init__(self, project: Project, source: Element) -> None:
        self.project = project
        self.name = source.get("name", "") or source.get("guid", "")
        self.where = f"{project.path}: source {self.name!r}"
        self.selections = source.findall(f"{XMLNS}PlainTextSelection")
        self.text = self._text(source)
        self.problems: list[str] = []

    def _text(self, source: Element) -> str:
        inline = source.find(f"{XMLNS}PlainTextContent")
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
        archive = self.project.archive
        members = {member.lower(): member for member in archive.names}
        content = archive.read(members.get(f"sources/{name}".lower(), f"sources/{name}"))
        # Our own export has no byte-order mark, but its text may begin with that character.
        encoding = "utf-8" if self.project.trusted else "utf-8-sig"
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            encoding = "utf-16"
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
        codings = selection.findall(f"{XMLNS}Coding")
        references = [bare_guid(r.get("targetGUID")) for r in selection.iter(f"{XMLNS}CodeRef")]
        codes = [self.project.codes.get(r) for r in references]
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
        coder = self.project.users.get(user or "", "")
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
        # Other tools name a passage by its words, which then show how the tool counts.
        words = None if self.project.trusted else selection.get("name")
        span = locate(self.text, start, end, words, strict=False)
        if span is None:
            self.problems.append(
                f"a passage from {start} to {end} lies outside the source's text "
                f"({len(self.text)} characters)"
            )
        return span

    def _own_blocks(self) -> list[_Block]:
        blocks = []
        for selection in self.selections:
            said = selection.findtext(f"{XMLNS}Description") or ""
            try:
                identity = json_value(said) if MARK in said else None
            except NoJson:
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
        if self.project.corpus is None:
            return []
        aligner = Aligner(self.text)
        blocks = []
        for p in self.project.corpus.paragraphs:
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


def bare_guid(value: str | None) -> str:
    """An id without the braces that some tools write, in small letters."""
    return (value or "").strip("{}").lower()
