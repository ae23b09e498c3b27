"""Examples that are in two parts at once: identical ones, near-identical ones, and overlapping intervals.

What may be changed here: what counts as leakage, and how it is said. All of it takes time in proportion to the data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amber.data.examples import Examples
from amber.data.splits.parts import PARTS, SplitIndices
from amber.data.splits.sketches import Sketches, sketch
from amber.types import Array

POSITIONS = ("chromosome", "start", "end")
_SHOWN = 3
# Kind of a leak -> what examples do.
SAID_OF_LEAKS = {
    "identical": "are identical to examples of",
    "near-identical": "have half or more of their sequence in common with examples of",
    "overlapping": "overlap intervals of",
}
# An example of which so much is in another part counts as near-identical.
_NEAR = 0.5


@dataclass(frozen=True)
class Leak:
    """What a part shares with the training part (or the test part with the validation part).

    Attributes:
        kind: `identical`, `near-identical` or `overlapping`.
        part: `validation` or `test`.
        other: `train` or `validation`.
        count: examples of `part` that have such a partner in `other`.
        total: examples of `part`.
        pairs: some of them: the row of an example, and that of its partner.
    """

    kind: str
    part: str
    other: str
    count: int
    total: int
    pairs: tuple[tuple[int, int], ...]

    def describe(self, where: Callable[[int], str] | None = None) -> str:
        """Return one sentence.

        Args:
            where: says where a row comes from; by default its number.
        """
        said = SAID_OF_LEAKS[self.kind]
        name = where or "example {}".format
        shown = "; ".join(f"{name(row)} and {name(partner)}" for row, partner in self.pairs)
        return (
            f"{self.count:,} of {self.total:,} {self.part} examples {said} the {self.other} part"
            f"{f', such as {shown}' if shown else ''}."
        )


def find_leaks(
    examples: Examples, rows: SplitIndices, *, stretch: int | None = None, sketches: Sketches | None = None
) -> list[Leak]:
    """Look for examples of one part in another, on either strand.

    Args:
        examples: all of them. Where their columns are `chromosome`, `start` and `end`, overlaps are looked for as well.
        rows: of the parts.
        stretch: see `sketch`.
        sketches: of all examples, where they are known already.

    Returns:
        What was found, identical ones first; near-identical ones are not identical.
    """
    known = sketch(examples, stretch=stretch) if sketches is None else sketches
    leaks = identical_across(known.whole, rows)
    leaks += near_identical_across(known, rows)
    return [*leaks, *overlapping_across(examples.columns, rows)]


def identical_across(values: Array, rows: SplitIndices) -> list[Leak]:
    """Find examples of one part that are in another.

    Args:
        values: one for each example, equal for identical ones: hashes (`Sketches.whole`) or text, `(examples,)`.
        rows: of the parts.
    """
    leaks = []
    for part, other in _pairs_of_parts():
        mine, theirs = getattr(rows, part), getattr(rows, other)
        order = theirs[np.argsort(values[theirs], kind="stable")]
        places = np.searchsorted(values[order], values[mine])
        places[places == len(order)] = 0
        leaks += _leak("identical", part, other, mine, order[places], values[order[places]] == values[mine])
    return leaks


def overlapping_across(columns: Mapping[str, Array], rows: SplitIndices) -> list[Leak]:
    """Find intervals of one part that share bases with intervals of another; none without columns of positions.

    Args:
        columns: `chromosome`, `start` and `end` of each example, if they are intervals.
        rows: of the parts.
    """
    if not set(POSITIONS) <= set(columns):
        return []
    chromosome = np.unique(np.asarray(columns["chromosome"]).astype(np.str_), return_inverse=True)[1]
    start, end = (np.asarray(columns[name], dtype=np.int64) for name in ("start", "end"))
    # Chromosomes one after the other on one line, so that intervals of two of them never overlap.
    low = min(int(start.min(initial=0)), 0)
    offset = chromosome * (int(end.max(initial=0)) - low + 1) - low
    start, end = start + offset, end + offset
    leaks = []
    for part, other in _pairs_of_parts():
        mine, theirs = getattr(rows, part), getattr(rows, other)
        order = theirs[np.argsort(start[theirs], kind="stable")]
        # Of the intervals that start before mine ends, the one that ends last.
        last = _argument_of_running_maximum(end[order])
        before = np.searchsorted(start[order], end[mine]) - 1
        partner = order[last[np.maximum(before, 0)]]
        overlaps = (before >= 0) & (end[partner] > start[mine]) & (end[mine] > start[mine])
        leaks += _leak("overlapping", part, other, mine, partner, overlaps)
    return leaks


def near_identical_across(sketches: Sketches, rows: SplitIndices) -> list[Leak]:
    """Find examples of whose sampled k-mers half or more are in another part; identical ones are left out.

    Args:
        sketches: of all examples.
        rows: of the parts.
    """
    samples = np.bincount(sketches.rows, minlength=len(sketches))
    part_of = np.full(len(sketches), -1, dtype=np.int8)
    for number, name in enumerate(PARTS):
        part_of[getattr(rows, name)] = number
    owner = part_of[sketches.rows]
    leaks = []
    for part, other in _pairs_of_parts():
        mine, theirs = owner == PARTS.index(part), owner == PARTS.index(other)
        order = np.argsort(sketches.hashes[theirs], kind="stable")
        known, holder = sketches.hashes[theirs][order], sketches.rows[theirs][order]
        if not len(known):
            continue
        places = np.searchsorted(known, sketches.hashes[mine])
        places[places == len(known)] = 0
        shared = known[places] == sketches.hashes[mine]
        row = sketches.rows[mine]
        count = np.bincount(row[shared], minlength=len(sketches))
        partner = np.zeros(len(sketches), dtype=np.int64)
        partner[row[shared]] = holder[places[shared]]
        members = getattr(rows, part)
        near = (samples[members] > 0) & (count[members] >= _NEAR * samples[members])
        near &= ~np.isin(sketches.whole[members], sketches.whole[getattr(rows, other)])
        leaks += _leak("near-identical", part, other, members, partner[members], near)
    return leaks


def _pairs_of_parts() -> list[tuple[str, str]]:
    return [("validation", "train"), ("test", "train"), ("test", "validation")]


def _leak(
    kind: str, part: str, other: str, rows: NDArray[np.int64], partners: NDArray[np.int64], found: NDArray[np.bool_]
) -> list[Leak]:
    count = int(found.sum())
    if not count:
        return []
    first = np.flatnonzero(found)[:_SHOWN]
    pairs = tuple((int(rows[each]), int(partners[each])) for each in first)
    return [Leak(kind, part, other, count, len(rows), pairs)]


def _argument_of_running_maximum(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each place the place of the largest value up to it."""
    running = np.maximum.accumulate(values)
    return np.maximum.accumulate(np.where(values == running, np.arange(len(values)), 0))
