"""Tagging many report files one after the other or on several processes, results as they come."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from clas_nlp.errors import ClasNlpError, UnreadableReport
from clas_nlp.reading.records import InspectionDetails, Paragraph
from clas_nlp.tagging.records import TaggedParagraph
from clas_nlp.tagging.sources import grouped
from clas_nlp.tagging.tagger import Tagger

if TYPE_CHECKING:
    from concurrent.futures import Future
    from multiprocessing.queues import Queue


#: Groups of files handed out, or tagged and waiting for one before them, for each process: enough
#: that none is idle while a long report holds the order up, few enough that memory stays flat.
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


if TYPE_CHECKING:
    #: Those of a group of files, there or to come.
    _Results = Future[list[TaggedFile]] | list[TaggedFile]


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
    found, name, paragraphs = _read(Path(path))

    def step(done: int) -> None:
        if progress and paragraphs:
            progress(done, len(paragraphs))

    step(0)
    return replace(found, paragraphs=tuple(tagger.tag_paragraphs(paragraphs, name, step)))


def _tag_together(paths: Sequence[Path], tagger: Tagger) -> list[TaggedFile]:
    """Tags some files as `tag_file` tags each."""
    read = [_read(path) for path in paths]
    tagged = tagger.tag_together([(name, paragraphs) for _, name, paragraphs in read])
    return [
        replace(found, paragraphs=tuple(own))
        for (found, _, _), own in zip(read, tagged, strict=True)
    ]


def _read(path: Path) -> tuple[TaggedFile, str, Sequence[Paragraph]]:
    """A file without its tags, the report's id, and the paragraphs to tag."""
    from clas_nlp.reading import read_report
    from clas_nlp.reading.decoding import name_of
    from clas_nlp.reading.language import looks_english
    from clas_nlp.tagging.sources import PARAGRAPH_ENDINGS, bare_paragraphs

    notes: list[str] = []
    details: InspectionDetails | None = None
    paragraphs: Sequence[Paragraph]
    try:
        if path.suffix.lower() in PARAGRAPH_ENDINGS:
            paragraphs, name = bare_paragraphs(path), name_of(path)
            text = "\n".join(p.text for p in paragraphs[:500])
        else:
            report = read_report(path)
            notes += [f"{path}: {warning}" for warning in report.warnings]
            paragraphs, name, text = report.paragraphs, report.id, report.text
            details = report.details
    except UnreadableReport as error:
        return TaggedFile(path, (), error, ()), "", ()
    if not looks_english(text):
        notes.append(f"{path}: the text is not English; nothing was tagged")
        return TaggedFile(path, (), None, tuple(notes)), "", ()
    return TaggedFile(path, (), None, tuple(notes), details), name, paragraphs


