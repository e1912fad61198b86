"""`clas-nlp export`, `suggest`, `corpus import` and `corpus agreement`."""

from __future__ import annotations

import json
import math
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clas_nlp.cli.console import note, printable, shortened, show_table, write_output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clas_nlp.codebook import Codebook
    from clas_nlp.corpus import Corpus, LabelledParagraph
    from clas_nlp.corpus.agreement import Agreement, CodingAgreement
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


class AgreementFormat(str, Enum):
    """Output of `corpus agreement`."""

    table = "table"
    json = "json"


def _format_names(begun: str) -> list[str]:
    """Names for shell completion."""
    from clas_nlp.exchanging import FORMATS

    return [name for name in FORMATS if name.startswith(begun)]


_TO_HELP = (
    "label-studio, doccano, prodigy, spacy, refi-qda, csv, xlsx or w3c; by default from --out's "
    "ending."
)
_CODEBOOK_HELP = "A codebook folder; by default the one beside the corpus, or the project's own."


def export(
    tagged: Annotated[
        list[Path],
        typer.Argument(
            help="Tagged paragraphs (.jsonl from `tag`), corpus files (.jsonl), or reports, which "
            "are tagged first."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write.")],
    to: Annotated[
        str, typer.Option("--to", "-t", help=_TO_HELP, autocompletion=_format_names)
    ] = "",
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", help="A model folder for reports; by default the shipped."),
    ] = None,
    codebook: Annotated[Path | None, typer.Option("--codebook", help=_CODEBOOK_HELP)] = None,
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
    from clas_nlp.exchanging import export as write
    from clas_nlp.exchanging import load_paragraphs

    found: list[TaggedParagraph | LabelledParagraph] = []
    tagger: Tagger | None = None
    book = _codebook(codebook, tagged[0])
    for path in tagged:
        if path.suffix.lower() == ".jsonl":
            found += load_paragraphs(path, book)
            continue
        if tagger is None:
            tagger = _load_tagger(model)
            book = _codebook(codebook, None) if codebook else tagger.codebook
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
    to: Annotated[
        str, typer.Option("--to", "-t", help=_TO_HELP, autocompletion=_format_names)
    ] = "",
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", help="A model folder; by default the shipped one."),
    ] = None,
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

    name = _format(to, out) if out else ""
    tagger = _load_tagger(model)
    labelled = load_corpus(corpus) if corpus else None
    picked = pick(tagger, _tag(reports, tagger), n, labelled)
    book = labelled.codebook if labelled else tagger.codebook
    if out is None:
        _show_picks(picked)
    else:
        for written in write(picked, name, out, book):
            note(f"{written}: written")
    note(f"{len(picked)} paragraphs suggested")


def import_labels(
    file: Annotated[
        Path,
        typer.Argument(
            help="Labels from Label Studio (JSON, JSON_MIN, CSV), doccano, Prodigy, a spreadsheet "
            "(.xlsx, .csv) or a REFI-QDA project (.qdpx)."
        ),
    ],
    into: Annotated[
        Path | None,
        typer.Option("--into", "-i", help="Corpus file to add to; by default standard output."),
    ] = None,
    corpus: Annotated[
        list[Path] | None,
        typer.Option(
            "--corpus",
            "-c",
            help="Where the paragraphs are that the labels belong to: corpus files or folders, "
            "or tagged .jsonl files.",
        ),
    ] = None,
    coder: Annotated[
        str,
        typer.Option("--coder", help="Who labelled; of several coders in the file, only this."),
    ] = "",
    date: Annotated[
        str,
        typer.Option("--date", help="Day of labelling, YYYY-MM-DD; by default the file's."),
    ] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace labels that the corpus has already.")
    ] = False,
    skip: Annotated[
        bool, typer.Option("--skip-unfit", help="Bring in what fits, and list what does not.")
    ] = False,
    codebook: Annotated[Path | None, typer.Option("--codebook", help=_CODEBOOK_HELP)] = None,
) -> None:
    """Bring labels back from another tool, and list every row that does not fit.

    Only what a person has labelled comes back: submitted tasks, accepted tasks, rows with yes in
    the column "checked". Nothing is overwritten without --replace, and the corpus is copied to
    FILE.bak before it is rewritten.

    \b
    Examples:
      clas-nlp corpus import to_label.xlsx --into corpus/ours.jsonl --coder anna
      clas-nlp corpus import export.json --into corpus/ours.jsonl --coder anna@example.org
      clas-nlp corpus import nvivo.qdpx --corpus corpus --coder ben > ben.jsonl
    """
    from clas_nlp.errors import BadCorpus
    from clas_nlp.exchanging import merge_labels, read_labels
    from clas_nlp.exchanging.formats import nothing_labelled

    near = into or (corpus[0] if corpus else None)
    book = _codebook(codebook, near)
    found = read_labels(file, book, _paragraphs(corpus, book), coder, date)
    if found.problems and not skip:
        raise BadCorpus(found.problems[0], list(found.problems))
    for problem in found.problems:
        note(f"left out: {problem}")
    if not found.paragraphs:
        raise BadCorpus(f"{file}: no row fits" if found.problems else nothing_labelled(file, found))
    if found.waiting:
        note(f"{file}: {found.waiting} paragraphs are not labelled by a person yet; left out")
    if into is None:
        rows = [json.dumps(p.to_row(), ensure_ascii=False) + "\n" for p in found.paragraphs]
        write_output("".join(rows), None)
    else:
        merge = merge_labels(into, found.paragraphs, replace)
        kept = f"; the corpus as it was is in {merge.backup}" if merge.backup else ""
        note(
            f"{into}: {len(merge.added)} paragraphs added, {len(merge.replaced)} replaced, "
            f"{len(merge.unchanged)} unchanged{kept}"
        )
    if found.problems:
        raise typer.Exit(1)


