"""The label loop on the command line, from a report to a grown corpus."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from clas_nlp.cli import agreement_commands, corpus_commands, exchange_commands
from clas_nlp.errors import ClasNlpError
from clas_nlp.exchanging import FORMATS
from clas_nlp.exchanging.sheet_rows import COLUMNS

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "corpus"
DUDLEY = str(CORPUS / "reports" / "dudley.txt")


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    app = typer.Typer()
    corpus_app = typer.Typer()
    exchange_commands.register(app)
    corpus_commands.register(corpus_app)
    agreement_commands.register(corpus_app)
    app.add_typer(corpus_app, name="corpus")
    return app


def run(app: typer.Typer, *arguments: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def refused(app: typer.Typer, *arguments: str | Path) -> ClasNlpError:
    result = run(app, *arguments, code=1)
    assert isinstance(result.exception, ClasNlpError)
    return result.exception


def test_the_label_loop(app: typer.Typer, tmp_path: Path) -> None:
    sheet = tmp_path / "to_label.xlsx"
    ours = Path(shutil.copy(CORPUS / "dorset.jsonl", tmp_path / "ours.jsonl"))
    run(app, "suggest", DUDLEY, "--n", "8", "--corpus", CORPUS / "dorset.jsonl", "--out", sheet)
    assert "labelled by a person yet" in str(refused(app, "corpus", "import", sheet))

    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.load_workbook(sheet)
    checked = COLUMNS.index("checked") + 1
    for row in range(2, book["labels"].max_row + 1):
        book["labels"].cell(row, checked).value = "yes"
    book.save(sheet)

    arguments = (
        "corpus",
        "import",
        sheet,
        "--into",
        ours,
        "--coder",
        "anna",
        "--date",
        "2024-03-31",
    )
    result = run(app, *arguments)
    assert "8 paragraphs added, 0 replaced, 0 unchanged" in result.output
    last = json.loads(ours.read_text(encoding="utf-8").splitlines()[-1])
    assert (last["report"], last["coder"], last["date"]) == ("dudley", "anna", "2024-03-31")
    assert "8 unchanged" in run(app, *arguments).output

    result = run(app, "corpus", "agreement", ours, CORPUS / "dudley.jsonl")
    assert "Agreement over 8 paragraphs" in result.output


def test_agreement_of_the_projects_own_coders(app: typer.Typer, tmp_path: Path) -> None:
    a, b = (CORPUS / "coding" / f"dorset.{coder}.jsonl" for coder in "ab")
    out = tmp_path / "to_settle.csv"
    arguments = ("corpus", "agreement", a, b, "--corpus", CORPUS)
    result = run(app, *arguments, "--format", "json", "--out", out)
    found = json.loads(result.output[result.output.index("{") :])
    assert found["themes"]["supervision"]["units"] == 201
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(found["differences"])
    assert {"dorset-3.3"} <= {row["id"] for row in rows}
    assert all(row["a"] != row["b"] and not row["chosen"] for row in rows)
    assert "kappa" in run(app, *arguments).output
    bare = tmp_path / "bare.jsonl"
    rows_without = [json.loads(line) for line in a.read_text(encoding="utf-8").splitlines()]
    kept = ("id", "services", "labels")
    lines = [json.dumps({key: row[key] for key in kept}) + "\n" for row in rows_without]
    bare.write_text("".join(lines), encoding="utf-8")
    assert "give the corpus" in str(refused(app, "corpus", "agreement", bare, b))
    again = run(app, "corpus", "agreement", bare, b, "--corpus", CORPUS, "--format", "json")
    assert json.loads(again.output) == found
    assert "no paragraph in common" in str(
        refused(app, "corpus", "agreement", CORPUS / "dorset.jsonl", CORPUS / "dudley.jsonl")
    )


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_written_and_named_in_the_help(
    name: str, app: typer.Typer, tmp_path: Path
) -> None:
    out = tmp_path / f"x{FORMATS[name].ending}"
    run(app, "export", CORPUS / "dorset.jsonl", "--to", name, "--out", out)
    assert out.stat().st_size > 1000
    assert name in exchange_commands._TO_HELP
    ending = FORMATS[name].ending
    assert ending == ".jsonl" or exchange_commands._ENDINGS[ending] == name


def test_tagged_files_and_reports_go_out(app: typer.Typer, tmp_path: Path) -> None:
    import clas_nlp
    from clas_nlp.tagging.output import json_line

    tagged = clas_nlp.load().tag(clas_nlp.read_report(DUDLEY))
    file = tmp_path / "tagged.jsonl"
    file.write_text("".join(json_line(p) + "\n" for p in tagged), encoding="utf-8")
    run(app, "export", file, "--out", tmp_path / "one.qdpx")
    run(app, "export", DUDLEY, "--out", tmp_path / "two.qdpx")
    import zipfile

    texts = []
    for name in ("one", "two"):
        with zipfile.ZipFile(tmp_path / f"{name}.qdpx") as archive:
            texts.append(archive.read("project.qde").replace(f'"{name}"'.encode(), b'"x"'))
    assert texts[0] == texts[1]
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    edited = [{**row, "text": " " + row["text"]} for row in rows]
    file.write_text("".join(json.dumps(row) + "\n" for row in edited), encoding="utf-8")
    assert "does not stand at its offsets" in str(
        refused(app, "export", file, "--out", tmp_path / "three.qdpx")
    )


def test_rows_that_do_not_fit_are_listed_or_left_out(app: typer.Typer, tmp_path: Path) -> None:
    run(app, "export", CORPUS / "dorset.jsonl", "-t", "doccano", "-o", tmp_path / "d.jsonl")
    rows = (tmp_path / "d.jsonl").read_text(encoding="utf-8").splitlines()
    bad = {**json.loads(rows[0]), "cats": ["parking"]}
    (tmp_path / "d.jsonl").write_text("\n".join([json.dumps(bad), *rows[1:3]]), encoding="utf-8")
    into = tmp_path / "ours.jsonl"
    arguments = ("corpus", "import", tmp_path / "d.jsonl", "--into", into)
    assert "unknown theme 'parking'" in str(refused(app, *arguments))
    assert not into.exists()
    result = run(app, *arguments, "--skip-unfit", code=1)
    assert "left out: " in result.output
    assert len(into.read_text(encoding="utf-8").splitlines()) == 2


def test_labels_go_to_standard_output_without_a_corpus(app: typer.Typer, tmp_path: Path) -> None:
    run(app, "export", CORPUS / "dorset.jsonl", "-o", tmp_path / "d.csv")
    result = run(app, "corpus", "import", tmp_path / "d.csv")
    lines = [line for line in result.output.splitlines() if line.startswith("{")]
    assert len(lines) == len((CORPUS / "dorset.jsonl").read_text(encoding="utf-8").splitlines())


def test_an_unknown_format_is_named(app: typer.Typer, tmp_path: Path) -> None:
    source = CORPUS / "dorset.jsonl"
    assert "ending in '.foo'" in str(refused(app, "export", source, "-o", tmp_path / "x.foo"))
    assert "--to 'word'" in str(refused(app, "export", source, "-o", tmp_path / "x", "-t", "word"))


@pytest.mark.parametrize(
    "command", [["export"], ["suggest"], ["corpus", "import"], ["corpus", "agreement"]]
)
def test_every_help_carries_worked_examples(command: list[str], app: typer.Typer) -> None:
    output = run(app, *command, "--help").output
    assert "Examples:" in output
    assert f"clas-nlp {' '.join(command)}" in output
