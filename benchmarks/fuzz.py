"""Mutates real files and reports faults: `python benchmarks/fuzz.py --mutations 10000`.

A fault is an exception that is no ClasNlpError, an offset that does not hold, or a reading that
takes longer than the limit, in seconds of processor time. Each mutation has its own seed, printed
with the fault, so that `--file NAME --only SEED` makes it again. Exit code 1 where one is.

The files are the two reports, both as HTML, DOCX and PDF, and labels in every format that is
imported. A whole PDF takes a second to read, so the beginning of each report is mutated as a PDF
besides. With `--figures FILE` the counts are kept in a file, and a run that was stopped, or ended
by `--minutes`, goes on from there.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from clas_nlp.codebook import load_codebook  # noqa: E402
from clas_nlp.corpus import load_corpus  # noqa: E402
from clas_nlp.errors import ClasNlpError  # noqa: E402
from clas_nlp.exchanging import FORMATS, export, import_labels  # noqa: E402
from clas_nlp.files import write_text  # noqa: E402
from clas_nlp.reading import Report, read_report  # noqa: E402

CODEBOOK = load_codebook(ROOT / "corpus" / "codebook")
LABELLED = load_corpus([ROOT / "corpus" / "dorset.jsonl"])
#: Bytes that mean something to some reader.
TOKENS = (
    b"\n", b"\n\n", b"\r", b"\f", b"\0", b"\t", b"1.1 ", b"1.1.1 ", b"# ", b"**", b"<b>", b"</",
    b"[", b"](", b"Recommendations\n", b"Case example:\n", b"Page 3\n", b'"', b"{", b"}", b"\xff",
    b"\xe2\x80", b"\xef\xbb\xbf", b"\xff\xfe", b"%PDF-", b"PK\x03\x04", b"&#x0;", b"endobj", b"-1",
    b"99999999999999999999", b"<!DOCTYPE a>", b"\xed\xa0\x80",
)  # fmt: skip


#: How many mutations of each file are wanted, and where the figures that are published lie.
WANTED, FIGURES = 10_000, "benchmarks/figures/fuzz.json"
#: Mutations in one turn. Turns go to the file that had the least time, so that a run cut short has
#: tried every file.
TURN = 50


class TooSlow(Exception):
    """A mutation took longer than the limit."""


def _alarm(_number: int, _frame: FrameType | None) -> None:
    raise TooSlow


def mutated(raw: bytes, chance: random.Random) -> bytes:
    """The bytes with one to four changes: cut, repeat, move, flip, put in, or the end cut off."""
    content = bytearray(raw)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(content) + 1)
        length = int(2 ** chance.uniform(0, 14))
        piece = bytes(content[start : start + length])
        change = chance.choice(("cut", "repeat", "move", "flip", "token", "end", "tokens"))
        if change == "cut":
            del content[start : start + length]
        elif change == "repeat":
            content[start:start] = piece * chance.randint(1, 5)
        elif change == "move":
            del content[start : start + length]
            place = chance.randrange(len(content) + 1)
            content[place:place] = piece
        elif change == "flip":
            for _ in range(min(8, length)):
                if content:
                    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        elif change == "token":
            content[start:start] = chance.choice(TOKENS)
        elif change == "tokens":
            content[start:start] = chance.choice(TOKENS) * chance.randint(2, 2000)
        elif chance.random() < 0.3:
            del content[start:]
    return bytes(content)


def mutated_inside(raw: bytes, chance: random.Random) -> bytes:
    """A zip archive with one of its files mutated: its checksums hold, so readers get further."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    # Larger files hold the text; the smallest are drawn now and then.
    name = chance.choices(list(contents), [len(content) for content in contents.values()])[0]
    contents[name] = mutated(contents[name], chance)
    return packed(contents)


