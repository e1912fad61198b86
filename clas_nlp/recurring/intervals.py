"""Intervals: for a share of inspections, and for counts of things that are only probable."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95


def wilson(count: int, total: int) -> tuple[float, float, float]:
    """A share and its 95% Wilson score interval.

    Source: Wilson (1927), JASA 22; recommended for small totals by Brown, Cai and DasGupta (2001),
    Statistical Science 16. Computed by `scipy.stats.binomtest`.

    Returns:
        Share, lower and upper end, each 0 to 1; three NaN for a total of 0.
    """
    from scipy.stats import binomtest

    if total == 0:
        return float("nan"), float("nan"), float("nan")
    interval = binomtest(count, total).proportion_ci(CONFIDENCE, method="wilson")
    # A Wilson interval ends at 0 or 1 where the share does; rounding errors would show -1e-18.
    low = 0.0 if count == 0 else max(0.0, float(interval.low))
    high = 1.0 if count == total else min(1.0, float(interval.high))
    return count / total, low, high


def difference_of_shares(
    count: int, total: int, later_count: int, later_total: int
) -> tuple[float, float, float]:
    """The later share minus the earlier one, with its 95% hybrid score interval.

    Source: Newcombe (1998), Statistics in Medicine 17:873, method 10, which puts two Wilson
    intervals together and stays honest at shares of 0 and 1.

    Returns:
        Difference, lower and upper end, each -1 to 1; three NaN where a total is 0.
    """
    first, first_low, first_high = wilson(count, total)
    later, later_low, later_high = wilson(later_count, later_total)
    difference = later - first
    down = float(np.hypot(later - later_low, first_high - first))
    up = float(np.hypot(later_high - later, first - first_low))
    return difference, difference - down, difference + up


def expected_count(probabilities: Iterable[float]) -> tuple[float, int, int]:
    """How many of some independent events are expected, with a central 95% interval.

    The count follows the Poisson binomial distribution; its mass is computed exactly by
    convolution (Hong 2013, Computational Statistics & Data Analysis 59, reviews the methods).

    Returns:
        Expected count, lower and upper end.
    """
    chances = np.asarray(list(probabilities), dtype=np.float64)
    low_mass, mass = _distribution(chances)
    below = np.cumsum(mass)
    tail = (1 - CONFIDENCE) / 2
    low = low_mass + int(np.searchsorted(below, tail, side="left"))
    high = low_mass + int(np.searchsorted(below, 1 - tail, side="left"))
    return float(chances.sum()), min(low, len(chances)), min(high, len(chances))


def _distribution(chances: NDArray[np.float64]) -> tuple[int, NDArray[np.float64]]:
    """Mass of the count, from the first count on that is worth mentioning."""
    if len(chances) <= 1:
        chance = float(chances[0]) if len(chances) else 0.0
        return 0, np.array([1 - chance, chance])
    half = len(chances) // 2
    first, left = _distribution(chances[:half])
    second, right = _distribution(chances[half:])
    mass = np.convolve(left, right)
    # Far tails are cut, so that thousands of paragraphs take no longer than hundreds.
    worth = np.flatnonzero(mass > 1e-12)
    return first + second + int(worth[0]), mass[worth[0] : worth[-1] + 1]
