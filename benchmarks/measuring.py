"""Timing, child processes and what is known of the machine."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS = 5


def median_seconds(work: Callable[[], object], runs: int = RUNS) -> float:
    """Median wall-clock seconds of a piece of work, after one run that does not count."""
    work()
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


@dataclass(frozen=True)
class Child:
    """What a child process took.

    Attributes:
        seconds: wall-clock seconds.
        megabytes: the peak of its resident memory.
        processor_seconds: seconds on a core, those of all its threads and processes together.
    """

    seconds: float
    megabytes: float
    processor_seconds: float


def run_child(arguments: Sequence[str | Path]) -> Child:
    """Runs Python with some arguments in a process of its own.

    The peak is that of the child and of the processes it started, whichever was largest.
    """
    # A small process measures the child, so that no earlier child's peak is taken for its own.
    program = (
        "import resource, subprocess, sys, time\n"
        "start = time.perf_counter()\n"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n"
        "taken = time.perf_counter() - start\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(taken, used.ru_maxrss, used.ru_utime + used.ru_stime)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, sys.executable, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    seconds, peak, processor_seconds = map(float, done.stdout.split())
    # Linux counts in kilobytes, macOS in bytes.
    return Child(seconds, peak / (1e6 if sys.platform == "darwin" else 1e3), processor_seconds)


def median_child(arguments: Sequence[str | Path], runs: int = RUNS) -> Child:
    """Median time and memory of a child process, after one run that does not count."""
    run_child(arguments)
    children = [run_child(arguments) for _ in range(runs)]
    return Child(
        statistics.median(c.seconds for c in children),
        statistics.median(c.megabytes for c in children),
        statistics.median(c.processor_seconds for c in children),
    )


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.1f} GB",
        "system": platform.platform(terse=True),
        "Python": platform.python_version(),
        **{name: version(name) for name in ("spacy", "scikit-learn", "numpy", "scipy")},
    }


def load() -> str:
    """Load averages of one, five and fifteen minutes; other work slows everything down."""
    return ", ".join(f"{average:.1f}" for average in os.getloadavg())


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