def tag_files(
    paths: Sequence[str | Path],
    tagger: Tagger,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[TaggedFile]:
    """Tags files and gives each as soon as it and all before it are done, in the order named.

    A file that cannot be read comes back with its error, and the rest goes on. Small files are
    tagged a few together. At most a few results are held at a time. The results are the same for
    every number of processes.

    Args:
        paths: the files; "-" is standard input. See `clas_nlp.tagging.sources.expand`.
        tagger: the tagger; with several processes, each gets its model once.
        jobs: on how many processes, at least 1, this one among them. The others are started anew
            ("spawn"), so a script that asks for them needs the usual `if __name__ == "__main__":`.
        progress: for the paragraphs of each file, see `tag_file`; only with one process. The files
            are then tagged one by one.

    Raises:
        ValueError: jobs is less than 1.
        ClasNlpError: a process was ended from outside, for instance for lack of memory.
    """
    if jobs < 1:
        raise ValueError(f"jobs is {jobs}; expected at least 1")
    files = [Path(path) for path in paths]
    jobs = min(jobs, len(files))
    if jobs <= 1 and progress:
        return (tag_file(path, tagger, progress) for path in files)
    if jobs <= 1:
        return (found for group in grouped(files) for found in _tag_together(group, tagger))
    return _on_processes(files, tagger, jobs)


def _on_processes(files: Sequence[Path], tagger: Tagger, jobs: int) -> Iterator[TaggedFile]:
    """Tags in this process too, so that none waits for the others to be ready.

    A new process needs seconds to import what tagging imports and to build its analyser. Until it
    says that it is ready nothing is handed to it, and whenever the next results in the order are
    not there yet, this process takes the next files itself.
    """
    from concurrent.futures.process import BrokenProcessPool

    ahead = deque(grouped(files))
    waiting: deque[tuple[list[Path], _Results]] = deque()
    others = _Others(tagger, jobs - 1)
    try:
        while ahead or waiting:
            group = waiting[0][0] if waiting else ahead[0]
            try:
                under_way = sum(not _is_done(results) for _, results in waiting)
                wanted = others.ready * _AHEAD
                while ahead and under_way < wanted and len(waiting) < jobs * _AHEAD:
                    if str(ahead[0][0]) == "-":
                        break  # only this process has the standard input
                    waiting.append((ahead[0], others.tag(ahead.popleft())))
                    under_way += 1
                come = waiting and _is_done(waiting[0][1])
                if not come and _tagged_here(ahead, waiting, tagger, jobs * _AHEAD):
                    continue
                group, results = waiting.popleft()
                found = results if isinstance(results, list) else results.result()
            except BrokenProcessPool:
                raise ClasNlpError(
                    f"{group[0]}: a tagging process ended before its work was done, perhaps for "
                    f"lack of memory; expected {jobs} to run; try fewer jobs"
                ) from None
            yield from found
    finally:
        others.end(idle=all(_is_done(results) for _, results in waiting))


def _is_done(results: _Results) -> bool:
    return isinstance(results, list) or results.done()


def _tagged_here(
    ahead: deque[list[Path]],
    waiting: deque[tuple[list[Path], _Results]],
    tagger: Tagger,
    most: int,
) -> bool:
    """Tags one group in this process, if there is one to be had; at most so many wait."""
    if ahead and len(waiting) < most:
        group = ahead.popleft()
        waiting.append((group, _tag_together(group, tagger)))
        return True
    for place in reversed(range(len(waiting))):
        group, results = waiting[place]
        # What another process has not begun can be taken back from it.
        if not isinstance(results, list) and results.cancel():
            waiting[place] = (group, _tag_together(group, tagger))
            return True
    return False


class _Others:
    """The processes beside this one.

    Args:
        tagger: the tagger; each process gets its model once.
        count: how many.
    """

    def __init__(self, tagger: Tagger, count: int) -> None:
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context
        from multiprocessing.reduction import ForkingPickler

        # The same on every system; a fork of a process with threads may hang.
        context = get_context("spawn")
        # By a queue, which has a thread to write with: as an argument of the process the model
        # would hold this process up until the new one has imported what it takes to read it, and
        # the next could not be started before.
        self._models = context.Queue()
        # A copy without the analyser, which each process makes for itself.
        model = bytes(ForkingPickler.dumps(replace(tagger.model)))
        for _ in range(count):
            self._models.put(model)
        self._pool = ProcessPoolExecutor(
            count, mp_context=context, initializer=_start_process, initargs=(self._models,)
        )
        with _interrupts_held():
            self._greetings = [self._pool.submit(_greet) for _ in range(count)]

    @property
    def ready(self) -> int:
        """How many have begun to answer.

        Raises:
            BrokenProcessPool: one was ended from outside.
        """
        return sum(g.done() and g.result() for g in self._greetings)

    def tag(self, group: list[Path]) -> Future[list[TaggedFile]]:
        """Hands files to them, to be tagged together."""
        return self._pool.submit(_tag_in_process, group)

    def end(self, idle: bool) -> None:
        """Ends them.

        Args:
            idle: whether all that was handed out has come back. Then those that never got ready
                are not waited for; in the midst of an answer they must not be cut off, since this
                process would wait for its other half.
        """
        if idle and not all(g.done() for g in self._greetings):
            # Python 3.14 has a public method for it.
            for process in list((self._pool._processes or {}).values()):
                process.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._models.cancel_join_thread()
        self._models.close()


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C waits for the end of the block, and processes begun in it are never told of it.

    They would each print a traceback while they import; this process ends them.
    """
    import signal

    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_tagger_of_process: Tagger | None = None


def _start_process(models: Queue[bytes]) -> None:
    """Makes a process ready; the first process alone answers Ctrl-C, and ends the others."""
    import signal
    from multiprocessing.reduction import ForkingPickler

    global _tagger_of_process
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _tagger_of_process = Tagger(ForkingPickler.loads(models.get()))
    # The first text makes the analyser.
    _tagger_of_process.tag_texts(["Ready."])


def _greet() -> bool:
    return True


def _tag_in_process(group: list[Path]) -> list[TaggedFile]:
    assert _tagger_of_process is not None
    return _tag_together(group, _tagger_of_process)