def packed(contents: dict[str, bytes]) -> bytes:
    """A zip archive, the same bytes for the same contents."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 1)
    return buffer.getvalue()


@dataclass(frozen=True)
class RealFile:
    """A file to mutate.

    Attributes:
        name: what to call it; its ending is kept.
        kind: "report" or "labels", for what reads it.
        contents: its bytes, and maybe those of the same file written otherwise; seeds take turns.
    """

    name: str
    kind: str
    contents: tuple[bytes, ...]

    def mutated(self, seed: int) -> bytes:
        """The mutation with a seed. Every other one of a zip archive is of a file in it."""
        chance = random.Random(f"{self.name} {seed}")
        raw = self.contents[seed % len(self.contents)]
        if raw.startswith(b"PK\x03\x04") and seed % 2:
            return mutated_inside(raw, chance)
        return mutated(raw, chance)


def real_files(folder: Path) -> Iterator[RealFile]:
    """The reports, the same as documents, and exports with labels."""
    for report in sorted((ROOT / "corpus" / "reports").glob("*.txt")):
        yield RealFile(report.name, "report", (report.read_bytes(),))
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        import reportlab.rl_config
        from document_files import real_report, to_docx, to_html, to_pdf
    except ModuleNotFoundError as error:
        print(f"without documents: {error.name} is not installed")
    else:
        reportlab.rl_config.invariant = 1
        for name in ("dorset", "dudley"):
            report_read = real_report(name)
            yield RealFile(f"{name}.html", "report", (to_html(report_read),))
            with zipfile.ZipFile(io.BytesIO(to_docx(report_read))) as archive:
                docx = packed({entry: archive.read(entry) for entry in archive.namelist()})
            yield RealFile(f"{name}.docx", "report", (docx,))
            # Packed streams break as a whole; those that are not, break in every line.
            for part, pages in ((report_read, ""), (beginning(report_read), "-beginning")):
                pdfs = []
                for reportlab.rl_config.pageCompression in (1, 0):
                    pdfs.append(to_pdf(part))
                yield RealFile(f"{name}{pages}.pdf", "report", tuple(pdfs))
    labelled = [p for p in LABELLED.paragraphs if p.themes][:20]
    for form in FORMATS.values():
        if form.imports:
            path = folder / f"{form.name}{form.ending}"
            export(labelled, form.name, path, CODEBOOK)
            yield RealFile(path.name, "labels", (path.read_bytes(),))


def beginning(report: Report) -> Report:
    """The first fifth of a report: some ten pages, read in a fifth of the time of the whole."""
    end = len(report.text) // 5
    return replace(
        report,
        sections=tuple(part for part in report.sections if part.start < end),
        paragraphs=tuple(part for part in report.paragraphs if part.start < end),
    )


def tried(kind: str, path: Path) -> bool:
    """Reads a file; True where it is read, False where it is refused with a reason.

    Raises:
        AssertionError: an offset does not hold, or a message has no words or more than one line.
    """
    try:
        if kind == "report":
            report = read_report(path)
            end = 0
            for p in report.paragraphs:
                assert report.text[p.start : p.end] == p.text, p.id
                assert end <= p.start < p.end, p.id
                end = p.end
        else:
            for labelled in import_labels(path, CODEBOOK, LABELLED, "anna", "2024-03-31"):
                for label in labelled.labels:
                    assert 0 <= label.start < label.end <= len(labelled.text), labelled.id
    except ClasNlpError as error:
        assert str(error).strip(), "an error without a message"
        assert "\n" not in str(error), "a message of several lines"
        return False
    return True


@dataclass
class Counts:
    """What became of a file's mutations, from seed 0 on.

    Attributes:
        mutations: how many were tried.
        read: read, with true offsets.
        refused: refused with a reason.
        faults: seeds of those that did neither.
        slowest: processor seconds of the slowest.
        seconds: processor seconds of all.
    """

    mutations: int = 0
    read: int = 0
    refused: int = 0
    faults: list[int] = field(default_factory=list)
    slowest: float = 0.0
    seconds: float = 0.0


def turn(file: RealFile, seeds: Iterable[int], limit: int, counts: Counts) -> None:
    """Tries some mutations of a file and counts what becomes of them."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / f"mutated{Path(file.name).suffix}"
        for seed in seeds:
            target.write_bytes(file.mutated(seed))
            begun = time.process_time()
            signal.setitimer(signal.ITIMER_PROF, limit)
            try:
                if tried(file.kind, target):
                    counts.read += 1
                else:
                    counts.refused += 1
            except Exception:  # the point of it
                signal.setitimer(signal.ITIMER_PROF, 0)
                counts.faults.append(seed)
                print(f"{file.name}, seed {seed}:\n{traceback.format_exc(limit=-3)}", flush=True)
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
            taken = time.process_time() - begun
            counts.mutations += 1
            counts.seconds = round(counts.seconds + taken, 3)
            counts.slowest = round(max(counts.slowest, taken), 3)


def kept(path: Path | None) -> dict[str, Counts]:
    """The counts of earlier runs."""
    if path is None or not path.exists():
        return {}
    stored = json.loads(path.read_text(encoding="utf-8"))["files"]
    return {name: Counts(**counts) for name, counts in stored.items()}


def main() -> int:
    """Runs the mutations; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=1000, help="of each file")
    parser.add_argument("--limit", type=int, default=10, help="processor seconds for one reading")
    parser.add_argument("--file", default="", help="only files whose name holds this")
    parser.add_argument("--only", help="only the mutations with these seeds, as in 3,17")
    parser.add_argument("--figures", type=Path, help="JSON file with the counts, to go on from")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after these")
    given = parser.parse_args()
    signal.signal(signal.SIGPROF, _alarm)
    ends = time.monotonic() + 60 * given.minutes
    with tempfile.TemporaryDirectory() as name:
        files = [f for f in real_files(Path(name)) if given.file in f.name]
    counts = kept(given.figures) if given.only is None else {}
    if given.only is not None:
        for file in files:
            own = counts.setdefault(file.name, Counts())
            turn(file, map(int, given.only.split(",")), given.limit, own)
    else:
        for file in files:
            counts.setdefault(file.name, Counts())
        waiting = list(files)
        while waiting and time.monotonic() < ends:
            file = min(waiting, key=lambda f: counts[f.name].seconds)
            own = counts[file.name]
            seeds = range(own.mutations, min(given.mutations, own.mutations + TURN))
            turn(file, seeds, given.limit, own)
            if own.mutations >= given.mutations:
                waiting.remove(file)
            if given.figures:
                write_figures(given.figures, counts, given.limit)
    print("file\tmutations\tread\trefused\tfaults\tslowest s")
    for file in files:
        own = counts.get(file.name, Counts())
        shown = (own.mutations, own.read, own.refused, len(own.faults), f"{own.slowest:.2f}")
        print(file.name, *shown, sep="\t")
    return 1 if any(own.faults for own in counts.values()) else 0


def write_figures(path: Path, counts: dict[str, Counts], limit: int) -> None:
    """Writes the counts of all files."""
    figures = {
        "command": f"python benchmarks/fuzz.py --mutations {WANTED} --figures {FIGURES}",
        "limit_s": limit,
        "files": {name: asdict(own) for name, own in counts.items()},
    }
    write_text(path, json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
