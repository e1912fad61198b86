"""Two coders' files and a file of decisions give the settled corpus, or a list of what is amiss."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import CORPUS
from openpyxl import load_workbook
from typer.testing import CliRunner

from clas_nlp.cli.app import app
from clas_nlp.codebook import Codebook, load_codebook
from clas_nlp.corpus import Label, LabelledParagraph, load_corpus
from clas_nlp.corpus.agreement import coding_agreement
from clas_nlp.errors import BadCorpus, ClasNlpError
from clas_nlp.exchanging import (
    CodedParagraph,
    Decision,
    coding_differences,
    load_coding,
    read_decisions,
    settle,
    write_differences,
)
from clas_nlp.exchanging.differences import COLUMNS, coded_as

SETTLED = CORPUS / "coding" / "settled.jsonl"


@pytest.fixture(scope="module")
def codebook() -> Codebook:
    return load_codebook(CORPUS / "codebook")


@pytest.fixture
def coders(tmp_path: Path) -> tuple[Path, Path]:
    """Both coders of both reports, in a file each."""
    made = []
    for coder in "ab":
        parts = [CORPUS / "coding" / f"{name}.{coder}.jsonl" for name in ("dorset", "dudley")]
        made.append(tmp_path / f"{coder}.jsonl")
        made[-1].write_bytes(b"".join(part.read_bytes() for part in parts))
    return made[0], made[1]


def test_the_projects_coders_and_decisions_give_its_corpus(
    coders: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "settled.jsonl"
    arguments = ["corpus", "settle", *map(str, (*coders, SETTLED)), "--out", str(out)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert result.output == f"{out}: 409 paragraphs written, 42 differences settled\n"
    published = [(CORPUS / f"{name}.jsonl").read_bytes() for name in ("dorset", "dudley")]
    assert out.read_bytes() == b"".join(published)
    again = CliRunner().invoke(app, arguments)
    assert isinstance(again.exception, BadCorpus)
    assert "there already" in str(again.exception)
    assert CliRunner().invoke(app, [*arguments, "--replace"]).exit_code == 0


# ------------------------------------------------------------------ a paragraph coded twice

TEXT = "Staff have no supervision. Records are flagged. Nobody asks the child."
IN_A = (Label(0, 26, "supervision", "weakness"), Label(27, 47, "flagging", "strength"))
IN_B = (Label(27, 47, "flagging", "neutral"), Label(48, 70, "voice_of_child", "weakness"))


def coded(labels: tuple[Label, ...], services: tuple[str, ...] = ()) -> CodedParagraph:
    return CodedParagraph(
        "r-1", "r", "finding", "1", "", TEXT, services, labels, coder="anna", date="2024-03-31"
    )


A, B = coded(IN_A, ("maternity",)), coded(IN_B, ("maternity", "camhs"))


def decide(field: str, chosen: str, settled: str = "", **more: str) -> Decision:
    return Decision(f"f: {field}", "r-1", field, chosen, settled, **more)


GOOD = (
    decide("supervision", "a"),
    decide("flagging", "neither", "weakness: Records are flagged."),
    decide("voice_of_child", "b"),
    decide("services", "neither", "maternity"),
)


def test_each_field_is_settled_by_itself(codebook: Codebook) -> None:
    name = codebook.service_name("maternity")
    decisions = (*GOOD[:3], decide("services", "neither", name))
    found = settle([A], [B], decisions, codebook)
    assert found.settled == 4
    (paragraph,) = found.paragraphs
    assert type(paragraph) is LabelledParagraph  # it is neither coder's any longer
    assert paragraph.services == ("maternity",)
    assert paragraph.labels == (
        Label(0, 26, "supervision", "weakness"),
        Label(27, 47, "flagging", "weakness"),
        Label(48, 70, "voice_of_child", "weakness"),
    )


@pytest.mark.parametrize(
    ("field", "chosen", "expected"), [("labels", "a", IN_A), ("labels", "b", IN_B)]
)
def test_one_decision_may_hold_for_all_themes(
    field: str, chosen: str, expected: tuple[Label, ...], codebook: Codebook
) -> None:
    found = settle([A], [B], [decide(field, chosen), decide("services", "b")], codebook)
    assert found.paragraphs[0].labels == expected
    assert found.paragraphs[0].services == B.services


def test_neither_may_be_nothing_at_all(codebook: Codebook) -> None:
    themes = ("supervision", "flagging", "voice_of_child", "services")
    decisions = [decide(field, "neither", "none") for field in themes]
    (paragraph,) = settle([A], [B], decisions, codebook).paragraphs
    assert (paragraph.labels, paragraph.services) == ((), ())


def test_what_neither_coder_wrote_reads_back_what_was_shown(codebook: Codebook) -> None:
    for name in ("dorset", "dudley"):
        for p in load_corpus(CORPUS / f"{name}.jsonl").paragraphs:
            for theme in p.themes:
                bare = replace(p, labels=())
                other = tuple(Label(x.start, x.end, theme, "neutral") for x in p.labels)[:1]
                if {x for x in p.labels if x.theme == theme} == set(other):
                    continue
                one = replace(p, labels=other)
                decision = Decision("f", p.id, theme, "neither", coded_as(p, theme))
                (found,) = settle([bare], [one], [decision], codebook).paragraphs
                assert found.labels == tuple(x for x in p.labels if x.theme == theme)


BAD: dict[str, tuple[Callable[[], list[Decision]], str]] = {
    "no decision": (
        lambda: [d for d in GOOD if d.field != "flagging"],
        "paragraph 'r-1', flagging: the coders differ and nothing is decided; expected a row with "
        "this id and field, and one of a, b, neither in 'chosen'",
    ),
    "nothing chosen yet": (
        lambda: [*(d for d in GOOD if d.field != "flagging"), decide("flagging", "")],
        "paragraph 'r-1', flagging: the coders differ and nothing is decided; expected a row with "
        "this id and field, and one of a, b, neither in 'chosen'",
    ),
    "no difference": (
        lambda: [*GOOD, decide("think_family", "a")],
        "f: think_family: paragraph 'r-1', think_family: the coders do not differ there; remove "
        "the row",
    ),
    "another paragraph": (
        lambda: [*GOOD, Decision("f: row 9", "r-2", "flagging", "a")],
        "f: row 9: paragraph 'r-2', flagging: the coders do not differ there; remove the row",
    ),
    "twice": (
        lambda: [*GOOD, decide("supervision", "b")],
        "f: supervision: paragraph 'r-1', supervision: decided already at f: supervision; keep "
        "one decision",
    ),
    "another coding now": (
        lambda: [decide("supervision", "a", a="strength: Staff."), *GOOD[1:]],
        "f: supervision: paragraph 'r-1', supervision: a has another coding now than was decided "
        "on",
    ),
    "unknown choice": (
        lambda: [decide("supervision", "both"), *GOOD[1:]],
        "f: supervision: 'chosen' is 'both'; expected one of a, b, neither",
    ),
    "neither, and nothing instead": (
        lambda: [decide("supervision", "neither"), *GOOD[1:]],
        "f: supervision: neither coder was right, but 'settled' does not say what is; write it as "
        "in a or b",
    ),
    "a coder, and something else": (
        lambda: [decide("supervision", "a", "none"), *GOOD[1:]],
        "f: supervision: 'settled' is filled in, but 'a' was chosen; expected 'neither'",
    ),
    "words that are not there": (
        lambda: [decide("supervision", "neither", "weakness: No such words."), *GOOD[1:]],
        "f: supervision: the evidence 'No such words.' does not stand in the paragraph; copy it "
        "from the text",
    ),
    "no stance": (
        lambda: [decide("supervision", "neither", "Staff have no supervision."), *GOOD[1:]],
        "f: supervision: 'settled' is 'Staff have no supervision.'; expected 'stance: sentence', "
        "divided by ' | ', with a stance of weakness, strength, neutral, or 'none'",
    ),
    "all themes, and neither": (
        lambda: [decide("labels", "neither", "none"), GOOD[3]],
        "f: labels: 'settled' is of one theme; name it in 'field' in place of 'labels'",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_does_not_fit_is_listed(case: str, codebook: Codebook) -> None:
    decisions, expected = BAD[case]
    with pytest.raises(BadCorpus) as error:
        settle([A], [B], decisions(), codebook)
    assert expected in error.value.problems


def test_everything_that_does_not_fit_is_listed_at_once(codebook: Codebook) -> None:
    with pytest.raises(BadCorpus) as error:
        settle([A], [B], [decide("parking", "a"), decide("think_family", "a")], codebook)
    assert len(error.value.problems) == 2 + 4


def test_paragraphs_of_one_coder_are_left_out_and_two_texts_refused(codebook: Codebook) -> None:
    alone, other = replace(A, id="r-2"), replace(B, id="r-3")
    found = settle([A, alone], [other, B], GOOD, codebook)
    assert [p.id for p in found.paragraphs] == ["r-1"]
    assert found.apart == ("r-2", "r-3")
    with pytest.raises(BadCorpus, match="no paragraph in common"):
        settle([alone], [other], [], codebook)
    with pytest.raises(BadCorpus, match="another text in the second coding"):
        settle([A], [replace(B, text=TEXT + " So.")], GOOD, codebook)


# ------------------------------------------------------------------ the file between


def filled(path: Path, choose: str) -> Path:
    """What people do with the file of differences: they fill in a column."""
    if path.suffix == ".xlsx":
        book = load_workbook(path)
        sheet = book.worksheets[0]
        for row in range(2, sheet.max_row + 1):
            sheet.cell(row, COLUMNS.index("chosen") + 1).value = choose
        book.save(path)
    elif path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, delimiter=";")  # as some spreadsheets save it
            writer.writeheader()
            writer.writerows({**row, "chosen": choose} for row in rows)
    else:
        lines = path.read_text(encoding="utf-8").splitlines()
        chosen = [json.dumps({**json.loads(line), "chosen": choose}) + "\n" for line in lines]
        path.write_text("".join(chosen), encoding="utf-8")
    return path


@pytest.mark.parametrize("ending", ["csv", "xlsx", "jsonl"])
def test_differences_go_out_and_decisions_come_back(
    ending: str, coders: tuple[Path, Path], tmp_path: Path, codebook: Codebook
) -> None:
    file = tmp_path / f"to_settle.{ending}"
    command = ["corpus", "agreement", *map(str, coders), "--out", str(file)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    a, b = (load_coding(coder, codebook) for coder in coders)
    decisions = read_decisions(file)
    differences = coding_differences(coding_agreement(a, b, codebook), a, b, codebook)
    assert [(d.id, d.field, d.a, d.b) for d in decisions] == [
        (d.id, d.field, d.a, d.b) for d in differences
    ]
    with pytest.raises(BadCorpus) as error:
        settle(a, b, decisions, codebook)
    assert len(error.value.problems) == len(differences) == 42
    settled = settle(a, b, read_decisions(filled(file, "B")), codebook)
    assert [p.to_row() for p in settled.paragraphs] == [p.to_row() for p in b]
    # The columns a and b tell that the files were given the wrong way round.
    with pytest.raises(BadCorpus, match="another coding now"):
        settle(b, a, read_decisions(file), codebook)


def test_the_workbook_offers_the_choices(
    coders: tuple[Path, Path], tmp_path: Path, codebook: Codebook
) -> None:
    file = tmp_path / "to_settle.xlsx"
    a, b = (load_coding(coder, codebook) for coder in coders)
    write_differences(coding_differences(coding_agreement(a, b, codebook), a, b, codebook), file)
    sheet = load_workbook(file).worksheets[0]
    (choice,) = sheet.data_validations.dataValidation
    assert (choice.formula1, str(choice.sqref)) == ('"a,b,neither"', "E2:E43")
    with pytest.raises(ClasNlpError, match=r"ending in '\.doc'; expected \.csv, \.xlsx or "):
        write_differences([], tmp_path / "x.doc")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("id,field\nr-1,flagging\n", "{file}: row 1: no column 'chosen'; found id, field; "),
        ("", "{file}: the file is empty; expected a table with a header"),
        ('{"id": "r-1"}\n', "{file}: row 1: field 'field', 'chosen' missing or no text; "),
        ('{"id": 1, "field": "x", "chosen": "a"}', "{file}: row 1: field 'id' missing or no text"),
        ("[1]", "{file}: row 1: found int, expected a JSON object"),
    ],
)
def test_files_without_decisions_are_named(content: str, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(BadCorpus) as error:
        read_decisions(file)
    assert str(error.value).startswith(expected.format(file=file))
    with pytest.raises(BadCorpus, match="no such file"):
        read_decisions(tmp_path / "none.csv")
