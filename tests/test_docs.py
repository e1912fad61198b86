"""Runs every example of README.md and docs/: Python blocks and `clas-nlp` lines, page by page."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import document_files
import pytest
from conftest import CORPUS, ROOT
from openpyxl import load_workbook
from typer.testing import CliRunner

from clas_nlp.cli.app import app
from clas_nlp.codebook import load_codebook
from clas_nlp.corpus import load_corpus, save_corpus
from clas_nlp.reading import read_report

DOCS = ROOT / "docs"
#: Made by scripts from the codebook and the program, and tested as such below.
MADE = {DOCS / f"{name}.md" for name in ("codebook", "commands", "robustness", "sizing")}
PAGES = [ROOT / "README.md", *sorted(set(DOCS.rglob("*.md")) - MADE)]
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path) -> Iterator[tuple[str, str, int]]:
    """Language, text and line number of each fenced block."""
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        yield found[1].strip(), found[2], text.count("\n", 0, found.start()) + 2


def command_lines(block: str) -> Iterator[list[str]]:
    """Arguments of each `clas-nlp` line; what stands behind two blanks is a remark."""
    for line in block.replace("\\\n", " ").splitlines():
        for part in line.split(" && "):
            command = re.split(r"\s{2,}|\s#", part.strip())[0]
            if command.startswith("clas-nlp "):
                # Examples write to /tmp; tests stay in their own folder.
                yield shlex.split(command.replace("/tmp/", "scratch/"))[1:]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the examples take for granted: the corpus, reports, labels of one's own.

    The written text is left out, and most of what carries no theme, so that an example that
    trains takes seconds.
    """
    left_out = shutil.ignore_patterns("written.jsonl", "__pycache__")
    shutil.copytree(CORPUS, tmp_path / "corpus", ignore=left_out)
    for name in ("dorset", "dudley"):
        labelled = load_corpus(CORPUS / f"{name}.jsonl").paragraphs
        kept = [p for place, p in enumerate(labelled) if p.labels or place % 12 == 0]
        save_corpus(kept, tmp_path / "corpus" / f"{name}.jsonl")
    (tmp_path / "reports").mkdir()
    for name in ("ashmere_2013.txt", "ashmere_2015.txt"):
        # New reports, since labels on them go into a corpus that has the two real ones.
        shutil.copy(ROOT / "tests" / "reports_fictional" / name, tmp_path / "reports")
    for coder in "ab":
        shutil.copy(CORPUS / "coding" / f"dorset.{coder}.jsonl", f"{tmp_path}/coder_{coder}.jsonl")
    shutil.copy(CORPUS / "reports" / "dudley.txt", tmp_path / "new_report.txt")
    html = document_files.to_html(read_report(tmp_path / "new_report.txt"))
    (tmp_path / "report.html").write_bytes(html)
    rows = (CORPUS / "held_out" / "challenge.jsonl").read_text(encoding="utf-8").splitlines()[:30]
    (tmp_path / "ours.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "scratch").mkdir()
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "neural").symlink_to(ROOT / "models" / "neural")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check_by_hand(sheet: Path) -> None:
    """What a person does before an import: says of every row that it was checked."""
    book = load_workbook(sheet)
    for rows in book.worksheets:
        for cell in rows[1]:
            if cell.value == "checked":
                for row in range(2, rows.max_row + 1):
                    rows.cell(row, cell.column).value = "yes"
    book.save(sheet)


def choose_by_hand(sheet: Path) -> None:
    """What those who settle do with the differences of two coders: they choose."""
    book = load_workbook(sheet)
    rows = book.worksheets[0]
    column = next(cell.column for cell in rows[1] if cell.value == "chosen")
    for row in range(2, rows.max_row + 1):
        rows.cell(row, column).value = "a"
    book.save(sheet)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_examples_run(page: Path, workplace: Path) -> None:
    namespace: dict[str, object] = {"__name__": "example"}
    for language, block, line in blocks(page):
        where = f"{page.relative_to(ROOT)}, line {line}"
        if language == "python":
            exec(compile("\n" * (line - 1) + block, str(page), "exec"), namespace)
        elif language in ("", "sh"):
            for arguments in command_lines(block):
                if arguments[:2] == ["corpus", "import"]:
                    check_by_hand(workplace / arguments[2])
                if arguments[:2] == ["corpus", "settle"]:
                    choose_by_hand(workplace / arguments[4])
                result = CliRunner().invoke(app, arguments)
                shown = f"{where}: clas-nlp {shlex.join(arguments)}\n{result.output}"
                assert result.exit_code == 0, f"{shown}\n{result.exception!r}"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_codebook_page_is_made_from_the_codebook() -> None:
    page = script("build_codebook").codebook_page(load_codebook(CORPUS / "codebook"))
    told = "run `python docs/build_codebook.py`"
    assert page == (DOCS / "codebook.md").read_text(encoding="utf-8"), told


def test_the_command_page_names_every_command_and_option() -> None:
    # Not word for word: versions of Typer lay help out differently.
    builder = script("build_commands")
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    for names in builder.command_names():
        title = " ".join(("## clas-nlp", *names))
        assert title in page.splitlines(), "run `python docs/build_commands.py`"
        section = page.split(title + "\n", 1)[1].split("\n## ", 1)[0]
        options = set(re.findall(r"^ +(?:-\w, )?(--[\w-]+)", builder.help_text(*names), re.M))
        missing = sorted(option for option in options if option not in section)
        assert not missing, f"{title}: {missing}; run `python docs/build_commands.py`"


def test_the_page_of_sizes_is_made_from_the_benchmark() -> None:
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    page = script("build_sizing").sizing_page(results)
    told = "run `python docs/build_sizing.py`"
    assert page == (DOCS / "sizing.md").read_text(encoding="utf-8"), told


def test_the_page_of_robustness_is_made_from_the_figures() -> None:
    page = script("build_robustness").page()
    told = "run `python docs/build_robustness.py`"
    assert page == (DOCS / "robustness.md").read_text(encoding="utf-8"), told
    assert ", 0 faults left" in page


def test_the_navigation_names_every_page() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = (page for ending in ("md", "ipynb") for page in DOCS.rglob(f"*.{ending}"))
    named = set(re.findall(r"[\w/-]+\.(?:md|ipynb)", navigation))
    assert named == {page.relative_to(DOCS).as_posix() for page in pages}


def test_the_page_of_limits_is_about_text_held_out() -> None:
    """Its examples come from the challenge, never from the two reports."""
    page = (DOCS / "limits.md").read_text(encoding="utf-8")
    known = {
        json.loads(row)["id"]
        for row in (CORPUS / "held_out" / "challenge.jsonl").read_text("utf-8").splitlines()
    }
    quoted = set(re.findall(r"challenge-\d+", page))
    assert quoted
    assert quoted <= known
