"""Time and memory of reading what is very large: `python benchmarks/large_inputs.py`.

Each input is read by the command line in a process of its own; writes figures/large_inputs.json.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from measuring import ROOT, machine
from pdf_by_hand import pdf_of_pages

from clas_nlp.files import write_text

FIGURES = ROOT / "benchmarks" / "figures" / "large_inputs.json"
_REPORT = (ROOT / "corpus" / "reports" / "dorset.txt").read_bytes()
_LINE = b" ".join(_REPORT.split()) + b" "


def _filled(piece: bytes, size: int) -> bytes:
    return (piece * (size // len(piece) + 1))[:size]


def _findings(count: int) -> bytes:
    rows = (f"{n // 999 + 1}.{n % 999 + 1} Staff write nothing down.\n\n" for n in range(count))
    return ("Review\n\nThe child's journey\n\n" + "".join(rows)).encode()


INPUTS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "100,000 findings": ("findings.txt", lambda: _findings(98_901) + _findings(1_099)),
    "PDF of 5,000 pages": ("pages.pdf", lambda: pdf_of_pages(5_000)),
    "PDF of 5,001 pages": ("more.pdf", lambda: pdf_of_pages(5_001)),
    "one word of 50 MB": ("word.txt", lambda: b"a" * 50_000_000),
    "one line of 50 MB": ("line.txt", lambda: _filled(_LINE, 50_000_000)),
    "a report repeated to 50 MB": ("half.txt", lambda: _filled(_REPORT, 50_000_000)),
    "a report repeated to 200 MB": ("huge.txt", lambda: _filled(_REPORT, 200_000_000)),
}


def measured(path: Path) -> dict[str, object]:
    """Exit code, first line said, seconds and peak memory of reading a file."""
    out = path.with_suffix(".jsonl")
    program = (
        "import json, resource, subprocess, sys, time\n"
        "begun = time.perf_counter()\n"
        "done = subprocess.run(sys.argv[1:], stderr=subprocess.PIPE, text=True)\n"
        "peak = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(json.dumps({'exit_code': done.returncode,\n"
        "    'says': (done.stderr.splitlines() or [''])[0][:200],\n"
        "    'cpu_s': round(peak.ru_utime + peak.ru_stime, 1),\n"
        "    'peak_mb': round(peak.ru_maxrss / (1e6 if sys.platform == 'darwin' else 1e3))}))\n"
    )
    command = [sys.executable, "-m", "clas_nlp", "read", path.name, "--format", "jsonl"]
    done = subprocess.run(
        [sys.executable, "-c", program, *command, "--out", out.name],
        cwd=path.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        check=True,
    )
    figures: dict[str, object] = json.loads(done.stdout)
    paragraphs = 0
    if out.exists():
        with out.open("rb") as rows:
            paragraphs = sum(1 for _ in rows)
    return {**figures, "paragraphs": paragraphs}


def main() -> None:
    """Measures every input and writes the figures."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        for title, (file, content) in INPUTS.items():
            path = Path(name) / file
            path.write_bytes(content())
            found[title] = measured(path)
            path.unlink()
            print(title, found[title], flush=True)
    figures = {
        "command": "python benchmarks/large_inputs.py",
        "machine": machine(),
        "inputs": found,
    }
    write_text(FIGURES, json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
