"""From a tool's rows to labelled paragraphs: everything that can be wrong is found and listed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clas_nlp.codebook import Codebook
from clas_nlp.corpus.checking import row_problems
from clas_nlp.corpus.records import Corpus, Label, LabelledParagraph
from clas_nlp.exchanging.offsets import Aligner, carry, flat, locate, original_text
from clas_nlp.exchanging.records import CodedParagraph, ForeignRow, Imported, Mark, Names

EDITED = (
    "the text was edited after it was exported, so its offsets mean nothing; "
    "label the exported text, or export again"
)


class Fitter:
    """Checks rows against the codebook, their text, and the corpus they belong to.

    Args:
        codebook: the codebook.
        corpus: paragraphs that the rows may belong to; texts and details are taken from it.
        coder: who labelled; where the file names several coders, only this one's rows count.
        date: ISO date; by default what the file says.
    """

    def __init__(
        self, codebook: Codebook, corpus: Corpus | None = None, coder: str = "", date: str = ""
    ) -> None:
        self.codebook = codebook
        self.names = Names(codebook)
        self.coder = coder
        self.date = date
        known = corpus.paragraphs if corpus else ()
        self._by_id = {p.id: p for p in known}
        self._by_text: dict[str, LabelledParagraph | None] = {}
        for p in known:
            self._by_text[flat(p.text)] = None if flat(p.text) in self._by_text else p

    def fit(self, rows: Iterable[ForeignRow], format: str) -> Imported:
        """Fits all rows.

        Args:
            rows: as a format's module reads them.
            format: its name, for the result.
        """
        paragraphs: list[CodedParagraph] = []
        problems: list[str] = []
        waiting = 0
        places: dict[str, str] = {}
        rows = list(rows)
        coders = {row.coder for row in rows if row.coder}
        for row in rows:
            if self.coder in coders and row.coder not in ("", self.coder):
                continue
            if not row.answered and not row.problems:
                waiting += 1
                continue
            paragraph, found = self._fit_row(row)
            if paragraph is not None and paragraph.id in places:
                found.append(
                    f"paragraph {paragraph.id!r} stands already at {places[paragraph.id]}; "
                    "expected one coding of it (where several people coded it, name the coder)"
                )
            if found:
                problems += [f"{row.where}: {problem}" for problem in found]
            elif paragraph is not None:
                places[paragraph.id] = row.where
                paragraphs.append(paragraph)
        return Imported(format, tuple(paragraphs), tuple(problems), waiting)

    def _fit_row(self, row: ForeignRow) -> tuple[CodedParagraph | None, list[str]]:
        if row.problems:
            return None, list(row.problems)
        own = row.identity.get("paragraph_id", "")
        known = self._by_id.get(own)
        if known is None and not own and row.text is not None:
            known = self._by_text.get(flat(row.text))
        if known is None and not own:
            return None, [
                "no paragraph id; expected the field 'paragraph_id' that the export wrote, or a "
                "corpus that holds the text"
            ]
        text = known.text if known else row.text
        if text is None:
            return None, ["no text; expected the field 'text', or a corpus that holds it"]
        given = row.text if row.text is not None else text
        if known is not None:
            if flat(given) != flat(text):
                return None, [f"{EDITED} (corpus paragraph {known.id!r} differs)"]
        elif row.identity.get("text_sha256"):
            restored = original_text(given, row.identity["text_sha256"])
            if restored is None:
                return None, [EDITED]
            text = restored
        labels, problems = self._labels(row, given, text)
        services, unknown = self._services(row, known)
        problems += unknown
        fields: dict[str, Any] = {
            "id": known.id if known else own,
            "report": known.report if known else row.identity.get("report"),
            "kind": known.kind if known else row.identity.get("kind", "finding"),
            "number": known.number if known else row.identity.get("number", ""),
            "section": known.section if known else row.identity.get("section", ""),
            "text": text,
            "origin": known.origin if known else row.identity.get("origin", "report"),
        }
        problems += row_problems({**fields, "labels": [], "services": []}, self.codebook)
        if problems:
            return None, problems
        return (
            CodedParagraph(
                **fields,
                services=services,
                labels=tuple(sorted(set(labels))),
                coder=self.coder or row.coder,
                date=self.date or row.date,
            ),
            [],
        )

    def _labels(self, row: ForeignRow, given: str, text: str) -> tuple[list[Label], list[str]]:
        labels: list[Label] = []
        problems: list[str] = []
        for mark in row.marks:
            theme, stance = self.names.mark(mark.label)
            if theme is None:
                problems.append(
                    f"unknown label {mark.label!r}; expected theme/stance with a theme of "
                    f"{', '.join(self.codebook.theme_ids)}"
                )
            elif stance is None:
                problems.append(
                    f"label {mark.label!r} has no stance; expected {theme}/ and one of "
                    f"{', '.join(self.codebook.sentence_stances)}"
                )
            span, problem = find_mark(given, mark)
            if span is None:
                problems.append(problem)
            elif theme and stance:
                start, end = carry(span, given, text)
                labels.append(Label(start, end, theme, stance))
        if not problems:
            problems = self._theme_problems(row, labels)
        return labels, problems

    def _theme_problems(self, row: ForeignRow, labels: list[Label]) -> list[str]:
        problems = []
        chosen: list[str] = []
        for name in row.themes or ():
            theme = self.names.theme(name)
            if theme is None:
                problems.append(
                    f"unknown theme {name!r}; expected one of {', '.join(self.codebook.theme_ids)}"
                )
            else:
                chosen.append(theme)
        shown = {label.theme for label in labels}
        problems += [
            f"theme {theme!r} has no evidence; mark the sentence that says it"
            for theme in dict.fromkeys(chosen)
            if theme not in shown
        ]
        if chosen:
            problems += [
                f"evidence for {theme!r}, which is not among the themes chosen; choose it, or "
                "remove the evidence"
                for theme in self.codebook.theme_ids
                if theme in shown and theme not in chosen
            ]
        return problems

    def _services(
        self, row: ForeignRow, known: LabelledParagraph | None
    ) -> tuple[tuple[str, ...], list[str]]:
        if row.services is None:
            return (known.services if known else ()), []
        found: list[str] = []
        problems = []
        for name in row.services:
            service = self.names.service(name)
            if service is None:
                problems.append(
                    f"unknown service {name!r}; "
                    f"expected one of {', '.join(self.codebook.service_ids)}"
                )
            elif service not in found:
                found.append(service)
        return tuple(found), problems


def find_mark(text: str, mark: Mark) -> tuple[tuple[int, int] | None, str]:
    """The span of a mark in its row's text, or None and what is wrong with it."""
    if mark.start is not None and mark.end is not None:
        span = locate(text, mark.start, mark.end, mark.quote, mark.strict)
        if span is not None:
            return span, ""
        if not 0 <= mark.start < mark.end <= len(text):
            return None, (
                f"offsets {mark.start} to {mark.end} of {mark.label!r} lie outside the text; "
                f"expected 0 <= start < end <= {len(text)}"
            )
        shown = (mark.quote or "")[:40]
        return None, (
            f"offsets {mark.start} to {mark.end} hold {text[mark.start : mark.end][:40]!r}, "
            f"but the file says {shown!r}; {EDITED}"
        )
    return _find_words(text, mark)


def _find_words(text: str, mark: Mark) -> tuple[tuple[int, int] | None, str]:
    """The span of a mark that gives words and no end: nearest to its start, if it has one."""
    quote = mark.quote or ""
    places = []
    place = text.find(quote) if quote else -1
    while place >= 0:
        places.append(place)
        place = text.find(quote, place + 1)
    if len(places) == 1 or (places and mark.start is not None):
        hint = mark.start if mark.start is not None else 0
        start = min(places, key=lambda at: (abs(at - hint), at))
        return (start, start + len(quote)), ""
    shown = quote if len(quote) <= 60 else quote[:57] + "..."
    if places:
        return None, (
            f"the evidence {shown!r} stands {len(places)} times in the paragraph; "
            "give more of the sentence, or its start"
        )
    loose = Aligner(text).find(quote)
    if loose is not None:
        return (loose.start, loose.end), ""
    return None, f"the evidence {shown!r} does not stand in the paragraph; copy it from the text"
