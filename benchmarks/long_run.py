"""Tags thousands of reports in one process, every tenth file bad, and watches the memory.

`python benchmarks/long_run.py` writes figures/long_run.json. Exit code 1 where a good report was
not tagged as it is tagged alone, a bad one was not named with its reason, or memory grew.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from bad_input_table import ROWS, Row, make
from measuring import ROOT, machine

from clas_nlp import load
from clas_nlp.files import write_text
from clas_nlp.tagging import Tagger
from clas_nlp.tagging.many import tag_file, tag_files

FIGURES = ROOT / "benchmarks" / "figures" / "long_run.json"
#: Memory may differ by so much, in parts, between the first tenth of a run and its end.
_GROWTH = 1.10
#: Inputs that are refused, but for rights (root has them all) and the largest (for time's sake).
FAULTS = [
    row
    for row in ROWS
    if row.code
    and row.command == "read"
    and not any(word in row.name for word in ("rights", "100 MB", "without end", "5,000 pages"))
]


@dataclass(frozen=True)
class LongRun:
    """What became of the files of a run.

    Attributes:
        files: all of them.
        good: those that are reports.
        tagged: reports tagged just as they are tagged alone.
        bad: the others, of `kinds` kinds.
        named: bad files that came back with the one line that they get.
        kinds: how many kinds of faults.
        paragraphs: paragraphs tagged.
        seconds: wall-clock time.
        memory_mb: resident memory after each tenth of the run.
    """

    files: int
    good: int
    tagged: int
    bad: int
    named: int
    kinds: int
    paragraphs: int
    seconds: float
    memory_mb: list[float]

    @property
    def flat(self) -> bool:
        """Whether memory stayed what it was after the first tenth."""
        return max(self.memory_mb) <= _GROWTH * self.memory_mb[0]

    @property
    def whole(self) -> bool:
        """Whether every good report was tagged and every bad file named."""
        return (self.tagged, self.named) == (self.good, self.bad)


def resident_mb() -> float:
    """Resident memory of this process in megabytes; 0 where the system has no /proc."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return 0.0
    line = next(x for x in status.read_text().splitlines() if x.startswith("VmRSS:"))
    return round(int(line.split()[1]) / 1e3, 1)


def reports(folder: Path) -> list[Path]:
    """Eight reports: quarters of the two real ones, so that thousands take minutes."""
    paths = []
    for name in ("dorset", "dudley"):
        lines = (ROOT / "corpus" / "reports" / f"{name}.txt").read_text("utf-8").splitlines(True)
        for quarter in range(4):
            path = folder / f"{name}-{quarter + 1}.txt"
            part = lines[quarter * len(lines) // 4 : (quarter + 1) * len(lines) // 4]
            path.write_text("".join(part), encoding="utf-8")
            paths.append(path)
    return paths


def long_run(
    files: int, tagger: Tagger, folder: Path, told: Callable[[int], object] = lambda _: None
) -> LongRun:
    """Tags so many files in one process, every tenth bad.

    Args:
        files: how many.
        tagger: the tagger.
        folder: an empty folder for the files.
        told: called with the number of files done.
    """
    good = reports(folder)
    alone = {path: tag_file(path, tagger).paragraphs for path in good}
    bad: dict[Path, Row] = {}
    for number, row in enumerate(FAULTS):
        place = folder / f"fault-{number}"
        place.mkdir()
        bad[place / row.file] = row
        make(row, place / row.file)
    faults = list(bad)
    paths = [
        faults[n // 10 % len(faults)] if n % 10 == 9 else good[n % len(good)] for n in range(files)
    ]
    tagged = named = paragraphs = 0
    memory = []
    begun = time.perf_counter()
    for done, result in enumerate(tag_files(paths, tagger), start=1):
        if result.path in bad:
            message = bad[result.path].message.removeprefix("clas-nlp: ")
            named += str(result.error) == message.format(file=result.path)
        else:
            tagged += result.error is None and result.paragraphs == alone[result.path]
            paragraphs += len(result.paragraphs)
        if done % max(1, files // 10) == 0:
            memory.append(resident_mb())
            told(done)
    count = sum(path in bad for path in paths)
    return LongRun(
        files,
        files - count,
        tagged,
        count,
        named,
        len(set(paths) & set(bad)),
        paragraphs,
        round(time.perf_counter() - begun, 1),
        memory,
    )


def main() -> int:
    """Runs it, writes the figures; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--figures", type=Path, default=FIGURES)
    given = parser.parse_args()
    tagger = load(ROOT / "models" / "default")
    with tempfile.TemporaryDirectory() as folder:
        run = long_run(given.files, tagger, Path(folder), lambda n: print(n, resident_mb(), "MB"))
    figures = {"command": "python benchmarks/long_run.py", "machine": machine(), **asdict(run)}
    write_text(given.figures, json.dumps(figures, indent=1) + "\n")
    print(f"{run.tagged} of {run.good} reports tagged, {run.named} of {run.bad} bad files named")
    return 0 if run.whole and run.flat else 1


if __name__ == "__main__":
    sys.exit(main())
