"""Speed and memory of clas-nlp beside other tools, on the same text in the same process tree.

python benchmarks/run.py            a full run, under five minutes; writes RESULTS.md
python benchmarks/run.py --quick    less text, fewer runs; prints, writes nothing
python benchmarks/run.py --growth 10000     one more size of archive
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from measuring import ROOT, RUNS, load, machine, median_child, median_seconds, run_child
from peers import Sentencizer, TextCategoriser, WordTfidf

import clas_nlp
from clas_nlp.tagging.output import json_line

REPORTS = tuple(ROOT / "corpus" / "reports" / f"{name}.txt" for name in ("dorset", "dudley"))
LABELLED = [ROOT / "corpus" / f"{name}.jsonl" for name in ("dorset", "dudley")]
#: The archive of `growth` is made of the first part of a report, so that a thousand take a
#: minute; what is measured is how time and memory grow.
GROWTH_PART = 4


def main() -> None:
    """Measures everything asked for, prints it, and writes RESULTS.md after a full run."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--quick", action="store_true", help="less text and fewer runs")
    arguments.add_argument("--growth", type=int, action="append", default=[], help="reports")
    arguments.add_argument("--model", type=Path, default=None, help="a model folder")
    given = arguments.parse_args()
    runs = 2 if given.quick else RUNS
    start, load_before = time.perf_counter(), load()
    sizes = sorted({*((1, 10) if given.quick else (1, 10, 100, 1000)), *given.growth})
    model = ["--model", str(given.model.resolve())] if given.model else []
    parts = [
        cold_start(runs, model),
        reading(runs),
        tagging(600 if given.quick else 2000, runs, given.model),
        training(runs, given.quick),
        growth(sizes, model),
    ]
    heading = [
        "# Benchmark",
        "",
        f"Measured on {datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC by "
        "`python benchmarks/run.py`, in "
        f"{time.perf_counter() - start:.0f} s. Medians of {runs} runs after one that does not "
        "count, unless a line says otherwise. Ratios are what to compare: the tools were run on "
        "the same text, one after the other, in one process tree.",
        "",
        "Machine: " + ", ".join(f"{name} {value}" for name, value in machine().items()) + ".",
        f"Load averages before: {load_before}; after: {load()} "
        "(above the number of cores, other work was slowing everything down).",
    ]
    text = "\n".join(heading) + "\n\n" + "\n\n".join(parts) + "\n"
    print(text)
    if not given.quick:
        from clas_nlp.files import write_text

        write_text(ROOT / "benchmarks" / "RESULTS.md", text)


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], note: str = "") -> str:
    """A Markdown table under a heading, with a sentence on how it was made."""
    lines = [f"## {title}", ""]
    if note:
        lines += [note, ""]
    lines.append("| " + " | ".join(head) + " |")
    lines.append("|---" + "|---:" * (len(head) - 1) + "|")
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def cold_start(runs: int, model: Sequence[str]) -> str:
    """Seconds from nothing to done, each in a process of its own."""
    print("cold start ...", file=sys.stderr)
    cases: list[tuple[str, list[str | Path]]] = [
        ("bare Python", ["-c", "pass"]),
        ("import typer", ["-c", "import typer"]),
        ("import spaCy and scikit-learn", ["-c", "import spacy, sklearn.linear_model"]),
        ("clas-nlp --help", ["-m", "clas_nlp", "--help"]),
        ("clas-nlp --version", ["-m", "clas_nlp", "--version"]),
        (
            "clas-nlp tag, one report",
            ["-m", "clas_nlp", "tag", REPORTS[1], "--format", "jsonl", *model],
        ),
    ]
    taken = {name: median_child(arguments, runs) for name, arguments in cases}
    typer, both = taken["import typer"].seconds, taken["import spaCy and scikit-learn"].seconds
    rows = [
        (
            name,
            f"{child.seconds:.2f}",
            f"{child.seconds / typer:.1f}",
            f"{child.seconds / both:.2f}",
            f"{child.megabytes:.0f}",
        )
        for name, child in taken.items()
    ]
    head = ("command", "s", "x import typer", "x import spaCy, scikit-learn", "peak MB")
    return table("Cold start", head, rows)


def reading(runs: int) -> str:
    """From report file to paragraphs."""
    print("reading ...", file=sys.stderr)
    rows = []
    for path in REPORTS:
        report = clas_nlp.read_report(path)
        seconds = median_seconds(lambda path=path: clas_nlp.read_report(path), runs)
        count = len(report.paragraphs)
        rows.append((path.name, str(count), f"{seconds * 1000:.0f}", f"{count / seconds:,.0f}"))
    return table("Reading", ("report", "paragraphs", "ms", "paragraphs/s"), rows)


