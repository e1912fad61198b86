"""The texts of the benchmark: the two reports, and as many more as are wanted, made from them."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from measuring import ROOT

import clas_nlp
from clas_nlp.corpus.records import Label, LabelledParagraph
from clas_nlp.reading import sentence_spans

REPORTS = tuple(ROOT / "corpus" / "reports" / f"{name}.txt" for name in ("dorset", "dudley"))
LABELLED = [ROOT / "corpus" / f"{name}.jsonl" for name in ("dorset", "dudley")]
SHIPPED = [*LABELLED, ROOT / "corpus" / "written.jsonl"]
#: The reports of an archive have this part of the findings of both reports, so that a thousand take
#: a minute; what is measured is how time and memory grow.
ARCHIVE_PART = 4
#: How many paragraphs the two reports have.
BOTH = 575


def repeated_paragraphs(count: int) -> list[clas_nlp.Paragraph]:
    """The paragraphs of both reports, over and over."""
    both = [p for path in REPORTS for p in clas_nlp.read_report(path).paragraphs]
    return list(itertools.islice(itertools.cycle(both), count))


def distinct_paragraphs(count: int, seed: int = 0) -> list[clas_nlp.Paragraph]:
    """Paragraphs of which no two are alike, made of the sentences of the written text.

    Each is as long as one of the two reports' paragraphs, in sentences.
    """
    chance = random.Random(seed)
    written = clas_nlp.load_corpus(SHIPPED[-1:]).paragraphs
    sentences = [p.text[start:end] for p in written for start, end in sentence_spans(p.text)]
    lengths = [len(sentence_spans(p.text)) for p in repeated_paragraphs(BOTH)]
    made: dict[str, clas_nlp.Paragraph] = {}
    while len(made) < count:
        text = " ".join(chance.choices(sentences, k=chance.choice(lengths)))
        own = str(len(made) + 1)
        made.setdefault(text, clas_nlp.Paragraph(own, "finding", own, "", None, 0, len(text), text))
    return list(made.values())


def archive_reports(count: int, seed: int = 0) -> Iterator[str]:
    """Texts of reports, each of some findings of the two reports, drawn and numbered anew."""
    chance = random.Random(seed)
    both = repeated_paragraphs(BOTH)
    findings = [" ".join(p.text.split()) for p in both if p.kind == "finding"]
    for _ in range(count):
        numbered = enumerate(chance.sample(findings, len(findings) // ARCHIVE_PART), start=1)
        yield "\n\n".join(["1. Findings", *(f"1.{number} {text}" for number, text in numbered), ""])


def bootstrapped_paragraphs(count: int, seed: int = 0) -> Iterator[LabelledParagraph]:
    """Labelled paragraphs drawn from the shipped corpus, their sentences in another order.

    Labels move with their sentences; a paragraph with a label that crosses sentences stays as it
    is.
    """
    chance = random.Random(seed)
    corpus = clas_nlp.load_corpus(SHIPPED).paragraphs
    spans = [sentence_spans(p.text) for p in corpus]
    for number in range(count):
        place = chance.randrange(len(corpus))
        paragraph = _shuffled(corpus[place], spans[place], chance)
        yield replace(paragraph, id=f"{paragraph.id}-{number}")


def _shuffled(
    paragraph: LabelledParagraph, spans: list[tuple[int, int]], chance: random.Random
) -> LabelledParagraph:
    order = chance.sample(spans, len(spans))
    starts: dict[tuple[int, int], int] = {}
    position = 0
    for start, end in order:
        starts[start, end] = position
        position += end - start + 1
    labels: list[Label] = []
    for label in paragraph.labels:
        home = next((s for s in spans if s[0] <= label.start and label.end <= s[1]), None)
        if home is None:
            return paragraph
        moved = starts[home] - home[0]
        labels.append(replace(label, start=label.start + moved, end=label.end + moved))
    text = " ".join(paragraph.text[start:end] for start, end in order)
    return replace(paragraph, text=text, labels=tuple(sorted(labels)))


def write_archive(folder: Path, count: int) -> None:
    """A folder of reports for `clas-nlp tag`."""
    folder.mkdir()
    for number, text in enumerate(archive_reports(count)):
        (folder / f"report{number:06}.txt").write_text(text, encoding="utf-8")
