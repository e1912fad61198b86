from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from conftest import CORPUS, REPORTS, ROOT
from typer.testing import CliRunner

import clas_nlp
from clas_nlp.cli.app import app, main
from clas_nlp.reading import Report
from clas_nlp.tagging import Tagger
from clas_nlp.tagging.output import CSV_COLUMNS, csv_text

LETTER = "A letter.\n\nStaff have no regular one-to-one safeguarding supervision.\n"
NO_CLAS = "no numbered findings, so no CLAS report: each paragraph counts as a finding"


@dataclass
class Result:
    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs the command line as its entry point does, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def invoke(*arguments: str | Path, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "argv", ["clas-nlp", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return invoke


def process(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Runs the command line in a process of its own."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    return subprocess.run(
        [sys.executable, "-m", "clas_nlp", *map(str, arguments)],
        env=env,
        capture_output=True,
        check=False,
        timeout=120,
        **options,
    )


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*")}


# ------------------------------------------------------------------ help


def commands() -> Iterator[tuple[str, Any]]:
    def walk(command: Any, name: str) -> Iterator[tuple[str, Any]]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield name, command
        else:
            for key, child in sorted(inner.items()):
                yield from walk(child, f"{name} {key}".strip())

    yield from walk(typer.main.get_command(app), "")


COMMANDS = dict(commands())


def test_the_commands_that_the_readme_names_are_there() -> None:
    assert {"read", "tag", "train", "evaluate", "corpus check"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example_and_says_what_every_option_does(name: str) -> None:
    result = CliRunner().invoke(app, [*name.split(), "--help"])
    assert result.exit_code == 0
    assert f"clas-nlp {name}" in result.output.split("Example", 1)[1], "no worked example"
    for parameter in COMMANDS[name].params:
        assert (getattr(parameter, "help", "") or "").strip(), f"{name} {parameter.name}"


@pytest.mark.parametrize("name", COMMANDS)
def test_short_help_and_no_argument(name: str, run: Run) -> None:
    assert run(*name.split(), "-h").code == 0
    if any(parameter.required for parameter in COMMANDS[name].params):
        bare = run(*name.split())
        assert bare.code == 2
        assert "Missing" in bare.err
        assert bare.out == ""


def test_version(run: Run) -> None:
    assert run("--version") == Result(0, f"clas-nlp {clas_nlp.__version__}\n", "")


def test_help_is_shown_where_nothing_is_asked(run: Run) -> None:
    shown = run()
    assert shown.code in (0, 2)
    assert "tag " in shown.out + shown.err


def test_help_answers_without_costly_imports() -> None:
    program = (
        "import sys\n"
        "sys.argv = ['clas-nlp', '--help']\n"
        "from clas_nlp.cli.app import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted(set(sys.modules) & {'spacy', 'sklearn', 'numpy', 'pandas', 'datasets'}))\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    shown = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True
    )
    assert shown.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "arguments",
    [("frob",), ("tag", "x.txt", "--format", "xml"), ("tag", "x.txt", "--frob"), ("corpus", "x")],
)
def test_wrong_usage(arguments: tuple[str, ...], run: Run) -> None:
    result = run(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert re.match(r"Usage: .*clas-nlp", result.err)
    assert "Traceback" not in result.err


# ------------------------------------------------------------------ bad input

UNREADABLE = [
    ("empty.txt", b"", "the file is empty; expected the text of a report"),
    ("blank.txt", b" \n\n", "the file is empty; expected the text of a report"),
    (
        "binary.txt",
        bytes(range(256)) * 20,
        "a binary file, not the text of a report; save it as DOCX, PDF or text first",
    ),
    (
        "encoding.txt",
        b"caf\x81\xe9 \x8d",
        "unknown text encoding (neither UTF-8 nor Windows-1252); save it as UTF-8 first",
    ),
]


@pytest.mark.parametrize(("name", "content", "expected"), UNREADABLE)
@pytest.mark.parametrize("command", ["tag", "read"])
def test_an_unreadable_report(
    command: str, name: str, content: bytes, expected: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    for extra in ((), ("--format", "jsonl", "--out", "out.jsonl")):
        assert run(command, name, *extra) == Result(2, "", f"clas-nlp: {name}: {expected}\n")
    assert files(tmp_path) == {name}


def test_an_existing_file_stays_where_there_is_nothing_to_write(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text("kept")
    (tmp_path / "empty.txt").write_text("")
    assert run("tag", "empty.txt", "--out", "out.jsonl").code == 2
    assert (tmp_path / "out.jsonl").read_text() == "kept"
    assert files(tmp_path) == {"out.jsonl", "empty.txt"}


@pytest.mark.parametrize(
    ("command", "expected"),
    [("tag", "none.txt: no such file or folder"), ("read", "none.txt: no such file")],
)
def test_a_missing_report(command: str, expected: str, run: Run) -> None:
    assert run(command, "none.txt") == Result(2, "", f"clas-nlp: {expected}\n")


def test_a_folder_without_reports(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "photo.png").write_bytes(b"x")
    result = run("tag", "in")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(
        "clas-nlp: in: no report in this folder; expected files ending in "
    )
    assert result.err.count("\n") == 1
    assert run("read", "in") == Result(2, "", "clas-nlp: in: is a folder, expected a report file\n")


def test_no_clas_report_is_tagged_and_said_to_be_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(LETTER)
    result = run("tag", "letter.txt", "--format", "jsonl")
    assert result.code == 0
    assert result.err == f"letter.txt: {NO_CLAS}\n"
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert [row["id"] for row in rows] == ["letter-p-1", "letter-p-2"]
    assert [[t["theme"] for t in row["themes"]] for row in rows] == [[], ["supervision"]]
    assert rows[1]["themes"][0]["stance"] == "weakness"


def test_a_text_that_is_not_english_is_not_tagged(run: Run, tmp_path: Path) -> None:
    german = "Die Kinder werden in der Schule nicht nach ihren Wünschen gefragt. " * 10
    (tmp_path / "brief.txt").write_text(german, encoding="utf-8")
    result = run("tag", "brief.txt", "--format", "jsonl")
    assert (result.code, result.out) == (0, "")
    assert "brief.txt: the text is not English; nothing was tagged\n" in result.err


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (None, "model: no such model folder; train one with `clas-nlp train`"),
        ("all", "model: no manifest.json, so this is no whole model folder"),
        ("weights.npz", "model/weights.npz: No such file or directory; the model is not whole"),
        ("cut", "model/vocabulary.json: hash e3b0c44298fc is not the manifest's "),
    ],
)
@pytest.mark.parametrize("command", ["tag", "evaluate"])
def test_a_missing_or_broken_model(
    command: str, damage: str | None, expected: str, run: Run, tmp_path: Path, small_model: Path
) -> None:
    if damage == "all":
        (tmp_path / "model").mkdir()
    elif damage:
        shutil.copytree(small_model, tmp_path / "model")
        if damage == "cut":
            (tmp_path / "model" / "vocabulary.json").write_bytes(b"")
        else:
            (tmp_path / "model" / damage).unlink()
    before = files(tmp_path)
    path = REPORTS / "dudley.txt" if command == "tag" else CORPUS / "dudley.jsonl"
    result = run(command, path, "--model", "model", "--out", "out.txt")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"clas-nlp: {expected}")
    assert result.err.count("\n") == 1
    assert files(tmp_path) == before


def _bad_corpus(folder: Path) -> Path:
    rows = [json.loads(line) for line in (CORPUS / "dudley.jsonl").read_text().splitlines()[:4]]
    rows[1]["labels"] = [{"theme": "neglect", "stance": "weakness", "start": 0, "end": 5}]
    size = len(rows[3]["text"])
    rows[3]["labels"] = [{"theme": "flagging", "stance": "weakness", "start": 0, "end": size + 1}]
    (folder / "bad.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "bad.jsonl"


@pytest.mark.parametrize(
    "arguments",
    [
        ("corpus", "check", "bad.jsonl"),
        ("train", "bad.jsonl", "--out", "model"),
        ("evaluate", "bad.jsonl", "--out", "scores.json", "--format", "json"),
    ],
)
def test_every_bad_row_of_a_corpus_has_a_line(
    arguments: tuple[str, ...], run: Run, tmp_path: Path
) -> None:
    _bad_corpus(tmp_path)
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    first, second = result.err.splitlines()
    assert first.startswith(
        "clas-nlp: bad.jsonl: row 2: label 1: unknown theme 'neglect'; expected one of "
    )
    assert second.startswith("clas-nlp: bad.jsonl: row 4: label 1: span 0 to ")
    assert "lies outside the text; expected 0 <= start < end <= " in second
    assert files(tmp_path) == {"bad.jsonl"}


@pytest.mark.parametrize("command", [("corpus", "check"), ("evaluate",), ("train", "--out", "m")])
def test_a_missing_corpus(command: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    expected = "clas-nlp: none: no such file or folder; expected a corpus\n"
    assert run(*command, "none") == Result(2, "", expected)
    assert files(tmp_path) == set()


def test_a_report_that_cannot_be_held_out(run: Run, tmp_path: Path) -> None:
    corpus = CORPUS / "dorset.jsonl"
    assert run("train", corpus, "--out", "m", "--hold-out", "leeds").err == (
        "clas-nlp: no report 'leeds' in the corpus to hold out; it has dorset\n"
    )
    result = run("train", corpus, "--out", "m", "--hold-out", "dorset")
    assert result.code == 2
    assert result.err == (
        "clas-nlp: the corpus has only the report dorset; "
        "holding it out leaves no report to train on, so add another\n"
    )
    assert run("evaluate", corpus, "--report", "leeds").err == (
        "clas-nlp: no report 'leeds' in the corpus; it has dorset\n"
    )
    assert files(tmp_path) == set()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("p.jsonl", '{"id": "1"}', "row 1: no text in the field 'text'; expected a paragraph"),
        ("p.jsonl", "{", "row 1: no JSON (Expecting property name enclosed in double quotes); "),
        ("p.jsonl", "[]", "row 1: expected an object with id and text"),
        ("p.jsonl", '{"id": "1", "text": "half: \\ud800"}', "row 1: "),
        (
            "p.jsonl",
            '{"id": "1", "text": "a"}\n{"id": "1", "text": "b"}',
            "row 2: id '1' stands there twice; give each its own",
        ),
        ("p.jsonl", '{"text": "a", "kind": "x"}', "row 1: unknown kind 'x'; expected one of "),
        ("p.csv", "id,words\n1,a\n", "row 1: no column 'text'; found id, words; expected id and "),
        ("p.csv", "id,text\n", "no rows; expected paragraphs with 'id' and 'text'"),
        ("p.csv", "id,text\n1,\n", "row 2: no text in the field 'text'; expected a paragraph"),
        ("p.csv", "", "the file is empty; expected "),
    ],
)
def test_bad_files_of_bare_paragraphs(
    name: str, content: str, expected: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content)
    result = run("tag", name, "--out", "out.csv")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"clas-nlp: {name}: {expected}")
    assert result.err.count("\n") == 1
    assert files(tmp_path) == {name}


def test_one_bad_report_among_several(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    (tmp_path / "b.txt").write_text(LETTER)
    result = run("tag", "a.txt", "b.txt", "--out", "out.jsonl")
    assert (result.code, result.out) == (1, "")
    assert result.err.splitlines() == [
        f"b.txt: {NO_CLAS}",
        "clas-nlp: a.txt: the file is empty; expected the text of a report",
    ]
    assert (tmp_path / "out.jsonl").read_text().count("\n") == 2


def test_none_but_bad_reports(run: Run, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("")
    result = run("tag", tmp_path, "--out", "out.jsonl")
    assert (result.code, result.out) == (2, "")
    assert result.err.count("the file is empty") == 2
    assert not (tmp_path / "out.jsonl").exists()


def test_an_output_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(LETTER)
    (tmp_path / "taken.csv").mkdir()
    result = run("tag", "letter.txt", "--out", "taken.csv")
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines()[-1].startswith("clas-nlp: taken.csv: ")
    assert files(tmp_path) == {"letter.txt", "taken.csv"}


def test_control_characters_do_not_reach_the_terminal(run: Run, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("\x1b[31mStaff\x1b[0m have no safeguarding supervision.\n")
    (tmp_path / "bad\x1b[2J.txt").write_text("")
    for arguments in (("tag", "letter.txt"), ("read", "letter.txt"), ("tag", "bad\x1b[2J.txt")):
        result = run(*arguments)
        assert "\x1b" not in result.out + result.err


# ------------------------------------------------------------------ formats


def test_jsonl_is_what_the_api_gives(run: Run, dudley: Report, tagger: Tagger) -> None:
    result = run("tag", REPORTS / "dudley.txt", "--format", "jsonl")
    assert result.code == 0
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert rows == [p.to_row() for p in tagger.tag(dudley)]
    assert [list(row) for row in rows] == [list(p.to_row()) for p in tagger.tag(dudley)]


def test_csv_opens_in_a_spreadsheet(
    run: Run, tmp_path: Path, dudley: Report, tagger: Tagger
) -> None:
    result = run("tag", REPORTS / "dudley.txt", "--out", "tagged.csv")
    assert (result.code, result.out) == (0, "")
    raw = (tmp_path / "tagged.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf"), "Excel takes it for UTF-8 by this mark"
    tagged = tagger.tag(dudley)
    assert raw.decode("utf-8-sig") == csv_text(tagged)
    with (tmp_path / "tagged.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert len(rows) == sum(max(1, len(p.themes)) for p in tagged)
    texts = {p.id: p.text for p in tagged}
    assert all(row["text"].lstrip("'") == texts[row["id"]].lstrip("'") for row in rows)
    printed = run("tag", REPORTS / "dudley.txt", "--format", "csv")
    assert printed.out.replace("\r\n", "\n") == csv_text(tagged).replace("\r\n", "\n")


def test_the_table_is_for_people(run: Run, tagger: Tagger) -> None:
    result = run("tag", REPORTS / "dudley.txt")
    assert result.code == 0
    assert "208 findings, examples and recommendations carry a theme." in result.out
    for theme in tagger.codebook.themes:
        assert theme.name in result.out
    assert max(map(len, result.out.splitlines())) <= 120


@pytest.mark.parametrize("ending", ["jsonl", "csv", "txt"])
def test_a_file_says_the_same_as_the_terminal(ending: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(LETTER)
    out = tmp_path / "new" / f"out.{ending}"
    assert run("tag", "letter.txt", "--out", out).out == ""
    written = out.read_bytes()
    assert b"supervision" in written.lower()
    assert files(tmp_path) == {"letter.txt", "new", f"new/out.{ending}"}
    assert run("tag", "letter.txt", "--out", out).code == 0
    assert out.read_bytes() == written, "the same every time"


def test_the_format_asked_for_goes_before_the_ending(run: Run, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(LETTER)
    run("tag", "letter.txt", "--format", "jsonl", "--out", "out.csv")
    assert json.loads((tmp_path / "out.csv").read_text().splitlines()[0])["id"] == "letter-p-1"


def test_read_shows_every_paragraph(run: Run, dudley: Report, tmp_path: Path) -> None:
    result = run("read", REPORTS / "dudley.txt", "--format", "jsonl")
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert [row["id"] for row in rows] == [p.id for p in dudley.paragraphs]
    assert {row["report"] for row in rows} == {"dudley"}
    assert all(dudley.text[row["start"] : row["end"]] == row["text"] for row in rows)
    table = run("read", REPORTS / "dudley.txt")
    assert table.code == 0
    assert "Dudley" in table.out
    assert run("read", REPORTS / "dudley.txt", "--out", "read.txt").out == ""
    assert "dudley-1.1" in (tmp_path / "read.txt").read_text()


# ------------------------------------------------------------------ sources


def test_standard_input(run: Run, dudley: Report, tagger: Tagger) -> None:
    raw = (REPORTS / "dudley.txt").read_bytes()
    rows = [json.loads(x) for x in run("tag", "-", "-f", "jsonl", stdin=raw).out.splitlines()]
    assert [row["text"] for row in rows] == [p.text for p in dudley.paragraphs]
    assert {row["report"] for row in rows} == {"stdin"}
    assert [row["themes"] for row in rows] == [p.to_row()["themes"] for p in tagger.tag(dudley)]
    assert run("tag", "-") == Result(
        2, "", "clas-nlp: standard input: the file is empty; expected the text of a report\n"
    )
    assert run("read", "-", stdin=raw).code == 0


def test_folders_and_their_folders(run: Run, tmp_path: Path) -> None:
    inner = tmp_path / "in" / "2016"
    inner.mkdir(parents=True)
    (tmp_path / "in" / ".hidden").mkdir()
    (inner / "b.txt").write_text(LETTER)
    (tmp_path / "in" / "a.MD").write_text(LETTER)
    (tmp_path / "in" / "photo.png").write_bytes(b"\x00")
    (tmp_path / "in" / ".hidden" / "c.txt").write_text(LETTER)
    result = run("tag", "in", "--format", "jsonl")
    assert result.code == 0
    reports = [json.loads(line)["report"] for line in result.out.splitlines()]
    assert sorted(set(reports)) == ["a", "b"]
    assert len(reports) == 4


@pytest.mark.parametrize("name", ["p.jsonl", "p.csv"])
def test_bare_paragraphs(name: str, run: Run, tmp_path: Path, tagger: Tagger) -> None:
    texts = ['Staff said "we have\nno supervision".', "Café, open: till 8."]
    if name.endswith("csv"):
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerows([("id", "text"), ("x", texts[0]), ("y", texts[1])])
        content = "\ufeff" + buffer.getvalue()
    else:
        content = "".join(
            json.dumps({"id": i, "text": t}) + "\n" for i, t in zip("xy", texts, strict=True)
        )
    (tmp_path / name).write_bytes(content.encode())
    result = run("tag", name, "--format", "jsonl")
    assert result.code == 0
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert [(row["report"], row["id"], row["kind"]) for row in rows] == [
        ("p", "x", "finding"),
        ("p", "y", "finding"),
    ]
    expected = tagger.tag_texts(texts, ids=["x", "y"])
    assert [row["themes"] for row in rows] == [p.to_row()["themes"] for p in expected]
    assert [row["text"] for row in rows] == texts


# ------------------------------------------------------------------ corpora and models


def test_a_good_corpus(run: Run) -> None:
    result = run("corpus", "check", CORPUS / "dorset.jsonl", CORPUS / "dudley.jsonl")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("409 paragraphs, no bad row. Paragraphs by theme: ")
    assert run("corpus", "check", CORPUS).code == 0


def test_train_evaluate_and_tag(run: Run, tmp_path: Path, small_model: Path) -> None:
    files_ = (CORPUS / "dorset.jsonl", CORPUS / "dudley.jsonl")
    made = run("train", *files_, "--hold-out", "dudley", "--out", "model")
    assert made.code == 0
    assert made.err == "model written to model\n"
    assert "dudley (208 paragraphs)" in made.out
    for name in ("weights.npz", "vocabulary.json", "codebook.json"):
        assert (tmp_path / "model" / name).read_bytes() == (small_model / name).read_bytes()

    scored = run("evaluate", *files_, "--model", "model", "--format", "json")
    assert scored.code == 0
    assert scored.err == ("dorset: the model was trained on it; its figures are no test\n")
    reports = json.loads(scored.out)["reports"]
    assert [(r["report"], r["seen_in_training"]) for r in reports] == [
        ("dorset", True),
        ("dudley", False),
    ]
    one = run("evaluate", *files_, "-m", "model", "--report", "dudley", "-f", "markdown")
    assert one.out.startswith("### dudley (208 paragraphs)\n")
    assert one.err == ""
    tagged = run("tag", REPORTS / "dudley.txt", "--model", "model")
    assert "carry a theme." in tagged.out


# ------------------------------------------------------------------ processes of their own


def test_a_process_in_another_folder(tmp_path: Path, dudley: Report, tagger: Tagger) -> None:
    done = process("tag", REPORTS / "dudley.txt", "--format", "jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert rows == [p.to_row() for p in tagger.tag(dudley)]
    assert files(tmp_path) == set()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("tag", "empty.txt"), "clas-nlp: empty.txt: the file is empty; expected the text of a "),
        (("tag", "-", "--model", "none"), "clas-nlp: none: no such model folder; train one with "),
        (("corpus", "check", "none"), "clas-nlp: none: no such file or folder; expected a corpus"),
    ],
)
def test_a_process_ends_with_two_and_one_line(
    arguments: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    (tmp_path / "empty.txt").write_text("")
    done = process(*arguments, cwd=tmp_path, input=b"x")
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.decode().startswith(expected)
    assert done.stderr.count(b"\n") == 1


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "clas_nlp", "read", REPORTS / "dudley.txt", "-f", "jsonl"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline().startswith(b'{"report": "dudley"')
        running.stdout.close()
        errors = running.stderr.read().decode()
        assert running.wait(timeout=60) == 0
    assert "Traceback" not in errors
    assert "Broken pipe" not in errors


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
@pytest.mark.parametrize("form", ["jsonl", "table"])
def test_a_console_of_another_encoding(encoding: str, form: str, tmp_path: Path) -> None:
    # What a redirect gets on Windows: the code page, not UTF-8.
    text = "Staff have no safeguarding supervision → “ever” ≥ 2 years."
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    done = process(
        *("tag", "a.txt", "--format", form),
        cwd=tmp_path,
        env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
    )
    assert done.returncode == 0, done.stderr.decode()[-300:]
    if form == "jsonl":
        assert json.loads(done.stdout.decode("utf-8"))["text"] == text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("exp", ["explain", "export"]),
        ("corpus se", ["settle"]),
        ("export --to re", ["refi-qda"]),
        ("compare --format m", ["markdown"]),
        ("recurring --by y", ["year"]),
    ],
)
def test_the_shell_completes_commands_options_and_values(words: str, expected: list[str]) -> None:
    typed = f"clas-nlp {words}"
    env = {
        "_CLAS_NLP_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split(" ")) - 1),
    }
    program = "import sys; sys.argv = ['clas-nlp']; from clas_nlp.cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stdout.split() == expected, done.stderr


# ------------------------------------------------------------------ an output that is an input


@pytest.mark.parametrize(
    "arguments",
    [
        ["read", "letter.txt", "--format", "jsonl"],
        ["tag", "letter.txt"],
        ["tag", "other.txt", "./letter.txt", "--format", "jsonl"],
        ["actions", "letter.txt"],
        ["recurring", "letter.txt"],
        ["export", "letter.txt", "--to", "csv"],
        ["suggest", "letter.txt", "--to", "csv"],
        ["evaluate", "letter.txt"],
        ["corpus", "settle", "letter.txt", "b.jsonl", "c.jsonl", "--replace"],
    ],
)
@pytest.mark.parametrize("out", ["letter.txt", "link.txt"])
def test_what_is_read_is_not_written_over(run: Run, arguments: list[str], out: str) -> None:
    Path("letter.txt").write_text(LETTER)
    Path("other.txt").write_text(LETTER)
    Path("link.txt").symlink_to("letter.txt")
    result = run(*arguments, "--out", out)
    said = f"clas-nlp: {out}: is read and would be written over; give --out another name\n"
    assert (result.code, result.out, result.err) == (2, "", said)
    assert Path("letter.txt").read_text() == LETTER


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_completion_is_installed_for_the_shell(tmp_path: Path) -> None:
    # Two commands, so that bash stays the parent that is looked for; never in one's own home.
    done = subprocess.run(
        ["bash", "-c", '"$0" -m clas_nlp --install-completion && true', sys.executable],
        env={**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    (script,) = (tmp_path / ".bash_completions").iterdir()
    assert str(script) in (tmp_path / ".bashrc").read_text(encoding="utf-8")
    assert "complete" in script.read_text(encoding="utf-8")
