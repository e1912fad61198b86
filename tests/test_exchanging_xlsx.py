"""The workbook: drop-downs, nothing that computes, and a missing library named."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

import clas_nlp
from clas_nlp.corpus import Label, LabelledParagraph, load_corpus
from clas_nlp.errors import BadCorpus
from clas_nlp.exchanging import ExchangeError, export, import_labels, xlsx
from clas_nlp.exchanging.csv_table import guarded, unguarded
from clas_nlp.exchanging.sheet_rows import COLUMNS

openpyxl = pytest.importorskip("openpyxl")
ROOT = Path(__file__).resolve().parent.parent
CODEBOOK = clas_nlp.load_codebook()
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "#N/A", '=HYPERLINK("http://x")']


def formula(text: str) -> LabelledParagraph:
    label = Label(0, len(text), "supervision", "weakness")
    return LabelledParagraph("=x", "=r", "finding", "=1", "=s", text, (), (label,))


@pytest.mark.parametrize("text", FORMULAS)
def test_text_like_a_formula_is_stored_as_text(text: str, tmp_path: Path) -> None:
    (file,) = export([formula(text)], "xlsx", tmp_path / "x.xlsx", CODEBOOK)
    sheet = openpyxl.load_workbook(file)["labels"]
    for cell in sheet[2]:
        assert cell.data_type in ("s", "n")
    assert sheet.cell(2, COLUMNS.index("text") + 1).value == text
    assert import_labels(file, CODEBOOK)[0].text == text
    (file,) = export([formula(text)], "csv", tmp_path / "x.csv", CODEBOOK)
    assert import_labels(file, CODEBOOK)[0].text == text


@pytest.mark.parametrize("cell", [*FORMULAS, "'", "''=x", "'x", "don't", "", "'\t"])
def test_guarded_cells_begin_with_no_formula_and_come_back(cell: str) -> None:
    assert guarded(cell)[:1] not in ("=", "+", "-", "@", "\t", "\r") or not guarded(cell)
    assert unguarded(guarded(cell)) == cell


def test_drop_downs_list_the_codebook(tmp_path: Path) -> None:
    found = load_corpus(ROOT / "corpus" / "dorset.jsonl").paragraphs[:5]
    (file,) = export(found, "xlsx", tmp_path / "x.xlsx", CODEBOOK)
    book = openpyxl.load_workbook(file)
    lists = {}
    for choice in book["labels"].data_validations.dataValidation:
        column = str(choice.sqref).split(":")[0].rstrip("0123456789")
        name = book["labels"][f"{column}1"].value
        if "!" in choice.formula1:
            cells = book["codebook"][choice.formula1.split("!")[1].replace("$", "")]
            lists[name] = [cell.value for (cell,) in cells]
    assert lists["theme"] == list(CODEBOOK.theme_ids)
    assert lists["stance"] == list(CODEBOOK.sentence_stances)
    assert lists["services"] == list(CODEBOOK.service_ids)
    assert "evidence" in COLUMNS


def test_a_coder_fills_in_a_row(tmp_path: Path) -> None:
    paragraph = load_corpus(ROOT / "corpus" / "dorset.jsonl").paragraphs[0]
    (file,) = export([paragraph], "xlsx", tmp_path / "x.xlsx", CODEBOOK)
    book = openpyxl.load_workbook(file)
    sentence = paragraph.text.split(". ")[1] + "."
    filled = {"theme": "supervision", "stance": "neutral", "evidence": sentence, "checked": "yes"}
    for name, value in filled.items():
        book["labels"].cell(2, COLUMNS.index(name) + 1).value = value
    book.save(file)
    (back,) = import_labels(file, CODEBOOK)
    start = paragraph.text.index(sentence)
    assert back.labels == (Label(start, start + len(sentence), "supervision", "neutral"),)


def test_a_text_longer_than_a_cell_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="paragraph '=x' is longer than the 32767 characters"):
        export([formula("a" * 32_768)], "xlsx", tmp_path / "x.xlsx", CODEBOOK)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_library_is_named_with_its_install_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ExchangeError, match="pip install openpyxl"):
        export([], "xlsx", tmp_path / "x.xlsx", CODEBOOK)


def test_entities_in_a_workbook_are_refused(tmp_path: Path) -> None:
    (file,) = export([formula("x")], "xlsx", tmp_path / "x.xlsx", CODEBOOK)
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["xl/workbook.xml"] = b'<!DOCTYPE x [<!ENTITY a "a">]>' + members["xl/workbook.xml"]
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(BadCorpus, match="declares a document type"):
        import_labels(file, CODEBOOK)


def test_a_broken_workbook_is_named(tmp_path: Path) -> None:
    file = tmp_path / "x.xlsx"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(BadCorpus, match="cannot be read as an Excel workbook"):
        import_labels(file, CODEBOOK)
    file.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    with pytest.raises(BadCorpus, match="password"):
        import_labels(file, CODEBOOK)


def test_escapes_come_back() -> None:
    for text in ("_x000D_", "\r\n", "_x005F_x000D_", "_", "__x000D_", "\x0b\x00", "_xZZZZ_"):
        assert xlsx.unescaped(xlsx.escaped(text)) == text
