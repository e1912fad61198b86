"""Where two coders differ, written ready to settle: as CSV, an Excel workbook or JSON Lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clas_nlp.codebook import Codebook
from clas_nlp.corpus.agreement import CodingAgreement
from clas_nlp.corpus.records import LabelledParagraph
from clas_nlp.exchanging.csv_table import guarded
from clas_nlp.exchanging.records import ExchangeError
from clas_nlp.files import write_bytes, write_text

#: What is written; `chosen`, `settled` and `reason` are for those who settle.
COLUMNS = ("id", "field", "a", "b", "chosen", "settled", "reason", "text")
#: What `chosen` may be: one coder was right, or neither, and then `settled` says what is.
CHOICES = ("a", "b", "neither")
#: Field of the services; every other field is a theme.
SERVICES = "services"
#: A coding that gives no theme, or no service.
NOTHING = "none"


@dataclass(frozen=True, slots=True)
class Difference:
    """One theme, or the services, that two codings give a paragraph otherwise.

    Attributes:
        id: the paragraph's id.
        field: id of the theme, or "services".
        a: what the first coder gave, as `coded_as` writes it.
        b: what the second coder gave.
        text: the paragraph's text.
    """

    id: str
    field: str
    a: str
    b: str
    text: str

    def to_row(self) -> dict[str, str]:
        """The difference by column, with empty ones for those who settle."""
        made = {"id": self.id, "field": self.field, "a": self.a, "b": self.b, "text": self.text}
        return {name: made.get(name, "") for name in COLUMNS}


def coding_differences(
    agreement: CodingAgreement,
    first: Sequence[LabelledParagraph],
    second: Sequence[LabelledParagraph],
    codebook: Codebook,
) -> list[Difference]:
    """What two codings of the same paragraphs differ in, one difference for each field.

    Args:
        agreement: what `coding_agreement` gives of the two.
        first: the first coder's paragraphs.
        second: the second coder's.
        codebook: the codebook of both.
    """
    one, two = ({p.id: p for p in coding} for coding in (first, second))
    found = []
    for own, what in agreement.differences:
        head = what.partition(":")[0]
        field = head if head in codebook.theme_ids else SERVICES
        a, b = coded_as(one[own], field), coded_as(two[own], field)
        found.append(Difference(own, field, a, b, one[own].text))
    return found


def coded_as(paragraph: LabelledParagraph, field: str) -> str:
    """A paragraph's coding in one field, as people read and write it.

    Evidence is "stance: sentence", divided by " | "; services are divided by "; ".
    """
    if field == SERVICES:
        return "; ".join(paragraph.services) or NOTHING
    said = [
        f"{label.stance}: {paragraph.text[label.start : label.end]}"
        for label in paragraph.labels
        if label.theme == field
    ]
    return " | ".join(said) or NOTHING


def write_differences(found: Sequence[Difference], path: str | Path) -> None:
    """Writes differences for people to settle; the file's ending says how.

    Args:
        found: the differences.
        path: a .csv, .xlsx (with a drop-down for the choice) or .jsonl file.

    Raises:
        ExchangeError: another ending, or openpyxl is not installed.
    """
    path = Path(path)
    rows = [difference.to_row() for difference in found]
    ending = path.suffix.lower()
    if ending == ".jsonl":
        write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    elif ending == ".csv":
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({key: guarded(value) for key, value in row.items()} for row in rows)
        # By the mark Excel takes a file for UTF-8.
        write_bytes(path, buffer.getvalue().encode("utf-8-sig"))
    elif ending == ".xlsx":
        from clas_nlp.exchanging.xlsx import table_workbook

        write_bytes(path, table_workbook("to settle", COLUMNS, rows, {"chosen": CHOICES}))
    else:
        raise ExchangeError(
            f"{path}: differences are not written to a file ending in {path.suffix!r}; "
            "expected .csv, .xlsx or .jsonl"
        )
