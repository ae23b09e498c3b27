"""What is predicted: a class, a number, or any number of labels, and how that is said.

What may be changed here: what a target knows about itself. How the task is found out is the matter of
`amber.data.targets.tasks`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from amber.data.targets.scaling import Scaling
from amber.display import one_line
from amber.types import Array

PAIR = 2
_CLASSES_SHOWN = 10
MISSING_LABEL = -1.0
"""What stands in the array of labels for one that is not known."""


@dataclass(frozen=True)
class Labels:
    """Labels of which each example has any number, also none.

    Attributes:
        names: in the order of the columns.
        missing: whether some are not known of some examples: they are `MISSING_LABEL`.
    """

    names: tuple[str, ...]
    missing: bool = False
    __repr__ = one_line


MISSING_NUMBER = -1e30
"""What stands in the array of several numbers, or of a profile, for one that is not known."""


@dataclass(frozen=True)
class Numbers:
    """Several numbers of each example, or a profile: numbers in bins along its sequence.

    A network gives them side by side: all channels of the first bin, then those of the second, and so on.

    Attributes:
        channels: names of the numbers; of a profile, of its signals.
        bins: of a profile; 1: it is not one.
        missing: whether some are not known of some examples: they are `MISSING_NUMBER`.
        bin_width: of a profile: bases of a bin.
        partners: of a profile: for each channel the place of the one that it becomes on the other strand.
    """

    channels: tuple[str, ...]
    bins: int = 1
    missing: bool = False
    bin_width: int = 1
    partners: tuple[int, ...] = ()
    __repr__ = one_line

    @property
    def units(self) -> int:
        """How many numbers an example has."""
        return len(self.channels) * self.bins

    @property
    def names(self) -> tuple[str, ...]:
        """A name for each number; of a profile `CHANNEL_BIN`, counted from 1."""
        if self.bins == 1:
            return self.channels
        return tuple(f"{channel}_{number + 1}" for number in range(self.bins) for channel in self.channels)

    def with_missing(self) -> Numbers:
        """Return the same numbers, of which some are not known."""
        return replace(self, missing=True)

    def of_channel(self, place: int) -> slice:
        """Return where the numbers of a channel stand."""
        return slice(place, None, len(self.channels))

    def turned(self, values: Array) -> Array:
        """Return a profile, `(examples, units)`, as it lies along the other strand; other numbers as they are."""
        if self.bins == 1:
            return values
        shaped = np.reshape(values, (len(values), self.bins, len(self.channels)))[:, ::-1]
        return (shaped[:, :, list(self.partners)] if self.partners else shaped).reshape(len(values), -1)


def known_numbers(y: Array) -> NDArray[np.float64]:
    """Return numbers, NaN where one is not known, `(examples, numbers)`."""
    values = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
    return np.where(values <= MISSING_NUMBER / 2, np.nan, values)


def known_labels(y: Array) -> NDArray[np.float64]:
    """Return labels as 0 and 1, and NaN where one is not known, `(examples, labels)`."""
    values = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
    return np.where(values == MISSING_LABEL, np.nan, values)


class Binary(NamedTuple):
    """Two classes, of which a network gives the probability of the second, from one sigmoid unit.

    Attributes:
        negative: name of the first class, number 0.
        positive: name of the second, number 1.
    """

    negative: str
    positive: str


Outcome: TypeAlias = "tuple[str, ...] | Binary | Labels | Numbers | None"
"""What an output is of: one of several classes by a softmax, one of two by a sigmoid, any number of labels, several
numbers or a profile, or (None) a number."""


def units_of(outcome: Outcome) -> int:
    """Return how many numbers a network gives for an output."""
    if isinstance(outcome, Labels):
        return len(outcome.names)
    if isinstance(outcome, Numbers):
        return outcome.units
    return 1 if outcome is None or isinstance(outcome, Binary) else len(outcome)


def of_the_second(classes: Mapping[str, Sequence[str]], name: str) -> str:
    """Return what to ask for in place of the first of two classes, in a sentence; empty where `name` is not one.

    Args:
        classes: of each output that has some.
        name: of a class, alone or behind its output: `free` or `output: free`.
    """
    for output, names in classes.items():
        if len(names) == PAIR and name in (names[0], f"{output}: {names[0]}"):
            return f" Of two classes the second stands for both: what raises {names[1]!r} lowers {names[0]!r} as much."
    return ""


def by_class(outcome: Outcome, values: Array) -> Array:
    """Return what a network gives for an output, `(examples, units)`, with a column for each of two classes."""
    if outcome is None or isinstance(outcome, (Labels, Numbers)) or len(outcome) != PAIR or values.shape[-1] != 1:
        return values
    return np.concatenate([1 - values, values], axis=-1)


@dataclass(frozen=True)
class Target:
    """What is to be predicted, by one output of a network.

    Attributes:
        name: of the output.
        classes: class names in the order of their numbers; None for a number, and for labels.
        scaling: of a number: what it was scaled by, to say predictions in its own unit; None where it was not.
        range: of a number: least and greatest value in the training part, in its own unit; None where unknown.
        guessed: whether the task was inferred from the values, not given.
        labels: where each example has any number of labels; None: it has a class or a number.
        class_weights: of each class, how much its examples count in training; None: all alike.
        numbers: where each example has several numbers, or a profile; None: it has one, a class or labels.
        softmax: of two classes: a network gives the probability of each, not only that of the second.
    """

    name: str
    classes: tuple[str, ...] | None = None
    scaling: Scaling | None = None
    range: tuple[float, float] | None = None
    guessed: bool = False
    labels: Labels | None = None
    class_weights: tuple[float, ...] | None = None
    numbers: Numbers | None = None
    softmax: bool = False
    __repr__ = one_line

    @property
    def outcome(self) -> Outcome:
        """What its output is of."""
        if self.classes is not None and len(self.classes) == PAIR and not self.softmax:
            return Binary(*self.classes)
        return self.labels or self.numbers or self.classes

    @property
    def units(self) -> int:
        """How many numbers are predicted for it; of classes a probability for each."""
        if self.labels is not None:
            return len(self.labels.names)
        if self.numbers is not None:
            return self.numbers.units
        return 1 if self.classes is None else len(self.classes)

    def in_units(self, values: Array) -> Array:
        """Return numbers, `(examples, units)`, in the unit of the data."""
        return values if self.scaling is None else self.scaling.invert(values)

    @property
    def task(self) -> str:
        """`binary`, `multi-class` or `multi-label classification`, `regression`, or `regression of a profile`."""
        if self.labels is not None:
            return "multi-label classification" if len(self.labels.names) > 1 else "binary classification"
        if self.numbers is not None and self.numbers.bins > 1:
            return "regression of a profile"
        if self.classes is None:
            return "regression"
        return "binary classification" if len(self.classes) == PAIR else "multi-class classification"

    def describe(self) -> str:
        """Return one line: the task with its classes or range, and whether it was guessed."""
        if self.labels is not None:
            missing = ", some missing" if self.labels.missing else ""
            what = f", {_some(self.labels.names, 'label')}{missing}"
        elif self.numbers is not None:
            missing = ", some missing" if self.numbers.missing else ""
            channels = _some(self.numbers.channels, "signal" if self.numbers.bins > 1 else "number")
            bins = f" in {self.numbers.bins} bins of {self.numbers.bin_width} bases" if self.numbers.bins > 1 else ""
            what = f", {channels}{bins}{missing}"
        elif self.classes is not None:
            what = f", classes {_some(self.classes)}"
        else:
            what = f", values {self.range[0]:.4g} to {self.range[1]:.4g}" if self.range else ""
        return f"{self.task}{what}{' (guessed)' if self.guessed else ''}"


def _some(names: tuple[str, ...], word: str = "") -> str:
    """Return the first names and how many more there are; with a word for one of them, how many there are first."""
    shown = ", ".join(name if len(name) <= 40 else f"{name[:37]}..." for name in names[:_CLASSES_SHOWN])
    more = len(names) - _CLASSES_SHOWN
    counted = f"{len(names)} {word if len(names) == 1 else f'{word}s'} " if word else ""
    return counted + shown + (f" and {more} more" if more > 0 else "")
