"""Weights of examples: how much each counts in training, from a column.

What may be changed here: which numbers are weights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from amber.data.splits.division import Divisible
from amber.data.targets.labels import number_of
from amber.errors import DataError
from amber.wording import shown


def example_weights(table: Divisible, column: str, train: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the weight of each example, shape `(examples,)`.

    Args:
        table: has the column.
        column: its name.
        train: rows of the training part.

    Raises:
        DataError: a value that is not a finite number of at least 0 (named with its place), or a training part in which
            nothing counts.
    """
    texts: Sequence[str] = table.columns[column]
    known = {text: number_of(text) for text in set(texts)}
    wrong = {text for text, value in known.items() if value is None or not math.isfinite(value) or value < 0}
    if wrong:
        row = next(row for row, text in enumerate(texts) if text in wrong)
        raise DataError(
            f"{table.where(row)}, column {column!r}: a weight must be a number of at least 0; 0 leaves an example out "
            f"of training. Received: {shown(texts[row])}"
        )
    weights = np.array([known[text] for text in texts], dtype=np.float32)
    if not weights[train].any():
        raise DataError(
            f"Column {column!r}: some training examples must have a weight above 0. "
            f"Received: 0 for all of {len(train):,}"
        )
    return weights
