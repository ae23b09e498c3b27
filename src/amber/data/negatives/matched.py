"""Negative examples where only positive ones exist: shuffled sequences, and matched windows of a genome.

What may be changed here: what negatives have in common with positives, so that a network cannot tell them apart by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amber.checks import positive_integer
from amber.data.examples import ArrayExamples, Examples, SequenceInput
from amber.data.genomics.genome import Genome
from amber.data.genomics.intervals import Intervals
from amber.data.genomics.overlaps import covered_bases, joined_spans, merged
from amber.data.genomics.windows import Windows
from amber.data.negatives.shuffles import dinucleotide_shuffle
from amber.errors import DataError
from amber.types import Array

LABEL, POSITIVE, NEGATIVE, PAIR = "label", "positive", "negative", "pair"

_AT_ONCE = 4096
_ROUNDS = 60
# Windows match where both lie in the same steps of these widths, as shares of the bases.
_GC_STEP, _REPEAT_STEP = 0.02, 0.1


def with_shuffled_negatives(examples: Examples, number: int = 1, seed: int = 0) -> ArrayExamples:
    """Return examples with shuffled ones after them, whose counts of dinucleotides are the same.

    All are held in memory, sequences as bytes. What else is known of an example is kept for its negatives, so that a
    split by chromosome or group is one of pairs; the columns `label` (`positive` or `negative`) and `pair` (the number
    of the positive example) are new.

    Args:
        examples: positive ones, with sequences of one length.
        number: of negatives for each.
        seed: of the shuffles.

    Raises:
        DataError: no sequences, sequences of unequal length, or fewer than one negative.
    """
    positive_integer(number, "number", error=DataError)
    sequences = [name for name, kind in examples.inputs.items() if isinstance(kind, SequenceInput)]
    if not sequences or any(getattr(examples.inputs[name], "length", None) is None for name in sequences):
        raise DataError(
            "Shuffled negatives need sequences of one length. "
            f"Received: the inputs {', '.join(examples.inputs) or 'none'}"
        )
    parts = [examples.read(np.arange(len(examples)))]
    for copy in range(number):
        negatives = dict(parts[0])
        for place, name in enumerate(sequences):
            generator = np.random.default_rng([seed, copy, place])
            shuffled = [
                dinucleotide_shuffle(parts[0][name][first : first + _AT_ONCE], generator)
                for first in range(0, len(examples), _AT_ONCE)
            ]
            negatives[name] = np.concatenate(shuffled)
        parts.append(negatives)
    arrays: dict[str, Array] = {name: np.concatenate([part[name] for part in parts]) for name in examples.inputs}
    copies = number + 1
    columns = {name: np.concatenate([each] * copies) for name, each in examples.columns.items()}
    columns[LABEL] = np.repeat(np.array([POSITIVE, NEGATIVE], dtype=object), [len(examples), number * len(examples)])
    columns[PAIR] = np.tile(np.arange(len(examples)), copies)
    note = (
        f"{number * len(examples):,} negatives are shuffled, with the dinucleotides of the {len(examples):,} positives."
    )
    return ArrayExamples(arrays, examples.inputs, columns, notes=(*examples.notes, note))


def matched_windows(
    genome: Genome,
    positives: Windows,
    number: int = 1,
    *,
    excluded: Sequence[Intervals] = (),
    seed: int = 0,
) -> Windows:
    """Draw windows of a genome that have the GC content and the share of repeats of positive ones.

    Repeats are the bases in lower case (soft-masked). A window does not overlap a positive one or an excluded region,
    and has no unknown bases. It is on any chromosome.

    Args:
        genome: where windows are drawn.
        positives: windows of one length.
        number: of negatives for each.
        excluded: regions without negatives, such as weaker peaks and the ENCODE blacklist.
        seed: of what is drawn.

    Returns:
        Windows on the strands of their positives; `interval` is the row of the positive that each is matched to. There
        are fewer where the genome has no more that match, which a note says.

    Raises:
        DataError: no positives, fewer than one negative, or chromosomes shorter than the windows.
    """
    positive_integer(number, "number", error=DataError)
    if not len(positives):
        raise DataError("Matched windows need positive ones. Received: none")
    length = int(positives.end[0] - positives.start[0])
    places = _Places.of(genome, length)
    blocked = _blocked(genome, positives, excluded)
    wanted = _Wanted(_kinds(genome, positives.chromosome, positives.start, length)[0], number)
    generator = np.random.default_rng(seed)
    found: list[tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.int64]]] = []
    for _ in range(_ROUNDS):
        if not wanted.left:
            break
        chromosome, start = places.draw(max(_AT_ONCE, 4 * wanted.left), generator)
        free = np.flatnonzero(covered_bases(blocked, chromosome, start, start + length) == 0)
        chromosome, start = chromosome[free], start[free]
        kinds, known = _kinds(genome, chromosome, start, length)
        rows, partners = wanted.take(kinds, np.flatnonzero(known))
        found.append((chromosome[rows], start[rows], partners))
    chromosome, start, partner = (np.concatenate(each) for each in zip(*found, strict=True))
    order = np.argsort(partner, kind="stable")
    notes = [
        f"{len(order):,} negatives are windows of {genome.path.name} with the GC content and repeats of positives."
    ]
    if wanted.left:
        notes.append(
            f"The genome has no window that matches for {wanted.left:,} of {number * len(positives):,} negatives."
        )
    return Windows(
        chromosome[order],
        start[order],
        start[order] + length,
        positives.strand[partner[order]],
        partner[order],
        tuple(notes),
    )


@dataclass(frozen=True, eq=False)
class _Places:
    """Where a window may start: all places of all chromosomes, one after the other."""

    names: NDArray[np.object_]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, genome: Genome, length: int) -> _Places:
        starts = {name: size - length + 1 for name, size in genome.lengths.items() if size >= length}
        if not starts:
            raise DataError(
                f"{genome.path}: expected a chromosome of at least {length:,} bases. "
                f"Received: the longest has {max(genome.lengths.values(), default=0):,}"
            )
        names = np.array(list(starts), dtype=object)
        return cls(names, np.cumsum(np.array(list(starts.values()), dtype=np.int64)))

    def draw(self, count: int, generator: np.random.Generator) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
        places = generator.integers(0, self.ends[-1], count)
        which = np.searchsorted(self.ends, places, side="right")
        return self.names[which], places - np.concatenate([[0], self.ends])[which]


class _Wanted:
    """Which positives still need negatives, by kind."""

    def __init__(self, kinds: NDArray[np.int64], number: int) -> None:
        self._rows: dict[int, list[int]] = {}
        for row, kind in enumerate(kinds.tolist()):
            self._rows.setdefault(kind, []).extend([row] * number)
        self.left = number * len(kinds)

    def take(
        self, kinds: NDArray[np.int64], candidates: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return which candidates are taken, and the positive of each."""
        taken, partners = [], []
        for candidate in candidates.tolist():
            rows = self._rows.get(int(kinds[candidate]))
            if rows:
                taken.append(candidate)
                partners.append(rows.pop())
        self.left -= len(taken)
        return np.array(taken, dtype=np.int64), np.array(partners, dtype=np.int64)


