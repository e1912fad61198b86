"""Writes docs/sizing.md from the benchmark's figures: `python docs/build_sizing.py`.

Run it after `python benchmarks/run.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clas_nlp.files import write_text

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results.json"
PAGE = ROOT / "docs" / "sizing.md"

#: What is to be tagged, how many reports are assumed, and why so many.
ARCHIVES = (
    ("The CLAS programme", 60, "one report for each review, 2013 to 2020"),
    (
        "All inspection reports of England",
        500_000,
        "assumed: children's services, schools, hospitals, surgeries, care homes and prisons, "
        "some tens of thousands of places inspected every few years, for two decades",
    ),
    (
        "The web",
        3_000_000_000,
        "assumed: the pages of one crawl of the public web, each counted as a fortieth of a report "
        "(some seven paragraphs)",
    ),
)
#: How many documents make a report, for archives of shorter documents.
PARTS = {"The web": 40}
#: How many of the benchmark's reports are as long as a real one.
SHORTER = 4
#: Cores of the machines that the table plans for.
CORES = (2, 64, 1024)


def sizing_page(results: dict[str, Any]) -> str:
    """The page, from what `benchmarks/run.py` measured.

    Raises:
        ValueError: a section that is needed was not measured.
    """
    for needed in ("reading", "tagging", "growth"):
        if needed not in results:
            raise ValueError(
                f"{RESULTS}: no section {needed!r}; run `python benchmarks/run.py --only {needed}`"
            )
    reading = _rows(results, "reading")
    mean = sum(row["paragraphs"] for row in reading) / len(reading)
    read = sum(row["paragraphs"] for row in reading) / sum(row["ms"] for row in reading) * 1000
    counted = ", ".join(f"{row['report']} {row['paragraphs']:,}" for row in reading)
    tag = next(
        row["paragraphs/s"]
        for row in _rows(results, "tagging")
        if row["tool"].startswith("clas-nlp") and row["paragraphs"] == "distinct"
    )
    seconds = mean / read + mean / tag
    # What the command does with many short reports is slower, and is what plans are made with.
    longest = max(
        (row for row in _rows(results, "growth") if row["jobs"] == 1), key=lambda r: r["reports"]
    )
    hourly = 3600 * longest["reports/s"] / SHORTER
    peak = max(row["peak MB"] for row in _rows(results, "growth"))
    largest = max(row["reports"] for row in _rows(results, "growth"))
    measured = results["tagging"]
    head = " | ".join(f"hours on {cores:,} core{'s' if cores > 1 else ''}" for cores in CORES)
    lines = [
        "# How large a machine",
        "",
        "<!-- Made from benchmarks/results.json by docs/build_sizing.py. -->",
        "",
        f"Measured on {measured['measured']} on one core of: {measured['machine']['processor']}, "
        f"{measured['machine']['cores']} cores, {measured['machine']['memory']}. The text is that "
        "of which no two paragraphs are alike. Load averages before and after: "
        f"{measured['load']}; above the number of cores, other work was slowing it down.",
        "",
        "## One core, one hour",
        "",
        f"- A report has {mean:,.0f} paragraphs ({counted}).",
        f"- Reading: {read:,.0f} paragraphs/s, so {mean / read * 1000:,.0f} ms for a report.",
        f"- Tagging: {tag:,.0f} paragraphs/s, so {mean / tag * 1000:,.0f} ms for a report.",
        f"- Together {seconds * 1000:,.0f} ms, so {3600 / seconds:,.0f} reports an hour at most.",
        f"- The command, over {longest['reports']:,} text files a quarter as long, start and files "
        f"included: {longest['reports/s']:.1f} files/s, so 3,600 s x {longest['reports/s']:.1f} / "
        f"{SHORTER} = **{hourly:,.0f} reports per core-hour**. PDF takes longer to read.",
        f"- Memory does not grow with the archive: {peak:,.0f} MB at most in each process, for up "
        f"to {largest:,} reports.",
        "",
        "## What that means",
        "",
        f"| archive | documents | as reports | core-hours | {head} |",
        "|---|---:|---:|---:" + "|---:" * len(CORES) + "|",
    ]
    for name, documents, _ in ARCHIVES:
        reports = documents / PARTS.get(name, 1)
        core_hours = reports / hourly
        hours = " | ".join(_hours(core_hours / cores) for cores in CORES)
        lines.append(
            f"| {name} | {documents:,} | {reports:,.0f} | {_hours(core_hours)} | {hours} |"
        )
    lines += [
        "",
        "Core-hours are reports divided by reports per core-hour; hours are core-hours divided by "
        "cores, as if no core ever waited for another or for a disk.",
        "",
        *(f"- {name}: {documents:,}, {why}." for name, documents, why in ARCHIVES),
        "",
        "A laptop does the first, a server the second; the third takes a cluster, and "
        "[an engine](how-to/scale.md) that hands out the work.",
    ]
    return "\n".join(lines) + "\n"


def _rows(results: dict[str, Any], section: str) -> list[dict[str, Any]]:
    """Rows of a section, by the names of its columns."""
    head = results[section]["head"]
    return [dict(zip(head, row, strict=True)) for row in results[section]["rows"]]


def _hours(hours: float) -> str:
    if hours < 1 / 60:
        return f"{hours * 3600:.1f} s"
    if hours < 1:
        return f"{hours * 60:.1f} min"
    return f"{hours:,.1f}" if hours < 100 else f"{hours:,.0f}"


if __name__ == "__main__":
    write_text(PAGE, sizing_page(json.loads(RESULTS.read_text(encoding="utf-8"))))