def agreement(
    first: Annotated[Path, typer.Argument(metavar="A", help="One coder's labels.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="The other coder's labels.")],
    corpus: Annotated[
        list[Path] | None,
        typer.Option("--corpus", "-c", help="Where the texts are, for codings without them."),
    ] = None,
    coder: Annotated[
        list[str] | None,
        typer.Option("--coder", help="A's coder; given twice, B's, too (one file may hold both)."),
    ] = None,
    format: Annotated[
        AgreementFormat, typer.Option("--format", "-f", help="Output.")
    ] = AgreementFormat.table,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="CSV file for the differences, ready to settle."),
    ] = None,
    codebook: Annotated[Path | None, typer.Option("--codebook", help=_CODEBOOK_HELP)] = None,
) -> None:
    """Compare two coders: agreement by theme, on stance, evidence and services.

    Raw agreement, Cohen's kappa, Gwet's AC1 and Krippendorff's alpha stand together, since kappa
    alone misleads where a theme is rare. A and B are corpus files, codings, or exports of any tool
    that `corpus import` reads.

    \b
    Examples:
      clas-nlp corpus agreement anna.jsonl ben.jsonl --out to_settle.csv
      clas-nlp corpus agreement anna.xlsx ben.xlsx
      clas-nlp corpus agreement corpus/coding/dorset.a.jsonl corpus/coding/dorset.b.jsonl -c corpus
      clas-nlp corpus agreement tasks.json tasks.json --coder 1 --coder 2
    """
    from clas_nlp.corpus.agreement import coding_agreement
    from clas_nlp.errors import BadCorpus
    from clas_nlp.exchanging import load_coding
    from clas_nlp.exchanging.settling import differences, differences_csv

    book = _codebook(codebook, corpus[0] if corpus else first)
    known = _paragraphs(corpus, book)
    names = [*(coder or []), "", ""]
    a = load_coding(first, book, known, names[0])
    b = load_coding(second, book, known, names[1])
    shared = len({p.id for p in a} & {p.id for p in b})
    if not shared:
        raise BadCorpus(f"{first} and {second} have no paragraph in common; nothing to compare")
    found = coding_agreement(a, b, book)
    rows = differences(found, a, b, book)
    apart = len({p.id for p in a} ^ {p.id for p in b})
    if apart:
        note(f"{apart} paragraphs stand in one file only; left out")
    # The file first: whoever reads the table may stop reading (`| head`).
    if out is not None:
        write_output(differences_csv(rows), out, bom=True)
        note(f"{out}: {len(rows)} differences written")
    if format is AgreementFormat.json:
        write_output(json.dumps({**_plain(found), "differences": rows}, indent=1) + "\n", None)
    else:
        _show_agreement(found, shared, book)


def _codebook(folder: Path | None, near: Path | None) -> Codebook:
    """The codebook named, or the one beside a corpus, or the project's own."""
    from clas_nlp.codebook import load_codebook

    if folder is None and near is not None:
        beside = (near if near.is_dir() else near.parent) / "codebook"
        folder = beside if beside.is_dir() else None
    return load_codebook(folder)


def _load_tagger(model: Path | None) -> Tagger:
    from clas_nlp.tagging import load

    return load(model)


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


def _paragraphs(paths: Sequence[Path] | None, codebook: Codebook) -> Corpus | None:
    """Paragraphs that labels may belong to; those of tagged files count as unlabelled."""
    from clas_nlp.corpus import Corpus, LabelledParagraph, corpus_files
    from clas_nlp.exchanging import load_paragraphs

    if not paths:
        return None
    found = []
    for file in corpus_files(paths):
        for p in load_paragraphs(file, codebook):
            if not isinstance(p, LabelledParagraph):
                p = LabelledParagraph(p.id, p.report, p.kind, p.number, p.section, p.text)
            found.append(p)
    return Corpus(tuple(found), codebook)


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


def _show_agreement(found: CodingAgreement, shared: int, codebook: Codebook) -> None:
    from rich.table import Table

    table = Table(title=f"Agreement over {shared} paragraphs")
    table.add_column("theme")
    for column in ("units", "raw", "kappa", "AC1", "alpha"):
        table.add_column(column, justify="right")
    rows = [(codebook.theme_name(theme), a) for theme, a in found.themes.items()]
    for name, a in [*rows, ("stance, where both gave a theme", found.stance)]:
        figures = (a.raw, a.kappa, a.ac1, a.alpha)
        table.add_row(name, str(a.units), *(_figure(value) for value in figures))
    show_table(table)
    typer.echo(
        f"Macro F1 of the themes {_figure(found.macro_f1)}; evidence F1 "
        f"{_figure(found.evidence_f1)}; services F1 {_figure(found.services_f1)}."
    )
    typer.echo(f"{len({own for own, _ in found.differences})} paragraphs differ:")
    for own, what in found.differences:
        typer.echo(printable(f"  {own}  {what}"))


def _figure(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def _plain(found: CodingAgreement) -> dict[str, object]:
    def figures(a: Agreement) -> dict[str, float | int | None]:
        return {
            "units": a.units,
            "raw": _number(a.raw),
            "kappa": _number(a.kappa),
            "ac1": _number(a.ac1),
            "alpha": _number(a.alpha),
        }

    return {
        "themes": {theme: figures(a) for theme, a in found.themes.items()},
        "macro_f1": _number(found.macro_f1),
        "stance": figures(found.stance),
        "evidence_f1": _number(found.evidence_f1),
        "services_f1": _number(found.services_f1),
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)


def register(app: typer.Typer, corpus_app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command()(export)
    app.command()(suggest)
    corpus_app.command("import")(import_labels)
    corpus_app.command()(agreement)
