from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import REPORTS, ROOT
from datasets import Dataset

from clas_nlp.errors import BadModel
from clas_nlp.integrations import batches
from clas_nlp.integrations.batches import BatchTagger
from clas_nlp.reading import Report, read_report
from clas_nlp.recurring import Inspection
from clas_nlp.recurring.tagged_files import inspection_rows
from clas_nlp.tagging import TaggedParagraph, Tagger

MODEL = ROOT / "models" / "default"
LETTER = "A letter.\n\nStaff have no regular one-to-one safeguarding supervision.\n"
GERMAN = "Die Kinder werden in der Schule nicht nach ihren Wünschen gefragt. " * 10


@pytest.fixture(scope="module")
def some(dudley: Report, tagger: Tagger) -> list[TaggedParagraph]:
    """Sixty judged paragraphs of Dudley and a quotation, tagged."""
    tagged = tagger.tag(dudley)
    quotation = next(p for p in tagged if p.kind == "quotation")
    return [*[p for p in tagged if p.probabilities][:60], quotation]


@pytest.fixture(scope="module")
def by_report() -> BatchTagger:
    return BatchTagger(MODEL, report="name", keep=["file"], details=True)


@pytest.fixture(scope="module")
def by_paragraph() -> BatchTagger:
    return BatchTagger(MODEL, unit="paragraph", details=True)


def test_a_report_gives_the_rows_that_tag_writes(
    by_report: BatchTagger, dudley: Report, tagger: Tagger
) -> None:
    raw = (REPORTS / "dudley.txt").read_bytes()
    wanted = list(
        inspection_rows(Inspection.from_report(dudley, tagger.tag(dudley), tagger.codebook))
    )
    for content in (raw, raw.decode("utf-8")):
        found = by_report({"text": [content], "name": ["dudley"], "file": ["x.txt"]})
        assert tuple(found) == by_report.columns
        rows = [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]
        assert rows == [{"file": "x.txt", **row, "error": None} for row in wanted]


def test_files_of_other_formats() -> None:
    pytest.importorskip("docx")
    import document_files

    report = read_report(REPORTS / "dudley.txt")
    tag = BatchTagger(MODEL)
    found = tag({"text": [document_files.to_docx(report), document_files.to_html(report)]})
    assert len(set(found["report"])) == 2, "reports without a name are named by their content"
    assert len(found["text"]) > len(report.paragraphs)
    assert set(found["error"]) == {None}


def test_a_bad_report_is_a_row_with_the_reason(by_report: BatchTagger) -> None:
    batch = pd.DataFrame(
        {
            "text": ["", LETTER, GERMAN, None, "a\x00\x01\x02" * 50, "\ud800 half"],
            "name": list("abcdef"),
            "file": range(6),
        },
        dtype=object,
    )
    found = by_report(batch)
    bad = found[found["error"].notna()]
    assert bad["report"].tolist() == ["a", "c", "d", "e", "f"]
    assert bad["file"].tolist() == [0, 2, 3, 4, 5]
    assert bad["id"].isna().all()
    assert bad["error"].iloc[1] == "c: the text is not English; nothing was tagged"
    assert not bad["error"].str.contains("\n").any()
    good = found[found["error"].isna()]
    assert good["report"].unique().tolist() == ["b"]
    assert good["themes"].map(bool).any()


