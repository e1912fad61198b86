"""`clas-nlp explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clas_nlp.cli.console import printable, shortened
from clas_nlp.cli.options import ModelOption, ReportFile


def explain(
    report: ReportFile,
    paragraph: Annotated[
        str,
        typer.Option(
            "--paragraph", "-p", help="Number of a finding (1.17), R and number, or a whole id."
        ),
    ],
    theme: Annotated[
        list[str] | None,
        typer.Option("--theme", help="Explain this theme, given or not; repeatable."),
    ] = None,
    model: ModelOption = None,
    corpus: Annotated[
        list[Path] | None,
        typer.Option("--corpus", help="A corpus to take the nearest labelled paragraphs from."),
    ] = None,
) -> None:
    """Say why a paragraph was given a theme, or was not.

    Shows the sentences, the words and patterns that counted and by how much, and, with --corpus,
    the labelled paragraphs nearest to it.

    \b
    Examples:
      clas-nlp explain dudley.txt --paragraph 1.25
      clas-nlp explain dudley.txt -p R3.9 --theme flagging --corpus corpus
    """
    from clas_nlp.corpus import load_corpus
    from clas_nlp.errors import UnreadableReport
    from clas_nlp.reading import JUDGED_KINDS, read_report
    from clas_nlp.tagging import load
    from clas_nlp.tagging.explaining import explain as explain_paragraph
    from clas_nlp.tagging.explaining import nearest_labelled

    found = read_report(report)
    wanted = {paragraph, f"{found.id}-{paragraph}"}
    matching = [p for p in found.of_kind(*JUDGED_KINDS) if p.id in wanted]
    if not matching:
        raise UnreadableReport(
            f"{report}: no finding, example or recommendation {paragraph!r}; "
            "see `clas-nlp read` for the ids"
        )
    tagger = load(model)
    labelled = load_corpus(corpus).paragraphs if corpus else ()
    try:
        explanations = explain_paragraph(tagger.model, matching[0], tuple(theme or ()))
    except ValueError as error:
        raise UnreadableReport(f"{report}: {error}") from None
    typer.echo(printable(f"{matching[0].id} ({matching[0].kind}, {matching[0].section})"))
    for explanation in explanations:
        verdict = "given" if explanation.tagged else "not given"
        typer.echo(
            f"\n{tagger.codebook.theme_name(explanation.theme)}: {verdict}, "
            f"probability {explanation.probability:.2f} (threshold {explanation.threshold:.2f})"
        )
        for sentence in explanation.sentences[:3]:
            typer.echo(f"  {sentence.probability:.2f}  {printable(shortened(sentence.text, 200))}")
            for reason in sentence.reasons:
                typer.echo(f"        {reason.added:+6.2f}  {printable(reason.name)}")
    if labelled:
        typer.echo("\nNearest labelled paragraphs:")
        for near in nearest_labelled(tagger.model, matching[0].text, labelled):
            themes = ", ".join(f"{t} ({s})" for t, s in near.themes.items()) or "no theme"
            typer.echo(f"  {near.similarity:.2f}  {printable(near.id)}: {themes}")
            typer.echo(f"        {printable(shortened(near.text, 160))}")


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command()(explain)
