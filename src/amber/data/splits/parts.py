"""Which examples are trained on, which choose, which test.

What may be changed here: how examples are divided.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amber.checks import integer_at_least
from amber.data.genomics.chromosomes import ChromosomeNames
from amber.display import one_line
from amber.errors import DataError
from amber.types import Array

PARTS = ("train", "validation", "test")
DEFAULT_FRACTIONS = (0.7, 0.1, 0.2)
_PART_OF_VALUE = {
    "train": 0,
    "training": 0,
    "val": 1,
    "valid": 1,
    "validation": 1,
    "dev": 1,
    "development": 1,
    "test": 2,
    "testing": 2,
}
_WAY_OUT = "give it some, or write `split: random` to draw all three"


@dataclass(frozen=True, eq=False)
class SplitIndices:
    """Row numbers of the three parts, each sorted, of type int64.

    Raises:
        DataError: a part is empty; the message names it.
    """

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]
    __repr__ = one_line

    def __post_init__(self) -> None:
        sizes = [len(getattr(self, part)) for part in PARTS]
        for part, size in zip(PARTS, sizes, strict=True):
            if not size:
                received = ", ".join(f"{name} {count}" for name, count in zip(PARTS, sizes, strict=True))
                raise DataError(f"The {part} part must have at least one example; {_WAY_OUT}. Received: {received}")


def part_of(value: str) -> int | None:
    """Return the part that a value of a split column means: 0 train, 1 validation, 2 test; None for none of them."""
    return _PART_OF_VALUE.get(value.strip().lower())


def column_split(
    values: Sequence[str],
    *,
    where: Callable[[int], str] = "split column, example {}".format,
    fractions: Sequence[float] = DEFAULT_FRACTIONS,
    seed: int = 0,
    stratify: Sequence[Hashable] | Array | None = None,
    groups: Sequence[Hashable] | Array | None = None,
) -> SplitIndices:
    """Divide examples as a column of the data says.

    Where it names no validation part, one is drawn from the training part, and likewise a test part.

    Args:
        values: `train`, `val` (or `valid`, `validation`, `dev`) or `test`, in any case, one per example.
        where: says where an example comes from, for messages; by default its number.
        fractions: of train, validation and test: how large a drawn part is beside the training part.
        seed: of a drawn part.
        stratify: labels, one per example, of which a drawn part gets its share.
        groups: one per example; a drawn part takes whole groups, where there are two or more in training.

    Returns:
        Row numbers of the parts.

    Raises:
        DataError: another value (named with its place), or no training part.
    """
    shares = _check_fractions(fractions)
    assigned = np.empty(len(values), dtype=np.int64)
    for index, value in enumerate(values):
        part = part_of(value)
        if part is None:
            raise DataError(f"{where(index)}: a split must be one of 'train', 'val', 'test'. Received: {value!r}")
        assigned[index] = part
    missing = [part for part in (2, 1) if not (assigned == part).any()]
    for number, part in enumerate(missing):
        train = np.flatnonzero(assigned == 0)
        if len(train) > 1:
            share = shares[part] / (shares[0] + shares[missing[number:]].sum())
            assigned[_drawn_from(train, share, seed, stratify, groups)] = part
    return _indices(assigned)


def missing_parts(values: Sequence[str]) -> tuple[str, ...]:
    """Return the parts that a split column does not name."""
    found = {part_of(value) for value in set(values)}
    return tuple(name for part, name in enumerate(PARTS) if part not in found)


def chromosome_split(
    chromosomes: Sequence[str] | Array,
    validation: Sequence[str],
    test: Sequence[str],
    *,
    fractions: Sequence[float] = DEFAULT_FRACTIONS,
    seed: int = 0,
) -> SplitIndices:
    """Divide examples by chromosome: those that are not named train.

    Where no chromosome is named for validation, whole ones are drawn from the training part, and likewise for the test
    part.

    Args:
        chromosomes: of each example.
        validation: chromosomes of the validation part, by any of their usual names.
        test: chromosomes of the test part.
        fractions: of train, validation and test: how large a drawn part is beside the training part.
        seed: of a drawn part.

    Returns:
        Row numbers of the parts.

    Raises:
        DataError: a chromosome without examples or named for two parts, or no chromosome left for a part.
    """
    shares = _check_fractions(fractions)
    names, codes = np.unique(np.asarray(chromosomes).astype(np.str_), return_inverse=True)
    known = ChromosomeNames(names.tolist(), "the data")
    part_of_name = np.zeros(len(names), dtype=np.int64)
    for part, wanted in ((1, validation), (2, test)):
        match = known.match(wanted)
        if match.missing:
            raise known.unknown(match.missing)
        found = np.flatnonzero(np.isin(names, list(match.names.values())))
        twice = found[part_of_name[found] > 0]
        if len(twice):
            raise DataError(
                f"A chromosome must be named for validation or for test. Received: {str(names[twice[0]])!r} for both"
            )
        part_of_name[found] = part
    assigned = part_of_name[codes]
    missing = [part for part, wanted in ((2, test), (1, validation)) if not len(wanted)]
    for number, part in enumerate(missing):
        train = np.flatnonzero(assigned == 0)
        if len(np.unique(codes[train])) < 2:
            raise DataError(
                f"Drawing the {PARTS[part]} part needs at least two chromosomes that are not named; name fewer, or "
                f"name those of every part. Received: {len(np.unique(codes[train]))}"
            )
        share = shares[part] / (shares[0] + shares[missing[number:]].sum())
        assigned[_drawn_from(train, share, seed, None, codes)] = part
    return _indices(assigned)


def _drawn_from(
    train: NDArray[np.int64],
    share: float,
    seed: int,
    stratify: Sequence[Hashable] | Array | None,
    groups: Sequence[Hashable] | Array | None,
) -> NDArray[np.int64]:
    """Return the rows of the training part that make another part."""
    codes = None if groups is None else _codes([groups[row] for row in train])
    if codes is not None and codes.max() > 0:
        parts = _whole_groups(codes, np.array([1 - share, share]), np.random.default_rng(seed))
        return np.asarray(train[parts == 1])
    order = _shuffled(len(train), seed, None if stratify is None else [stratify[row] for row in train])
    count = min(max(round(share * len(train)), 1), len(train) - 1)
    return train[order[len(train) - count :]]


def random_split(
    n: int,
    fractions: Sequence[float] = DEFAULT_FRACTIONS,
    seed: int = 0,
    stratify: Sequence[Hashable] | Array | None = None,
) -> SplitIndices:
    """Divide examples at random.

    Args:
        n: number of examples.
        fractions: of train, validation and test; positive, with sum 1.
        seed: of the generator; the same seed gives the same parts.
        stratify: labels, one per example; each part then gets its share of each label, within two examples.

    Returns:
        Row numbers of the parts.

    Raises:
        DataError: fractions or labels that do not fit, or an empty part.
    """
    cuts = np.rint(np.cumsum(_check_fractions(fractions))[:2] * n).astype(int)
    if n >= len(PARTS):  # a small part has one example rather than none
        cuts[0] = min(max(cuts[0], 1), n - 2)
        cuts[1] = min(max(cuts[1], cuts[0] + 1), n - 1)
    order = _shuffled(n, seed, stratify)
    assigned = np.full(n, 2, dtype=np.int64)
    assigned[order[: cuts[0]]] = 0
    assigned[order[cuts[0] : cuts[1]]] = 1
    return _indices(assigned)


def _shuffled(n: int, seed: int, stratify: Sequence[Hashable] | Array | None) -> NDArray[np.int64]:
    """Return row numbers in random order, each label spread evenly over it."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(n)
    if stratify is not None:
        if len(stratify) != n:
            raise DataError(f"`stratify` must have one label per example ({n}). Received: {len(stratify)} labels")
        codes = _codes(stratify)[order]
        # Each label spread evenly over [0, 1): a cut anywhere takes the same share of all of them.
        position = np.empty(n)
        for code in range(int(codes.max(initial=-1)) + 1):
            members = np.flatnonzero(codes == code)
            position[members] = (np.arange(len(members)) + rng.random()) / len(members)
        order = order[np.argsort(position, kind="stable")]
    return order


