"""Labelled paragraphs: what a row of a corpus is, and how corpora are read and written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clas_nlp.codebook import Codebook, codebook_beside, paragraph_stance
from clas_nlp.corpus.checking import RowCheck
from clas_nlp.errors import BadCorpus
from clas_nlp.files import write_text
from clas_nlp.json_text import NoJson, json_value

if TYPE_CHECKING:
    from typing_extensions import Self

#: Text written for training carries this origin; it is never evaluated on.
WRITTEN = "written"


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """One evidence sentence of a theme: `text[start:end]` of its paragraph.

    Attributes:
        start: offset of the sentence in the paragraph's text, in code points.
        end: offset past its last character.
        theme: id of the theme.
        stance: weakness, strength or neutral.
    """

    start: int
    end: int
    theme: str
    stance: str


@dataclass(frozen=True, slots=True)
class LabelledParagraph:
    """A paragraph with the labels that a coder gave it.

    Attributes:
        id: unique within the corpus.
        report: the report it comes from; the unit by which training and test text are split.
        kind: its kind, see `clas_nlp.reading.PARAGRAPH_KINDS`.
        number: the number printed before it, or empty.
        section: the section it stands in, or empty.
        text: its text.
        services: ids of the services whose practice it judges.
        labels: evidence sentences with theme and stance.
        origin: "report", or "written" for text that was written for training.
    """

    id: str
    report: str
    kind: str
    number: str
    section: str
    text: str
    services: tuple[str, ...] = ()
    labels: tuple[Label, ...] = ()
    origin: str = "report"

    @property
    def themes(self) -> dict[str, str]:
        """Stance of the paragraph for each theme that it carries."""
        found: dict[str, set[str]] = {}
        for label in self.labels:
            found.setdefault(label.theme, set()).add(label.stance)
        return {theme: paragraph_stance(stances) for theme, stances in found.items()}

    def to_row(self) -> dict[str, Any]:
        """The paragraph as a JSON row, keys in a fixed order."""
        row: dict[str, Any] = {
            "id": self.id,
            "report": self.report,
            "kind": self.kind,
            "number": self.number,
            "section": self.section,
            "text": self.text,
            "services": list(self.services),
            "labels": [
                {"theme": x.theme, "stance": x.stance, "start": x.start, "end": x.end}
                for x in sorted(self.labels)
            ],
            "origin": self.origin,
        }
        return row

    def labelled_sentences(self, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, Label]]:
        """Each label with each sentence that it lies in, even in part.

        Args:
            spans: (start, end) of the sentences.

        Yields:
            The place of the sentence among the spans, and the label.
        """
        for label in self.labels:
            for place, (start, end) in enumerate(spans):
                if start < label.end and end > label.start:
                    yield place, label

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Self:
        """A paragraph from a row that `row_problems` found nothing wrong with."""
        return cls(
            id=row["id"],
            report=row["report"],
            kind=row["kind"],
            number=row.get("number", ""),
            section=row.get("section", ""),
            text=row["text"],
            services=tuple(row.get("services", ())),
            labels=tuple(
                sorted(Label(x["start"], x["end"], x["theme"], x["stance"]) for x in row["labels"])
            ),
            origin=row.get("origin", "report"),
        )


@dataclass(frozen=True)
class Corpus:
    """Labelled paragraphs and the codebook they were labelled by.

    Attributes:
        paragraphs: in the order of the files.
        codebook: the codebook.
        hashes: SHA-256 of each file that was read, by file name.
    """

    paragraphs: tuple[LabelledParagraph, ...]
    codebook: Codebook
    hashes: tuple[tuple[str, str], ...] = ()

    @property
    def reports(self) -> tuple[str, ...]:
        """Ids of the reports (written text left out), in order of appearance."""
        return tuple(dict.fromkeys(p.report for p in self.paragraphs if p.origin != WRITTEN))

    def without(self, reports: Sequence[str]) -> Corpus:
        """The corpus less some reports."""
        return replace(
            self, paragraphs=tuple(p for p in self.paragraphs if p.report not in reports)
        )

    def only(self, reports: Sequence[str]) -> Corpus:
        """The paragraphs of some reports."""
        return replace(self, paragraphs=tuple(p for p in self.paragraphs if p.report in reports))


def corpus_files(paths: Iterable[str | Path]) -> list[Path]:
    """The JSONL files named, and those directly in the folders named, in order.

    Raises:
        BadCorpus: a path does not exist, or a folder holds no JSONL file.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = sorted(path.glob("*.jsonl"))
            if not inside:
                raise BadCorpus(f"{path}: no .jsonl file in this folder; expected a corpus")
            files += inside
        elif path.is_file():
            files.append(path)
        else:
            raise BadCorpus(f"{path}: no such file or folder; expected a corpus")
    return files


def load_corpus(
    paths: str | Path | Iterable[str | Path], codebook: Codebook | None = None
) -> Corpus:
    """Reads a corpus and checks every row.

    Args:
        paths: JSONL files or folders of them.
        codebook: the codebook to check against; by default the one beside the corpus
            (`codebook/` in the folder of the first file), or else the project's own.

    Raises:
        BadCorpus: with one problem for each bad row of all the files.
    """
    files = corpus_files([paths] if isinstance(paths, str | Path) else paths)
    if codebook is None:
        codebook = codebook_beside(files[0])
    paragraphs: list[LabelledParagraph] = []
    check = RowCheck(codebook)
    hashes: list[tuple[str, str]] = []
    for file in files:
        rows, file_problems, digest = read_rows(file)
        hashes.append((file.name, digest))
        check.problems += file_problems
        for number, row in rows:
            if check.fits(row, f"{file}: row {number}"):
                paragraphs.append(LabelledParagraph.from_row(row))
    if check.problems:
        raise BadCorpus.of(check.problems)
    return Corpus(tuple(paragraphs), codebook, tuple(hashes))


def read_rows(file: Path) -> tuple[list[tuple[int, Any]], list[str], str]:
    """Rows of a JSONL file with their numbers, the lines that are no JSON, and the file's hash."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise BadCorpus(f"{file}: cannot be read ({error.strerror or error})") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadCorpus(
            f"{file}: byte {error.start} is not UTF-8; save the corpus as UTF-8"
        ) from None
    rows: list[tuple[int, Any]] = []
    problems: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            rows.append((number, json_value(line)))
        except NoJson as error:
            problems.append(f"{file}: row {number}: no JSON ({error}); expected one object a line")
    if not rows and not problems:
        problems.append(f"{file}: the file is empty; expected one paragraph a line")
    return rows, problems, hashlib.sha256(raw).hexdigest()


def save_corpus(paragraphs: Iterable[LabelledParagraph], file: str | Path) -> None:
    """Writes paragraphs as JSON Lines, atomically."""
    write_text(
        Path(file),
        "".join(json.dumps(p.to_row(), ensure_ascii=False) + "\n" for p in paragraphs),
    )
