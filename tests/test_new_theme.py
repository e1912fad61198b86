"""A seventh theme goes through the whole loop of labels with commands and data, and no code."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pytest
from conftest import CORPUS, REPORTS
from typer.testing import CliRunner

from clas_nlp.cli.app import app
from clas_nlp.exchanging.sheet_rows import COLUMNS

THEME = {
    "id": "record_keeping",
    "name": "Record keeping",
    "definition": "What staff write down, and whether the next reader can use it.",
    "keywords": ["record", "records", "recorded", "recording", "documented", "documentation"],
}
SENTENCE = re.compile(r"[^.]*\b(?:record|document)\w*[^.]*\.")


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exit_code == 0, (arguments, result.output, result.exception)
    return result.output


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """A corpus of one report, beside a codebook with one more theme."""
    folder = tmp_path / "ours"
    shutil.copytree(CORPUS / "codebook", folder / "codebook")
    with (folder / "codebook" / "themes.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(THEME) + "\n")
    shutil.copy(CORPUS / "dorset.jsonl", folder)
    return folder


def sentence_on_records(text: str) -> str:
    found = SENTENCE.search(text)
    return found[0].strip() if found else ""


def label_by_hand(sheet: Path, coder: str, misses: int) -> Path:
    """A coder's sheet: every row checked, the new theme given, but for the first few."""
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    out = sheet.with_name(f"{coder}.csv")
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for place, row in enumerate(rows):
            writer.writerow({**row, "checked": "yes"})
            last = [r["paragraph_id"] for r in rows[place + 1 :]].count(row["paragraph_id"]) == 0
            evidence = sentence_on_records(row["text"])
            if last and evidence and misses:
                misses -= 1
            elif last and evidence:
                # A row without id and text belongs to the paragraph above it.
                label = {"theme": THEME["name"], "stance": "weakness", "evidence": evidence}
                writer.writerow(label)
    return out


def settle_by_hand(differences: Path) -> None:
    with differences.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["field"] for row in rows} == {THEME["id"]}
    with differences.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows({**row, "chosen": "a"} for row in rows)


def held_out(ours: Path, codebook: Path) -> Path:
    """Labelled paragraphs of another source, with the new theme."""
    shutil.copytree(codebook, ours / "codebook")
    lines = []
    for line in (CORPUS / "held_out" / "challenge.jsonl").read_text("utf-8").splitlines()[:80]:
        row = json.loads(line)
        evidence = sentence_on_records(row["text"])
        if evidence:
            start = row["text"].index(evidence)
            label = {"theme": THEME["id"], "stance": "weakness"}
            row["labels"].append({**label, "start": start, "end": start + len(evidence)})
        lines.append(json.dumps(row) + "\n")
    (ours / "labels.jsonl").write_text("".join(lines), encoding="utf-8")
    return ours / "labels.jsonl"


def test_a_seventh_theme_needs_no_code(ours: Path, small_model: Path, tmp_path: Path) -> None:
    dorset = ours / "dorset.jsonl"
    sheet = tmp_path / "to_label.csv"
    model = ("--model", small_model)
    run("suggest", REPORTS / "dudley.txt", "-n", 40, "--corpus", dorset, "--out", sheet, *model)
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        texts = {row["paragraph_id"]: row["text"] for row in csv.DictReader(file)}
    asked_for = [own for own, text in texts.items() if sentence_on_records(text)]
    assert len(texts) == 40
    # The model has never heard of the theme; its keywords bring its paragraphs up all the same.
    assert len(asked_for) >= 12

    book = ("--codebook", ours / "codebook")
    for coder, misses in (("anna", 0), ("ben", 2)):
        labelled = label_by_hand(sheet, coder, misses)
        run("corpus", "import", labelled, "--into", tmp_path / f"{coder}.jsonl", *book)
    pair = (tmp_path / "anna.jsonl", tmp_path / "ben.jsonl")
    differences = tmp_path / "to_settle.csv"
    said = run("corpus", "agreement", *pair, "--out", differences, *book)
    assert "Record keeping" in said
    settle_by_hand(differences)
    settled = ours / "dudley.jsonl"
    assert "2 differences settled" in run(
        "corpus", "settle", *pair, differences, "-o", settled, *book
    )
    assert f"record_keeping {len(asked_for)}" in run("corpus", "check", ours)

    new = tmp_path / "new"
    run("train", ours, "--out", new)
    found = json.loads((new / "manifest.json").read_text(encoding="utf-8"))
    assert found["themes"][-1] == THEME["id"]
    assert found["theme_paragraphs"][THEME["id"]] == len(asked_for)

    test_file = held_out(tmp_path / "held_out", ours / "codebook")
    out = tmp_path / "compared.json"
    said = run("compare", small_model, new, test_file, "--out", out)
    assert "record_keeping: known to the new model only" in said
    comparison = json.loads(out.read_text(encoding="utf-8"))
    assert comparison["only_new"] == [THEME["id"]]
    assert len(comparison["themes"]) == 6
    (figure,) = (
        f for f in comparison["figures"] if (f["theme"], f["measure"]) == (THEME["id"], "f1")
    )
    assert figure["old"] is None
    assert figure["new"] > 0.3
    assert figure["support"] >= 5

    tagged = tmp_path / "tagged.jsonl"
    run("tag", REPORTS / "dudley.txt", "--model", new, "--out", tagged)
    themes = [
        tag["theme"]
        for line in tagged.read_text(encoding="utf-8").splitlines()
        for tag in json.loads(line)["themes"]
    ]
    assert THEME["id"] in themes
