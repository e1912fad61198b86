from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import REPORTS, ROOT

from clas_nlp.errors import ClasNlpError, UnreadableReport
from clas_nlp.tagging import Tagger, sources
from clas_nlp.tagging import many as many_module
from clas_nlp.tagging.many import TaggedFile, tag_file, tag_files

LETTER = "A letter.\n\nStaff have no regular one-to-one safeguarding supervision.\n"
GERMAN = "Die Kinder werden in der Schule nicht nach ihren Wünschen gefragt. " * 10


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good and bad files, of all the sorts that `tag` takes."""
    made = tmp_path_factory.mktemp("many")
    (made / "a.txt").write_text(LETTER)
    (made / "b.txt").write_text("")
    (made / "c.txt").write_text(GERMAN, encoding="utf-8")
    (made / "d.csv").write_text("id,text\n1,Staff have no safeguarding supervision.\n")
    (made / "e.jsonl").write_text("[]\n")
    (made / "f.txt").write_bytes((REPORTS / "dudley.txt").read_bytes())
    (made / "g.txt").write_text(LETTER)
    return made


@pytest.fixture(scope="module")
def one(folder: Path, tagger: Tagger) -> list[TaggedFile]:
    return list(tag_files(sorted(folder.iterdir()), tagger))


def same(first: list[TaggedFile], second: list[TaggedFile]) -> bool:
    def plain(found: list[TaggedFile]) -> list[object]:
        return [(f.path, f.paragraphs, str(f.error), f.notes) for f in found]

    return plain(first) == plain(second)


def test_every_file_has_a_result_in_the_order_named(folder: Path, one: list[TaggedFile]) -> None:
    assert [found.path for found in one] == sorted(folder.iterdir())
    assert [found.path.name for found in one if found.error] == ["b.txt", "e.jsonl"]
    assert [found.path.name for found in one if found.paragraphs] == [
        "a.txt",
        "d.csv",
        "f.txt",
        "g.txt",
    ]
    for found in one:
        assert not (found.error and found.paragraphs)
        assert all(note.startswith(f"{found.path}: ") for note in found.notes)
    assert isinstance(one[1].error, UnreadableReport)
    assert str(one[2].notes[-1]).endswith("the text is not English; nothing was tagged")


def test_a_report_is_tagged_as_by_the_tagger(
    one: list[TaggedFile], tagger: Tagger, folder: Path
) -> None:
    from clas_nlp.reading import read_report

    assert list(one[5].paragraphs) == tagger.tag(read_report(folder / "f.txt"))


@pytest.mark.parametrize("jobs", [2, 20])
def test_the_same_on_several_processes(
    jobs: int, folder: Path, one: list[TaggedFile], tagger: Tagger
) -> None:
    # Twenty are no more than there are files; two have to take turns.
    files = sorted(folder.iterdir())[: 3 if jobs == 20 else None]
    found = list(tag_files(files, tagger, jobs=jobs))
    assert same(found, one[: len(files)])


def test_the_other_processes_do_their_part(
    folder: Path, one: list[TaggedFile], tagger: Tagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    here: list[Path] = []

    def counted(group: list[Path], tagger: Tagger) -> list[TaggedFile]:
        here.extend(group)
        return tag_together(group, tagger)

    def all_ready(others: many_module._Others) -> int:
        # A small folder would be done before they are.
        return sum(greeting.result() for greeting in others._greetings)

    tag_together = many_module._tag_together
    monkeypatch.setattr(many_module, "_tag_together", counted)
    monkeypatch.setattr(sources, "_TOGETHER", 1)  # or nothing would be left for the others
    monkeypatch.setattr(many_module._Others, "ready", property(all_ready))
    files = sorted(folder.iterdir())
    assert same(list(tag_files(files, tagger, jobs=3)), one)
    assert len(here) < len(files)


@pytest.mark.parametrize("room", [1, 3 * 12_500, 10**9])
def test_the_same_in_groups_of_any_size(
    room: int,
    folder: Path,
    one: list[TaggedFile],
    tagger: Tagger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = sorted(folder.iterdir())
    monkeypatch.setattr(sources, "_TOGETHER", room)
    sizes = [len(group) for group in sources.grouped(files)]
    assert sizes == {1: [1] * 7, 37_500: [5, 1, 1], 10**9: [7]}[room]
    assert same(list(tag_files(files, tagger)), one)
    assert same([tag_file(file, tagger) for file in files], one)


def test_results_come_one_by_one(tagger: Tagger, folder: Path) -> None:
    gone = folder.parent / "gone.txt"
    results = tag_files([folder / "a.txt", gone, folder / "g.txt"], tagger)
    assert isinstance(results, Iterator)
    assert next(results).paragraphs
    gone.write_text(LETTER)  # read only when its turn comes
    assert next(results).error is None
    gone.unlink()


def test_no_more_than_a_few_results_are_held(
    tagger: Tagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many_module, "_AHEAD", 1)
    files = [tmp_path / f"{i}.txt" for i in range(5)]
    for file in files[:3]:
        file.write_text(LETTER)
    results = tag_files(files, tagger, jobs=2)
    assert next(results).error is None
    for file in files[3:]:
        file.write_text(LETTER)  # not yet handed out: two are under way, or were a moment ago
    assert [found.error for found in results] == [None] * 4


def test_stopping_early_ends_the_processes(tagger: Tagger, folder: Path) -> None:
    import multiprocessing

    results = tag_files([folder / "a.txt"] * 30, tagger, jobs=2)
    assert next(results).paragraphs
    results.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


def test_a_process_that_is_ended_from_outside(tagger: Tagger, folder: Path) -> None:
    import multiprocessing

    results = tag_files([folder / "f.txt"] * 30, tagger, jobs=2)
    next(results)
    for child in multiprocessing.active_children():
        child.kill()
    with pytest.raises(ClasNlpError, match="expected 2 to run; try fewer jobs"):
        list(results)


def test_nothing_and_wrong_numbers(tagger: Tagger) -> None:
    assert list(tag_files([], tagger, jobs=4)) == []
    with pytest.raises(ValueError, match=r"^jobs is 0; expected at least 1$"):
        tag_files([], tagger, jobs=0)


def test_progress_of_one_file(tagger: Tagger, folder: Path) -> None:
    steps: list[tuple[int, int]] = []
    found = tag_file(folder / "f.txt", tagger, lambda done, total: steps.append((done, total)))
    total = len(found.paragraphs)
    assert {step[1] for step in steps} == {total}
    assert sum(step[0] for step in steps) == total


# ------------------------------------------------------------------ the command


def tag(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "clas_nlp", "tag", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        input=stdin,
        capture_output=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_the_command_writes_the_same_bytes(form: str, folder: Path, tmp_path: Path) -> None:
    files = [file for file in sorted(folder.iterdir()) if file.suffix != ".jsonl"]
    done = [
        tag(
            *files, "-", "--jobs", jobs, "--out", tmp_path / f"{jobs}.{form}", stdin=LETTER.encode()
        )
        for jobs in "12"
    ]
    assert [d.returncode for d in done] == [1, 1]
    assert done[0].stderr == done[1].stderr
    assert b"b.txt: the file is empty" in done[0].stderr
    first, second = ((tmp_path / f"{jobs}.{form}").read_bytes() for jobs in "12")
    assert first == second
    assert b"stdin" in first
    assert {p.name for p in tmp_path.iterdir()} == {f"1.{form}", f"2.{form}"}
    if form == "csv":
        printed = tag(*files, "-", "--format", form, stdin=LETTER.encode())
        assert first == b"\xef\xbb\xbf" + printed.stdout, "the header once, the mark in files only"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_rows_are_printed_as_they_come(folder: Path) -> None:
    # The second report is a pipe that nobody has written to yet.
    pipe = folder.parent / "pipe.txt"
    os.mkfifo(pipe)
    with subprocess.Popen(
        [sys.executable, "-m", "clas_nlp", "tag", folder / "a.txt", pipe, "--format", "jsonl"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as running:
        assert running.stdout is not None
        first = json.loads(running.stdout.readline())
        pipe.write_text(LETTER)
        rest = [json.loads(line) for line in running.stdout]
    assert first["report"] == "a"
    assert [row["report"] for row in rest].count("pipe") == 2
    assert running.returncode == 0


def test_none_but_bad_reports_leave_nothing(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("")
    done = tag(tmp_path, "--jobs", "2", "--out", tmp_path / "new" / "out.csv")
    assert (done.returncode, done.stdout) == (2, b"")
    assert not (tmp_path / "new").exists()


def test_lines_with_details_give_recurring_area_year_and_expected_counts(tmp_path: Path) -> None:
    from clas_nlp.recurring.tagged_files import read_inspections

    out = tmp_path / "tagged.jsonl"
    run = [sys.executable, "-m", "clas_nlp", "tag", str(REPORTS), "--out", str(out), "--details"]
    subprocess.run(run, check=True, capture_output=True)
    dorset, dudley = read_inspections(out)
    assert (dorset.area, dorset.year) == ("Dorset", None)
    assert (dudley.area, dudley.year) == ("Dudley", 2016)
    assert dudley.codebook
    assert all(p.probabilities for p in dudley.paragraphs if p.kind == "finding")
