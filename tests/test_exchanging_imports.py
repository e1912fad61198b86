"""What tools really give back, and everything in it that does not fit."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

import clas_nlp
from clas_nlp.corpus import Corpus, Label, LabelledParagraph, load_corpus
from clas_nlp.errors import BadCorpus
from clas_nlp.exchanging import CodedParagraph, export, import_labels, read_labels
from clas_nlp.exchanging.label_studio import labelling_interface
from clas_nlp.tagging import Tagger

ROOT = Path(__file__).resolve().parent.parent
CODEBOOK = clas_nlp.load_codebook()
TEXT = "Midwives had no supervision. Children’s views were sought 👧. Midwives had no supervision."
KNOWN = LabelledParagraph("x-1", "x", "finding", "1.1", "1 Early help", TEXT)
CORPUS = Corpus((KNOWN,), CODEBOOK)
NO_SUPERVISION = Label(0, 28, "supervision", "weakness")
IDENTITY = {"paragraph_id": "x-1", "report": "x", "kind": "finding", "text": TEXT}


def write(path: Path, rows: Any) -> Path:
    lines = isinstance(rows, list) and path.suffix == ".jsonl"
    content = "\n".join(map(json.dumps, rows)) if lines else json.dumps(rows)
    path.write_text(content, encoding="utf-8")
    return path


def table(path: Path, rows: list[dict[str, Any]]) -> Path:
    buffer = io.StringIO()
    columns = list(dict.fromkeys(key for row in rows for key in row))
    writer = csv.DictWriter(buffer, columns)
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(buffer.getvalue().encode())
    return path


def problems_of(path: Path, corpus: Corpus | None = None) -> list[str]:
    with pytest.raises(BadCorpus) as caught:
        import_labels(path, CODEBOOK, corpus)
    assert all(str(path) in p and "\n" not in p for p in caught.value.problems)
    return caught.value.problems


def region(start: int, end: int, label: str, text: str | None = None) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": [label]}
    return {
        "id": f"r{start}",
        "from_name": "evidence",
        "to_name": "text",
        "type": "labels",
        "value": value if text is None else {**value, "text": text},
    }


def ticked(name: str, *chosen: str) -> dict[str, Any]:
    return {
        "id": name,
        "from_name": name,
        "to_name": "text",
        "type": "choices",
        "value": {"choices": list(chosen)},
    }


def task(*results: dict[str, Any], **annotation: Any) -> dict[str, Any]:
    return {"id": 7, "data": IDENTITY, "annotations": [{"result": list(results), **annotation}]}


GOOD_TASK = task(
    ticked("themes", "supervision"),
    ticked("services", "maternity"),
    region(0, 28, "supervision/weakness", TEXT[:28]),
    completed_by={"email": "anna@example.org"},
    updated_at="2024-03-31T10:00:00.1Z",
)


def test_label_studio_tasks(tmp_path: Path) -> None:
    (back,) = import_labels(write(tmp_path / "x.json", [GOOD_TASK]), CODEBOOK)
    assert isinstance(back, CodedParagraph)
    assert (back.labels, back.services) == ((NO_SUPERVISION,), ("maternity",))
    assert (back.coder, back.date) == ("anna@example.org", "2024-03-31")


@pytest.mark.parametrize("one", ["supervision", {"choices": ["supervision"]}])
def test_label_studio_flat_json_with_one_choice_or_more(one: Any, tmp_path: Path) -> None:
    row = {
        **IDENTITY,
        "id": 7,
        "themes": one,
        "services": {"choices": ["maternity", "camhs"]},
        "evidence": [
            {"start": 0, "end": 28, "text": TEXT[:28], "labels": ["supervision/weakness"]}
        ],
        "annotator": 3,
        "annotation_id": 9,
        "lead_time": 1.5,
    }
    (back,) = import_labels(write(tmp_path / "x.json", [row]), CODEBOOK)
    assert (back.labels, back.services) == ((NO_SUPERVISION,), ("maternity", "camhs"))
    cells = {k: json.dumps(v) if isinstance(v, list | dict) else v for k, v in row.items()}
    (back,) = import_labels(table(tmp_path / "x.csv", [cells]), CODEBOOK)
    assert (back.labels, back.services) == ((NO_SUPERVISION,), ("maternity", "camhs"))


def test_label_studio_offsets_in_utf_16_are_understood(tmp_path: Path) -> None:
    start = TEXT.rindex("Midwives")
    result = region(start + 1, start + 29, "supervision/weakness", TEXT[start : start + 28])
    (back,) = import_labels(write(tmp_path / "x.json", [task(result)]), CODEBOOK)
    # Both readings hold the sentence's words only under UTF-16: the girl is two units.
    assert back.labels == (Label(start, start + 28, "supervision", "weakness"),)


def test_label_studio_with_two_coders_asks_which(tmp_path: Path) -> None:
    both = {
        "data": IDENTITY,
        "annotations": [
            {"completed_by": 1, "result": [region(0, 28, "supervision/weakness")]},
            {"completed_by": 2, "result": []},
            {"completed_by": 3, "was_cancelled": True, "result": []},
        ],
    }
    file = write(tmp_path / "x.json", [both])
    assert "name the coder" in problems_of(file)[0]
    assert import_labels(file, CODEBOOK, coder="1")[0].labels == (NO_SUPERVISION,)
    assert import_labels(file, CODEBOOK, coder="2")[0].labels == ()


def test_a_task_that_nobody_submitted_waits(tmp_path: Path) -> None:
    other = {"data": {**IDENTITY, "paragraph_id": "x-2"}, "annotations": [], "predictions": []}
    found = read_labels(write(tmp_path / "x.json", [GOOD_TASK, other]), CODEBOOK)
    assert (len(found.paragraphs), found.waiting) == (1, 1)


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (task(ticked("themes", "parking")), "unknown theme 'parking'; expected one of voice_of"),
        (task(region(0, 28, "parking/weakness")), "unknown label 'parking/weakness'"),
        (task(region(0, 28, "supervision")), "has no stance; expected supervision/ and one of"),
        (task(region(0, 999, "supervision/weakness")), "offsets 0 to 999 of"),
        (task(region(5, 5, "supervision/weakness")), "offsets 5 to 5 of"),
        (task(region(0, 28, "supervision/weakness", "Other words")), "the text was edited"),
        (task(ticked("themes", "supervision")), "theme 'supervision' has no evidence"),
        (
            task(ticked("themes", "flagging"), region(0, 28, "supervision/weakness")),
            "evidence for 'supervision', which is not among the themes chosen",
        ),
        (task(ticked("services", "bakery")), "unknown service 'bakery'; expected one of maternity"),
        (
            {**GOOD_TASK, "data": {**IDENTITY, "text_sha256": "0" * 64}},
            "the text was edited after it was exported",
        ),
        ({**GOOD_TASK, "data": {"text": TEXT}}, "no paragraph id"),
        ({**GOOD_TASK, "data": {**IDENTITY, "kind": "poem"}}, "unknown kind 'poem'"),
        ({**GOOD_TASK, "data": {**IDENTITY, "text": 3}}, "field 'text' is '3', expected text"),
    ],
)
def test_every_bad_task_is_listed(bad: dict[str, Any], expected: str, tmp_path: Path) -> None:
    file = write(tmp_path / "x.json", [GOOD_TASK, bad, bad])
    problems = problems_of(file)
    assert any(expected in p and "row 2: " in p for p in problems), problems
    assert any("row 3: " in p for p in problems)
    assert len(read_labels(file, CODEBOOK).paragraphs) == 1


def test_text_and_details_come_from_the_corpus(tmp_path: Path) -> None:
    bare = {"text": TEXT, "cats": ["supervision"], "entities": [[0, 28, "supervision/weakness"]]}
    (back,) = import_labels(write(tmp_path / "x.jsonl", [bare]), CODEBOOK, CORPUS)
    assert (back.id, back.number, back.section) == ("x-1", "1.1", "1 Early help")
    edited = {**bare, "paragraph_id": "x-1", "text": TEXT.replace("no", "NO")}
    file = write(tmp_path / "y.jsonl", [edited])
    assert "corpus paragraph 'x-1' differs" in problems_of(file, CORPUS)[0]


@pytest.mark.parametrize(
    "labels",
    [
        {"cats": ["supervision"], "entities": [[0, 28, "supervision/weakness"]]},
        {"label": [[0, 28, "supervision/weakness"]]},
        {"labels": [[0, 28, "supervision/weakness"]]},
        {
            "entities": [
                {"id": 1, "start_offset": 0, "end_offset": 28, "label": "supervision/weakness"}
            ],
            "relations": [],
        },
    ],
)
def test_doccano_forms_old_and_new(labels: dict[str, Any], tmp_path: Path) -> None:
    row = {"id": 1, **IDENTITY, **labels, "Comments": []}
    (back,) = import_labels(write(tmp_path / "x.jsonl", [row]), CODEBOOK)
    assert back.labels == (NO_SUPERVISION,)


def test_doccano_classification_without_evidence_is_listed(tmp_path: Path) -> None:
    row = {"id": 1, **IDENTITY, "label": ["supervision"]}
    assert "has no evidence" in problems_of(write(tmp_path / "x.jsonl", [row]))[0]


def test_prodigy_answers(tmp_path: Path) -> None:
    row = {
        "text": TEXT,
        "meta": {**IDENTITY},
        "accept": ["supervision", "service/maternity"],
        "spans": [{"start": 0, "end": 28, "label": "supervision/weakness"}],
        "_annotator_id": "anna",
        "_timestamp": 1711843200,
    }
    rows = [{**row, "answer": a} for a in ("reject", "ignore", "accept")]
    found = read_labels(write(tmp_path / "x.jsonl", rows), CODEBOOK)
    assert found.waiting == 2
    (back,) = found.paragraphs
    assert (back.labels, back.services) == ((NO_SUPERVISION,), ("maternity",))
    assert (back.coder, back.date) == ("anna", "2024-03-31")
    bad = {**row, "answer": "accept", "spans": [{"start": "x"}], "accept": "supervision"}
    said = " ".join(problems_of(write(tmp_path / "y.jsonl", [bad])))
    assert "expected start, end and label" in said
    assert "expected a list" in said


def sheet_row(**cells: Any) -> dict[str, Any]:
    return {**IDENTITY, "theme": "", "stance": "", "evidence": "", **cells}


def test_spreadsheet_rows_by_hand(tmp_path: Path) -> None:
    views = "Children’s views were sought 👧."
    rows = [
        sheet_row(theme="Safeguarding supervision", stance="Weakness", evidence=TEXT[:28], start=5),
        # A second theme: a row of its own, without the paragraph.
        {"theme": "voice_of_child", "stance": "strength", "evidence": f"  {views} "},
    ]
    (back,) = import_labels(table(tmp_path / "x.csv", rows), CODEBOOK)
    start = TEXT.index(views)
    assert back.labels == (
        NO_SUPERVISION,
        Label(start, start + len(views), "voice_of_child", "strength"),
    )


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"theme": "supervision", "stance": "weakness"}, "the theme 'supervision' and no evidence"),
        ({"stance": "weakness"}, "has a stance or evidence and no theme"),
        ({"theme": "supervision", "evidence": "Children"}, "has no stance"),
        ({"theme": "supervision", "stance": "mixed", "evidence": "Children"}, "has no stance"),
        (
            {"theme": "supervision", "stance": "weakness", "evidence": "Nothing of this"},
            "does not stand in the paragraph",
        ),
        (
            {"theme": "supervision", "stance": "weakness", "evidence": TEXT[:28]},
            "stands 2 times in the paragraph",
        ),
        ({"theme": "bakery", "stance": "weakness", "evidence": "Children"}, "unknown label"),
    ],
)
def test_every_bad_spreadsheet_row_is_listed(
    cells: dict[str, str], expected: str, tmp_path: Path
) -> None:
    problems = problems_of(table(tmp_path / "x.csv", [sheet_row(**cells)]))
    assert any(expected in p for p in problems), problems


def test_renamed_columns_are_named(tmp_path: Path) -> None:
    row = {"Paragraph": "x-1", "Words": TEXT, "theme": "", "stance": "", "proof": ""}
    file = table(tmp_path / "x.csv", [row])
    (problem,) = [str(p) for p in _raised(lambda: import_labels(file, CODEBOOK))]
    assert "no column 'paragraph_id', 'evidence'; found Paragraph, Words" in problem


@pytest.mark.parametrize(
    "name", ["report", "kind", "number", "section", "checked", "services", "origin"]
)
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_column_of_the_export_may_not_be_renamed_or_left_out(
    name: str, ending: str, tmp_path: Path, tagger: Tagger
) -> None:
    """Without "checked" the model's own tags would come back as labels of a person."""
    tagged = tagger.tag_texts(["Staff have no regular one-to-one safeguarding supervision."])
    paragraphs = [replace(p, report="r") for p in tagged]
    (file,) = export(paragraphs, ending, tmp_path / f"x.{ending}", CODEBOOK)
    with pytest.raises(BadCorpus, match="is labelled by a person yet"):
        import_labels(file, CODEBOOK)
    if ending == "xlsx":
        book = load_workbook(file)
        for cell in book["labels"][1]:
            if cell.value == name:
                cell.value = "Spalte"
        book.save(file)
    else:
        content = file.read_text(encoding="utf-8-sig")
        header, body = content.split("\n", 1)
        columns = ["Spalte" if column == name else column for column in header.split(",")]
        file.write_text(",".join(columns) + "\n" + body, encoding="utf-8")
    with pytest.raises(BadCorpus) as error:
        import_labels(file, CODEBOOK)
    assert str(error.value).startswith(f"{file}: row 1: no column '{name}'; found paragraph_id, ")


