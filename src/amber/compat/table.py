"""A table by columns, for histories where pandas is not installed: what scripts ask of a DataFrame most."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from amber.types import Array


class Row:
    """One row of a table, read like a pandas Series: by name, by a list of names, or in order.

    Args:
        cells: values by column.
    """

    def __init__(self, cells: Mapping[str, object]) -> None:
        self._cells = dict(cells)

    @property
    def index(self) -> list[str]:
        """Names of the columns."""
        return list(self._cells)

    @property
    def values(self) -> np.ndarray:
        """The values in order."""
        return _array(list(self._cells.values()))

    def __getitem__(self, key: Any) -> Any:
        """Return the value of a column; for a list of names a row of these."""
        return Row({name: self._cells[name] for name in key}) if isinstance(key, list) else self._cells[key]

    def __iter__(self) -> Iterator[object]:
        return iter(self._cells.values())

    def __len__(self) -> int:
        return len(self._cells)

    def __repr__(self) -> str:
        return "\n".join(f"{name}\t{value}" for name, value in self._cells.items())

    def to_dict(self) -> dict[str, object]:
        """Return the values by column."""
        return dict(self._cells)


class Table:
    """Columns of equal length, read with the methods of a pandas DataFrame that histories are read with.

    A column is also an attribute of its name.

    Args:
        columns: values by name.
    """

    def __init__(self, columns: Mapping[str, Sequence[object] | Array]) -> None:
        self._columns = {name: _array(values) for name, values in columns.items()}

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self._columns)

    @property
    def index(self) -> np.ndarray:
        """Positions of the rows."""
        return np.arange(len(self))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self), len(self._columns)

    @property
    def values(self) -> np.ndarray:
        """All values, (rows, columns)."""
        return np.stack([each.astype(object) for each in self._columns.values()], axis=1)

    @property
    def iloc(self) -> _Positions:
        """Rows by position: `table.iloc[0]` is a Row, `table.iloc[:5]` a table, `table.iloc[0, 1:]` some columns."""
        return _Positions(self)

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), ()))

    def __getattr__(self, name: str) -> Array:
        if name.startswith("_") or name not in self._columns:
            raise AttributeError(f"The table has the columns {', '.join(self._columns)}. Received: {name}")
        return self._columns[name]

    def __getitem__(self, key: object) -> Any:
        """Return a column by its name; for a list of names or a mask of rows, a table."""
        if isinstance(key, str):
            return self._columns[key]
        if isinstance(key, list) and all(isinstance(name, str) for name in key):
            return Table({name: self._columns[name] for name in key})
        return self._take(np.flatnonzero(np.asarray(key, dtype=bool)))

    def __repr__(self) -> str:
        rows = ["\t".join(self.columns)]
        rows += ["\t".join(str(value) for value in row) for _, row in self.iterrows()]
        return "\n".join(rows)

    def head(self, n: int = 5) -> Table:
        """Return the first rows."""
        return self._take(np.arange(len(self))[:n])

    def tail(self, n: int = 5) -> Table:
        """Return the last rows."""
        return self._take(np.arange(len(self))[-n:] if n else np.arange(0))

    def sort_values(self, by: str, ascending: bool = True) -> Table:
        """Return the rows ordered by a column; those that are not a number come last."""
        values = self._columns[by]
        if values.dtype.kind in "biuf":
            return self._take(np.argsort(values if ascending else -values.astype("float64"), kind="stable"))
        order = sorted(range(len(self)), key=lambda row: str(values[row]), reverse=not ascending)
        return self._take(np.array(order, dtype=int))

    def iterrows(self) -> Iterator[tuple[int, Row]]:
        """Yield the position and the values of every row."""
        for row in range(len(self)):
            yield row, self._row(row)

    def to_dict(self, orient: str = "records") -> list[dict[str, object]]:
        """Return the rows as dictionaries."""
        return [row.to_dict() for _, row in self.iterrows()]

    def _row(self, row: int) -> Row:
        return Row({name: values[row] for name, values in self._columns.items()})

    def _take(self, rows: Array) -> Table:
        return Table({name: values[rows] for name, values in self._columns.items()})


class _Positions:
    def __init__(self, table: Table) -> None:
        self._table = table

    def __getitem__(self, key: object) -> Row | Table | Array:
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        names = self._table.columns[columns]
        if isinstance(names, str):
            return self._table[names][rows]
        chosen = self._table[names]
        return chosen._row(int(rows)) if isinstance(rows, (int, np.integer)) else chosen._take(rows)


def as_frame(table: Table) -> Table:
    """Return a pandas DataFrame of a table where pandas is installed, else the table."""
    try:
        pandas = importlib.import_module("pandas")
    except ImportError:
        return table
    return pandas.DataFrame({name: table[name] for name in table.columns})


def _array(values: object) -> np.ndarray:
    array = np.asarray(values)
    return array if array.dtype.kind in "biuf" else np.asarray(values, dtype=object)
