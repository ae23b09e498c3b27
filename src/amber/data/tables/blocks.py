"""Blocks: named groups of columns, each one input of a network.

What may be changed here: how a block is written.
"""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from amber.data.tables.features import check_features
from amber.data.tables.table import shown_names
from amber.display import one_line
from amber.errors import DataError
from amber.types import Array

Blocks = dict[str, Array]
_RANGE = ".."


@dataclass(frozen=True)
class BlockSpec:
    """How one block is read from a table.

    Attributes:
        columns: columns of numbers: names, ranges `first..last` in the order of the file (both ends belong to it),
            or patterns such as `rna_*`; empty for a sequence.
        sequence: a column of sequences; None for numbers.
    """

    columns: tuple[str, ...] = ()
    sequence: str | None = None
    __repr__ = one_line

    @classmethod
    def parse(cls, written: object, name: str = "block") -> BlockSpec:
        """Read a block as it is written: `"fou_1..fou_76"`, a list of such texts, or `{"sequence": column}`.

        Raises:
            DataError: something else.
        """
        if isinstance(written, BlockSpec):
            return written
        if isinstance(written, Mapping) and set(written) == {"sequence"} and isinstance(written["sequence"], str):
            return cls(sequence=written["sequence"])
        texts = [written] if isinstance(written, str) else written
        if not isinstance(texts, Sequence) or not texts or not all(isinstance(t, str) and t for t in texts):
            raise DataError(
                f"Block {name!r} must be columns such as 'rna_1..rna_20', a list of them, or a mapping with the key "
                f"'sequence'. Received: {written!r}"
            )
        return cls(tuple(texts))

    def select(self, header: Sequence[str], name: str = "block") -> list[str]:
        """Return the columns of the block among those of a file, each once.

        Raises:
            DataError: a column that is not there, a range that runs backwards, or a pattern that matches none.
        """
        if self.sequence is not None:
            return [_known(self.sequence, _places(header), name)]
        places = _places(header)
        found: dict[str, None] = {}
        for text in self.columns:
            found.update(dict.fromkeys(_columns(text, places, name)))
        return list(found)


def _places(header: Sequence[str]) -> dict[str, int]:
    """Return where each column stands, so that long lists of columns are found quickly."""
    return {name: place for place, name in enumerate(header)}


def _columns(text: str, places: Mapping[str, int], name: str) -> list[str]:
    header = list(places) if _RANGE in text or any(sign in text for sign in "*?[") else []
    if text in places:
        return [text]
    if _RANGE in text:
        first, last = (_known(part.strip(), places, name) for part in text.split(_RANGE, 1))
        start, stop = places[first], places[last]
        if stop < start:
            raise DataError(
                f"Block {name!r}: a range must run in the order of the file, where {first!r} comes after {last!r}. "
                f"Received: {text!r}"
            )
        return list(header[start : stop + 1])
    if any(sign in text for sign in "*?["):
        matching = fnmatch.filter(header, text)
        if not matching:
            raise DataError(f"Block {name!r}: expected a pattern that matches a column. Received: {text!r}")
        return matching
    return [_known(text, places, name)]


def _known(column: str, places: Mapping[str, int], name: str) -> str:
    if column in places:
        return column
    header = list(places)
    close = difflib.get_close_matches(column, header[:1000], n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise DataError(
        f"Block {name!r}: expected a column of the file ({shown_names(header)}).{hint} "
        f"Received: {shown_names([column])}"
    )


def split_columns(x: ArrayLike, blocks: Mapping[str, object]) -> Blocks:
    """Cut an array into named blocks.

    Args:
        x: shape `(rows, columns)`.
        blocks: for each name a half-open range of columns `(start, stop)`, a `range`, a `slice`, or a list of columns.

    Returns:
        Name -> array of shape `(rows, columns of the block)`, ready for `model.fit`.

    Raises:
        DataError: no blocks, or columns outside the array.

    Example:
        >>> import numpy as np
        >>> x = split_columns(np.zeros((10, 130)), {"rna": (0, 100), "protein": (100, 130)})
        >>> {name: block.shape for name, block in x.items()}
        {'rna': (10, 100), 'protein': (10, 30)}
    """
    array = check_features(x, "x")
    if not isinstance(blocks, Mapping) or not blocks:
        raise DataError(f"`blocks` must be a mapping from names to columns. Received: {blocks!r}")
    return {name: array[:, _positions(name, where, array.shape[1])] for name, where in blocks.items()}


def _positions(name: str, where: object, width: int) -> list[int]:
    if isinstance(where, slice):
        positions = list(range(*where.indices(width)))
    elif isinstance(where, tuple) and len(where) == 2:
        positions = list(range(*where))
    elif isinstance(where, (list, range, np.ndarray)):
        positions = [int(position) for position in where]
    else:
        raise DataError(f"Block {name!r} must be columns such as (0, 100) or a list of numbers. Received: {where!r}")
    if not positions or min(positions) < 0 or max(positions) >= width:
        raise DataError(f"Block {name!r}: expected at least one column, each from 0 to {width - 1}. Received: {where}")
    return positions
