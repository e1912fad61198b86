from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import CORPUS

from clas_nlp.corpus import Corpus, Label, LabelledParagraph, load_corpus, save_corpus
from clas_nlp.errors import BadCorpus
from clas_nlp.reading import JUDGED_KINDS, Report, sentence_spans

TEXT = "Staff have supervision. It is not recorded."


def _row(**changes: Any) -> dict[str, Any]:
    row = {
        "id": "a-1.1",
        "report": "a",
        "kind": "finding",
        "number": "1.1",
        "section": "1 Early help",
        "text": TEXT,
        "services": ["camhs"],
        "labels": [{"theme": "supervision", "stance": "strength", "start": 0, "end": 23}],
        "origin": "report",
    }
    return {**row, **changes}


def _label(**changes: Any) -> dict[str, Any]:
    label = {"theme": "supervision", "stance": "weakness", "start": 24, "end": 43}
    return _row(labels=[{**label, **changes}])


def _write(path: Path, *rows: Any) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def _problems(*files: Path) -> list[str]:
    with pytest.raises(BadCorpus) as error:
        load_corpus(files)
    for problem in error.value.problems:
        assert "\n" not in problem
    return error.value.problems


# ------------------------------------------------------------------ the corpus as published


def test_all_judged_paragraphs_of_both_reports_are_labelled(
    corpus: Corpus, dorset: Report, dudley: Report
) -> None:
    read = [
        (r.id, p.id, p.kind, p.number, p.section, p.text)
        for r in (dorset, dudley)
        for p in r.of_kind(*JUDGED_KINDS)
    ]
    rows = [(p.report, p.id, p.kind, p.number, p.section, p.text) for p in corpus.paragraphs]
    assert len(rows) == 409
    assert rows == read
    assert corpus.reports == ("dorset", "dudley")


@pytest.mark.parametrize(
    ("file", "share"),
    [
        ("dorset.jsonl", 0),
        ("dudley.jsonl", 0),
        # Of the written text a handful is cut otherwise than spaCy cuts it ("that of M. She ...").
        ("written.jsonl", 0.005),
        ("held_out/challenge.jsonl", 0.005),
    ],
)
def test_evidence_is_whole_sentences(file: str, share: float) -> None:
    found = load_corpus(CORPUS / file)
    labels = other = 0
    for p in found.paragraphs:
        sentences = set(sentence_spans(p.text)) if p.labels else set()
        labels += len(p.labels)
        other += sum((x.start, x.end) not in sentences for x in p.labels)
    assert labels > 100
    assert other <= share * labels


@pytest.mark.parametrize(
    "file", ["dorset.jsonl", "dudley.jsonl", "written.jsonl", "held_out/challenge.jsonl"]
)
def test_labels_keep_the_rules_of_the_codebook(file: str) -> None:
    for p in load_corpus(CORPUS / file).paragraphs:
        if p.kind == "recommendation":
            assert set(p.themes.values()) <= {"weakness"}, p.id
        assert p.kind in JUDGED_KINDS
        assert len(set(p.labels)) == len(p.labels), p.id
        assert len(set(p.services)) == len(p.services), p.id


def test_written_text_is_no_report() -> None:
    whole = load_corpus(CORPUS)
    assert whole.reports == ("dorset", "dudley")
    assert len(whole.paragraphs) > 409


def test_reading_and_writing_keep_every_byte(tmp_path: Path) -> None:
    for name in ("dorset.jsonl", "dudley.jsonl"):
        save_corpus(load_corpus(CORPUS / name).paragraphs, tmp_path / name)
        assert (tmp_path / name).read_bytes() == (CORPUS / name).read_bytes()


def test_hashes_are_of_the_files(corpus: Corpus) -> None:
    assert corpus.hashes == tuple(
        (name, hashlib.sha256((CORPUS / name).read_bytes()).hexdigest())
        for name in ("dorset.jsonl", "dudley.jsonl")
    )


