"""Settling: two coders' labels and the decisions on their differences make one corpus."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from clas_nlp.codebook import Codebook
from clas_nlp.corpus.agreement import coding_agreement
from clas_nlp.corpus.records import Label, LabelledParagraph
from clas_nlp.errors import BadCorpus
from clas_nlp.exchanging.decisions import Decision
from clas_nlp.exchanging.differences import (
    CHOICES,
    NOTHING,
    SERVICES,
    Difference,
    coding_differences,
)
from clas_nlp.exchanging.fitting import find_mark
from clas_nlp.exchanging.records import Mark, Names, mark_name

#: Field of a decision that holds for every theme on which the coders differ in a paragraph.
LABELS = "labels"
_A, _B, _NEITHER = CHOICES


@dataclass(frozen=True, slots=True)
class Settlement:
    """Two codings made one.

    Attributes:
        paragraphs: those that both coders labelled, in the first coder's order.
        settled: how many differences were decided.
        apart: ids of the paragraphs that only one coder labelled; they are left out.
    """

    paragraphs: tuple[LabelledParagraph, ...]
    settled: int
    apart: tuple[str, ...]


def settle(
    first: Sequence[LabelledParagraph],
    second: Sequence[LabelledParagraph],
    decisions: Iterable[Decision],
    codebook: Codebook,
) -> Settlement:
    """Applies decisions to the differences of two codings.

    Args:
        first: the first coder's paragraphs, those that decisions call "a".
        second: the second coder's, "b".
        decisions: one for each difference.
        codebook: the codebook of both.

    Raises:
        BadCorpus: one problem for each difference without a decision, for each decision that fits
            no difference or cannot be read, and for each paragraph with two texts.
    """
    other = {p.id: p for p in second}
    both = [p for p in first if p.id in other]
    if not both:
        raise BadCorpus("the two codings have no paragraph in common; nothing to settle")
    texts = [
        f"paragraph {p.id!r} has another text in the second coding; both must be of one text"
        for p in both
        if p.text != other[p.id].text
    ]
    if texts:
        raise BadCorpus.of(texts)
    found = coding_differences(coding_agreement(first, second, codebook), first, second, codebook)
    made, problems = _matched(found, decisions, codebook)
    settled: list[LabelledParagraph] = []
    for p in both:
        paragraph = _agreed(p)
        for field, decision in made.get(p.id, {}).items():
            try:
                paragraph = _decided(paragraph, p, other[p.id], field, decision, codebook)
            except ValueError as error:
                problems.append(f"{decision.where}: {error}")
        settled.append(paragraph)
    if problems:
        raise BadCorpus.of(problems)
    ids = {p.id for p in first}
    apart = [p.id for p in first if p.id not in other] + [p.id for p in second if p.id not in ids]
    return Settlement(tuple(settled), len(found), tuple(apart))


def _matched(
    found: Sequence[Difference], decisions: Iterable[Decision], codebook: Codebook
) -> tuple[dict[str, dict[str, Decision]], list[str]]:
    """For each paragraph the decisions by field, and a line for what does not fit."""
    waiting: dict[str, dict[str, Difference]] = {}
    for d in found:
        waiting.setdefault(d.id, {})[d.field] = d
    made: dict[str, dict[str, Decision]] = {}
    problems: list[str] = []
    for decision in decisions:
        if not decision.chosen:
            continue
        named = f"paragraph {decision.id!r}, {decision.field}"
        here = waiting.get(decision.id, {})
        fields = [decision.field]
        if decision.field == LABELS:
            fields = [field for field in here if field != SERVICES]
        wrong = _unreadable(decision, codebook)
        if not wrong and not any(field in here for field in fields):
            wrong = f"{named}: the coders do not differ there; remove the row"
        for field in () if wrong else fields:
            decided = made.setdefault(decision.id, {})
            if field in decided:
                wrong = f"{named}: decided already at {decided[field].where}; keep one decision"
            elif changed := _changed(here[field], decision):
                wrong = f"{named}: {changed} has another coding now than was decided on"
            else:
                decided[field] = decision
        if wrong:
            problems.append(f"{decision.where}: {wrong}")
    problems += [
        f"paragraph {d.id!r}, {d.field}: the coders differ and nothing is decided; "
        f"expected a row with this id and field, and one of {', '.join(CHOICES)} in 'chosen'"
        for d in found
        if d.field not in made.get(d.id, {})
    ]
    return made, problems


def _unreadable(decision: Decision, codebook: Codebook) -> str:
    if decision.field not in (*codebook.theme_ids, SERVICES, LABELS):
        known = ", ".join((*codebook.theme_ids, SERVICES, LABELS))
        return f"unknown field {decision.field!r}; expected one of {known}"
    if decision.chosen not in CHOICES:
        return f"'chosen' is {decision.chosen!r}; expected one of {', '.join(CHOICES)}"
    if decision.chosen == _NEITHER and not decision.settled:
        return "neither coder was right, but 'settled' does not say what is; write it as in a or b"
    if decision.chosen == _NEITHER and decision.field == LABELS:
        return f"'settled' is of one theme; name it in 'field' in place of {LABELS!r}"
    if decision.chosen != _NEITHER and decision.settled:
        return f"'settled' is filled in, but {decision.chosen!r} was chosen; expected 'neither'"
    return ""


def _changed(difference: Difference, decision: Decision) -> str:
    """The coder whose coding is not the one that was decided on, or empty."""
    for name, then, now in ((_A, decision.a, difference.a), (_B, decision.b, difference.b)):
        if then and decision.field != LABELS and " ".join(then.split()) != " ".join(now.split()):
            return name
    return ""


def _agreed(p: LabelledParagraph) -> LabelledParagraph:
    """A paragraph without the name of the coder, whose labels alone it no longer holds."""
    fields = (p.id, p.report, p.kind, p.number, p.section, p.text)
    return LabelledParagraph(*fields, p.services, p.labels, p.origin)


def _decided(
    paragraph: LabelledParagraph,
    first: LabelledParagraph,
    second: LabelledParagraph,
    field: str,
    decision: Decision,
    codebook: Codebook,
) -> LabelledParagraph:
    """The paragraph with what was decided on one field.

    Raises:
        ValueError: `settled` cannot be read.
    """
    own = first if decision.chosen == _A else second
    if field == SERVICES:
        services = own.services
        if decision.chosen == _NEITHER:
            services = _services(decision.settled, codebook)
        return replace(paragraph, services=services)
    labels = tuple(x for x in own.labels if x.theme == field)
    if decision.chosen == _NEITHER:
        labels = _labels(decision.settled, paragraph.text, field, codebook)
    kept = tuple(x for x in paragraph.labels if x.theme != field)
    return replace(paragraph, labels=tuple(sorted(kept + labels)))


def _services(settled: str, codebook: Codebook) -> tuple[str, ...]:
    if settled.casefold() == NOTHING:
        return ()
    names = Names(codebook)
    found = []
    for name in filter(None, (part.strip() for part in settled.split(";"))):
        service = names.service(name)
        if service is None:
            known = ", ".join(codebook.service_ids)
            raise ValueError(f"unknown service {name!r} in 'settled'; expected one of {known}")
        found.append(service)
    return tuple(dict.fromkeys(found))


def _labels(settled: str, text: str, theme: str, codebook: Codebook) -> tuple[Label, ...]:
    """Labels from "stance: sentence | stance: sentence"."""
    if settled.casefold() == NOTHING:
        return ()
    stances = codebook.sentence_stances
    heads = list(re.finditer(rf"(?:^|\|\s*)({'|'.join(map(re.escape, stances))}):\s*", settled))
    if not heads or heads[0].start():
        raise ValueError(
            f"'settled' is {settled[:60]!r}; expected 'stance: sentence', divided by ' | ', with a "
            f"stance of {', '.join(stances)}, or {NOTHING!r}"
        )
    labels = []
    for head, after in zip(heads, [*heads[1:], None], strict=True):
        words = settled[head.end() : after.start() if after else None].strip()
        span, problem = find_mark(text, Mark(mark_name(theme, head[1]), None, None, words))
        if span is None:
            raise ValueError(problem)
        labels.append(Label(*span, theme, head[1]))
    return tuple(sorted(set(labels)))
