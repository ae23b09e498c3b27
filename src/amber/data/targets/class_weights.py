"""Weights of classes: how much an example counts in training by the class it has.

What may be changed here: what `balanced` means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import numpy as np

from amber.data.tables.table import shown_names
from amber.data.targets.labels import class_name
from amber.data.targets.target import Target
from amber.errors import DataError
from amber.types import Array
from amber.wording import shown

BALANCED: Literal["balanced"] = "balanced"
ClassWeights: TypeAlias = Literal["balanced"] | Mapping[str, float]


def class_weights(written: ClassWeights, target: Target, y: Array) -> tuple[float, ...]:
    """Return the weight of each class of a target.

    Args:
        written: `"balanced"`: examples / (classes x examples of the class), so that every class counts alike and an
            example 1 on average, as scikit-learn has it; or class name -> weight, 1 for a class that is not named.
        target: has classes.
        y: class numbers of the training part.

    Raises:
        DataError: a target without classes, or a class that is not there (those that are there are named).
    """
    if target.classes is None:
        raise DataError(f"Weights of classes need labels that are classes. Received: {target.task}")
    if written == BALANCED:
        counts = np.bincount(y, minlength=len(target.classes))
        present = int((counts > 0).sum())
        return tuple(float(len(y) / (present * count)) if count else 1.0 for count in counts.tolist())
    if isinstance(written, str):
        raise DataError(f"Weights of classes must be balanced, or a weight by class. Received: {shown(written)}")
    given = {class_name(str(name)): float(weight) for name, weight in written.items()}
    unknown = [name for name in given if name not in map(class_name, target.classes)]
    if unknown:
        raise DataError(
            f"Weights must be of the classes {shown_names(target.classes)}. Received: a weight of {unknown[0]!r}"
        )
    return tuple(given.get(class_name(name), 1.0) for name in target.classes)