def test_leaving_out_and_keeping_reports(corpus: Corpus) -> None:
    assert corpus.without(["dudley"]).paragraphs == corpus.only(["dorset"]).paragraphs
    assert len(corpus.without(["dudley"]).paragraphs) == 201
    assert corpus.without([]) == corpus


def test_huggingface_datasets_loads_the_folder_offline(tmp_path: Path) -> None:
    card = CORPUS / "README.md"
    if not card.is_file() or not card.read_text(encoding="utf-8").startswith("---\n"):
        pytest.skip("corpus/README.md has no front matter yet, so there is nothing to load by")
    program = (
        "import datasets, json, sys\n"
        "found = datasets.load_dataset(sys.argv[1])\n"
        "rows = {name: len(found[name]) for name in found}\n"
        "print(json.dumps([rows, found['reports'][0]]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(CORPUS)],
        env={
            **os.environ,
            "HF_HUB_OFFLINE": "1",
            "HF_DATASETS_OFFLINE": "1",
            "HF_HOME": str(tmp_path),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    rows, first = json.loads(done.stdout.splitlines()[-1])
    assert rows["reports"] == 409
    assert first == json.loads((CORPUS / "dorset.jsonl").read_text(encoding="utf-8").split("\n")[0])


# ------------------------------------------------------------------ rows, good and bad


def test_a_row_and_back(tmp_path: Path) -> None:
    file = _write(tmp_path / "a.jsonl", _row())
    (found,) = load_corpus(file).paragraphs
    assert found == LabelledParagraph(
        "a-1.1",
        "a",
        "finding",
        "1.1",
        "1 Early help",
        TEXT,
        ("camhs",),
        (Label(0, 23, "supervision", "strength"),),
    )
    assert found.to_row() == _row()


def test_stance_of_a_paragraph_comes_from_its_sentences() -> None:
    both = (Label(0, 23, "supervision", "strength"), Label(24, 43, "supervision", "weakness"))
    paragraph = LabelledParagraph("x", "a", "finding", "", "", TEXT, (), both)
    assert paragraph.themes == {"supervision": "mixed"}


def test_a_byte_order_mark_and_blank_lines_do_not_matter(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(f"\ufeff\n{json.dumps(_row())}\r\n\n".encode())
    assert len(load_corpus(file).paragraphs) == 1


def test_a_line_separator_within_a_text_ends_no_row(tmp_path: Path) -> None:
    row = _row(text=TEXT + "\u2028\x85", labels=[])
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    assert load_corpus(file).paragraphs[0].text == TEXT + "\u2028\x85"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("{", "no JSON (Expecting property name enclosed in double quotes); "),
        ("[1]", "found list, expected a JSON object"),
        (_row(id=""), "field 'id' is '', expected text"),
        (_row(id=7), "field 'id' is 7, expected text"),
        (_row(text=None, labels=[]), "field 'text' is missing, expected text"),
        (_row(report=" "), "field 'report' is ' ', expected text"),
        (_row(number=1.1), "field 'number' is 1.1, expected text"),
        (_row(kind="quote", labels=[]), "unknown kind 'quote'; expected one of finding, "),
        (_row(kind=["finding"]), "field 'kind' is ['finding'], expected text"),
        (_row(services="camhs"), "field 'services' is 'camhs', expected a list"),
        (_row(services=["dentist"]), "unknown service 'dentist'; expected one of "),
        (_row(services=[["camhs"]]), "unknown service ['camhs']; expected one of "),
        (_row(labels=None), "field 'labels' is missing, expected a list"),
        (_row(labels=["supervision"]), "label 1: found 'supervision', expected an object"),
        (_label(theme="neglect"), "label 1: unknown theme 'neglect'; expected one of "),
        (_label(theme=["supervision"]), "label 1: unknown theme ['supervision']; expected "),
        (_label(stance="mixed"), "label 1: unknown stance 'mixed'; expected one of "),
        (_label(end=44), "label 1: span 24 to 44 lies outside the text; "),
        (_label(start=-1), "label 1: span -1 to 43 lies outside the text; "),
        (_label(start=43), "label 1: span 43 to 43 lies outside the text; "),
        (_label(start=24.0), "label 1: span 24.0 to 43 lies outside the text; "),
        (_label(start=True), "label 1: span True to 43 lies outside the text; "),
        (_label(end=None), "label 1: span 24 to missing lies outside the text; "),
    ],
)
def test_a_bad_row(row: Any, expected: str, tmp_path: Path) -> None:
    file = _write(tmp_path / "a.jsonl", _row(id="fine"), row)
    (problem,) = _problems(file)
    assert problem.startswith(f"{file}: row 2: {expected}")


def test_half_a_character_is_refused(tmp_path: Path) -> None:
    # JSON may spell half of a surrogate pair; no text can hold it, and spaCy stops at it.
    file = _write(tmp_path / "a.jsonl", json.dumps(_row(text="\ud800 " + TEXT)))
    (problem,) = _problems(file)
    assert problem.startswith(f"{file}: row 1: ")


def test_rows_nested_without_end(tmp_path: Path) -> None:
    file = _write(tmp_path / "a.jsonl", "[" * 100_000)
    (problem,) = _problems(file)
    assert problem.startswith(f"{file}: row 1: no JSON (")


def test_every_bad_row_of_every_file_is_listed(tmp_path: Path) -> None:
    first = _write(tmp_path / "a.jsonl", _row(), _label(theme="x"), "{", _row(id="ok"))
    second = _write(tmp_path / "b.jsonl", _row(id="b"), _row(id="ok"), _label(end=99))
    problems = _problems(first, second)
    assert sorted(p.split(": ")[:2] for p in problems) == [
        [str(first), "row 2"],
        [str(first), "row 3"],
        [str(second), "row 2"],
        [str(second), "row 3"],
    ]
    assert f"id 'ok' stands already at {first}: row 4; give it its own" in problems[2]
    with pytest.raises(BadCorpus) as error:
        load_corpus([first, second])
    assert str(error.value) == f"{problems[0]} (and 3 more)"


def test_everything_wrong_with_one_row_is_listed(tmp_path: Path) -> None:
    row = _row(kind="x", services=["y"], labels=[{"theme": "z", "stance": "", "start": 0}])
    assert len(_problems(_write(tmp_path / "a.jsonl", row))) == 5


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "the file is empty; expected one paragraph a line"),
        (b"\n \n", "the file is empty; expected one paragraph a line"),
        (b'{"id": "caf\xe9"}', "byte 11 is not UTF-8; save the corpus as UTF-8"),
    ],
)
def test_a_bad_file(content: bytes, expected: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(BadCorpus) as error:
        load_corpus(tmp_path / "a.jsonl")
    assert str(error.value) == f"{tmp_path / 'a.jsonl'}: {expected}"


def test_a_missing_path_and_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(BadCorpus) as error:
        load_corpus(tmp_path / "none")
    assert str(error.value) == f"{tmp_path / 'none'}: no such file or folder; expected a corpus"
    with pytest.raises(BadCorpus) as error:
        load_corpus(tmp_path)
    assert str(error.value) == f"{tmp_path}: no .jsonl file in this folder; expected a corpus"


def test_the_codebook_beside_the_corpus_counts(tmp_path: Path) -> None:
    book = tmp_path / "codebook"
    book.mkdir()
    for name in ("themes", "stances", "services"):
        source = (CORPUS / "codebook" / f"{name}.jsonl").read_bytes()
        (book / f"{name}.jsonl").write_bytes(source)
    with (book / "themes.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id": "neglect", "name": "Neglect", "definition": "Needs unmet."}\n')
    file_ = _write(tmp_path / "a.jsonl", _label(theme="neglect"))
    found = load_corpus(file_)
    assert found.codebook.theme_ids[-1] == "neglect"
    assert found.paragraphs[0].themes == {"neglect": "weakness"}
