"""Writes docs/robustness.md: `python docs/build_robustness.py`.

Its figures, in benchmarks/figures, are made by the commands that the page names.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clas_nlp.files import write_text

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "benchmarks" / "figures"
PAGE = ROOT / "docs" / "robustness.md"
_WANTED = 10_000


def figures(name: str) -> dict[str, Any]:
    """The figures that a command left."""
    found: dict[str, Any] = json.loads((FIGURES / f"{name}.json").read_text(encoding="utf-8"))
    return found


def fuzzing(found: dict[str, Any]) -> list[str]:
    """What became of mutated files."""
    lines = [
        "## Mutated files",
        "",
        f"`{found['command']}`: real files cut, repeated, moved",
        "about, with bits flipped and marks put in; every other mutation of a zip archive is of a",
        "file inside it. A fault is a traceback, an offset that does not hold, or more than",
        f"{found['limit_s']} seconds of processor time. Read means read with true offsets;",
        "refused means refused with a reason in one line. A whole PDF takes a second to read, so",
        "the first fifth of each report, some ten pages, is tried as a PDF of its own besides.",
        "",
        "| file | mutations | read | refused | faults | slowest, s |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    files = found["files"]
    for name, count in files.items():
        lines.append(
            f"| {name} | {count['mutations']:,} | {count['read']:,} | {count['refused']:,} | "
            f"{len(count['faults'])} | {count['slowest']:.2f} |"
        )
    total = sum(count["mutations"] for count in files.values())
    faults = sum(len(count["faults"]) for count in files.values())
    lines += ["", f"Together {total:,} mutations, {faults} faults left."]
    fewer = [name for name, count in files.items() if count["mutations"] < _WANTED]
    if fewer:
        lines.append(
            f"Fewer than {_WANTED:,} so far: {', '.join(fewer)}; the same command goes on there."
        )
    return lines


def killing(found: dict[str, Any]) -> list[str]:
    """What was left of files when commands were killed."""
    lines = [
        "## Killed at random moments",
        "",
        f"`{found['command']}`: SIGKILL at moments spread over the run. Lost means that the old",
        "file was not whole, that half a file stood under the final name, or that a model did not",
        "load. Saving is the last part of training alone, where the files change places.",
        "",
        "| killed while | kills | lost |",
        "|---|---:|---:|",
    ]
    for name, count in found["killed_while"].items():
        lines.append(f"| {name.replace('_', ' ')} | {count['tried']} | {count['lost']} |")
    return lines


def running_long(found: dict[str, Any]) -> list[str]:
    """What became of thousands of files in one process."""
    memory = found["memory_mb"]
    return [
        "## Thousands of files in one process",
        "",
        f"`{found['command']}`: parts of the two reports, every tenth file bad.",
        "",
        "| files | reports tagged as they are alone | bad files named with their line | kinds of "
        "faults | paragraphs | seconds | memory after a tenth, MB | at the end | at most |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        f"| {found['files']:,} | {found['tagged']:,} of {found['good']:,} | {found['named']:,} of "
        f"{found['bad']:,} | {found['kinds']} | {found['paragraphs']:,} | {found['seconds']:.0f} | "
        f"{memory[0]:.0f} | {memory[-1]:.0f} | {max(memory):.0f} |",
    ]


def large(found: dict[str, Any]) -> list[str]:
    """Time and memory of what is very large."""
    lines = [
        "## Very large files",
        "",
        f"`{found['command']}`: `clas-nlp read` in a process of its own. Files over 100 MB are",
        "refused after so much of them was read.",
        "",
        "| input | exit code | paragraphs | processor s | peak MB | first line said |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for name, one in found["inputs"].items():
        says = f"`{one['says']}`" if one["says"] else "(nothing)"
        lines.append(
            f"| {name} | {one['exit_code']} | {one['paragraphs']:,} | {one['cpu_s']:.1f} | "
            f"{one['peak_mb']:,} | {says} |"
        )
    return lines


def page() -> str:
    """The page docs/robustness.md."""
    lines = [
        "# Hard to break: what was tried",
        "",
        "<!-- Made from benchmarks/figures by docs/build_robustness.py. -->",
        "",
        "Each table was made by the command above it. What single bad inputs get stands in",
        "[Bad input](bad-input.md); what is not protected, in `SECURITY.md`.",
        "",
    ]
    parts = [
        fuzzing(figures("fuzz")),
        killing(figures("kill")),
        running_long(figures("long_run")),
        large(figures("large_inputs")),
    ]
    lines += "\n\n".join("\n".join(part) for part in parts).split("\n")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write_text(PAGE, page())
