"""Which examples are trained on, which choose, which test.

What may be changed here: how examples are divided.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amber.errors import DataError

PARTS = ("train", "validation", "test")
DEFAULT_FRACTIONS = (0.7, 0.1, 0.2)
_PART_OF_VALUE = {"train": 0, "val": 1, "test": 2}


@dataclass(frozen=True, eq=False)
class SplitIndices:
    """Row numbers of the three parts, each sorted, of type int64.

    Raises:
        DataError: a part is empty; the message names it.
    """

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]

    def __post_init__(self) -> None:
        sizes = [len(getattr(self, part)) for part in PARTS]
        for part, size in zip(PARTS, sizes, strict=True):
            if not size:
                received = ", ".join(f"{name} {count}" for name, count in zip(PARTS, sizes, strict=True))
                raise DataError(f"The {part} part must have at least one record. Received: {received}")


def column_split(
    values: Sequence[str], *, lines: Sequence[int] | None = None, source: str = "split column"
) -> SplitIndices:
    """Divide records as a column of the data says.

    Args:
        values: `train`, `val` or `test`, one per record.
        lines: line numbers of the records for messages; by default messages give the record.
        source: file that messages name.

    Returns:
        Row numbers of the parts.

    Raises:
        DataError: another value (named with its line), or an empty part.
    """
    assigned = np.empty(len(values), dtype=np.int64)
    for index, value in enumerate(values):
        if value not in _PART_OF_VALUE:
            where = f"record {index}" if lines is None else f"line {lines[index]}"
            raise DataError(
                f"{source}, {where}: a split must be one of {', '.join(map(repr, _PART_OF_VALUE))}. Received: {value!r}"
            )
        assigned[index] = _PART_OF_VALUE[value]
    return _indices(assigned)


def random_split(
    n: int,
    fractions: Sequence[float] = DEFAULT_FRACTIONS,
    seed: int = 0,
    stratify: Sequence[Hashable] | NDArray[Any] | None = None,
) -> SplitIndices:
    """Divide records at random.

    Args:
        n: number of records.
        fractions: of train, validation and test; positive, with sum 1.
        seed: of the generator; the same seed gives the same parts.
        stratify: labels, one per record; each part then gets its share of each label, within two records.

    Returns:
        Row numbers of the parts.

    Raises:
        DataError: fractions or labels that do not fit, or an empty part.
    """
    cuts = np.rint(np.cumsum(_check_fractions(fractions))[:2] * n).astype(int)
    rng = np.random.default_rng(seed)
    order = rng.permutation(n)
    if stratify is not None:
        if len(stratify) != n:
            raise DataError(f"`stratify` must have one label per record ({n}). Received: {len(stratify)} labels")
        codes = _codes(stratify)[order]
        # Each label spread evenly over [0, 1): a cut anywhere takes the same share of all of them.
        position = np.empty(n)
        for code in range(int(codes.max(initial=-1)) + 1):
            members = np.flatnonzero(codes == code)
            position[members] = (np.arange(len(members)) + rng.random()) / len(members)
        order = order[np.argsort(position, kind="stable")]
    assigned = np.full(n, 2, dtype=np.int64)
    assigned[order[: cuts[0]]] = 0
    assigned[order[cuts[0] : cuts[1]]] = 1
    return _indices(assigned)


def grouped_split(
    groups: Sequence[Hashable] | NDArray[Any],
    fractions: Sequence[float] = DEFAULT_FRACTIONS,
    seed: int = 0,
) -> SplitIndices:
    """Divide records at random, groups kept together.

    Groups are placed largest first, those of equal size in random order, each into the part that lacks most.
    A group larger than a part makes the parts miss their fractions.

    Args:
        groups: group of each record.
        fractions: of train, validation and test, counted in records; positive, with sum 1.
        seed: of the generator; the same seed gives the same parts.

    Returns:
        Row numbers of the parts; no group is in two of them.

    Raises:
        DataError: fractions that do not fit, or an empty part.
    """
    shares = _check_fractions(fractions)
    codes = _codes(groups)
    sizes = np.bincount(codes)
    order = np.random.default_rng(seed).permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    lacking = shares * len(codes)
    part_of_group = np.empty(len(sizes), dtype=np.int64)
    for group in order:
        part = int(np.argmax(lacking))
        part_of_group[group] = part
        lacking[part] -= sizes[group]
    return _indices(part_of_group[codes])


def _codes(values: Sequence[Hashable] | NDArray[Any]) -> NDArray[np.int64]:
    """Numbers of distinct values in order of appearance: the result does not hang on how values sort."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], dtype=np.int64)


def _check_fractions(fractions: Sequence[float]) -> NDArray[np.float64]:
    shares = np.asarray(fractions, dtype=np.float64)
    if shares.shape != (3,) or not (shares > 0).all() or abs(shares.sum() - 1) > 1e-6:
        raise DataError(
            f"`fractions` must be three positive numbers with sum 1 (train, validation, test). Received: {fractions!r}"
        )
    return shares


def _indices(assigned: NDArray[np.int64]) -> SplitIndices:
    return SplitIndices(*(np.flatnonzero(assigned == part).astype(np.int64) for part in range(3)))