def grouped_split(
    groups: Sequence[Hashable] | Array,
    fractions: Sequence[float] = DEFAULT_FRACTIONS,
    seed: int = 0,
) -> SplitIndices:
    """Divide examples at random, groups kept together.

    Groups are placed largest first, those of equal size in random order, each into the part that lacks most.
    A group larger than a part makes the parts miss their fractions; each part has at least one group.

    Args:
        groups: group of each example.
        fractions: of train, validation and test, counted in examples; positive, with sum 1.
        seed: of the generator; the same seed gives the same parts.

    Returns:
        Row numbers of the parts; no group is in two of them.

    Raises:
        DataError: fractions that do not fit, or fewer than three groups.
    """
    shares = _check_fractions(fractions)
    codes = _codes(groups)
    count = int(codes.max(initial=-1)) + 1
    if count < len(PARTS):
        raise DataError(
            f"Groups that are kept together need at least three of them, one for each part; name another column of "
            f"groups, or write `split: random`. Received: {count} groups"
        )
    return _indices(_whole_groups(codes, shares, np.random.default_rng(seed)))


def _whole_groups(codes: NDArray[np.int64], shares: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the part of each example; no part is empty where there are as many groups as parts."""
    sizes = np.bincount(codes)
    order = rng.permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    lacking = shares * len(codes)
    part_of_group = np.empty(len(sizes), dtype=np.int64)
    for group in order:
        part = int(np.argmax(lacking))
        part_of_group[group] = part
        lacking[part] -= sizes[group]
    for part in range(len(shares)):
        if not (part_of_group == part).any():
            # The smallest group of a part that can spare one.
            spare = [group for group in order if (part_of_group == part_of_group[group]).sum() > 1]
            if spare:
                part_of_group[spare[-1]] = part
    return part_of_group[codes]


def folds(
    count: int,
    number: int,
    seed: int = 0,
    *,
    stratify: Sequence[Hashable] | Array | None = None,
    groups: Sequence[Hashable] | Array | None = None,
) -> list[SplitIndices]:
    """Divide examples into folds, each of which is the test part once.

    The fold after it is the validation part then, and the others train. A search uses the first division; how good
    what it found is, is measured on all of them.

    Args:
        count: of examples.
        number: of folds, at least 3.
        seed: of the generator; the same seed gives the same folds.
        stratify: labels, one per example, of which each fold gets its share; not with groups.
        groups: one per example, kept together.

    Returns:
        One division for each fold.

    Raises:
        DataError: fewer than three folds, or fewer examples or groups than folds.
    """
    integer_at_least(number, "folds", 3, error=DataError)
    codes = None if groups is None else _codes(groups)
    units = count if codes is None else int(codes.max(initial=-1)) + 1
    if units < number:
        what = "examples" if codes is None else "groups"
        raise DataError(f"{number} folds need at least as many {what}. Received: {units} {what}")
    if codes is not None:
        fold = _whole_groups(codes, np.full(number, 1 / number), np.random.default_rng(seed))
    else:
        fold = np.empty(count, dtype=np.int64)
        fold[_shuffled(count, seed, stratify)] = np.arange(count) * number // count
    return [_indices(np.where(fold == each, 2, np.where(fold == (each + 1) % number, 1, 0))) for each in range(number)]


def _codes(values: Sequence[Hashable] | Array) -> NDArray[np.int64]:
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


def group_numbers(groups: Sequence[str] | Array | None) -> NDArray[np.int64] | None:
    """Return a number for each group's examples, from the groups by name; None where there are no groups."""
    return None if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1].reshape(-1)
