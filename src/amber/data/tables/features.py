"""Numeric arrays: reading and checking.

What may be changed here: what counts as usable numbers.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amber.data.tables.table import Table, read_table
from amber.data.targets.labels import is_missing
from amber.errors import DataError
from amber.types import Array


def check_features(x: ArrayLike, name: str = "x", *, rank: int | None = 2) -> Array:
    """Check that an array holds finite numbers.

    Args:
        x: the array; examples along the first axis. It is not changed.
        name: what messages call it.
        rank: number of dimensions it must have; None for any from 1.

    Returns:
        `x` as an array; its type is kept, except that Python numbers of mixed type become float64.

    Raises:
        DataError: not numeric, of another rank, without examples or columns, or NaN or infinite somewhere
            (named by row and column, counted from 0).
    """
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise DataError(f"`{name}` must be an array with rows of equal length. Received: {error}") from error
    if array.dtype == object:
        array = _to_float(array, name)
    if array.dtype.kind not in "biuf":
        raise DataError(f"`{name}` must hold numbers. Received: type {array.dtype}{_first_bad(array)}")
    if (rank is not None and array.ndim != rank) or array.ndim == 0:
        expected = "at least 1 dimension" if rank is None else f"{rank} dimensions"
        raise DataError(f"`{name}` must have {expected}. Received: shape {array.shape}")
    if not array.size:
        raise DataError(f"`{name}` must not be empty. Received: shape {array.shape}")
    if array.dtype.kind == "f":
        bad = ~np.isfinite(array)
        if bad.any():
            index = tuple(int(i) for i in np.argwhere(bad)[0])
            raise DataError(f"`{name}`, {_place(index)}: expected a finite number. Received: {array[index]}")
    return array


def read_features(path: str | os.PathLike[str], columns: Sequence[str]) -> NDArray[np.float32]:
    """Read numeric columns of a CSV file.

    Args:
        path: the file, as for `read_table`.
        columns: names of the columns, in the order of the result; at least 1.

    Returns:
        Array of type float32 and shape `(rows, len(columns))`.

    Raises:
        DataError: as `read_table`, or a field that is not a finite float32 number (named by line and column).
    """
    if not columns:
        raise DataError(f"{path}: expected at least one column to read. Received: columns={columns!r}")
    return table_features(read_table(path, columns), columns)


def table_features(table: Table, columns: Sequence[str]) -> NDArray[np.float32]:
    """Turn columns of a table into numbers.

    Args:
        table: what `read_table` returned.
        columns: names of the columns, in the order of the result.

    Returns:
        Array of type float32 and shape `(rows, len(columns))`.

    Raises:
        DataError: a field that is not a finite float32 number (named by line and column).
    """
    return np.stack([column_numbers(table, column) for column in columns], axis=1)


def column_numbers(table: Table, column: str) -> NDArray[np.float32]:
    """Turn one column of a table into numbers, shape `(rows,)`; errors as for `table_features`."""
    texts = table[column]
    try:
        with np.errstate(over="ignore"):
            result = np.array(texts, dtype=np.float64).astype(np.float32)
    except ValueError:
        result = np.full(len(texts), np.nan, dtype=np.float32)
    for row in np.flatnonzero(~np.isfinite(result)).tolist():
        value = _parse(texts[row])
        if value is None:
            raise DataError(
                f"{table.where(row)}, column {column!r}: expected a finite number{_advice(texts[row])}. "
                f"Received: {_shown(texts[row])}"
            )
        result[row] = value
    return result


def _advice(text: str) -> str:
    if is_missing(text):
        return "; fill in what is missing, or leave the example out"
    if re.fullmatch(r"\s*[+-]?\d+,\d+\s*", text):
        return ", with a point before its decimals"
    return ""


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}...")


def _parse(text: str) -> np.float32 | None:
    try:
        with np.errstate(over="ignore"):
            value = np.float32(float(text))
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _to_float(array: Array, name: str) -> Array:
    for index, value in np.ndenumerate(array):
        if not isinstance(value, int | float | np.number) or isinstance(value, complex | np.complexfloating):
            raise DataError(f"`{name}`, {_place(index)}: expected a number. Received: {value!r}")
    return array.astype(np.float64)


def _first_bad(array: Array) -> str:
    """Say where the first text that is not a number stands."""
    if array.dtype.kind not in "US":
        return ""
    for index, value in np.ndenumerate(array):
        if _parse(str(value)) is None:
            return f", {_place(index)}: {str(value)!r}"
    return ""


def _place(index: tuple[int, ...]) -> str:
    if len(index) < 2:
        return f"row {index[0]}" if index else "the value"
    column = index[1] if len(index) == 2 else index[1:]
    return f"row {index[0]}, column {column}"