def _kinds(
    genome: Genome, chromosome: NDArray[np.object_], start: NDArray[np.int64], length: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return a number for the GC content and repeats of each window, and whether all of its bases are known."""
    kinds, known = np.empty(len(start), dtype=np.int64), np.empty(len(start), dtype=bool)
    for first in range(0, len(start), _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        text = genome.fetch_codes(chromosome[some], start[some], start[some] + length, at_end="pad")
        upper = text & np.uint8(0xDF)
        strong = (upper == ord("G")) | (upper == ord("C"))
        clear = strong | (upper == ord("A")) | (upper == ord("T"))
        # Of positives with unknown bases, the share among the known ones.
        gc = strong.sum(axis=1) / np.maximum(clear.sum(axis=1), 1)
        repeats = (text >= ord("a")).mean(axis=1)
        kinds[some] = (gc / _GC_STEP).astype(np.int64) * 1000 + (repeats / _REPEAT_STEP).astype(np.int64)
        known[some] = clear.all(axis=1)
    return kinds, known


def _blocked(
    genome: Genome, positives: Windows, excluded: Sequence[Intervals]
) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return what no negative may overlap, by chromosome."""
    spans = [merged(each, genome.names) for each in excluded]
    names = dict.fromkeys([*positives.chromosome.tolist(), *(name for each in spans for name in each)])
    blocked = {}
    for name in names:
        mine = positives.chromosome == name
        starts = np.concatenate([positives.start[mine], *(each[name][0] for each in spans if name in each)])
        ends = np.concatenate([positives.end[mine], *(each[name][1] for each in spans if name in each)])
        blocked[name] = joined_spans(starts, ends)
    return blocked
