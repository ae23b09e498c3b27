"""Simulated sequences with motifs: data whose rule is known.

Each task has a rule: its motifs, in order, with so many letters between neighbours. A positive record holds sites that
follow the rule; a negative record does not, and may hold the same motifs at distances that break it (decoys), so that
counting motifs is not enough. Everything else is background of a given composition. Sites never overlap. Background is
left as it is drawn: a short motif may also occur there by chance.

What may be changed here: what a rule can say. How a motif is written is the matter of `amber.data.simulated.motifs`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amber.checks import is_integer
from amber.data.simulated.motifs import DEFAULT_STRENGTH, LETTERS, Motif, background, draw_bases
from amber.display import one_line
from amber.errors import DataError
from amber.files import limits

CLASSES = ("negative", "positive")
DEFAULT_MOTIFS = {"ap1": "TGASTCA", "gata": "AGATAAG"}


@dataclass(frozen=True)
class MotifTask:
    """The rule of one task.

    Attributes:
        motifs: names of the motifs of a positive record, from left to right.
        spacing: fewest and most letters between the end of a motif and the start of the next.

    Raises:
        DataError: no motifs, or a spacing that is not a pair of numbers with 0 <= first <= second.
    """

    motifs: Sequence[str]
    spacing: Sequence[int] = (2, 8)
    __repr__ = one_line

    def __post_init__(self) -> None:
        if isinstance(self.motifs, str) or not len(self.motifs):
            raise DataError(f"A task must name at least one motif, in a list. Received: {self.motifs!r}")
        pair = self.spacing
        whole = len(pair) == 2 and all(is_integer(each) for each in pair)
        if not whole or not 0 <= pair[0] <= pair[1]:
            raise DataError(
                f"`spacing` must be the fewest and the most letters between motifs, such as [2, 8]. Received: {pair!r}"
            )
        object.__setattr__(self, "motifs", tuple(self.motifs))
        object.__setattr__(self, "spacing", tuple(pair))


def _default_tasks() -> dict[str, MotifTask]:
    return {"bound": MotifTask(tuple(DEFAULT_MOTIFS))}


@dataclass(frozen=True)
class Simulation:
    """What is simulated; a value, so that the same one always gives the same data.

    Attributes:
        records: number of sequences.
        length: letters of each.
        background: fraction of G and C outside motifs, or the probabilities of A, C, G and T.
        motifs: name -> a consensus in IUPAC letters, rows of four probabilities, or a Motif.
        strength: of a consensus, see `Motif.from_consensus`.
        tasks: name -> its rule. Tasks are independent of each other.
        positives: fraction of records that follow the rule of a task, on average.
        decoys: fraction of the other records that hold all motifs of the task at distances that break the rule. Not
            used for a task of one motif.
        noise: fraction of labels that are turned around.
        seed: of everything, the division into parts included.

    Raises:
        DataError: a value out of range, a task with an unknown motif, or sites that do not fit into the length.
    """

    records: int = 2000
    length: int = 100
    background: float | Sequence[float] = 0.5
    motifs: Mapping[str, Any] = field(default_factory=lambda: dict(DEFAULT_MOTIFS))
    strength: float = DEFAULT_STRENGTH
    tasks: Mapping[str, MotifTask] = field(default_factory=_default_tasks)
    positives: float = 0.5
    decoys: float = 0.5
    noise: float = 0.0
    seed: int = 0
    __repr__ = one_line

    def __post_init__(self) -> None:
        for name in ("records", "length", "seed"):
            value = getattr(self, name)
            if not is_integer(value) or value < (name != "seed"):
                raise DataError(f"`{name}` must be a positive integer. Received: {value!r}", field=(name,))
        for name in ("positives", "decoys", "noise"):
            if not 0 <= getattr(self, name) <= 1:
                raise DataError(
                    f"`{name}` must be a fraction from 0 to 1. Received: {getattr(self, name)!r}", field=(name,)
                )
        if self.records * self.length > limits.SIMULATED_SIZE:
            raise DataError(
                f"`records` x `length` must be at most {limits.SIMULATED_SIZE:,}. "
                f"Received: {self.records:,} x {self.length:,}",
                field=("records",),
            )
        background(self.background)
        if not self.tasks:
            raise DataError("A simulation needs at least one task. Received: none", field=("tasks",))
        object.__setattr__(self, "motifs", _parsed(self.motifs, self.strength))
        longest = 0
        for name, task in self.tasks.items():
            unknown = [motif for motif in task.motifs if motif not in self.motifs]
            if unknown:
                raise DataError(
                    f"Task {name!r}: expected motifs among {', '.join(self.motifs)}. Received: {', '.join(unknown)}",
                    field=("tasks", name),
                )
            longest += sum(len(self.motifs[motif]) for motif in task.motifs)
            longest += (len(task.motifs) - 1) * (task.spacing[1] + 1)
        if longest > self.length:
            raise DataError(
                f"`length` must be at least {longest}, so that the motifs of all tasks fit. Received: {self.length}",
                field=("length",),
            )


@dataclass(frozen=True, eq=False)
class SimulatedRecords:
    """Drawn sequences with their labels.

    Attributes:
        sequences: texts in A, C, G and T.
        labels: of each task, int64 `(records,)`: 1 where its rule is followed (before noise turned some around).
        sites: of each record, (start counted from 0, name of the motif), from left to right.
    """

    sequences: list[str]
    labels: dict[str, NDArray[np.int64]]
    sites: list[list[tuple[int, str]]]
    __repr__ = one_line


def simulate(simulation: Simulation) -> SimulatedRecords:
    """Draw the records of a simulation."""
    generator = np.random.default_rng(simulation.seed)
    labels = {
        task: (generator.random(simulation.records) < simulation.positives).astype(np.int64)
        for task in simulation.tasks
    }
    composition = np.tile(background(simulation.background), (simulation.length, 1))
    sequences, sites = [], []
    for record in range(simulation.records):
        bases = draw_bases(composition, generator)
        blocks = [_block(simulation, task, bool(labels[task][record]), generator) for task in simulation.tasks]
        planted = _place(simulation, [block for block in blocks if block], generator)
        for start, name in planted:
            motif = simulation.motifs[name]
            bases[start : start + len(motif)] = motif.draw(generator)
        sequences.append("".join(LETTERS[base] for base in bases))
        sites.append(planted)
    turned = {task: generator.random(simulation.records) < simulation.noise for task in simulation.tasks}
    return SimulatedRecords(
        sequences, {task: np.where(turned[task], 1 - known, known) for task, known in labels.items()}, sites
    )


def _parsed(motifs: Mapping[str, object], strength: float) -> dict[str, Motif]:
    parsed = {}
    for name, written in motifs.items():
        try:
            parsed[name] = Motif.parse(written, strength)
        except DataError as error:
            raise DataError(f"Motif {name!r}: {error}", field=error.field or ("motifs", name)) from error
    return parsed


# A block is a row of sites: (distance of each from the start of the block, its motif).
_Block = list[tuple[int, str]]


def _block(simulation: Simulation, name: str, positive: bool, generator: np.random.Generator) -> _Block:
    """What one task plants into one record; nothing, into most negative ones."""
    task = simulation.tasks[name]
    low, high = task.spacing
    gaps = generator.integers(low, high + 1, len(task.motifs) - 1)
    if not positive:
        if len(task.motifs) < 2 or generator.random() >= simulation.decoys:
            return []
        gaps = _wrong_gaps(simulation, task, generator)
    block, start = [], 0
    for position, motif in enumerate(task.motifs):
        block.append((start, motif))
        start += len(simulation.motifs[motif]) + (int(gaps[position]) if position < len(gaps) else 0)
    return block


def _wrong_gaps(simulation: Simulation, task: MotifTask, generator: np.random.Generator) -> NDArray[np.int64]:
    """Distances of a decoy: each outside the rule, from 0 to twice the longest, as far as the record has room."""
    low, high = task.spacing
    sites = sum(len(simulation.motifs[each]) for rule in simulation.tasks.values() for each in rule.motifs)
    gaps = sum(len(rule.motifs) - 1 for rule in simulation.tasks.values())
    others = sum((len(rule.motifs) - 1) * (rule.spacing[1] + 1) for rule in simulation.tasks.values())
    spare = (simulation.length - sites - others) // max(1, gaps)
    widest = high + 1 + min(high + 1, spare)
    outside = np.array([gap for gap in range(widest + 1) if not low <= gap <= high])
    return generator.choice(outside, len(task.motifs) - 1)


def _place(simulation: Simulation, blocks: list[_Block], generator: np.random.Generator) -> list[tuple[int, str]]:
    """Put blocks into a record in random order, every way of sharing out the free letters equally likely."""
    lengths = [block[-1][0] + len(simulation.motifs[block[-1][1]]) for block in blocks]
    free = simulation.length - sum(lengths)
    # Free letters and blocks in a row: which places are blocks is a uniform choice.
    places = np.sort(generator.choice(free + len(blocks), len(blocks), replace=False))
    order = generator.permutation(len(blocks))
    planted, before = [], 0
    for rank, number in enumerate(order):
        start = int(places[rank]) - rank + before
        planted += [(start + offset, motif) for offset, motif in blocks[number]]
        before += lengths[number]
    return planted
