"""Merging into a corpus: nothing is lost, nothing is overwritten unasked."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from clas_nlp.corpus import Label, LabelledParagraph, load_corpus
from clas_nlp.errors import BadCorpus
from clas_nlp.exchanging import CodedParagraph, merge_labels

ROOT = Path(__file__).resolve().parent.parent
NEW = CodedParagraph(
    "new-1", "new", "finding", "", "", "No supervision.", (),
    (Label(0, 15, "supervision", "weakness"),),
    coder="Anna", date="2024-03-31",
)  # fmt: skip


@pytest.fixture
def corpus_file(tmp_path: Path) -> Path:
    return Path(shutil.copy(ROOT / "corpus" / "dorset.jsonl", tmp_path / "dorset.jsonl"))


def relabelled(file: Path) -> LabelledParagraph:
    first = load_corpus(file).paragraphs[0]
    return replace(first, labels=(Label(0, 5, "flagging", "neutral"),))


def test_new_paragraphs_are_added_and_the_rest_stays_byte_for_byte(corpus_file: Path) -> None:
    before = corpus_file.read_bytes()
    merge = merge_labels(corpus_file, [NEW, load_corpus(corpus_file).paragraphs[3]])
    assert (merge.added, merge.replaced, merge.unchanged) == (("new-1",), (), ("dorset-1.4",))
    assert corpus_file.read_bytes().startswith(before)
    assert merge.backup is not None
    assert merge.backup.read_bytes() == before
    row = json.loads(corpus_file.read_text(encoding="utf-8").splitlines()[-1])
    assert (row["coder"], row["date"]) == ("Anna", "2024-03-31")
    assert load_corpus(corpus_file).paragraphs[-1].labels == NEW.labels


def test_a_corpus_is_made_where_there_is_none(tmp_path: Path) -> None:
    merge = merge_labels(tmp_path / "sub" / "ours.jsonl", [NEW])
    assert merge.backup is None
    assert len(load_corpus(tmp_path / "sub" / "ours.jsonl").paragraphs) == 1


def test_nothing_is_overwritten_unless_asked(corpus_file: Path) -> None:
    before = corpus_file.read_bytes()
    other = relabelled(corpus_file)
    with pytest.raises(BadCorpus, match=r"row 1: paragraph 'dorset-1.1' is labelled already"):
        merge_labels(corpus_file, [NEW, other])
    assert corpus_file.read_bytes() == before
    assert [f.name for f in corpus_file.parent.iterdir()] == ["dorset.jsonl"]
    merge = merge_labels(corpus_file, [NEW, other], replace=True)
    assert (merge.added, merge.replaced) == (("new-1",), ("dorset-1.1",))
    after = corpus_file.read_bytes().split(b"\n")
    assert after[1:-2] == before.split(b"\n")[1:-1]
    assert load_corpus(corpus_file).paragraphs[0].labels == other.labels


def test_no_backup_replaces_another(corpus_file: Path) -> None:
    first = merge_labels(corpus_file, [NEW]).backup
    second = merge_labels(corpus_file, [replace(NEW, id="new-2")]).backup
    assert first is not None
    assert second is not None
    assert (first.name, second.name) == ("dorset.jsonl.bak", "dorset.jsonl.bak2")
    again = merge_labels(corpus_file, [NEW])
    assert (again.backup, again.unchanged) == (None, ("new-1",))


def test_another_text_and_doubles_are_listed_even_when_replacing(corpus_file: Path) -> None:
    other = replace(relabelled(corpus_file), text="Something else.", labels=())
    with pytest.raises(BadCorpus) as caught:
        merge_labels(corpus_file, [NEW, NEW, other], replace=True)
    assert len(caught.value.problems) == 2
    assert "imported twice" in caught.value.problems[0]
    assert "another text" in caught.value.problems[1]


def test_a_broken_corpus_is_left_alone(corpus_file: Path) -> None:
    with corpus_file.open("a", encoding="utf-8") as file:
        file.write('{"id": 3}\nno json\n')
    before = corpus_file.read_bytes()
    with pytest.raises(BadCorpus) as caught:
        merge_labels(corpus_file, [NEW])
    assert len(caught.value.problems) == 2
    assert corpus_file.read_bytes() == before
