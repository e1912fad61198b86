"""Kills commands at random moments and looks at what is left: `python benchmarks/kill.py`.

Runs tests/test_kill.py with fifty moments for each command, and writes figures/kill.json. Exit
code 1 where a file was lost, half written, or left under its final name.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from clas_nlp.files import write_text  # noqa: E402

FIGURES = ROOT / "benchmarks" / "figures" / "kill.json"


def main() -> int:
    """Runs the tests and counts them; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="of each command")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.xml"
        command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-p", "no:cacheprovider"]
        command += ["tests/test_kill.py", "-k", "killed_while", f"--junitxml={results}"]
        environment = {**os.environ, "CLAS_NLP_KILLS": str(given.kills), "PYTHONPATH": str(ROOT)}
        subprocess.run(command, cwd=ROOT, env=environment, check=False)
        cases = ElementTree.parse(results).iter("testcase")
    counts: dict[str, dict[str, int]] = defaultdict(lambda: {"tried": 0, "lost": 0})
    for case in cases:
        named = re.match(r"test_killed_while_(\w+)", case.get("name", ""))
        if named is not None:
            counts[named[1]]["tried"] += 1
            counts[named[1]]["lost"] += any(x.tag in ("failure", "error") for x in case)
    figures = {"command": "python benchmarks/kill.py", "killed_while": counts}
    write_text(FIGURES, json.dumps(figures, indent=1) + "\n")
    print(json.dumps(counts))
    return 1 if any(count["lost"] for count in counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
