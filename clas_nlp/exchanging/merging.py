"""Bringing imported labels into a corpus file: nothing is overwritten unless that is asked for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from clas_nlp.corpus.records import LabelledParagraph, read_rows
from clas_nlp.errors import BadCorpus
from clas_nlp.files import write_text


@dataclass(frozen=True, slots=True)
class Merge:
    """What a merge did.

    Attributes:
        added: ids that the corpus did not have.
        replaced: ids whose labels were replaced.
        unchanged: ids that were there with the same labels.
        backup: copy of the file as it was, or None where nothing was rewritten.
    """

    added: tuple[str, ...]
    replaced: tuple[str, ...]
    unchanged: tuple[str, ...]
    backup: Path | None


def merge_labels(
    corpus_file: str | Path, imported: Iterable[LabelledParagraph], replace: bool = False
) -> Merge:
    """Adds imported paragraphs to a corpus file, which is made where it is missing.

    Rows that are not touched stay as they are, byte for byte. Before the file is rewritten, it is
    copied to FILE.bak, or FILE.bak2 and so on where there is one already.

    Args:
        corpus_file: a JSON Lines file.
        imported: the paragraphs, as `import_labels` gives them.
        replace: whether the labels of paragraphs that the corpus has may be replaced.

    Raises:
        BadCorpus: one problem for each paragraph that the corpus has with other labels (unless
            `replace`) or another text, that stands in `imported` twice, or each broken row of the
            file. The file is left as it was.
    """
    path = Path(corpus_file)
    incoming: dict[str, LabelledParagraph] = {}
    problems: list[str] = []
    for paragraph in imported:
        if paragraph.id in incoming:
            problems.append(f"paragraph {paragraph.id!r} was imported twice; keep one coding of it")
        incoming[paragraph.id] = paragraph
    lines, present, broken = _present(path)
    problems += broken
    added: list[str] = []
    replaced: list[str] = []
    unchanged: list[str] = []
    for own, paragraph in incoming.items():
        if own not in present:
            added.append(own)
            lines.append(_line(paragraph))
            continue
        place, there = present[own]
        where = f"{path}: row {place + 1}"
        if there.text != paragraph.text:
            problems.append(f"{where}: paragraph {own!r} has another text than the one imported")
        elif _labels(there) == _labels(paragraph):
            unchanged.append(own)
        elif replace:
            replaced.append(own)
            lines[place] = _line(paragraph)
        else:
            problems.append(
                f"{where}: paragraph {own!r} is labelled already, and otherwise; "
                "nothing was written; use replace (--replace) to take the imported labels"
            )
    if problems:
        raise BadCorpus.of(problems)
    backup = None
    if added or replaced:
        backup = _back_up(path) if path.exists() else None
        write_text(path, "\n".join(lines) + "\n")
    return Merge(tuple(added), tuple(replaced), tuple(unchanged), backup)


def _present(
    path: Path,
) -> tuple[list[str], dict[str, tuple[int, LabelledParagraph]], list[str]]:
    """Lines of the file, place and paragraph of each id, and what is wrong with its rows."""
    if not path.exists():
        return [], {}, []
    if path.stat().st_size == 0:
        return [], {}, []
    rows, problems, _ = read_rows(path)
    present: dict[str, tuple[int, LabelledParagraph]] = {}
    for number, row in rows:
        try:
            paragraph = LabelledParagraph.from_row(row)
        except (KeyError, TypeError, AttributeError):
            problems.append(
                f"{path}: row {number}: no labelled paragraph; `clas-nlp corpus check` says why"
            )
            continue
        present[paragraph.id] = (number - 1, paragraph)
    text = path.read_bytes().decode("utf-8-sig") if not problems else ""
    lines = text.split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    return lines, present, problems


def _labels(paragraph: LabelledParagraph) -> tuple[object, ...]:
    return tuple(sorted(set(paragraph.labels))), tuple(sorted(paragraph.services))


def _line(paragraph: LabelledParagraph) -> str:
    return json.dumps(paragraph.to_row(), ensure_ascii=False)


def _back_up(path: Path) -> Path:
    copy = path.with_name(f"{path.name}.bak")
    number = 1
    while copy.exists():
        number += 1
        copy = path.with_name(f"{path.name}.bak{number}")
    shutil.copy2(path, copy)
    return copy
