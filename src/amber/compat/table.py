"""A table by columns, for histories where pandas is not installed: what scripts ask of a DataFrame most."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np


class Table:
    """Columns of equal length, read with the methods of a pandas DataFrame that histories are read with.

    Args:
        columns: values by name.
    """

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self._columns = {name: _array(values) for name, values in columns.items()}

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self._columns)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self), len(self._columns)

    @property
    def iloc(self) -> _Rows:
        """Rows by position: `table.iloc[0]` is a dictionary, `table.iloc[:5]` a table."""
        return _Rows(self)

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), ()))

    def __getitem__(self, key: Any) -> Any:
        """Return a column by its name; for a list of names or a mask of rows, a table."""
        if isinstance(key, str):
            return self._columns[key]
        if isinstance(key, list) and all(isinstance(name, str) for name in key):
            return Table({name: self._columns[name] for name in key})
        return self._take(np.flatnonzero(np.asarray(key, dtype=bool)))

    def __repr__(self) -> str:
        rows = ["\t".join(self.columns)]
        rows += ["\t".join(str(values[row]) for values in self._columns.values()) for row in range(len(self))]
        return "\n".join(rows)

    def head(self, n: int = 5) -> Table:
        """Return the first rows."""
        return self._take(np.arange(len(self))[:n])

    def tail(self, n: int = 5) -> Table:
        """Return the last rows."""
        return self._take(np.arange(len(self))[-n:] if n else np.arange(0))

    def sort_values(self, by: str, ascending: bool = True) -> Table:
        """Return the rows ordered by a column; those without a number come last."""
        values = self._columns[by]
        order = np.argsort(values if ascending else -values, kind="stable")
        return self._take(order)

    def iterrows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the position and the values of every row."""
        for row in range(len(self)):
            yield row, self._row(row)

    def to_dict(self, orient: str = "records") -> list[dict[str, Any]]:
        """Return the rows as dictionaries."""
        return [row for _, row in self.iterrows()]

    def _row(self, row: int) -> dict[str, Any]:
        return {name: values[row] for name, values in self._columns.items()}

    def _take(self, rows: Any) -> Table:
        return Table({name: values[rows] for name, values in self._columns.items()})


class _Rows:
    def __init__(self, table: Table) -> None:
        self._table = table

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, (int, np.integer)):
            return self._table._row(int(key))
        return self._table._take(key)


def as_frame(table: Table) -> Any:
    """Return a pandas DataFrame of a table where pandas is installed, else the table."""
    try:
        pandas = importlib.import_module("pandas")
    except ImportError:
        return table
    return pandas.DataFrame({name: table[name] for name in table.columns})


def _array(values: Any) -> np.ndarray:
    array = np.asarray(values)
    return array if array.dtype.kind in "biuf" else np.asarray(values, dtype=object)
