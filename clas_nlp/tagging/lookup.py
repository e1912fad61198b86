"""Whole numbers looked up by whole numbers, many at a time."""

from __future__ import annotations

import numpy as np

from clas_nlp.reading.tokens import Integers

#: What is found where nothing is.
ABSENT = -2

_EMPTY = -1
#: Fibonacci hashing: two to the power of 64 divided by the golden ratio.
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


class IntegerMap:
    """Whole numbers by whole numbers of zero or more.

    Open addressing with linear probing, at most a quarter full (Knuth, The Art of Computer
    Programming, vol. 3, section 6.4), done for whole arrays at a time.
    """

    def __init__(self) -> None:
        self._length = 0
        self._allot(12)

    def __len__(self) -> int:
        return self._length

    def _allot(self, bits: int) -> None:
        self._bits = bits
        self._keys = np.full(1 << bits, _EMPTY, dtype=np.int64)
        self._values = np.full(1 << bits, ABSENT, dtype=np.int64)

    def _slots(self, keys: Integers) -> Integers:
        spread = keys.astype(np.uint64) * _SPREAD
        return (spread >> np.uint64(64 - self._bits)).astype(np.int64)

    def put(self, keys: Integers, values: Integers) -> None:
        """Adds keys that are not there yet, each once."""
        self._length += len(keys)
        if 4 * self._length > len(self._keys):
            there = self._keys != _EMPTY
            keys = np.concatenate([self._keys[there], keys])
            values = np.concatenate([self._values[there], values])
            self._allot(int(8 * self._length).bit_length())
        slots = self._slots(keys)
        while len(keys):
            free = np.flatnonzero(self._keys[slots] == _EMPTY)
            self._keys[slots[free]] = keys[free]  # of several for one slot, the last stays
            lost = self._keys[slots] != keys
            won = ~lost
            self._values[slots[won]] = values[won]
            keys, values = keys[lost], values[lost]
            slots = (slots[lost] + 1) & (len(self._keys) - 1)

    def get(self, keys: Integers) -> Integers:
        """The value of each key; `ABSENT` for a key that is not there."""
        slots = self._slots(keys)
        found = self._keys[slots]
        values = self._values[slots]
        open_ = np.flatnonzero(found != keys)
        while len(open_):
            values[open_] = ABSENT
            open_ = open_[found[open_] != _EMPTY]
            slots[open_] = (slots[open_] + 1) & (len(self._keys) - 1)
            found[open_] = self._keys[slots[open_]]
            values[open_] = self._values[slots[open_]]
            open_ = open_[found[open_] != keys[open_]]
        return values


def distinct(numbers: Integers) -> Integers:
    """Numbers in order, each once."""
    ordered = np.sort(numbers)
    return ordered[np.flatnonzero(np.diff(ordered, prepend=-1))] if len(ordered) else ordered


def first_places(numbers: Integers) -> Integers:
    """For each number, a place where it stands: the same one for all its repeats.

    Each number is written down by its hash; the few that find another number there are sorted
    out by themselves. That takes a third of the time that sorting them all does.
    """
    places = np.arange(len(numbers))
    if not len(numbers):
        return places
    bits = max(int(4 * len(numbers)).bit_length(), 1)
    slots = ((numbers.astype(np.uint64) * _SPREAD) >> np.uint64(64 - bits)).astype(np.int64)
    written = np.empty(1 << bits, dtype=np.int64)
    written[slots] = places
    found = written[slots]
    strangers = np.flatnonzero(numbers[found] != numbers)
    if len(strangers):
        _, first, again = np.unique(numbers[strangers], return_index=True, return_inverse=True)
        found[strangers] = strangers[first][again]
    return found
