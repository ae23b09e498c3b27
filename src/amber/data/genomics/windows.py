"""Windows of one length around intervals: what a network is given as examples.

What may be changed here: where a window is put, and what is done at a chromosome's end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from amber.checks import positive_integer
from amber.data.genomics.genome import Genome
from amber.data.genomics.intervals import Intervals, text_column
from amber.data.tables.table import shown_names
from amber.display import one_line
from amber.errors import DataError
from amber.wording import shown

Centre = Literal["middle", "summit", "start"]
Strand = Literal["feature", "forward"]
AtChromosomeEnd = Literal["drop", "pad", "shift", "refuse"]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Windows:
    """Windows of one length, each an entry of arrays of shape `(n,)`, in the order of the intervals.

    Attributes:
        chromosome: names as the genome has them.
        start: the first base, counted from 0; negative where a window is padded at the beginning.
        end: the base after the last.
        strand: `+` or `-`: the strand that is read.
        interval: the number of the interval that each window was made from.
        notes: one sentence for whatever was dropped, moved or padded, with counts.
    """

    chromosome: NDArray[np.object_]
    start: Integers
    end: Integers
    strand: NDArray[np.str_]
    interval: Integers
    notes: tuple[str, ...] = ()
    __repr__ = one_line

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.start)


def windows(
    intervals: Intervals,
    length: int,
    genome: Genome,
    *,
    centre: Centre = "middle",
    strand: Strand = "feature",
    at_end: AtChromosomeEnd = "drop",
) -> Windows:
    """Put a window of `length` bases around each interval.

    The centre is base `length // 2` of the window, counted from 0 along the strand that is read. The window around the
    middle of an interval of the same length is the interval itself.

    Args:
        intervals: from `read_intervals`.
        length: of every window, in bases.
        genome: says how long the chromosomes are.
        centre: `"middle"` of the interval; its `"summit"`, or the middle where that is not known; or the `"start"` of
            the feature, which is the last base of one on the minus strand.
        strand: `"feature"` reads intervals on the minus strand as their reverse complement; `"forward"` reads all
            along the genome.
        at_end: what is done with a window that leaves its chromosome: `"drop"` it, `"pad"` it with N, `"shift"` it
            inside, or `"refuse"` it, and intervals on chromosomes that the genome does not have.

    Returns:
        The windows; intervals that give none are counted in the notes.

    Raises:
        DataError: an argument does not fit; no interval lies on a chromosome of the genome; no interval has a summit
            where they were asked for; or a window is refused (named by file and line).
    """
    _check_choices(centre=(centre, Centre), strand=(strand, Strand), at_end=(at_end, AtChromosomeEnd))
    positive_integer(length, "length", error=DataError)
    sizes, names, notes = _chromosomes(intervals, genome, refuse=at_end == "refuse")
    minus = (intervals.strand == "-") if strand == "feature" else np.zeros(len(intervals), dtype=np.bool_)
    low, high, more = _anchors(intervals, centre)
    notes += more
    # Half of the window lies before the middle of the anchor, counted along the strand that is read.
    start = np.where(minus, -(-(low + high) // 2) + length // 2 - length, (low + high) // 2 - length // 2)
    start, kept, more = _at_the_ends(intervals, start, length, sizes, at_end)
    rows = np.flatnonzero(kept)
    return Windows(
        chromosome=names[rows],
        start=start[rows],
        end=start[rows] + length,
        strand=np.where(minus[rows], "-", "+").astype("<U1"),
        interval=rows,
        notes=(*notes, *more),
    )


def _check_choices(**choices: tuple[str, object]) -> None:
    for name, (value, known) in choices.items():
        if value not in get_args(known):
            offered = ", ".join(repr(each) for each in get_args(known))
            raise DataError(f"`{name}` must be one of {offered}. Received: {shown(value)}", field=(name,))


def _chromosomes(
    intervals: Intervals, genome: Genome, *, refuse: bool
) -> tuple[Integers, NDArray[np.object_], list[str]]:
    """Return the size of each interval's chromosome, -1 where the genome does not have it, and its name there."""
    asked = list(dict.fromkeys(intervals.chromosome.tolist()))
    match = genome.match(asked)
    notes = [match.note] if match.note else []
    if match.missing:
        missing = np.isin(intervals.chromosome.astype(np.str_), match.missing)
        if refuse or len(match.missing) == len(asked):
            raise DataError(
                f"{intervals.where(int(np.argmax(missing)))}: {genome.names.unknown(match.missing)}",
                file=str(intervals.path),
                line=int(intervals.line[np.argmax(missing)]),
            )
        notes.append(
            f"{_counted(intervals, missing)} intervals were dropped, {_first(intervals, missing)}: "
            f"{genome.path.name} does not have their chromosomes, {shown_names(match.missing)}."
        )
    sizes = {name: genome.lengths[match.names[name]] if name in match.names else -1 for name in asked}
    named = text_column([match.names.get(each, each) for each in intervals.chromosome])
    return np.array([sizes[each] for each in intervals.chromosome], dtype=np.int64), named, notes


