"""Which examples are explained: those of the validation part first, with a share for every class and label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amber.data import Dataset, Split, Target
from amber.data.dataset import rows_of
from amber.data.genome_places import GenomePlaces
from amber.data.targets.target import PAIR, known_labels
from amber.types import Inputs

Place = tuple[int, int]
"""Number of an output, and of a unit in it."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """Examples that are explained.

    Attributes:
        x: their inputs.
        places: where they lie on a genome; None: they are not windows of one.
    """

    x: Inputs
    places: GenomePlaces | None


def chosen_examples(data: Dataset, units: Sequence[Place], most: int) -> Chosen:
    """Return validation examples, and where these are too few training ones.

    Where there are more than are wanted, each class or label that is explained gets an equal share, as far as there are
    as many, and what has none of them gets one.

    Args:
        data: of the run; its test part is not looked at.
        units: that are explained.
        most: examples.
    """
    validation = chosen_rows(_shares(data.targets, data.validation, units), most)
    training = chosen_rows(_shares(data.targets, data.train, units), most - len(validation))
    x = _joined(rows_of(data.validation.x, validation), rows_of(data.train.x, training))
    first, second = data.validation.places, data.train.places
    both = None if first is None or second is None else first.take(validation).joined(second.take(training))
    return Chosen(x, both)


def chosen_rows(shares: NDArray[np.bool_], most: int) -> NDArray[np.int64]:
    """Return numbers of examples, in order.

    Args:
        shares: whether an example belongs to a share, `(examples, shares)`.
        most: examples.
    """
    if len(shares) <= most:
        return np.arange(len(shares))
    chosen = np.zeros(len(shares), dtype=np.bool_)
    quota = most // max(shares.shape[1], 1)
    for belongs in shares.T:
        missing = max(0, quota - int((chosen & belongs).sum()))
        chosen[np.flatnonzero(belongs & ~chosen)[:missing]] = True
    chosen[np.flatnonzero(~chosen)[: most - int(chosen.sum())]] = True
    return np.flatnonzero(chosen)


def _shares(targets: Sequence[Target], part: Split, units: Sequence[Place]) -> NDArray[np.bool_]:
    """Return which examples have each of the units, and in the last column which have none of them.

    Numbers have no shares: every example has one.
    """
    columns = []
    for output, unit in units:
        target = targets[output]
        if target.labels is not None:
            columns.append(known_labels(part.values_of(target.name))[:, unit] == 1)
        elif target.classes is not None:
            # What is explained of two classes is the second, by whichever unit.
            wanted = 1 if len(target.classes) == PAIR else unit
            columns.append(np.asarray(part.values_of(target.name)) == wanted)
    if not columns:
        return np.zeros((len(part), 0), dtype=np.bool_)
    found = np.stack(columns, axis=1)
    return np.concatenate([found, ~found.any(axis=1, keepdims=True)], axis=1)


def _joined(first: Inputs, second: Inputs) -> Inputs:
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return {name: np.concatenate([np.asarray(array), np.asarray(second[name])]) for name, array in first.items()}
    return np.concatenate([np.asarray(first), np.asarray(second)])
