"""Examples divided into training, validation and test parts, ready for a search.

What may be changed here: what a data set tells about itself. That test data are looked at once is the rule of
`TestVault`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amber.data.fingerprints import fingerprint
from amber.data.genome_places import GenomePlaces
from amber.data.targets.scaling import Scaling
from amber.data.targets.target import Target
from amber.display import html_table, one_line
from amber.errors import DataError
from amber.types import Array, Inputs, InputShape

INPUT = "input"
"""What the only input of a network is called where its data give it no name of its own."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Split:
    """Examples of one part.

    Attributes:
        x: inputs, examples along the first axis, at least 1; for named blocks a dictionary of arrays.
        y: targets, one per example; class numbers for classification; for several targets a dictionary.
        weights: how much each example counts in training, float32 `(examples,)`; None: all alike.
        groups: number of the group that each example belongs to, `(examples,)`, as examples of one group are not
            independent of each other; None: there are no groups.
        places: where each lies on a genome; None: not all are windows of one.

    Raises:
        DataError: no examples, or unequal numbers of inputs, targets, weights, groups and places.
    """

    x: Inputs
    y: Inputs
    weights: NDArray[np.float32] | None = None
    groups: NDArray[np.int64] | None = None
    places: GenomePlaces | None = None
    __repr__ = one_line

    def __post_init__(self) -> None:
        starts = None if self.places is None else self.places.start
        others = [each for each in (self.weights, self.groups, starts) if each is not None]
        shapes = [np.shape(array) for array in (*_arrays(self.x), *_arrays(self.y), *others)]
        if len(shapes) < 2 or not all(shapes) or len({shape[0] for shape in shapes}) > 1 or not shapes[0][0]:
            raise DataError(
                "The arrays `x` and `y` of a split must hold the same number of examples, at least 1. "
                f"Received: shapes {' and '.join(map(str, shapes)) or 'none'}"
            )

    def __len__(self) -> int:
        """Number of examples."""
        return len(_arrays(self.y)[0])

    def values_of(self, target: str) -> Array:
        """Return the values of one target, one per example, shape `(examples,)`; of labels `(examples, labels)`."""
        return values_of(self.y, target)

    @property
    def fingerprint(self) -> str:
        """Of inputs and targets; see `amber.data.fingerprints`."""
        return fingerprint([self.x, self.y, *([] if self.weights is None else [self.weights])])

    def joined(self, other: Split) -> Split:
        """Return the examples of both, these first.

        Args:
            other: has the same inputs and targets, and weights, groups and places where these have.
        """
        weights = None if self.weights is None or other.weights is None else (self.weights, other.weights)
        groups = None if self.groups is None or other.groups is None else (self.groups, other.groups)
        return Split(
            _joined(self.x, other.x),
            _joined(self.y, other.y),
            None if weights is None else np.concatenate(weights),
            None if groups is None else np.concatenate(groups),
            None if self.places is None or other.places is None else self.places.joined(other.places),
        )


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
        logger.info("Test data of %r opened: %d examples", self._name, len(self._split))
        return self._split

    @property
    def fingerprint(self) -> str:
        """Of the test data; does not count as opening."""
        return self._split.fingerprint

    def inputs_to_compare(self) -> Inputs:
        """Return the inputs alone, to find those that are also in another part; does not count as opening."""
        return self._split.x

    def __len__(self) -> int:
        """Number of test examples; does not count as opening."""
        return len(self._split)

    def __repr__(self) -> str:
        return f"TestVault({self._name!r}, {len(self)} examples, {'opened' if self._opened else 'closed'})"


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Data ready for a search.

    Attributes:
        name: what messages and reports call it.
        train: what candidates are trained on.
        validation: what the choice among candidates is made on.
        test: what the chosen one is tested on, once; see `open_test`.
        classes: class names in the order of their numbers; empty where `targets` say them.
        input_shape: shape of one input, without the batch; `(length, 4)` for sequences, a dictionary for blocks.
        split: how the examples were divided: a column name, `"random"` or `"grouped"`.
        targets: what is predicted; by default one output called `output`, with `classes`.
        scaling: for scaled blocks, what each was scaled by.
        path: the file the examples were read from, absolute; None where there is none.
        split_origin: the split in words, such as `column gsplit` or `drawn at random, stratified, seed 0 (guessed)`.
        notes: one sentence for whatever was guessed, left out or changed while the data were read.
        columns: input of numbers -> names of the columns that it was read from, in their order; inputs whose numbers
            have no names are left out.
        raw_fingerprint: of what was read, before anything was scaled, so that it is the same on every machine; None:
            `fingerprint` takes the parts as they are.

    Raises:
        DataError: the inputs of a part do not have `input_shape`.
    """

    name: str
    train: Split
    validation: Split
    test: TestVault
    classes: tuple[str, ...]
    input_shape: InputShape
    split: str = ""
    targets: tuple[Target, ...] = ()
    scaling: Mapping[str, Scaling] = field(default_factory=dict)
    path: Path | None = None
    split_origin: str = ""
    notes: tuple[str, ...] = ()
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    raw_fingerprint: str | None = None

    def __post_init__(self) -> None:
        for part, data in (("train", self.train), ("validation", self.validation)):
            if shapes_of(data.x) != self.input_shape:
                raise DataError(
                    f"Data set {self.name!r}, {part}: inputs must have shape {self.input_shape}. "
                    f"Received: {shapes_of(data.x)}"
                )
        if not self.targets:
            object.__setattr__(self, "targets", (Target("output", self.classes),))

    def __repr__(self) -> str:
        sizes = ", ".join(f"{size:,} {part}" for part, size in self.sizes.items())
        return f"Dataset({self.name!r}: {sizes}; input {self.input_shape}; {', '.join(map(_told, self.targets))})"

    def _repr_html_(self) -> str:
        """Return a data card for notebooks; the test part stays closed."""
        several = len(self.targets)
        rows = [
            *((f"{part} examples", size) for part, size in self.sizes.items()),
            ("input", self.input_shape),
            *(("output" if several == 1 else f"output {target.name}", _told(target)) for target in self.targets),
            ("split", self.split_origin or self.split),
            *(("note", note) for note in self.notes),
        ]
        return html_table(f"Data {self.name}", ("", ""), rows)

    @property
    def sizes(self) -> dict[str, int]:
        """Number of examples of each part: `train`, `validation` and `test`."""
        return {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)}

    @cached_property
    def fingerprint(self) -> str:
        """Of all parts, test data included: changed examples, labels, classes or split change it.

        Takes about a second per gigabyte, once. Does not count as opening the test data.
        """
        if self.raw_fingerprint is not None:
            return self.raw_fingerprint
        targets = [[target.name, target.classes] for target in self.targets]
        return fingerprint([targets, *(part.fingerprint for part in (self.train, self.validation, self.test))])

    @property
    def class_weight(self) -> dict[int, float] | None:
        """How much training examples of each class count, as `keras.Model.fit` takes it; None: all alike."""
        given = self.targets[0].class_weights if len(self.targets) == 1 else None
        return None if given is None else dict(enumerate(given))

    def fit_arguments(self, part: Split) -> dict[str, Any] | None:
        """Return how much the examples of a part count, as arguments of `keras.Model.fit`; None: all alike.

        Weights of examples and of their classes are multiplied.
        """
        by_class = self.class_weight
        if part.weights is None:
            return None if by_class is None else {"class_weight": by_class}
        if by_class is None:
            return {"sample_weight": part.weights}
        of_classes = np.array(list(by_class.values()), dtype=np.float32)
        return {"sample_weight": part.weights * of_classes[part.values_of(self.targets[0].name)]}

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


def _told(target: Target) -> str:
    """Return what a target is, in a few words."""
    if target.labels is not None:
        return f"{len(target.labels.names)} labels"
    return "a number" if target.classes is None else f"classes {', '.join(target.classes[:10])}"


def shapes_of(x: Inputs) -> InputShape:
    """Return the shape of one example: a tuple, or for named blocks a dictionary of them."""
    return {name: array.shape[1:] for name, array in x.items()} if isinstance(x, Mapping) else x.shape[1:]


def values_of(y: Inputs, target: str) -> Array:
    """Return the values of one target among those of a part, shape `(examples,)`; of several labels a column each."""
    values = np.asarray(y[target] if isinstance(y, Mapping) else y)
    return values if values.ndim == 2 and values.shape[1] > 1 else values.reshape(len(values))


def flat(x: Inputs) -> Array:
    """Return all inputs side by side, shape `(examples, features)`."""
    blocks = x.values() if isinstance(x, Mapping) else [x]
    return np.concatenate([np.asarray(block).reshape(len(block), -1) for block in blocks], axis=1)


def rows_of(x: Inputs, rows: NDArray[np.int64]) -> Inputs:
    """Return some rows of an array, or of every array of a dictionary."""
    if isinstance(x, Mapping):
        return {name: _part(array, rows) for name, array in x.items()}
    return _part(x, rows)


def _part(array: Array, rows: NDArray[np.int64]) -> Array:
    return array[rows] if isinstance(array, np.ndarray) else array.part(rows)


def _joined(first: Inputs, second: Any) -> Inputs:
    if isinstance(first, Mapping):
        return {name: _one_after_the_other(values, second[name]) for name, values in first.items()}
    return _one_after_the_other(first, second)


def _one_after_the_other(first: Array, second: Any) -> Array:
    return np.concatenate([first, second]) if isinstance(first, np.ndarray) else first.joined(second)


def _arrays(x: Inputs) -> list[Array]:
    return list(x.values()) if isinstance(x, Mapping) else [x]
