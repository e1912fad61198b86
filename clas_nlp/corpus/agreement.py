"""How far two coders agree: raw agreement, Cohen's kappa, Gwet's AC1, Krippendorff's alpha.

With rare codes kappa is low however well coders agree (the prevalence paradox), so the four stand
together. Sources: Cohen (1960), Educ. Psychol. Meas. 20(1); Gwet (2008), Br. J. Math. Stat.
Psychol. 61(1); Krippendorff (2019), Content Analysis, 4th ed., ch. 12.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from clas_nlp.codebook import Codebook
from clas_nlp.corpus.records import LabelledParagraph


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two coders over the same units.

    Attributes:
        units: how many units both coded.
        raw: share of units coded alike, 0 to 1.
        kappa: Cohen's kappa; NaN where both coders used one and the same code throughout.
        ac1: Gwet's AC1.
        alpha: Krippendorff's alpha for nominal codes, two coders, nothing missing.
    """

    units: int
    raw: float
    kappa: float
    ac1: float
    alpha: float


@dataclass(frozen=True)
class CodingAgreement:
    """Agreement of two codings of the same paragraphs.

    Attributes:
        themes: for each theme, agreement on whether a paragraph carries it.
        macro_f1: mean over the themes of F1, one coder taken as truth (F1 is symmetric).
        stance: agreement on the stance of the themes that both coders gave a paragraph.
        evidence_f1: F1 of the evidence sentences of the themes that both gave.
        services_f1: micro-F1 of the services.
        differences: id of each paragraph on which the codings differ, and in what.
    """

    themes: Mapping[str, Agreement]
    macro_f1: float
    stance: Agreement
    evidence_f1: float
    services_f1: float
    differences: tuple[tuple[str, str], ...]


def nominal_agreement(
    first: Sequence[Hashable], second: Sequence[Hashable], codes: Iterable[Hashable] = ()
) -> Agreement:
    """Agreement of two coders on one code for each unit.

    Args:
        first: the first coder's codes, one for each unit.
        second: the second coder's, in the same order.
        codes: every code that could have been given (AC1 depends on how many there are); those
            that were given count anyway.

    Raises:
        ValueError: the two are not of the same length.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} codes; expected the same units")
    nan = float("nan")
    n = len(first)
    if n == 0:
        return Agreement(0, nan, nan, nan, nan)
    categories = list(dict.fromkeys([*codes, *first, *second]))
    raw = sum(a == b for a, b in zip(first, second, strict=True)) / n
    share_first, share_second = Counter(first), Counter(second)
    by_chance = sum(share_first[c] * share_second[c] for c in categories) / n**2
    kappa = (raw - by_chance) / (1 - by_chance) if by_chance < 1 else nan
    mean_share = [(share_first[c] + share_second[c]) / (2 * n) for c in categories]
    q = len(categories)
    gwet_chance = sum(p * (1 - p) for p in mean_share) / (q - 1) if q > 1 else 0.0
    ac1 = (raw - gwet_chance) / (1 - gwet_chance)
    pooled = Counter(first) + Counter(second)
    expected = sum(pooled[c] * (2 * n - pooled[c]) for c in categories) / (2 * n * (2 * n - 1))
    alpha = 1 - (1 - raw) / expected if expected > 0 else nan
    return Agreement(n, raw, kappa, ac1, alpha)


def coding_agreement(
    first: Sequence[LabelledParagraph], second: Sequence[LabelledParagraph], codebook: Codebook
) -> CodingAgreement:
    """Compares two codings of the same paragraphs, matched by id.

    Paragraphs that only one of them has are left out.
    """
    other = {p.id: p for p in second}
    pairs = [(p, other[p.id]) for p in first if p.id in other]
    themes: dict[str, Agreement] = {}
    f1s: list[float] = []
    for theme in codebook.theme_ids:
        a = [theme in p.themes for p, _ in pairs]
        b = [theme in q.themes for _, q in pairs]
        themes[theme] = nominal_agreement(a, b, (True, False))
        both = sum(x and y for x, y in zip(a, b, strict=True))
        f1s.append(_f1(both, sum(a), sum(b)))
    stances_a: list[str] = []
    stances_b: list[str] = []
    evidence_both = evidence_a = evidence_b = 0
    services_both = services_a = services_b = 0
    differences: list[tuple[str, str]] = []
    for p, q in pairs:
        shared = [t for t in codebook.theme_ids if t in p.themes and t in q.themes]
        stances_a += [p.themes[t] for t in shared]
        stances_b += [q.themes[t] for t in shared]
        for theme in shared:
            spans_p = {(x.start, x.end) for x in p.labels if x.theme == theme}
            spans_q = {(x.start, x.end) for x in q.labels if x.theme == theme}
            evidence_both += len(spans_p & spans_q)
            evidence_a += len(spans_p)
            evidence_b += len(spans_q)
        services_both += len(set(p.services) & set(q.services))
        services_a += len(set(p.services))
        services_b += len(set(q.services))
        differences += [(p.id, what) for what in _differences(p, q)]
    return CodingAgreement(
        themes=themes,
        macro_f1=sum(f1s) / len(f1s) if f1s else float("nan"),
        stance=nominal_agreement(stances_a, stances_b, [s.id for s in codebook.stances]),
        evidence_f1=_f1(evidence_both, evidence_a, evidence_b),
        services_f1=_f1(services_both, services_a, services_b),
        differences=tuple(differences),
    )


def _f1(both: int, first: int, second: int) -> float:
    return 2 * both / (first + second) if first + second else float("nan")


def _differences(p: LabelledParagraph, q: LabelledParagraph) -> list[str]:
    found = []
    for theme in dict.fromkeys([*p.themes, *q.themes]):
        one, two = p.themes.get(theme, "none"), q.themes.get(theme, "none")
        if one != two:
            found.append(f"{theme}: {one} / {two}")
        else:
            a = {(x.start, x.end, x.stance) for x in p.labels if x.theme == theme}
            b = {(x.start, x.end, x.stance) for x in q.labels if x.theme == theme}
            if a != b:
                found.append(f"{theme}: other evidence sentences")
    if set(p.services) != set(q.services):
        found.append(
            f"services: {', '.join(sorted(p.services)) or 'none'} / "
            f"{', '.join(sorted(q.services)) or 'none'}"
        )
    return found
