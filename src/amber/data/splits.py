"""Who is trained on, who chooses, who is tested.

What may be changed here: how records are divided. That test data are looked at once is the rule of
`TestVault`.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amber.data.scaling import Scaling
from amber.errors import DataError

logger = logging.getLogger(__name__)

PARTS = ("train", "validation", "test")
DEFAULT_FRACTIONS = (0.7, 0.1, 0.2)
_PART_OF_VALUE = {"train": 0, "val": 1, "test": 2}


@dataclass(frozen=True, eq=False)
class Split:
    """Records of one part.

    Attributes:
        x: inputs, records along the first axis, at least 1; for named blocks a dictionary of arrays.
        y: targets, one per record; class numbers for classification; for several targets a dictionary.

    Raises:
        DataError: no records, or unequal numbers of inputs and targets.
    """

    x: Any
    y: Any

    def __post_init__(self) -> None:
        shapes = [np.shape(array) for array in (*_arrays(self.x), *_arrays(self.y))]
        if len(shapes) < 2 or not all(shapes) or len({shape[0] for shape in shapes}) > 1 or not shapes[0][0]:
            raise DataError(
                "The arrays `x` and `y` of a split must hold the same number of records, at least 1. "
                f"Received: shapes {' and '.join(map(str, shapes)) or 'none'}"
            )

    def __len__(self) -> int:
        """Number of records."""
        return len(_arrays(self.y)[0])

    def joined(self, other: Split) -> Split:
        """Returns the records of both, these first.

        Args:
            other: has the same inputs and targets.
        """
        return Split(_joined(self.x, other.x), _joined(self.y, other.y))


@dataclass(frozen=True)
class Target:
    """What is to be predicted, by one output of a network.

    Attributes:
        name: of the output.
        classes: class names in the order of their numbers; None for a number.
        scaling: of a number: what it was scaled by, to say predictions in its own unit; None where it was not.
    """

    name: str
    classes: tuple[str, ...] | None = None
    scaling: Scaling | None = None


class TestVault:
    """Test data that can be taken out once.

    Args:
        split: the test data.
        name: what messages call the data set.
    """

    # Keeps pytest from taking the class for tests.
    __test__ = False

    def __init__(self, split: Split, name: str = "data") -> None:
        self._split = split
        self._name = name
        self._opened = 0

    @property
    def opened(self) -> int:
        """How often the data were taken out: 0 or 1."""
        return self._opened

    def open_test(self) -> Split:
        """Take the test data out.

        Returns:
            The test data.

        Raises:
            DataError: they were taken out before.
        """
        if self._opened:
            raise DataError(
                f"The test data of {self._name!r} may be looked at once, after the choice is made: "
                "a choice made after seeing them would make their score too good. "
                "Keep the split that the first call returned. Received: a second call of open_test()"
            )
        self._opened = 1
        logger.info("Test data of %r opened: %d records", self._name, len(self._split))
        return self._split

    def __len__(self) -> int:
        """Number of test records; does not count as opening."""
        return len(self._split)

    def __repr__(self) -> str:
        return f"TestVault({self._name!r}, {len(self)} records, {'opened' if self._opened else 'closed'})"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Data ready for a search.

    Attributes:
        name: what messages and reports call it.
        train: what candidates are trained on.
        validation: what the choice among candidates is made on.
        test: what the chosen one is tested on, once; see `open_test`.
        classes: class names in the order of their numbers; empty where `targets` say them.
        input_shape: shape of one input, without the batch; `(length, 4)` for sequences, a dictionary for blocks.
        split: how the records were divided: a column name, `"random"` or `"grouped"`.
        targets: what is predicted; by default one output called `output`, with `classes`.
        scaling: for scaled blocks, what each was scaled by.

    Raises:
        DataError: the inputs of a part do not have `input_shape`.
    """

    name: str
    train: Split
    validation: Split
    test: TestVault
    classes: tuple[str, ...]
    input_shape: Any
    split: str = ""
    targets: tuple[Target, ...] = ()
    scaling: Mapping[str, Scaling] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for part, data in (("train", self.train), ("validation", self.validation)):
            if shapes_of(data.x) != self.input_shape:
                raise DataError(
                    f"Data set {self.name!r}, {part}: inputs must have shape {self.input_shape}. "
                    f"Received: {shapes_of(data.x)}"
                )
        if not self.targets:
            object.__setattr__(self, "targets", (Target("output", self.classes),))

    @property
    def test_opened(self) -> int:
        """How often the test data were opened: 0 or 1."""
        return self.test.opened

    def open_test(self) -> Split:
        """Take the test data out, once, after the choice is made.

        Raises:
            DataError: they were taken out before.
        """
        return self.test.open_test()


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


def shapes_of(x: Any) -> Any:
    """Returns the shape of one record: a tuple, or for named blocks a dictionary of them."""
    return {name: array.shape[1:] for name, array in x.items()} if isinstance(x, Mapping) else x.shape[1:]


def rows_of(x: Any, rows: NDArray[np.int64]) -> Any:
    """Returns some rows of an array, or of every array of a dictionary."""
    return {name: array[rows] for name, array in x.items()} if isinstance(x, Mapping) else x[rows]


def _joined(first: Any, second: Any) -> Any:
    if isinstance(first, Mapping):
        return {name: np.concatenate([values, second[name]]) for name, values in first.items()}
    return np.concatenate([first, second])


def _arrays(x: Any) -> list[Any]:
    return list(x.values()) if isinstance(x, Mapping) else [x]


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
