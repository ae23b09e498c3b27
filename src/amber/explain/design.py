"""Design: sequences evolved towards an output, one substitution at a time, within constraints.

In each step every allowed substitution is predicted and the best one taken, until none improves the output. This is the
directed evolution of Taskiran et al., "Cell-type-directed design of synthetic enhancers", Nature 626 (2024), 212-220.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from amber.backend import interrupts
from amber.backend.batch_order import predict
from amber.checks import positive_integer
from amber.data.constraints import BASES, Constraints, check_starts
from amber.display import one_line
from amber.errors import DataError
from amber.explain.attribution import functional_model
from amber.explain.settings import Progress
from amber.explain.targets import Output, find_target
from amber.types import Array

Score = Callable[[Array], Array]
"""From one-hot sequences, shape (n, length, 4), to a number each, shape (n,)."""

# Smaller gains are rounding.
_LEAST_GAIN = 1e-6


@dataclass(frozen=True)
class Step:
    """One substitution.

    Attributes:
        number: from 1.
        position: from 0.
        before: the base that stood there.
        after: the base that stands there now.
        score: what the model predicts of the sequence after it.
    """

    number: int
    position: int
    before: str
    after: str
    score: float


@dataclass(frozen=True)
class Designed:
    """A designed sequence and how it came about.

    Attributes:
        start: what it began with.
        start_score: what the model predicts of that.
        steps: in order.
        sequence: the result.
        score: what the model predicts of the result.
        is_within: whether it fulfils the constraints.
    """

    start: str
    start_score: float
    steps: tuple[Step, ...]
    sequence: str
    score: float
    is_within: bool
    __repr__ = one_line


@interrupts.guarded()
def design(
    model: keras.Model,
    starts: Sequence[str],
    output: Output = 0,
    constraints: Constraints | None = None,
    *,
    steps: int = 30,
    target: float | None = None,
    batch_size: int = 256,
    progress: Progress | None = None,
) -> list[Designed]:
    """Evolve sequences towards an output of a model.

    Args:
        model: a functional model of one input of one-hot DNA, shape (length, 4), channels in the order ACGT.
        starts: sequences of that length, in A, C, G and T. What they violate is mended first.
        output: the number to raise: a unit of the first output, the name of an output of one unit, or a pair of both.
        constraints: None: there are none.
        steps: substitutions at most.
        target: the value to come close to; None: as large as it can be.
        batch_size: sequences a step.
        progress: called after each sequence with the number done and of all.

    Raises:
        ConfigError: an unknown output, or steps that are not a positive integer.
        DataError: a model that reads something else, or sequences that do not fit it.
    """
    positive_integer(steps, "steps")
    positive_integer(batch_size, "batch_size")
    model = functional_model(model)
    length = _length_of(model)
    wanted = find_target(model, output)
    check_starts(starts, length)

    def score(x: Array) -> Array:
        found = keras.tree.flatten(predict(model, x, batch_size))[wanted.position]
        values: Array = np.array([row[wanted.unit] for row in np.asarray(found, dtype=float)])
        return values

    designs = []
    for number, start in enumerate(starts, start=1):
        designs.append(evolve(score, start.upper(), constraints or Constraints(), steps, target))
        if progress is not None:
            progress(number, len(starts))
    return designs


def evolve(score: Score, start: str, constraints: Constraints, steps: int, target: float | None = None) -> Designed:
    """Evolve one sequence: in each step take the best substitution that the constraints allow.

    While a sequence violates constraints, substitutions that mend it most are taken, of these the best; later none is
    taken that violates any.

    Args:
        score: of one-hot sequences.
        start: the first sequence.
        constraints: see `Constraints`.
        steps: substitutions at most.
        target: the score to come close to; None: as large as it can be.
    """
    sequence, wrong = start, constraints.violations(start)
    start_score = current = float(score(_one_hot([start]))[0])

    def worth(values: Array) -> Array:
        return values if target is None else -np.abs(values - target)

    taken: list[Step] = []
    while len(taken) < steps:
        interrupts.check()
        places = [(position, base) for position, base in _substitutions(sequence) if position not in constraints.fixed]
        if not places:
            break
        values = np.asarray(score(_substituted(sequence, places)), dtype=float)
        worths = worth(values)
        chosen = _chosen(sequence, places, worths, constraints, wrong)
        if chosen is None or (not wrong and worths[chosen] - worth(np.array(current)) < _LEAST_GAIN):
            break
        position, base = places[chosen]
        taken.append(Step(len(taken) + 1, position, sequence[position], base, float(values[chosen])))
        sequence, current = _with(sequence, position, base), float(values[chosen])
        wrong = constraints.violations(sequence)
    return Designed(start, start_score, tuple(taken), sequence, current, not wrong)


def random_starts(number: int, length: int, constraints: Constraints, seed: int = 0) -> list[str]:
    """Draw sequences whose content of G and C is in the middle of what is allowed."""
    generator = np.random.default_rng(seed)
    gc = sum(constraints.gc) / 2
    shares = [(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2]
    return ["".join(generator.choice(list(BASES), length, p=shares)) for _ in range(number)]


def _chosen(
    sequence: str, places: Sequence[tuple[int, str]], values: Array, constraints: Constraints, wrong: float
) -> int | None:
    """Return the number of the best substitution; None where none is allowed."""
    order = np.argsort(-values, kind="stable").tolist()
    if not wrong:
        allowed = (each for each in order if not constraints.violations(_with(sequence, *places[each])))
        return next(allowed, None)
    left = {each: constraints.violations(_with(sequence, *places[each])) for each in order}
    best = min(order, key=left.__getitem__)  # the first of equals, which has the best value
    return best if left[best] < wrong else None


def _substitutions(sequence: str) -> Iterator[tuple[int, str]]:
    for position, before in enumerate(sequence):
        yield from ((position, base) for base in BASES if base != before)


def _with(sequence: str, position: int, base: str) -> str:
    return f"{sequence[:position]}{base}{sequence[position + 1 :]}"


def _one_hot(sequences: Sequence[str]) -> Array:
    codes = np.array([[BASES.index(base) for base in each] for each in sequences])
    found: Array = np.eye(4, dtype=np.float32)[codes]
    return found


def _substituted(sequence: str, places: Sequence[tuple[int, str]]) -> Array:
    found: Array = np.repeat(_one_hot([sequence]), len(places), axis=0)
    rows, positions = np.arange(len(places)), np.array([position for position, _ in places])
    found[rows, positions] = _one_hot(["".join(base for _, base in places)])[0]
    return found


def _length_of(model: keras.Model) -> int:
    shapes = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 2 or shapes[0][1] != 4 or shapes[0][0] is None:
        raise DataError(
            "Sequences are designed for a model of one input of one-hot DNA, shape (length, 4). "
            f"Received: inputs of shape {', '.join(map(str, shapes))}"
        )
    return int(shapes[0][0])