def test_a_pdf_is_said_to_hold_no_labels(tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(b"%PDF-1.7\n\xe2\xe3\xcf\xd3")
    with pytest.raises(BadCorpus, match="a PDF holds no labels; expected labels from label-studio"):
        import_labels(file, CODEBOOK)


def _raised(call: Callable[[], object]) -> list[BadCorpus]:
    with pytest.raises(BadCorpus) as caught:
        call()
    return [caught.value]


def test_semicolons_divide_columns_too(tmp_path: Path) -> None:
    found = load_corpus(ROOT / "corpus" / "dorset.jsonl").paragraphs[:12]
    file = export(found, "csv", tmp_path / "x.csv", CODEBOOK)[0]
    rows = list(csv.reader(io.StringIO(file.read_bytes().decode("utf-8-sig"), newline="")))
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";").writerows(rows)
    file.write_bytes(buffer.getvalue().encode())
    assert [p.labels for p in import_labels(file, CODEBOOK)] == [p.labels for p in found]


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00x", b"[1, 2", b'{"a": 1}', b"[]", b"words", b"[" * 100000]
)
def test_files_of_no_format_are_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "x.bin"
    file.write_bytes(content)
    (error,) = _raised(lambda: import_labels(file, CODEBOOK))
    assert str(file) in str(error)
    assert "\n" not in str(error)


def test_a_missing_file_and_a_wrong_date_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadCorpus, match="no such file"):
        import_labels(tmp_path / "none.json", CODEBOOK)
    file = write(tmp_path / "x.json", [GOOD_TASK])
    with pytest.raises(BadCorpus, match="expected one like 2024-03-31"):
        import_labels(file, CODEBOOK, date="31/3/2024")


