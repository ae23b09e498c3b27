"""Which windows intervals cover: labels of bins, as DeepSEA (Zhou and Troyanskaya 2015) makes them.

What may be changed here: how an overlap is counted.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from amber.data.genomics.chromosomes import ChromosomeNames
from amber.data.genomics.intervals import Intervals
from amber.types import Array

Spans = tuple[NDArray[np.int64], NDArray[np.int64]]


def merged(intervals: Intervals, names: ChromosomeNames) -> dict[str, Spans]:
    """Return the starts and ends of what intervals cover on each chromosome, sorted and without overlaps.

    Args:
        intervals: those of length zero cover nothing; those on unknown chromosomes are left out.
        names: what the chromosomes are to be called.
    """
    match = names.match(str(each) for each in dict.fromkeys(intervals.chromosome.tolist()))
    covered: dict[str, Spans] = {}
    for asked, name in match.names.items():
        rows = np.flatnonzero((intervals.chromosome == asked) & (intervals.end > intervals.start))
        if name in covered:
            starts = np.concatenate([covered[name][0], intervals.start[rows]])
            ends = np.concatenate([covered[name][1], intervals.end[rows]])
        else:
            starts, ends = intervals.start[rows], intervals.end[rows]
        if len(starts):
            covered[name] = joined_spans(starts, ends)
    return covered


def joined_spans(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Spans:
    """Return what intervals of one chromosome cover, sorted and without overlaps; there is at least one."""
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], np.maximum.accumulate(ends[order])
    begins = np.concatenate([[True], starts[1:] > ends[:-1]])
    return starts[begins], ends[np.concatenate([begins[1:], [True]])]


def covered_bases(
    spans: Mapping[str, Spans], chromosomes: Array, starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return how many bases of each window are covered, shape `(n,)`.

    Args:
        spans: from `merged`.
        chromosomes: of the windows, by the names of `spans`.
        starts: the first base of each.
        ends: the base after the last.
    """
    result = np.zeros(len(starts), dtype=np.int64)
    for name in dict.fromkeys(chromosomes.tolist()):
        if name in spans:
            rows = np.flatnonzero(chromosomes == name)
            first, last = spans[name]
            before = np.concatenate([[0], np.cumsum(last - first)])
            result[rows] = _up_to(ends[rows], first, last, before) - _up_to(starts[rows], first, last, before)
    return result


def _up_to(
    places: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64], before: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return how many covered bases lie before each place."""
    span = np.searchsorted(first, places, side="right")
    inside = np.maximum(last[span - 1] - places, 0) * (span > 0)
    return np.asarray(before[span] - inside)


def touched_bins(spans: Mapping[str, Spans], lengths: Mapping[str, int], width: int) -> dict[str, NDArray[np.int64]]:
    """Return the bins of each chromosome that something covers, by number, sorted; those cut off by its end are not.

    Args:
        spans: from `merged`.
        lengths: of the chromosomes.
        width: of a bin; the first begins at base 0.
    """
    found = {}
    for name, (first, last) in spans.items():
        low, high = first // width, np.minimum((last - 1) // width, lengths[name] // width - 1)
        counts = np.maximum(high - low + 1, 0)
        offsets = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        found[name] = np.unique(np.repeat(low, counts) + offsets)
    return found
