"""`clas-nlp export` and `suggest`: paragraphs out to the tools that people label in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clas_nlp.cli.console import note, printable, shortened, show_table
from clas_nlp.cli.options import CodebookOption, ModelOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clas_nlp.corpus import LabelledParagraph
    from clas_nlp.tagging import TaggedParagraph, Tagger

_ENDINGS = {
    ".xlsx": "xlsx",
    ".csv": "csv",
    ".qdpx": "refi-qda",
    ".qdc": "refi-qda",
    ".spacy": "spacy",
    ".jsonld": "w3c",
    ".json": "label-studio",
}


def _format_names(begun: str) -> list[str]:
    """Names for shell completion."""
    from clas_nlp.exchanging import FORMATS

    return [name for name in FORMATS if name.startswith(begun)]


_TO_HELP = (
    "label-studio, doccano, prodigy, spacy, refi-qda, csv, xlsx or w3c; by default from --out's "
    "ending."
)
ToOption = Annotated[str, typer.Option("--to", "-t", help=_TO_HELP, autocompletion=_format_names)]


def export(
    tagged: Annotated[
        list[Path],
        typer.Argument(
            help="Tagged paragraphs (.jsonl from `tag`), corpus files (.jsonl), or reports, which "
            "are tagged first."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write.")],
    to: ToOption = "",
    model: ModelOption = None,
    codebook: CodebookOption = None,
) -> None:
    """Write tagged or labelled paragraphs for another tool.

    The model's tags go out as suggestions (predictions, unanswered tasks, unchecked rows), a
    person's labels as labels. Some formats write more files beside the one named: the labelling
    interface of Label Studio, the label sets of doccano, the codebook of REFI-QDA.

    \b
    Examples:
      clas-nlp export tagged.jsonl --to label-studio --out tasks.json
      clas-nlp export new_report.txt --out project.qdpx     (NVivo, ATLAS.ti, MAXQDA, QualCoder)
      clas-nlp export corpus/dorset.jsonl --to spacy --out dorset.spacy
      clas-nlp export corpus/dorset.jsonl --out codebook.qdc
    """
    from clas_nlp.codebook import codebook_beside, load_codebook
    from clas_nlp.exchanging import export as write
    from clas_nlp.exchanging import load_paragraphs
    from clas_nlp.tagging import load

    found: list[TaggedParagraph | LabelledParagraph] = []
    tagger: Tagger | None = None
    book = load_codebook(codebook) if codebook else codebook_beside(tagged[0])
    for path in tagged:
        if path.suffix.lower() == ".jsonl":
            found += load_paragraphs(path, book)
            continue
        if tagger is None:
            tagger = load(model)
            book = book if codebook else tagger.codebook
        found += _tag([path], tagger)
    for written in write(found, _format(to, out), out, book):
        note(f"{written}: written")


def suggest(
    reports: Annotated[
        list[Path], typer.Argument(help="Report files, or files of bare paragraphs, as for `tag`.")
    ],
    n: Annotated[int, typer.Option("--n", "-n", min=1, help="How many paragraphs.")] = 50,
    corpus: Annotated[
        list[Path] | None,
        typer.Option(
            "--corpus", "-c", help="What is labelled already, for themes short of examples."
        ),
    ] = None,
    to: ToOption = "",
    model: ModelOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; by default a table.")
    ] = None,
) -> None:
    """Pick the paragraphs most worth labelling, with the model's tags as a start.

    Those of which the model is unsure, whose themes are short of examples in the corpus, and which
    differ from one another. The same input gives the same picks.

    \b
    Examples:
      clas-nlp suggest new_report.txt --n 20
      clas-nlp suggest reports/*.txt --corpus corpus --out to_label.xlsx
      clas-nlp suggest new_report.txt -c corpus --to prodigy --out tasks.jsonl
    """
    from clas_nlp.corpus import load_corpus
    from clas_nlp.exchanging import export as write
    from clas_nlp.exchanging import suggest as pick
    from clas_nlp.tagging import load

    name = _format(to, out) if out else ""
    tagger = load(model)
    labelled = load_corpus(corpus) if corpus else None
    picked = pick(tagger, _tag(reports, tagger), n, labelled)
    book = labelled.codebook if labelled else tagger.codebook
    if out is None:
        _show_picks(picked)
    else:
        for written in write(picked, name, out, book):
            note(f"{written}: written")
    note(f"{len(picked)} paragraphs suggested")


def _tag(paths: Sequence[Path], tagger: Tagger) -> list[TaggedParagraph]:
    from clas_nlp.tagging.many import tag_files
    from clas_nlp.tagging.sources import expand

    tagged: list[TaggedParagraph] = []
    for result in tag_files(expand(paths), tagger):
        if result.error:
            raise result.error
        for line in result.notes:
            note(line)
        tagged += result.paragraphs
    return tagged


def _format(to: str, out: Path) -> str:
    """The format named, or that of the file's ending."""
    from clas_nlp.exchanging import FORMATS, ExchangeError

    name = to or _ENDINGS.get(out.suffix.lower(), "")
    if name not in FORMATS:
        found = f"--to {to!r}" if to else f"a file ending in {out.suffix!r} and no --to"
        raise ExchangeError(f"{found}; expected --to one of {', '.join(FORMATS)}")
    return name


def _show_picks(picked: Sequence[TaggedParagraph]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for column in ("paragraph", "the model's themes", "text (shortened)"):
        table.add_column(column)
    for p in picked:
        themes = ", ".join(f"{t.theme} {t.probability:.2f}" for t in p.themes)
        table.add_row(Text(printable(p.id)), themes, Text(printable(shortened(p.text, 120))))
    show_table(table)


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command()(export)
    app.command()(suggest)