def test_label_studio_takes_the_predictions(tmp_path: Path, tagger: Tagger) -> None:
    """By the documented structure, and by the SDK where it is installed."""
    tagged = tagger.tag_texts(
        [p.text for p in load_corpus(ROOT / "corpus" / "dorset.jsonl").paragraphs[:60]]
    )
    file, interface = export(tagged, "label-studio", tmp_path / "tasks.json", CODEBOOK)
    assert interface.read_text(encoding="utf-8") == labelling_interface(CODEBOOK)
    results = []
    for row in json.loads(file.read_text(encoding="utf-8")):
        (prediction,) = row["predictions"]
        assert set(prediction) <= {"model_version", "score", "result"}
        ids = [result["id"] for result in prediction["result"]]
        assert len(set(ids)) == len(ids)
        results += [(row["data"]["text"], result) for result in prediction["result"]]
    assert any(result["type"] == "labels" for _, result in results)
    for text, result in results:
        assert f'name="{result["from_name"]}"' in labelling_interface(CODEBOOK)
        value = result["value"]
        if result["type"] == "labels":
            assert text[value["start"] : value["end"]] == value["text"]


def test_label_studios_own_sdk_accepts_the_tasks(tmp_path: Path, tagger: Tagger) -> None:
    sdk = pytest.importorskip("label_studio_sdk.label_interface")
    paragraphs = load_corpus(ROOT / "corpus" / "dorset.jsonl").paragraphs[:40]
    interface = sdk.LabelInterface(labelling_interface(CODEBOOK))
    for kind, found in (("prediction", tagger.tag_texts([p.text for p in paragraphs])),
                        ("annotation", paragraphs)):  # fmt: skip
        file, _ = export(found, "label-studio", tmp_path / f"{kind}.json", CODEBOOK)
        for row in json.loads(file.read_text(encoding="utf-8")):
            for made in row[f"{kind}s"]:
                assert getattr(interface, f"validate_{kind}")(made)
