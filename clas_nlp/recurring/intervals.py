"""Intervals: for a share of inspections, and for counts of things that are only probable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class CountDistribution:
    """How many of some independent events happen: the Poisson binomial distribution.

    Its mass is computed exactly by convolution (Hong 2013, Computational Statistics & Data
    Analysis 59, reviews the methods), so that the distributions of two lots of events join into
    that of all of them.

    Attributes:
        events: how many events there are.
        expected: sum of their probabilities.
        first: the least count that is worth mentioning.
        mass: probability of that count and of each one above it, as far as worth mentioning.
    """

    events: int
    expected: float
    first: int
    mass: NDArray[np.float64]

    @classmethod
    def of(cls, chances: Sequence[float]) -> CountDistribution:
        """The distribution for events of some probabilities."""
        if not chances:
            return cls(0, 0.0, 0, np.ones(1))
        return cls.joined([cls(1, chance, 0, np.array([1 - chance, chance])) for chance in chances])

    @classmethod
    def joined(cls, parts: Sequence[CountDistribution]) -> CountDistribution:
        """The distribution for the events of all parts; there is at least one."""
        if len(parts) == 1:
            return parts[0]
        half = len(parts) // 2
        left, right = cls.joined(parts[:half]), cls.joined(parts[half:])
        mass = np.convolve(left.mass, right.mass)
        # Far tails are cut, so that thousands of paragraphs take no longer than hundreds.
        worth = np.flatnonzero(mass > 1e-12)
        return cls(
            left.events + right.events,
            left.expected + right.expected,
            left.first + right.first + int(worth[0]),
            mass[worth[0] : worth[-1] + 1],
        )

    @property
    def interval(self) -> tuple[int, int]:
        """Ends of the central 95% interval of the count."""
        below = np.cumsum(self.mass)
        tail = (1 - CONFIDENCE) / 2
        low = self.first + int(np.searchsorted(below, tail, side="left"))
        high = self.first + int(np.searchsorted(below, 1 - tail, side="left"))
        return min(low, self.events), min(high, self.events)


def expected_count(probabilities: Iterable[float]) -> tuple[float, int, int]:
    """How many of some independent events are expected, with a central 95% interval.

    Returns:
        Expected count, lower and upper end; see `CountDistribution`.
    """
    chances = [float(chance) for chance in probabilities]
    return (float(np.sum(chances)), *CountDistribution.of(chances).interval)
