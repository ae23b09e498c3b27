"""What is predicted: a class, a number, or any number of labels, and how that is said.

What may be changed here: what a target knows about itself. How the task is found out is the matter of
`amber.data.targets.tasks`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amber.data.targets.scaling import Scaling
from amber.types import Array

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


def known_labels(y: Array) -> NDArray[np.float64]:
    """Return labels as 0 and 1, and NaN where one is not known, `(examples, labels)`."""
    values = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
    return np.where(values == MISSING_LABEL, np.nan, values)


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
    """

    name: str
    classes: tuple[str, ...] | None = None
    scaling: Scaling | None = None
    range: tuple[float, float] | None = None
    guessed: bool = False
    labels: Labels | None = None
    class_weights: tuple[float, ...] | None = None

    @property
    def units(self) -> int:
        """How many numbers a network gives for it."""
        if self.labels is not None:
            return len(self.labels.names)
        return 1 if self.classes is None else len(self.classes)

    @property
    def task(self) -> str:
        """`binary classification`, `multi-class classification`, `multi-label classification` or `regression`."""
        if self.labels is not None:
            return "multi-label classification" if len(self.labels.names) > 1 else "binary classification"
        if self.classes is None:
            return "regression"
        return "binary classification" if len(self.classes) == 2 else "multi-class classification"

    def describe(self) -> str:
        """Return one line: the task with its classes or range, and whether it was guessed."""
        if self.labels is not None:
            missing = ", some missing" if self.labels.missing else ""
            what = f", {len(self.labels.names)} labels {_some(self.labels.names)}{missing}"
        elif self.classes is not None:
            what = f", classes {_some(self.classes)}"
        else:
            what = f", values {self.range[0]:.4g} to {self.range[1]:.4g}" if self.range else ""
        return f"{self.task}{what}{' (guessed)' if self.guessed else ''}"


def _some(names: tuple[str, ...]) -> str:
    shown = ", ".join(name if len(name) <= 40 else f"{name[:37]}..." for name in names[:_CLASSES_SHOWN])
    more = len(names) - _CLASSES_SHOWN
    return shown + (f" and {more} more" if more > 0 else "")
