"""`clas-nlp corpus check` and `corpus import`: a labelled corpus, and labels into it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from clas_nlp.cli.console import note, write_output
from clas_nlp.cli.options import CodebookOption, CorpusFiles


def check(
    corpus: CorpusFiles,
    codebook: CodebookOption = None,
) -> None:
    """Check every row of a corpus and list every bad one.

    \b
    Examples:
      clas-nlp corpus check corpus
      clas-nlp corpus check new_labels.jsonl --codebook corpus/codebook
    """
    from clas_nlp.codebook import load_codebook
    from clas_nlp.corpus import load_corpus

    found = load_corpus(corpus, load_codebook(codebook) if codebook else None)
    themes = Counter(theme for p in found.paragraphs for theme in p.themes)
    shown = ", ".join(f"{theme} {themes[theme]}" for theme in found.codebook.theme_ids)
    typer.echo(f"{len(found.paragraphs)} paragraphs, no bad row. Paragraphs by theme: {shown}.")


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
    codebook: CodebookOption = None,
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
    from clas_nlp.codebook import codebook_beside, load_codebook
    from clas_nlp.errors import BadCorpus
    from clas_nlp.exchanging import known_paragraphs, merge_labels, read_labels
    from clas_nlp.exchanging.formats import nothing_labelled

    near = into or (corpus[0] if corpus else None)
    book = codebook_beside(near) if near and not codebook else load_codebook(codebook)
    known = known_paragraphs(corpus, book) if corpus else None
    found = read_labels(file, book, known, coder, date)
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


def register(corpus_app: typer.Typer) -> None:
    """Adds the commands of this module."""
    corpus_app.command()(check)
    corpus_app.command("import")(import_labels)
