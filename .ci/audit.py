"""Asks for known vulnerabilities of the pinned dependencies: `python .ci/audit.py constraints.txt`.

Exit code 1 where one is known. Where no database can be reached it says so and the exit code is 0:
a build behind a firewall is no worse for that, and one that can reach it will tell.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path


def audited(requirements: Path) -> tuple[list[str], int, int]:
    """(vulnerabilities, packages looked up, packages that could not be) for pinned requirements."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(requirements)]
    command += ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return [], 0, len(requirements.read_text(encoding="utf-8").splitlines())
    known = [
        f"{package['name']} {package['version']}: {found['id']}, mended in "
        f"{', '.join(found['fix_versions']) or 'no version yet'}"
        for package in packages
        for found in package.get("vulns", ())
    ]
    skipped = sum("skip_reason" in package for package in packages)
    return known, len(packages) - skipped, skipped


def main(requirements: Path) -> int:
    """Prints what is known; gives the exit code."""
    first = requirements.read_text(encoding="utf-8").splitlines()[0]
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "one.txt"
        one.write_text(f"{first}\n", encoding="utf-8")
        _, reached, _ = audited(one)  # so that an unreachable database is asked once, not for all
    if not reached:
        print("NOT CHECKED: no database of known vulnerabilities can be reached from here")
        return 0
    known, looked_up, skipped = audited(requirements)
    print("\n".join(known) or f"no known vulnerability in {looked_up} packages")
    if skipped:
        print(f"NOT CHECKED: {skipped} packages that the database could not be asked for")
    return 1 if known else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
