"""The registry of formats, and the two functions over it: `export` and `import_labels`.

A format is one module with `write`, or `read`, or both. What is not in `FORMATS` does not exist.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date as calendar_date
from importlib import import_module
from pathlib import Path

from clas_nlp.codebook import Codebook
from clas_nlp.corpus.records import Corpus, LabelledParagraph
from clas_nlp.errors import BadCorpus
from clas_nlp.exchanging.fitting import Fitter
from clas_nlp.exchanging.records import (
    Coding,
    ExchangeError,
    ForeignRow,
    Imported,
)
from clas_nlp.tagging.records import TaggedParagraph


@dataclass(frozen=True, slots=True)
class Format:
    """A format that labels go out to, and for most of them come back from.

    Attributes:
        name: what people call it on the command line.
        tool: what it is for, in a few words.
        module: the module of this package that knows it.
        ending: the usual ending of its files.
        reader: the module that reads it, where that is another one.
        imports: whether labels can be read from it.
    """

    name: str
    tool: str
    module: str
    ending: str
    reader: str = ""
    imports: bool = True

    def write(self, codings: Sequence[Coding], path: Path, codebook: Codebook) -> list[Path]:
        """Writes codings; gives the files written, the main one first."""
        writer: Callable[..., list[Path]] = import_module(
            f"clas_nlp.exchanging.{self.module}"
        ).write
        return writer(codings, path, codebook)

    def read(self, path: Path, codebook: Codebook, corpus: Corpus | None) -> list[ForeignRow]:
        """Reads the rows of a file, unchecked."""
        module = import_module(f"clas_nlp.exchanging.{self.reader or self.module}")
        rows: list[ForeignRow] = (
            module.read(path, codebook, corpus) if self.reader else module.read(path, codebook)
        )
        return rows


FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format("label-studio", "Label Studio tasks and exports", "label_studio", ".json"),
        Format("doccano", "doccano, intent detection", "doccano", ".jsonl"),
        Format("prodigy", "Prodigy, choices and spans", "prodigy", ".jsonl"),
        Format("spacy", "spaCy DocBin", "spacy_docs", ".spacy", imports=False),
        Format(
            "refi-qda", "NVivo, ATLAS.ti, MAXQDA, QualCoder", "refi_qda", ".qdpx", "refi_import"
        ),
        Format("csv", "a table for any spreadsheet", "csv_table", ".csv"),
        Format("xlsx", "an Excel workbook with drop-downs", "xlsx", ".xlsx"),
        Format("w3c", "W3C Web Annotation, JSON-LD", "w3c", ".jsonld", imports=False),
    )
}
#: Those that labels can be read from.
IMPORTS = tuple(name for name, form in FORMATS.items() if form.imports)


def export(
    paragraphs: Iterable[TaggedParagraph | LabelledParagraph],
    to: str,
    path: str | Path,
    codebook: Codebook,
) -> list[Path]:
    """Writes paragraphs for another tool.

    The model's tags go out as what they are, suggestions (predictions, unanswered tasks, unchecked
    rows), and a person's labels as labels.

    Args:
        paragraphs: tagged or labelled paragraphs; ids must not repeat.
        to: a name in `FORMATS`.
        path: the file; a format may write more beside it (labelling interface, codebook).
        codebook: the codebook that the paragraphs were labelled by.

    Returns:
        The files written, the main one first.

    Raises:
        ExchangeError: the format is unknown, or cannot hold the paragraphs.
        BadCorpus: a label lies outside its text or is not in the codebook, or an id repeats.
    """
    if to not in FORMATS:
        raise ExchangeError(f"unknown format {to!r}; expected one of {', '.join(FORMATS)}")
    codings = [Coding.of(paragraph, codebook) for paragraph in paragraphs]
    problems = list(_export_problems(codings, codebook))
    if problems:
        raise BadCorpus(problems[0], problems)
    return FORMATS[to].write(codings, Path(path), codebook)


def _export_problems(codings: Sequence[Coding], codebook: Codebook) -> Iterable[str]:
    seen: set[str] = set()
    for coding in codings:
        where = f"paragraph {coding.id!r}"
        if coding.id in seen:
            yield f"{where} stands there twice; give each paragraph its own id"
        seen.add(coding.id)
        for label in coding.labels:
            if not 0 <= label.start < label.end <= len(coding.text):
                yield (
                    f"{where}: evidence from {label.start} to {label.end} lies outside the text "
                    f"({len(coding.text)} characters)"
                )
            if label.theme not in codebook.theme_ids:
                yield (
                    f"{where}: unknown theme {label.theme!r}; "
                    f"expected one of {', '.join(codebook.theme_ids)}"
                )
            if label.stance not in codebook.sentence_stances:
                yield (
                    f"{where}: unknown stance {label.stance!r}; "
                    f"expected one of {', '.join(codebook.sentence_stances)}"
                )


def import_labels(
    path: str | Path,
    codebook: Codebook,
    corpus: Corpus | None = None,
    coder: str = "",
    date: str = "",
) -> list[LabelledParagraph]:
    """Labels from a file of another tool, all of them or none.

    Args:
        path: the file; its format is told by its content.
        codebook: the codebook that the labels must fit.
        corpus: paragraphs that the labels may belong to, found by id or by text.
        coder: who labelled; where the file names several coders, only this one's labels count.
        date: ISO date of the labelling; by default what the file says.

    Returns:
        The paragraphs that a person has labelled, in the file's order.

    Raises:
        BadCorpus: the file is of no known format, or rows do not fit, one problem for each; or
            nobody has labelled anything in it yet.
    """
    found = read_labels(path, codebook, corpus, coder, date)
    problems = found.problems
    if not problems and not found.paragraphs:
        problems = (nothing_labelled(Path(path), found),)
    if problems:
        raise BadCorpus.of(list(problems))
    return list(found.paragraphs)


def nothing_labelled(path: Path, found: Imported) -> str:
    """The line that says that a file holds no labels of a person."""
    how = {
        "csv": "put yes into the column 'checked' of the paragraphs that were looked at",
        "xlsx": "put yes into the column 'checked' of the paragraphs that were looked at",
        "label-studio": "submit the tasks in Label Studio, and export again",
        "prodigy": "accept the tasks in Prodigy, and export again",
    }.get(found.format, "label paragraphs, and export again")
    return f"{path}: none of its {found.waiting} paragraphs is labelled by a person yet; {how}"


def read_labels(
    path: str | Path,
    codebook: Codebook,
    corpus: Corpus | None = None,
    coder: str = "",
    date: str = "",
    format: str = "",
) -> Imported:
    """What a file of labels holds: what fits, and what does not; see `import_labels`.

    Args:
        format: a name in `IMPORTS`, where the content should not decide.

    Raises:
        BadCorpus: the file cannot be read at all, or `date` is none.
    """
    path = Path(path)
    if date:
        try:
            calendar_date.fromisoformat(date)
        except ValueError:
            raise BadCorpus(f"date {date!r} is no ISO date; expected one like 2024-03-31") from None
    if not path.is_file():
        raise BadCorpus(f"{path}: no such file; expected labels from {', '.join(IMPORTS)}")
    name = format or detect(path)
    if name not in IMPORTS:
        raise BadCorpus(f"{path}: no labels come from {name!r}; expected {', '.join(IMPORTS)}")
    rows = FORMATS[name].read(path, codebook, corpus)
    if not rows:
        raise BadCorpus(f"{path}: no rows; expected labels from {name}")
    return Fitter(codebook, corpus, coder, date).fit(rows, name)


def detect(path: Path) -> str:
    """The format of a file, by its content.

    Raises:
        BadCorpus: it is none that labels can be read from.
    """
    from clas_nlp.exchanging import doccano, label_studio, prodigy
    from clas_nlp.exchanging.archives import SafeArchive
    from clas_nlp.exchanging.csv_table import table
    from clas_nlp.exchanging.json_rows import json_rows, utf8_text

    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise BadCorpus(f"{path}: cannot be read ({error.strerror or error})") from None
    if head[:2] == b"PK":
        names = {name.lower() for name in SafeArchive(path, "labels").names}
        if "project.qde" in names:
            return "refi-qda"
        if "xl/workbook.xml" in names:
            return "xlsx"
        raise BadCorpus(
            f"{path}: a zip archive with neither a REFI-QDA project nor a workbook in it; "
            "unpack it, and give the file with the labels"
        )
    if head == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise BadCorpus(
            f"{path}: an old or password-protected Office file; save it as .xlsx without a password"
        )
    if head[:5] == b"%PDF-":
        raise BadCorpus(f"{path}: a PDF holds no labels; expected labels from {', '.join(IMPORTS)}")
    text = utf8_text(path)
    if text.lstrip()[:1] not in ("[", "{"):
        header, _ = table(text, path)
        return "label-studio" if label_studio.recognises_columns(header) else "csv"
    for _, row in json_rows(path)[:1]:
        for name, known in (
            ("label-studio", label_studio.recognises),
            ("prodigy", prodigy.recognises),
            ("doccano", doccano.recognises),
        ):
            if known(row):
                return name
        shown = ", ".join(map(str, row)) if isinstance(row, dict) else json.dumps(row)
        raise BadCorpus(
            f"{path}: row 1 has the fields {shown[:120]}; expected those of "
            f"{', '.join(n for n in IMPORTS if FORMATS[n].ending.startswith('.json'))}"
        )
    raise BadCorpus(f"{path}: no rows; expected labels from {', '.join(IMPORTS)}")
