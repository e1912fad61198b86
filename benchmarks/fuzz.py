"""Mutates real files and reports faults: `python benchmarks/fuzz.py --mutations 10000`.

A fault is an exception that is no ClasNlpError, an offset that does not hold, or a reading that
takes longer than the limit. Each mutation has its own seed, printed with the fault, so that
`--only SEED` makes it again. Exit code 1 where a fault was found.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from clas_nlp.codebook import load_codebook  # noqa: E402
from clas_nlp.corpus import load_corpus  # noqa: E402
from clas_nlp.errors import ClasNlpError  # noqa: E402
from clas_nlp.exchanging import FORMATS, export, import_labels  # noqa: E402
from clas_nlp.reading import read_report  # noqa: E402

CODEBOOK = load_codebook(ROOT / "corpus" / "codebook")
LABELLED = load_corpus([ROOT / "corpus" / "dorset.jsonl"])
#: Bytes that mean something to some reader.
TOKENS = (
    b"\n", b"\n\n", b"\r", b"\f", b"\0", b"\t", b"1.1 ", b"1.1.1 ", b"# ", b"**", b"<b>", b"</",
    b"[", b"](", b"Recommendations\n", b"Case example:\n", b"Page 3\n", b'"', b"{", b"}", b"\xff",
    b"\xe2\x80", b"\xef\xbb\xbf", b"\xff\xfe", b"%PDF-", b"PK\x03\x04", b"&#x0;", b"endobj", b"-1",
    b"99999999999999999999", b"<!DOCTYPE a>", b"\xed\xa0\x80",
)  # fmt: skip


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


def real_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """(what reads it, file) of each real file: the reports, as documents too, and the exports."""
    for report in sorted((ROOT / "corpus" / "reports").glob("*.txt")):
        yield "report", report
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        from document_files import real_report, to_docx, to_html, to_pdf
    except ModuleNotFoundError as error:
        print(f"without documents: {error.name} is not installed")
    else:
        report_read = real_report("dudley")
        for ending, write in (("html", to_html), ("docx", to_docx), ("pdf", to_pdf)):
            path = folder / f"dudley.{ending}"
            path.write_bytes(write(report_read))
            yield "report", path
    labelled = [p for p in LABELLED.paragraphs if p.themes][:20]
    for form in FORMATS.values():
        if form.imports:
            path = folder / f"{form.name}{form.ending}"
            export(labelled, form.name, path, CODEBOOK)
            yield "labels", path


def tried(kind: str, path: Path) -> bool:
    """Reads a file; True where it is read, False where it is refused with a reason.

    Raises:
        AssertionError: an offset does not hold, or a message has more than one line.
    """
    try:
        if kind == "report":
            report = read_report(path)
            for p in report.paragraphs:
                assert report.text[p.start : p.end] == p.text, p.id
        else:
            for labelled in import_labels(path, CODEBOOK, LABELLED, "anna", "2024-03-31"):
                for label in labelled.labels:
                    assert 0 <= label.start < label.end <= len(labelled.text), labelled.id
    except ClasNlpError as error:
        assert str(error).strip(), "an error without a message"
        return False
    return True


def main() -> int:
    """Runs the mutations; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=1000, help="of each file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, default=10, help="seconds for one reading")
    parser.add_argument("--file", default="", help="only files whose name holds this")
    parser.add_argument("--only", type=int, help="only the mutation with this seed")
    given = parser.parse_args()
    faults = 0
    signal.signal(signal.SIGALRM, _alarm)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("file\tmutations\tread\trefused\tfaults\tslowest s", flush=True)
        for kind, original in real_files(folder):
            if given.file not in original.name:
                continue
            raw, read, refused, bad, slowest = original.read_bytes(), 0, 0, 0, 0.0
            target = folder / f"mutated{original.suffix}"
            seeds = range(given.seed, given.seed + given.mutations)
            for seed in [given.only] if given.only is not None else seeds:
                target.write_bytes(mutated(raw, random.Random(f"{original.name} {seed}")))
                begun = time.monotonic()
                signal.alarm(given.limit)
                try:
                    if tried(kind, target):
                        read += 1
                    else:
                        refused += 1
                except Exception:  # the point of it
                    bad += 1
                    signal.alarm(0)
                    print(f"{original.name}, seed {seed}:\n{traceback.format_exc(limit=-3)}")
                finally:
                    signal.alarm(0)
                slowest = max(slowest, time.monotonic() - begun)
            faults += bad
            shown = (original.name, read + refused + bad, read, refused, bad, f"{slowest:.2f}")
            print(*shown, sep="\t", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
