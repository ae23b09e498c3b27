"""Class names to integers.

What may be changed here: how labels are numbered.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from amber.errors import DataError


def encode_labels(
    labels: Sequence[str],
    classes: Sequence[str] | None = None,
    *,
    lines: Sequence[int] | None = None,
    source: str = "labels",
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Number labels by their place in `classes`.

    Args:
        labels: one class name per record.
        classes: names in the order of their numbers; by default the distinct labels in sorted order.
        lines: line numbers of the records for messages; by default messages give the record.
        source: file or array that messages name.

    Returns:
        Numbers of type int64 and shape `(n,)`, and the classes.

    Raises:
        DataError: no labels, an empty label, a label outside `classes`, or classes that repeat.
    """
    if not len(labels):
        raise DataError(f"{source}: expected at least one label. Received: none")
    known = tuple(sorted(set(labels)) if classes is None else classes)
    check_unique(known, "classes")
    numbers = {name: number for number, name in enumerate(known)}
    encoded = np.empty(len(labels), dtype=np.int64)
    for index, label in enumerate(labels):
        if label not in numbers or label == "":
            where = f"record {index}" if lines is None else f"line {lines[index]}"
            expected = f"one of {', '.join(map(repr, known))}" if classes is not None else "a class name"
            raise DataError(f"{source}, {where}: a label must be {expected}. Received: {label!r}")
        encoded[index] = numbers[label]
    return encoded, known


def check_unique(values: Sequence[Hashable], name: str) -> None:
    """Raise unless every value occurs once.

    Args:
        values: what to check.
        name: what the message calls them.

    Raises:
        DataError: a value repeats.
    """
    seen: set[Hashable] = set()
    for value in values:
        if value in seen:
            raise DataError(f"`{name}` must be distinct. Received: {value!r} more than once")
        seen.add(value)
