"""Checks a built wheel and source archive: no stray file in them, and none missing.

`python .ci/distribution.py DIST`, in a clone: a file belongs there where git tracks it.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Where the wheel keeps what stands elsewhere in the repository; see pyproject.toml.
SHIPPED = {
    "clas_nlp/_shipped/model/": "models/default/",
    "clas_nlp/_shipped/codebook/": "corpus/codebook/",
}
METADATA = {
    "METADATA",
    "WHEEL",
    "RECORD",
    "entry_points.txt",
    "licenses/LICENSE",
    "licenses/NOTICE",
}
#: Folders and files of the repository that the source archive leaves out.
LEFT_OUT = (".ci/", ".github/", ".pre-commit-config.yaml", "models/neural/")


def tracked() -> set[str]:
    """The files that git tracks, by their paths in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return {name for name in listed.stdout.split("\0") if name}


def wheel_problems(wheel: Path, known: set[str]) -> list[str]:
    """What a wheel holds too much or lacks, one line each."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    metadata = {name for name in names if ".dist-info/" in name}
    found = set()
    for name in names - metadata:
        place = next((kept for kept in SHIPPED if name.startswith(kept)), None)
        found.add(name if place is None else SHIPPED[place] + name.removeprefix(place))
    expected = {name for name in known if name.startswith(("clas_nlp/", *SHIPPED.values()))}
    problems = compared(wheel, found, expected)
    return problems + compared(
        wheel, {name.split(".dist-info/", 1)[1] for name in metadata}, METADATA
    )


def source_problems(archive: Path, known: set[str]) -> list[str]:
    """What a source archive holds too much or lacks, one line each."""
    with tarfile.open(archive) as opened:
        names = {member.name.split("/", 1)[1] for member in opened.getmembers() if member.isfile()}
    expected = {name for name in known if not name.startswith(LEFT_OUT)}
    return compared(archive, names, expected | {"PKG-INFO"})


def compared(archive: Path, found: set[str], expected: set[str]) -> list[str]:
    """A line for each stray and each missing file."""
    stray = [f"{archive.name}: stray file {name}" for name in sorted(found - expected)]
    return stray + [f"{archive.name}: missing file {name}" for name in sorted(expected - found)]


def main(folder: Path) -> int:
    """Checks the one wheel and the one source archive in a folder; gives the exit code."""
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    known = tracked()
    problems = wheel_problems(wheel, known) + source_problems(source, known)
    print("\n".join(problems) or f"{wheel.name}, {source.name}: no stray file, none missing")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
