from __future__ import annotations

import math

import pytest

from clas_nlp.codebook import load_codebook
from clas_nlp.corpus import Label, LabelledParagraph
from clas_nlp.corpus.agreement import coding_agreement, nominal_agreement


def test_against_figures_worked_by_hand() -> None:
    # 10 units, both yes 4, both no 3, first only 2, second only 1.
    first = [True] * 4 + [False] * 3 + [True] * 2 + [False]
    second = [True] * 4 + [False] * 3 + [False] * 2 + [True]
    found = nominal_agreement(first, second)
    assert found.raw == pytest.approx(0.7)
    assert found.kappa == pytest.approx((0.7 - 0.5) / 0.5)  # chance 0.6*0.5 + 0.4*0.5
    chance = 2 * 0.55 * 0.45
    assert found.ac1 == pytest.approx((0.7 - chance) / (1 - chance))
    assert found.alpha == pytest.approx(1 - 0.3 / (2 * 11 * 9 / (20 * 19)))


def test_kappa_agrees_with_scikit_learn() -> None:
    from sklearn.metrics import cohen_kappa_score

    first, second = list("aabbcabcab"), list("aabccabbab")
    assert nominal_agreement(first, second).kappa == pytest.approx(cohen_kappa_score(first, second))


def test_edges() -> None:
    assert math.isnan(nominal_agreement([], []).raw)
    alike = nominal_agreement([1, 1], [1, 1], (0, 1))
    assert alike.raw == 1
    assert math.isnan(alike.kappa)
    assert alike.ac1 == 1
    with pytest.raises(ValueError, match="2 and 1"):
        nominal_agreement([1, 2], [1])


def test_differences_are_listed() -> None:
    codebook = load_codebook()
    text = "Staff have supervision. It is not recorded."
    one = LabelledParagraph(
        "p", "r", "finding", "", "", text, (), (Label(0, 23, "supervision", "strength"),)
    )
    two = LabelledParagraph(
        "p", "r", "finding", "", "", text, ("camhs",), (Label(24, 43, "supervision", "weakness"),)
    )
    found = coding_agreement([one], [two], codebook)
    assert found.themes["supervision"].raw == 1
    assert found.stance.raw == 0
    assert found.evidence_f1 == 0
    assert found.differences == (
        ("p", "supervision: strength / weakness"),
        ("p", "services: none / camhs"),
    )