def paragraphs_of_both(count: int) -> list[clas_nlp.Paragraph]:
    """The paragraphs of both reports, repeated."""
    both = [p for path in REPORTS for p in clas_nlp.read_report(path).paragraphs]
    return list(itertools.islice(itertools.cycle(both), count))


def tagging(count: int, runs: int, model: Path | None) -> str:
    """Text in, JSON lines out, beside tools that do less."""
    print("tagging ...", file=sys.stderr)
    paragraphs = paragraphs_of_both(count)
    texts = [p.text for p in paragraphs]
    corpus = clas_nlp.load_corpus(LABELLED)
    tagger = clas_nlp.load(model)
    linear, sentencizer, categoriser = WordTfidf(), Sentencizer(), TextCategoriser()
    linear.train(corpus)
    categoriser.train(corpus, epochs=1)
    works: list[tuple[str, Callable[[], object]]] = [
        (
            "clas-nlp, end to end",
            lambda: sum(len(json_line(p)) for p in tagger.tag_paragraphs(paragraphs, "both")),
        ),
        ("word TF-IDF and a linear model", lambda: linear.tag(texts)),
        ("spaCy sentencizer", lambda: sentencizer.tag(texts)),
        ("spaCy textcat, bag of words", lambda: categoriser.tag(texts)),
    ]
    rates = {name: count / median_seconds(work, runs) for name, work in works}
    ours = rates["clas-nlp, end to end"]
    rows = [(name, f"{rate:,.0f}", f"{ours / rate:.2f}") for name, rate in rates.items()]
    words = sum(len(text.split()) for text in texts)
    note = (
        f"{count:,} paragraphs ({words:,} words; the two reports repeated), one process, models "
        "loaded and warm. Ours gives sentences, services, themes, stance, probability and "
        "evidence as JSON lines, and passes over quotations and context, which the codebook "
        "leaves out; the linear model gives themes alone, the sentencizer nothing but sentences."
    )
    return table("Tagging", ("tool", "paragraphs/s", "ours as a multiple"), rows, note)


def training(runs: int, quick: bool) -> str:
    """From labelled paragraphs to a model in memory."""
    print("training ...", file=sys.stderr)
    corpus = clas_nlp.load_corpus(LABELLED)
    rows = []
    if not quick:
        start = time.perf_counter()
        clas_nlp.train(corpus)
        rows.append(("clas-nlp (one run)", f"{time.perf_counter() - start:.2f}"))
    rows += [
        (
            "word TF-IDF and a linear model",
            f"{median_seconds(lambda: WordTfidf().train(corpus), runs):.2f}",
        ),
        (
            "spaCy textcat, bag of words, 1 epoch (one run)",
            f"{_once(lambda: TextCategoriser().train(corpus, epochs=1)):.2f}",
        ),
    ]
    note = (
        f"The {len(corpus.paragraphs)} labelled paragraphs of the two reports. Ours learns "
        "themes, evidence, stances, services and thresholds, with cross-fitting; the others "
        "learn themes."
    )
    return table("Training", ("tool", "s"), rows, note)


def _once(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def growth(sizes: Sequence[int], model: Sequence[str]) -> str:
    """Time and peak memory of `clas-nlp tag` over folders of more and more reports."""
    print("growth ...", file=sys.stderr)
    rows = []
    text = _beginning(REPORTS[1])
    with tempfile.TemporaryDirectory() as temporary:
        for size in sizes:
            folder = Path(temporary) / str(size)
            folder.mkdir()
            for number in range(size):
                (folder / f"report{number:06}.txt").write_text(text, encoding="utf-8")
            jobs = (1, os.cpu_count() or 1) if size == 100 else (1,)
            for count in sorted(set(jobs)):
                out = Path(temporary) / f"{size}.{count}.jsonl"
                child = run_child(
                    ["-m", "clas_nlp", "tag", folder, "--out", out, "--jobs", str(count), *model]
                )
                rows.append(
                    (
                        f"{size:,}",
                        str(count),
                        f"{child.seconds:.1f}",
                        f"{size / child.seconds:.1f}",
                        f"{child.megabytes:.0f}",
                    )
                )
                print("  ", *rows[-1], file=sys.stderr)
    note = (
        "`clas-nlp tag folder/ --out tagged.jsonl` in a child process, one run each, cold start "
        "included. Each report is the first quarter of Dudley's, over and over. Peak memory is "
        "that of the largest process."
    )
    head = ("reports", "jobs", "s", "reports/s", "peak MB")
    return table("Growth", head, rows, note)


def _beginning(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(lines[: len(lines) // GROWTH_PART])


if __name__ == "__main__":
    main()
