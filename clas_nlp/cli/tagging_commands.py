"""`clas-nlp tag`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from enum import Enum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, cast

import typer

from clas_nlp.cli.console import note, printable, progress_bar, shortened, write_output, write_table
from clas_nlp.cli.options import FORMAT_BY_ENDING, ModelOption, OutOption
from clas_nlp.errors import UnreadableReport

if TYPE_CHECKING:
    from clas_nlp.tagging import TaggedParagraph, Tagger
    from clas_nlp.tagging.many import TaggedFile


class TagFormat(str, Enum):
    """Output of `tag`."""

    table = "table"
    jsonl = "jsonl"
    csv = "csv"
    html = "html"


_ENDINGS = {".jsonl": TagFormat.jsonl, ".csv": TagFormat.csv, ".html": TagFormat.html}


def tag(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Report files, folders of them, .jsonl or .csv files of bare paragraphs "
            "(id, text), or - for standard input."
        ),
    ],
    model: ModelOption = None,
    format: Annotated[TagFormat | None, FORMAT_BY_ENDING] = None,
    out: OutOption = None,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            "-j",
            min=1,
            help="Processes to tag on; the result is the same for any number.",
        ),
    ] = 1,
    details: Annotated[
        bool,
        typer.Option(
            "--details",
            help="Add to each JSON line the inspection's area, dates and providers, the "
            "probability of every theme, and the codebook's hash; `recurring` uses them.",
        ),
    ] = False,
) -> None:
    """Tag a report's paragraphs with themes, stance, probability and evidence.

    A report that cannot be read gets one line; with several reports the others are tagged all the
    same and the exit code is 1.

    \b
    Examples:
      clas-nlp tag new_report.txt
      clas-nlp tag reports/ --format jsonl --out tagged.jsonl
      clas-nlp tag reports/ --out tagged.jsonl --jobs 4   (on four processes)
      clas-nlp tag reports/ --out tagged.jsonl --details  (for `clas-nlp recurring`)
      clas-nlp tag new_report.txt --out tagged.csv        (opens in Excel)
      clas-nlp tag new_report.txt --out tagged.html       (opens in a browser)
      cat new_report.txt | clas-nlp tag -
      clas-nlp tag paragraphs.csv --model models/ours
    """
    from clas_nlp.tagging import load
    from clas_nlp.tagging.sources import expand

    wanted = format or (_ENDINGS.get(out.suffix.lower()) if out else None) or TagFormat.table
    files = expand(paths)
    tagger = load(model)
    if wanted is TagFormat.html:
        _write_page(files, tagger, out)
        return
    collected: list[TaggedParagraph] = []
    with ExitStack() as stack:
        output = _Output(out, wanted, stack, tagger.codebook.sha256 if details else None)
        failures = 0
        for result in _tagged(files, tagger, jobs):
            if result.error:
                failures += 1
            elif wanted is TagFormat.table:
                collected += result.paragraphs
            else:
                output.write(result)
        if failures and not output.begun and not collected:
            raise typer.Exit(2)
        if wanted is TagFormat.table:
            _show(collected, tagger, out)
        else:
            output.begin()
    if failures:
        raise typer.Exit(1)


class _Output:
    """Where rows go as they come: a file that is whole or not there, or standard output.

    It is opened by the first paragraph, so that nothing is made where there is nothing to write.
    """

    def __init__(
        self, out: Path | None, form: TagFormat, stack: ExitStack, codebook: str | None
    ) -> None:
        self._out, self._form, self._stack, self._codebook = out, form, stack, codebook
        self._file: IO[str] = sys.stdout
        self.begun = False

    def begin(self) -> None:
        if self.begun:
            return
        from clas_nlp.files import atomic_writer
        from clas_nlp.tagging.output import csv_text

        self.begun = True
        if self._out is not None:
            self._file = cast("IO[str]", self._stack.enter_context(atomic_writer(self._out)))
        if self._form is TagFormat.csv:
            # By the mark Excel takes a file for UTF-8.
            self._file.write(("" if self._out is None else "\ufeff") + csv_text([]))

    def write(self, result: TaggedFile) -> None:
        from clas_nlp.tagging.output import csv_text, json_line

        if not result.paragraphs:
            return
        self.begin()
        if self._form is TagFormat.csv:
            self._file.write(csv_text(result.paragraphs, header=False))
        elif self._codebook and result.details:
            from clas_nlp.recurring.inspections import Inspection
            from clas_nlp.recurring.tagged_files import inspections_jsonl

            report = result.paragraphs[0].report
            inspection = Inspection(report, result.details, result.paragraphs, self._codebook)
            self._file.write(inspections_jsonl([inspection]))
        else:
            self._file.writelines(f"{json_line(p)}\n" for p in result.paragraphs)
        if self._out is None:
            self._file.flush()


def _tagged(files: Sequence[Path], tagger: Tagger, jobs: int) -> Iterator[TaggedFile]:
    """What became of each file; says what is to be said."""
    from clas_nlp.tagging.many import tag_files

    failures: list[str] = []
    with ExitStack() as stack:
        advance = stack.enter_context(progress_bar("tagging reports", len(files)))
        within: list[Callable[[int], None]] = []

        def step(done: int, total: int) -> None:
            # One report has a bar of its own; rich shows one bar at a time.
            if not within:
                within.append(stack.enter_context(progress_bar(f"tagging {files[0]}", total)))
            within[0](done)

        progress = step if len(files) == 1 else None
        results = cast(
            "Generator[TaggedFile, None, None]",
            tag_files(files, tagger, jobs=jobs, progress=progress),
        )
        for result in stack.enter_context(closing(results)):
            for line in result.notes:
                note(line)
            if result.error and len(files) == 1:
                raise result.error
            if result.error:
                failures.append(str(result.error))
            advance(1)
            yield result
    for failure in failures:
        note(f"clas-nlp: {failure}")


def _write_page(files: Sequence[Path], tagger: Tagger, out: Path | None) -> None:
    from clas_nlp.reading import read_report
    from clas_nlp.recurring import report_page
    from clas_nlp.recurring.pages import accuracy_note

    if len(files) != 1:
        raise UnreadableReport(
            f"--format html takes one report, found {len(files)}; "
            "for many use `clas-nlp recurring --format html`"
        )
    report = read_report(files[0])
    accuracy = accuracy_note(tagger.model.details, [report.id])
    write_output(report_page(report, tagger.tag(report), tagger.codebook, accuracy=accuracy), out)


def _show(tagged: Iterable[TaggedParagraph], tagger: Tagger, out: Path | None) -> None:
    from rich.table import Table
    from rich.text import Text

    tagged = list(tagged)
    several = len({p.report for p in tagged}) > 1
    styles = {"weakness": "red", "strength": "green", "mixed": "yellow", "neutral": ""}
    table = Table(show_lines=True)
    table.add_column("paragraph", no_wrap=True)
    table.add_column("theme", no_wrap=True)
    table.add_column("stance", no_wrap=True)
    table.add_column("prob.", justify="right", no_wrap=True)
    table.add_column("evidence (shortened)", ratio=1)
    carrying = 0
    for p in tagged:
        carrying += bool(p.themes)
        name = p.number if p.number and p.kind == "finding" else p.id
        name = f"R{p.number}" if p.kind == "recommendation" and p.number else name
        label = f"{p.report} {name}" if several and not name.startswith(p.report) else name
        for theme in p.themes:
            sentences = dict.fromkeys(e.text for e in theme.evidence)
            table.add_row(
                Text(printable(label)),
                tagger.codebook.theme_name(theme.theme),
                Text(theme.stance, style=styles.get(theme.stance, "")),
                f"{theme.probability:.2f}",
                Text(printable("\n".join(shortened(s, 150) for s in sentences))),
            )
            label = ""
    judged = sum(1 for p in tagged if p.probabilities)
    summary = f"{carrying} of {judged} findings, examples and recommendations carry a theme."
    write_table(table, out, summary)


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command()(tag)
