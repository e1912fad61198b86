"""`clas-nlp corpus agreement` and `corpus settle`: two coders of the same paragraphs."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clas_nlp.cli.console import note, printable, show_table, write_output
from clas_nlp.cli.options import FORMAT, CodebookOption

if TYPE_CHECKING:
    from clas_nlp.codebook import Codebook
    from clas_nlp.corpus import LabelledParagraph
    from clas_nlp.corpus.agreement import Agreement, CodingAgreement


class AgreementFormat(str, Enum):
    """Output of `corpus agreement`."""

    table = "table"
    json = "json"


FirstCoding = Annotated[Path, typer.Argument(metavar="A", help="One coder's labels.")]
SecondCoding = Annotated[Path, typer.Argument(metavar="B", help="The other coder's labels.")]
TextsOption = Annotated[
    list[Path] | None,
    typer.Option("--corpus", "-c", help="Where the texts are, for codings without them."),
]
CodersOption = Annotated[
    list[str] | None,
    typer.Option("--coder", help="A's coder; given twice, B's, too (one file may hold both)."),
]


def agreement(
    first: FirstCoding,
    second: SecondCoding,
    corpus: TextsOption = None,
    coder: CodersOption = None,
    format: Annotated[AgreementFormat, FORMAT] = AgreementFormat.table,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="File for the differences, ready to settle: .csv, .xlsx or .jsonl."
        ),
    ] = None,
    codebook: CodebookOption = None,
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
    from clas_nlp.exchanging import coding_differences, write_differences

    a, b, book = _codings(first, second, corpus, coder, codebook)
    shared = len({p.id for p in a} & {p.id for p in b})
    if not shared:
        raise BadCorpus(f"{first} and {second} have no paragraph in common; nothing to compare")
    found = coding_agreement(a, b, book)
    found_apart = coding_differences(found, a, b, book)
    apart = len({p.id for p in a} ^ {p.id for p in b})
    if apart:
        note(f"{apart} paragraphs stand in one file only; left out")
    # The file first: whoever reads the table may stop reading (`| head`).
    if out is not None:
        write_differences(found_apart, out)
        note(f"{out}: {len(found_apart)} differences written")
    if format is AgreementFormat.json:
        rows = [difference.to_row() for difference in found_apart]
        write_output(json.dumps({**_plain(found), "differences": rows}, indent=1) + "\n", None)
    else:
        _show_agreement(found, shared, book)


def settle(
    first: FirstCoding,
    second: SecondCoding,
    decisions: Annotated[
        Path,
        typer.Argument(
            metavar="SETTLED",
            help="The differences that `corpus agreement` wrote, with a, b or neither in the "
            "column 'chosen' (.csv, .xlsx or .jsonl).",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Corpus file to write.")],
    corpus: TextsOption = None,
    coder: CodersOption = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Write over a file that is there.")
    ] = False,
    codebook: CodebookOption = None,
) -> None:
    """Make one corpus of two coders' labels and the decisions on their differences.

    What both gave stays; where they differ, 'chosen' says whose coding holds. For neither's, write
    the right one into 'settled', in the form of the columns a and b. Every difference without a
    decision and every decision that fits nothing is listed, and then nothing is written.

    \b
    Examples:
      clas-nlp corpus agreement anna.jsonl ben.jsonl --out to_settle.xlsx
      clas-nlp corpus settle anna.jsonl ben.jsonl to_settle.xlsx --out settled.jsonl
    """
    from clas_nlp.corpus import save_corpus
    from clas_nlp.errors import BadCorpus
    from clas_nlp.exchanging import read_decisions
    from clas_nlp.exchanging import settle as apply

    if out.exists() and not replace:
        raise BadCorpus(f"{out}: there already; give another --out, or use --replace")
    a, b, book = _codings(first, second, corpus, coder, codebook)
    settlement = apply(a, b, read_decisions(decisions), book)
    save_corpus(settlement.paragraphs, out)
    if settlement.apart:
        note(f"{len(settlement.apart)} paragraphs stand in one file only; left out")
    note(
        f"{out}: {len(settlement.paragraphs)} paragraphs written, "
        f"{settlement.settled} differences settled"
    )


def _codings(
    first: Path,
    second: Path,
    corpus: Sequence[Path] | None,
    coder: Sequence[str] | None,
    codebook: Path | None,
) -> tuple[list[LabelledParagraph], list[LabelledParagraph], Codebook]:
    """Both coders' paragraphs, and the codebook that they go by."""
    from clas_nlp.codebook import codebook_beside, load_codebook
    from clas_nlp.exchanging import known_paragraphs, load_coding

    book = load_codebook(codebook) if codebook else codebook_beside(corpus[0] if corpus else first)
    known = known_paragraphs(corpus, book) if corpus else None
    names = [*(coder or []), "", ""]
    a = load_coding(first, book, known, names[0])
    return a, load_coding(second, book, known, names[1]), book


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


def register(corpus_app: typer.Typer) -> None:
    """Adds the commands of this module."""
    corpus_app.command()(agreement)
    corpus_app.command()(settle)