def test_what_the_reader_did_not_expect_ends_nothing(
    by_report: BatchTagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise RecursionError("too\ndeep")

    monkeypatch.setattr("clas_nlp.reading.report.parse_document", broken)
    found = by_report({"text": [LETTER], "name": ["b"], "file": ["x"]})
    assert found["error"] == ["RecursionError: too deep"]


def test_paragraphs_keep_their_rows(by_paragraph: BatchTagger, some: list[TaggedParagraph]) -> None:
    frame = pd.DataFrame({"text": [p.text for p in some], "kind": [p.kind for p in some]})
    frame.index = pd.Index(range(10, 10 + len(some)))
    found = by_paragraph(frame)
    assert list(found.columns) == ["text", "kind", *by_paragraph.columns]
    assert found.index.equals(frame.index)
    for (_, row), paragraph in zip(found.iterrows(), some, strict=True):
        assert row["themes"] == paragraph.to_row()["themes"]
        assert row["services"] == list(paragraph.services)
        assert row["probabilities"] == dict(paragraph.probabilities)
        assert row["error"] is None


def test_a_bad_paragraph_has_the_reason(by_paragraph: BatchTagger) -> None:
    found = by_paragraph(
        {"text": ["Staff have no supervision.", None, "x"], "kind": ["finding", "finding", "poem"]}
    )
    assert found["error"][0] is None
    assert found["error"][1] == "column 'text': NoneType; expected a text"
    assert found["error"][2].startswith("unknown kind 'poem'; expected one of finding, ")
    assert found["themes"][1:] == [[], []]


def test_it_travels_and_each_process_loads_a_model_once(
    by_paragraph: BatchTagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = {"text": [LETTER]}
    wanted = by_paragraph(batch)
    sent = pickle.dumps(by_paragraph)
    monkeypatch.setattr(batches, "_TAGGERS", {})  # as in a process that has just begun
    first, second = pickle.loads(sent), pickle.loads(sent)
    assert first(batch) == wanted
    assert second.tagger is first.tagger


def test_what_is_wrong_is_said(tmp_path: Path, by_report: BatchTagger) -> None:
    with pytest.raises(KeyError, match="no column 'text'; found body"):
        by_report({"body": ["x"]})
    with pytest.raises(ValueError, match="unit is 'page'; expected 'report' or 'paragraph'"):
        BatchTagger(MODEL, unit="page")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="column 'id' cannot be kept"):
        BatchTagger(MODEL, keep=["id"])
    with pytest.raises(BadModel, match="no such model folder"):
        BatchTagger(tmp_path / "none")
    with pytest.raises(BadModel, match=r"no manifest\.json"):
        BatchTagger(tmp_path)


def test_datasets_map(some: list[TaggedParagraph], by_paragraph: BatchTagger) -> None:
    dataset = Dataset.from_list([{"text": p.text, "kind": p.kind} for p in some])
    tagged = dataset.map(
        by_paragraph, batched=True, batch_size=7, features=by_paragraph.features(dataset.features)
    )
    for row, paragraph in zip(tagged, some, strict=True):
        assert row["themes"] == paragraph.to_row()["themes"]
        assert {k: v for k, v in row["probabilities"].items() if v is not None} == dict(
            paragraph.probabilities
        )


def test_datasets_map_of_reports(by_report: BatchTagger, tagger: Tagger) -> None:
    names = ["ashmere_2013", "bad"]
    texts = [(ROOT / "tests" / "reports_fictional" / "ashmere_2013.txt").read_text("utf-8"), ""]
    dataset = Dataset.from_dict({"text": texts, "name": names, "file": ["a", "b"]})
    tagged = dataset.map(
        by_report,
        batched=True,
        remove_columns=dataset.column_names,
        features=by_report.features(dataset.features),
    )
    report = read_report(ROOT / "tests" / "reports_fictional" / "ashmere_2013.txt")
    assert tagged["text"][:-1] == [p.text for p in report.paragraphs]
    assert tagged[-1]["error"] == "bad: the file is empty; expected the text of a report"
    assert [row["file"] for row in tagged] == ["a"] * len(report.paragraphs) + ["b"]


def test_dask_map_partitions(some: list[TaggedParagraph], by_paragraph: BatchTagger) -> None:
    dataframe = pytest.importorskip("dask.dataframe")
    frame = pd.DataFrame({"text": [p.text for p in some], "kind": [p.kind for p in some]})
    parts = dataframe.from_pandas(frame, npartitions=3)
    meta = by_paragraph(frame.iloc[:0])
    found = parts.map_partitions(by_paragraph, meta=meta).compute(scheduler="synchronous")
    assert found["themes"].tolist() == [p.to_row()["themes"] for p in some]
