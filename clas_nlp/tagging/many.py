"""Tagging many report files one after the other or on several processes, results as they come."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from clas_nlp.errors import ClasNlpError, UnreadableReport
from clas_nlp.reading.records import InspectionDetails
from clas_nlp.tagging.records import TaggedParagraph
from clas_nlp.tagging.tagger import Tagger

if TYPE_CHECKING:
    from concurrent.futures import Future

    from clas_nlp.tagging.model import Model

#: Reports handed out ahead of the one that is waited for, for each process: enough that none is
#: idle while a long report holds the order up, few enough that memory stays flat.
_AHEAD = 4


@dataclass(frozen=True, slots=True)
class TaggedFile:
    """What became of one file.

    Attributes:
        path: the file as it was named.
        paragraphs: its paragraphs, tagged, in reading order; none where there is an error.
        error: why it could not be read, or None.
        notes: what a reader should know of it, each beginning with the file's name.
        details: what a report says of its inspection; None for bare paragraphs.
    """

    path: Path
    paragraphs: tuple[TaggedParagraph, ...]
    error: UnreadableReport | None
    notes: tuple[str, ...]
    details: InspectionDetails | None = None


def tag_file(
    path: str | Path, tagger: Tagger, progress: Callable[[int, int], None] | None = None
) -> TaggedFile:
    """Tags one file: a report, or a .jsonl or .csv file of bare paragraphs.

    A text that is not English comes back without paragraphs and with a note.

    Args:
        path: the file, or "-" for standard input.
        tagger: the tagger.
        progress: called with the number of paragraphs done since the last call, and of all.
    """
    from clas_nlp.reading import read_report
    from clas_nlp.reading.language import looks_english
    from clas_nlp.tagging.sources import PARAGRAPH_ENDINGS, bare_paragraphs

    path = Path(path)
    notes: list[str] = []
    details: InspectionDetails | None = None
    try:
        if path.suffix.lower() in PARAGRAPH_ENDINGS:
            paragraphs, name = bare_paragraphs(path), path.stem
            text = "\n".join(p.text for p in paragraphs[:500])
        else:
            report = read_report(path)
            notes += [f"{path}: {warning}" for warning in report.warnings]
            paragraphs, name, text = list(report.paragraphs), report.id, report.text
            details = report.details
    except UnreadableReport as error:
        return TaggedFile(path, (), error, ())
    if not looks_english(text):
        notes.append(f"{path}: the text is not English; nothing was tagged")
        return TaggedFile(path, (), None, tuple(notes))

    def step(done: int) -> None:
        if progress:
            progress(done, len(paragraphs))

    step(0)
    tagged = tuple(tagger.tag_paragraphs(paragraphs, name, step))
    return TaggedFile(path, tagged, None, tuple(notes), details)


def tag_files(
    paths: Sequence[str | Path],
    tagger: Tagger,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[TaggedFile]:
    """Tags files and gives each as soon as it and all before it are done, in the order named.

    A file that cannot be read comes back with its error, and the rest goes on. At most a few
    results are held at a time. The results are the same for every number of processes.

    Args:
        paths: the files; "-" is standard input. See `clas_nlp.tagging.sources.expand`.
        tagger: the tagger; with several processes, each gets its model once.
        jobs: on how many processes, at least 1. They are started anew ("spawn"), so a script that
            asks for more than one needs the usual `if __name__ == "__main__":`.
        progress: for the paragraphs of each file, see `tag_file`; only with one process.

    Raises:
        ValueError: jobs is less than 1.
        ClasNlpError: a process was ended from outside, for instance for lack of memory.
    """
    if jobs < 1:
        raise ValueError(f"jobs is {jobs}; expected at least 1")
    files = [Path(path) for path in paths]
    jobs = min(jobs, len(files))
    if jobs <= 1:
        return (tag_file(path, tagger, progress) for path in files)
    return _on_processes(files, tagger, jobs)


def _on_processes(files: Sequence[Path], tagger: Tagger, jobs: int) -> Iterator[TaggedFile]:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(
        jobs,
        # The same on every system; a fork of a process with threads may hang.
        mp_context=get_context("spawn"),
        initializer=_start_process,
        # A copy without the analyser, which each process makes for itself.
        initargs=(replace(tagger.model),),
    )
    waiting: deque[tuple[Path, Future[TaggedFile] | None]] = deque()
    remaining = iter(files)
    try:
        while True:
            while len(waiting) < jobs * _AHEAD and (path := next(remaining, None)) is not None:
                # Only this process has the standard input.
                future = None if str(path) == "-" else pool.submit(_tag_in_process, path)
                waiting.append((path, future))
            if not waiting:
                return
            path, future = waiting.popleft()
            try:
                result = tag_file(path, tagger) if future is None else future.result()
            except BrokenProcessPool:
                raise ClasNlpError(
                    f"{path}: a tagging process ended before its work was done, perhaps for lack "
                    f"of memory; expected {jobs} to run; try fewer jobs"
                ) from None
            yield result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_tagger_of_process: Tagger | None = None


def _start_process(model: Model) -> None:
    """Makes a process ready; the first process alone answers Ctrl-C, and ends the others."""
    import signal

    global _tagger_of_process
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _tagger_of_process = Tagger(model)


def _tag_in_process(path: Path) -> TaggedFile:
    assert _tagger_of_process is not None
    return tag_file(path, _tagger_of_process)
