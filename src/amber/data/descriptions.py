"""A data set of sequences in a few numbers, for policies that choose by them.

What may be changed here: a number, with its name; policies that learnt from others then no longer fit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amber.errors import DataError

DESCRIPTION = (
    "log10_records",
    "log10_length",
    "positives",
    "gc",
    "gc_difference",
    "best_4mer",
    "best_6mer",
    "best_column",
)
"""Names of the numbers that `describe_sequences` returns."""


def describe_sequences(x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
    """Describe sequences of two classes by eight numbers, in the order of `DESCRIPTION`.

    | name | what it is |
    |---|---|
    | `log10_records` | decimal logarithm of the number of records |
    | `log10_length` | of the letters of each |
    | `positives` | share of class 1 |
    | `gc` | share of G and C |
    | `gc_difference` | absolute difference of that share between the classes, in standard deviations over records |
    | `best_4mer`, `best_6mer` | the word of so many letters whose presence differs most between the classes: by how |
    | `best_column` | the position and letter whose share differs most between the classes: by how much |

    The words tell whether single motifs decide, the column whether their place does; where all are low, it is
    something else, such as the distance of motifs. Describe training data only.

    Args:
        x: one-hot sequences, (records, length, 4), in the order A, C, G, T; other letters may be anything that is
            no single 1.
        y: 0 or 1, (records,).

    Returns:
        Finite numbers, (8,).

    Raises:
        DataError: other shapes, or labels that are not of two classes.
    """
    bases, labels = np.asarray(x, "float32"), np.asarray(y).reshape(-1)
    if bases.ndim != 3 or bases.shape[2] != 4 or len(bases) != len(labels) or bases.shape[1] < 6:
        raise DataError(
            "Expected sequences (records, length >= 6, 4) and as many labels. "
            f"Received: shapes {bases.shape} and {labels.shape}"
        )
    if set(np.unique(labels)) != {0, 1}:
        raise DataError(f"Expected records of the classes 0 and 1. Received: {np.unique(labels).tolist()[:5]}")
    positive = labels == 1
    gc = bases[:, :, 1:3].sum(axis=(1, 2)) / bases.shape[1]
    spread = float(gc.std())
    difference = abs(float(gc[positive].mean() - gc[~positive].mean()))
    columns = np.abs(bases[positive].mean(axis=0) - bases[~positive].mean(axis=0))
    return np.array(
        [
            np.log10(len(bases)),
            np.log10(bases.shape[1]),
            positive.mean(),
            gc.mean(),
            difference / spread if spread > 0 else 0.0,
            _best_word(bases, positive, 4),
            _best_word(bases, positive, 6),
            columns.max(),
        ],
        "float64",
    )


def _best_word(bases: NDArray[np.float32], positive: NDArray[np.bool_], length: int) -> float:
    """The greatest difference, over words, between the shares of records of both classes that hold it."""
    digits = np.where(bases.max(axis=2) == 1, bases.argmax(axis=2), -1)
    windows = np.lib.stride_tricks.sliding_window_view(digits, length, axis=1)
    words = windows @ 4 ** np.arange(length)
    known = (windows >= 0).all(axis=2)
    present = np.zeros((len(bases), 4**length), bool)
    rows = np.broadcast_to(np.arange(len(bases))[:, None], words.shape)
    present[rows[known], words[known]] = True
    return float(np.abs(present[positive].mean(axis=0) - present[~positive].mean(axis=0)).max())
