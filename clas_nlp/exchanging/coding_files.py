"""Files of clas-nlp's own that go out: tagged paragraphs, corpora, codings without text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from clas_nlp.codebook import Codebook
from clas_nlp.corpus.checking import RowCheck, row_problems
from clas_nlp.corpus.records import Corpus, LabelledParagraph, corpus_files, read_rows
from clas_nlp.errors import BadCorpus
from clas_nlp.exchanging.formats import import_labels
from clas_nlp.exchanging.records import CodedParagraph
from clas_nlp.tagging.records import Evidence, TaggedParagraph, ThemeTag


def load_paragraphs(
    path: str | Path, codebook: Codebook
) -> list[TaggedParagraph | LabelledParagraph]:
    """Paragraphs of a JSON Lines file that `tag` wrote, or of a corpus; told apart by row.

    Raises:
        BadCorpus: one problem for each row that is neither.
    """
    path = Path(path)
    rows, problems, _ = read_rows(path)
    found: list[TaggedParagraph | LabelledParagraph] = []
    for number, row in rows:
        where = f"{path}: row {number}"
        if isinstance(row, dict) and "labels" not in row and "themes" in row:
            tagged, wrong = _tagged(row, codebook)
            problems += [f"{where}: {problem}" for problem in wrong]
            found += [tagged] if tagged else []
            continue
        wrong = row_problems(row, codebook)
        problems += [f"{where}: {problem}" for problem in wrong]
        if not wrong:
            found.append(_coded(row))
    if problems:
        raise BadCorpus.of(problems)
    return found


def known_paragraphs(paths: Iterable[str | Path], codebook: Codebook) -> Corpus:
    """Paragraphs that labels may belong to; those of tagged files count as unlabelled.

    Args:
        paths: corpus files, tagged .jsonl files, or folders of them.
        codebook: the codebook.

    Raises:
        BadCorpus: a path does not exist, or one problem for each row that is neither.
    """
    found: list[LabelledParagraph] = []
    for file in corpus_files(paths):
        for p in load_paragraphs(file, codebook):
            if isinstance(p, TaggedParagraph):
                found.append(LabelledParagraph(p.id, p.report, p.kind, p.number, p.section, p.text))
            else:
                found.append(p)
    return Corpus(tuple(found), codebook)


def _tagged(row: dict[str, Any], codebook: Codebook) -> tuple[TaggedParagraph | None, list[str]]:
    """A tagged paragraph from its row; evidence is checked as the labels of a corpus are."""
    try:
        tags = tuple(
            ThemeTag(
                theme=tag["theme"],
                stance=tag["stance"],
                probability=float(tag["probability"]),
                evidence=tuple(
                    Evidence(e["start"], e["end"], e["stance"], e["text"]) for e in tag["evidence"]
                ),
            )
            for tag in row["themes"]
        )
        made = TaggedParagraph(
            report=row["report"],
            id=row["id"],
            kind=row["kind"],
            number=row.get("number", ""),
            section=row.get("section", ""),
            page=row.get("page"),
            start=row.get("start", 0),
            end=row.get("end", len(row["text"])),
            text=row["text"],
            services=tuple(row.get("services", ())),
            recommendations=tuple(row.get("recommendations", ())),
            themes=tags,
            probabilities={},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None, ["no tagged paragraph; expected a row of `clas-nlp tag --format jsonl`"]
    labels = [
        {"theme": t.theme, "stance": e.stance, "start": e.start, "end": e.end}
        for t in tags
        for e in t.evidence
    ]
    # Bare paragraphs have no report, which a corpus would need.
    checked = {**row, "report": row["report"] or "-", "labels": labels}
    problems = row_problems(checked, codebook)
    if not problems and any(made.text[e.start : e.end] != e.text for t in tags for e in t.evidence):
        problems = ["the evidence does not stand at its offsets; the text was edited; tag it again"]
    return made, problems


def load_coding(
    path: str | Path, codebook: Codebook, corpus: Corpus | None = None, coder: str = ""
) -> list[LabelledParagraph]:
    """One coder's labels: a corpus file, a coding without texts, or another tool's file.

    Args:
        path: the file.
        codebook: the codebook.
        corpus: where the texts of a coding without texts are.
        coder: whose labels count, where the file names several coders.

    Raises:
        BadCorpus: the file is none of these, or rows do not fit; one problem for each.
    """
    path = Path(path)
    if not _is_own(path):
        return import_labels(path, codebook, corpus, coder)
    known = {p.id: p for p in corpus.paragraphs} if corpus else {}
    rows, problems, _ = read_rows(path)
    found: list[LabelledParagraph] = []
    check = RowCheck(codebook, problems)
    for number, row in rows:
        where = f"{path}: row {number}"
        if isinstance(row, dict) and "text" not in row:
            there = known.get(str(row.get("id")))
            if there is None:
                problems.append(
                    f"{where}: paragraph {row.get('id')!r} has no text; give the corpus that does"
                )
                continue
            row = {**LabelledParagraph.to_row(there), **row}
        if check.fits(row, where):
            found.append(_coded(row))
    if problems:
        raise BadCorpus.of(problems)
    return found


def _coded(row: dict[str, Any]) -> CodedParagraph:
    """A labelled paragraph from a checked row, with its coder and date if it has them."""
    return replace(
        CodedParagraph.from_row(row),
        coder=str(row.get("coder", "")),
        date=str(row.get("date", "")),
    )


def _is_own(path: Path) -> bool:
    """Whether a file is JSON Lines whose first row has an id and labels, as a corpus has."""
    if path.suffix.lower() != ".jsonl" or not path.is_file():
        return False
    rows, _, _ = read_rows(path)
    first = rows[0][1] if rows else None
    if not isinstance(first, dict) or not {"id", "labels"} <= set(first):
        return False
    # doccano's rows have an id and labels, too, but no report or kind; ours without text are bare.
    foreign = "paragraph_id" in first or not {"report", "kind"} <= set(first)
    return "text" not in first or not foreign
