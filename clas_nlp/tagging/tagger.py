"""The tagger: a report or bare texts in, tagged paragraphs out."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import numpy as np

from clas_nlp.codebook import Codebook, paragraph_stance
from clas_nlp.reading.records import JUDGED_KINDS, PARAGRAPH_KINDS, Paragraph, Report
from clas_nlp.resources import resource_folder
from clas_nlp.tagging.model import Model
from clas_nlp.tagging.records import Evidence, TaggedParagraph, ThemeTag
from clas_nlp.tagging.storage import load_model

#: Paragraphs that are analysed and scored together; memory stays flat, arrays stay useful.
BATCH = 1024


class Tagger:
    """Tags paragraphs with a model.

    Args:
        model: the model.
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    @property
    def codebook(self) -> Codebook:
        """The model's codebook."""
        return self.model.codebook

    def tag(self, report: Report) -> list[TaggedParagraph]:
        """Tags every paragraph of a report, in reading order.

        Quotations and context come back without themes: the codebook leaves them out.
        """
        return list(self.tag_paragraphs(report.paragraphs, report.id))

    def tag_texts(
        self,
        texts: Iterable[str],
        ids: Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
    ) -> list[TaggedParagraph]:
        """Tags bare paragraphs.

        Args:
            texts: the paragraphs' texts.
            ids: their ids; by default "1", "2" and so on.
            kinds: their kinds; by default each counts as a finding.

        Raises:
            ValueError: as many ids or kinds as texts were expected, or a kind is unknown.
        """
        texts = list(texts)
        for name, given in (("ids", ids), ("kinds", kinds)):
            if given is not None and len(given) != len(texts):
                raise ValueError(f"{len(given)} {name} for {len(texts)} texts")
        for kind in kinds or ():
            if kind not in PARAGRAPH_KINDS:
                raise ValueError(
                    f"unknown kind {kind!r}; expected one of {', '.join(PARAGRAPH_KINDS)}"
                )
        paragraphs = [
            Paragraph(
                id=ids[i] if ids else str(i + 1),
                kind=kinds[i] if kinds else "finding",  # type: ignore[arg-type]
                number="",
                section="",
                page=None,
                start=0,
                end=len(text),
                text=text,
            )
            for i, text in enumerate(texts)
        ]
        return list(self.tag_paragraphs(paragraphs, ""))

    def tag_paragraphs(
        self,
        paragraphs: Iterable[Paragraph],
        report: str,
        progress: Callable[[int], None] | None = None,
    ) -> Iterator[TaggedParagraph]:
        """Tags paragraphs batch by batch, in order.

        Args:
            paragraphs: the paragraphs.
            report: id of their report.
            progress: called with the number of paragraphs done since the last call.
        """
        return self._tag(((paragraph, report) for paragraph in paragraphs), progress)

    def tag_together(
        self, reports: Sequence[tuple[str, Sequence[Paragraph]]]
    ) -> Iterator[list[TaggedParagraph]]:
        """Tags the paragraphs of several reports, given by id, and gives those of each in turn.

        Small reports share a batch, which costs less than a batch each.
        """
        tagged = self._tag((paragraph, report) for report, own in reports for paragraph in own)
        return (list(islice(tagged, len(own))) for _, own in reports)

    def _tag(
        self,
        paragraphs: Iterable[tuple[Paragraph, str]],
        progress: Callable[[int], None] | None = None,
    ) -> Iterator[TaggedParagraph]:
        """Tags paragraphs, each given with the id of its report."""
        remaining = iter(paragraphs)
        while batch := list(islice(remaining, BATCH)):
            with _no_collection():
                tagged = self._tag_batch(batch)
            yield from tagged
            if progress:
                progress(len(batch))

    def _tag_batch(self, batch: Sequence[tuple[Paragraph, str]]) -> list[TaggedParagraph]:
        judged = [p for p, _ in batch if p.kind in JUDGED_KINDS]
        analysed = self.model.analyser.analyse([p.text for p in judged])
        reading = self.model.read(analysed, [p.kind for p in judged])
        themes = self.codebook.theme_ids
        rounded = (np.rint(reading.themes * 10_000) / 10_000).tolist()
        probabilities = [dict(zip(themes, chances, strict=True)) for chances in rounded]
        service_ids = self.codebook.service_ids
        services: list[list[str]] = [[] for _ in judged]
        for place, service in np.argwhere(self.model.service_decisions(reading)).tolist():
            services[place].append(service_ids[service])
        tags: list[list[ThemeTag]] = [[] for _ in judged]
        sentences = reading.rows.sentences
        starts, ends = analysed.starts[sentences].tolist(), analysed.ends[sentences].tolist()
        decided = np.argwhere(self.model.theme_decisions(reading))
        said = self.model.all_evidence(reading, decided)
        for (place, theme), rows in zip(decided.tolist(), said, strict=True):
            text = judged[place].text
            evidence = tuple(
                Evidence(starts[row], ends[row], stance, text[starts[row] : ends[row]])
                for row, stance in rows
            )
            tags[place].append(
                ThemeTag(
                    theme=themes[theme],
                    stance=paragraph_stance({e.stance for e in evidence}),
                    probability=rounded[place][theme],
                    evidence=evidence,
                )
            )
        found = zip(services, tags, probabilities, strict=True)
        return [
            _tagged(paragraph, report, *next(found))
            if paragraph.kind in JUDGED_KINDS
            else _tagged(paragraph, report, (), (), {})
            for paragraph, report in batch
        ]


@contextmanager
def _no_collection() -> Iterator[None]:
    """Lets Python's garbage collector wait while many records are made, none of them in a circle.

    It would look through them again and again: a fifth of the time that tagging takes.
    """
    waiting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if waiting:
            gc.enable()


def _tagged(
    paragraph: Paragraph,
    report: str,
    services: Iterable[str],
    tags: Iterable[ThemeTag],
    probabilities: Mapping[str, float],
) -> TaggedParagraph:
    return TaggedParagraph(
        report=report,
        id=paragraph.id,
        kind=paragraph.kind,
        number=paragraph.number,
        section=paragraph.section,
        page=paragraph.page,
        start=paragraph.start,
        end=paragraph.end,
        text=paragraph.text,
        services=tuple(services),
        recommendations=paragraph.recommendations,
        themes=tuple(tags),
        probabilities=probabilities,
    )


def load(path: str | Path | None = None) -> Tagger:
    """Loads a tagger.

    Args:
        path: a model folder; by default the model that comes with clas-nlp.

    Raises:
        BadModel: the folder is missing, broken, altered, or of another format version.
    """
    return Tagger(load_model(path if path is not None else resource_folder("model")))