def _anchors(intervals: Intervals, centre: Centre) -> tuple[Integers, Integers, list[str]]:
    """Return what windows are put around, as intervals: whole ones, or single bases."""
    low, high = intervals.start, intervals.end
    if centre == "start":
        # A feature without bases starts where it lies.
        first = np.where(intervals.strand == "-", np.maximum(high - 1, low), low)
        return first, first + (high > low), []
    known = intervals.summit >= 0
    if centre == "middle" or not len(intervals):
        return low, high, []
    if not known.any():
        raise DataError(
            f"{intervals.path}: expected intervals with summits (column 10 of narrowPeak); choose centre='middle'. "
            f"Received: {intervals.kind} without any",
            file=str(intervals.path),
        )
    unknown = int((~known).sum())
    notes = [f"{unknown:,} of {len(intervals):,} intervals have no summit: their middle is taken."] if unknown else []
    return np.where(known, intervals.summit, low), np.where(known, intervals.summit + 1, high), notes


def _at_the_ends(
    intervals: Intervals, start: Integers, length: int, sizes: Integers, at_end: AtChromosomeEnd
) -> tuple[Integers, NDArray[np.bool_], list[str]]:
    """Return the starts of the windows, which of them are kept, and what was done."""
    notes = []

    def count(rows: NDArray[np.bool_], said: str, after: str = ".") -> None:
        if rows.any():
            notes.append(f"{_counted(intervals, rows)} {said}, {_first(intervals, rows)}{after}")

    present = sizes >= 0
    # The base before the end of an interval: one that is not there was called on another genome.
    foreign = present & (np.maximum(intervals.end, intervals.start + 1) > sizes)
    leaves = present & ((start < 0) | (start + length > sizes))
    if at_end == "refuse" and (foreign | leaves).any():
        row = int(np.argmax(foreign | leaves))
        raise DataError(
            f"{intervals.where(row)}: an interval and its window of {length:,} bases must lie within the chromosome, "
            f"of {sizes[row]:,}; choose at_end: drop, pad or shift. Received: {intervals.chromosome[row]}, interval "
            f"{intervals.start[row]:,} to {intervals.end[row]:,}, window {start[row]:,} to {start[row] + length:,}",
            file=str(intervals.path),
            line=int(intervals.line[row]),
        )
    count(foreign, "intervals end beyond their chromosome and were dropped", ": is this their genome?")
    kept, leaves = present & ~foreign, leaves & ~foreign
    if at_end == "drop":
        count(leaves, "windows leave their chromosome and were dropped")
        return start, kept & ~leaves, notes
    if at_end == "pad":
        count(leaves, "windows leave their chromosome and are padded with N")
        return start, kept, notes
    small = kept & (sizes < length)
    count(small, "windows are longer than their chromosome and were dropped")
    count(leaves & ~small, "windows were shifted into their chromosome")
    return np.clip(start, 0, np.maximum(sizes - length, 0)), kept & ~small, notes


def _counted(intervals: Intervals, rows: NDArray[np.bool_]) -> str:
    return f"{intervals.path.name}: {int(rows.sum()):,} of {len(intervals):,}"


def _first(intervals: Intervals, rows: NDArray[np.bool_]) -> str:
    return f"the first in {'bin' if intervals.kind == 'bins' else 'line'} {intervals.line[np.argmax(rows)]}"
