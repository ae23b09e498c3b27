"""Sequences as a program holds them: text in lists, arrays and columns of tables; one-hot with letters on either axis.

What may be changed here: what is taken for text. `coding` turns it into codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amber.errors import DataError
from amber.types import Array
from amber.wording import shown

_SEQUENCE_AXES = 3
# How many examples are looked at, and the share of their positions, for what is one-hot; others may be unknown.
_LOOKED_AT, _MOST = 256, 0.9


def texts_of(values: Any, name: str) -> list[str] | None:
    """Return sequences that are text: a list, an array, or the only column of a table; bytes are decoded.

    Args:
        values: what was given.
        name: what messages call it.

    Returns:
        The sequences; None where the values are not text.

    Raises:
        DataError: one text instead of several, or text beside something else.
    """
    if isinstance(values, (str, bytes)):
        raise DataError(f"Input {name!r}: expected a list of sequences, not one. Received: {shown(values)}")
    if hasattr(values, "iloc") and getattr(values, "ndim", 0) == 2 and values.shape[1] == 1:
        values = values.iloc[:, 0]
    is_list = hasattr(values, "__len__") and getattr(values, "ndim", 1) == 1 and not isinstance(values, Mapping)
    if not is_list or getattr(getattr(values, "dtype", None), "kind", "O") not in "OUS":
        return None
    listed = list(values)
    if not listed or not isinstance(listed[0], (str, bytes)):
        return None
    for row, each in enumerate(listed):
        if not isinstance(each, (str, bytes)):
            raise DataError(f"Input {name!r}, example {row}: expected a sequence as text. Received: {shown(each)}")
    return [each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each) for each in listed]


def letters_last(array: Array) -> Array:
    """Return one-hot sequences as `(examples, length, letters)`, also where letters stand before positions.

    Numbers of another kind are returned as they are.
    """
    if array.ndim != _SEQUENCE_AXES or not _is_one_hot(array, 1) or _is_one_hot(array, 2):
        return array
    return array.transpose(0, 2, 1)


def _is_one_hot(array: Array, axis: int) -> bool:
    """Say whether nearly all positions of the first examples hold a single 1 along an axis, and none more than 1."""
    some = array[:_LOOKED_AT]
    single = ((some == 1).sum(axis=axis) == 1) & ((some != 0).sum(axis=axis) == 1)
    return bool(single.mean() >= _MOST and (some.sum(axis=axis) <= 1 + 1e-3).all())
