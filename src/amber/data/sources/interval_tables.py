"""Intervals with any columns beside them: a table whose header names chromosome, start and end.

What may be changed here: which names of columns mean chromosome, start, end and strand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amber.data.genomics.interval_formats import STRANDS
from amber.data.genomics.intervals import Intervals, read_intervals, text_column
from amber.data.tables.table import Layout, Table, read_table
from amber.data.text.reading import Expected, read_lines
from amber.errors import DataError
from amber.types import Array
from amber.wording import shown

_CHROMOSOME = frozenset({"chrom", "chr", "chromosome", "#chrom", "#chr", "seqnames", "seqid"})
_START = frozenset({"start", "chromstart", "chrom_start", "begin"})
_END = frozenset({"end", "stop", "chromend", "chrom_end"})
_STRAND = frozenset({"strand"})
_INTERVALS = Expected("intervals", accepted=("bed", "gff", "vcf lines"))
_LARGEST_DIGITS = 18


@dataclass(frozen=True)
class IntervalTable:
    """Intervals and what else the file says of each.

    Attributes:
        intervals: as `read_intervals` gives them.
        columns: other columns of a table with a header, as text; empty for BED and the like.
    """

    intervals: Intervals
    columns: dict[str, Array]


def read_interval_table(path: str, size_limit: int | None) -> IntervalTable:
    """Read intervals of any format; a table whose header names chromosome, start and end keeps its other columns.

    Raises:
        DataError: a file that is neither, named with file and line.
    """
    file = Path(path)
    header = next((line for line in read_lines(file, _INTERVALS, size_limit) if line.strip()), "")
    names = [each.strip().strip('"').lower() for each in _split(header)]
    if not (_CHROMOSOME & set(names) and _START & set(names) and _END & set(names) and len(names) > 3):
        return IntervalTable(read_intervals(file, size_limit=size_limit), {})
    return _of_table(read_table(file, size_limit=size_limit, layout=Layout(header=True)))


def without_summits(tables: Mapping[str, IntervalTable]) -> dict[str, str]:
    """Return the files without summits beside others with some, as matched windows beside peaks, and a note of each."""
    lacking = {name: each.intervals for name, each in tables.items() if not (each.intervals.summit >= 0).any()}
    if len(lacking) == len(tables):
        return {}
    said = "has no summits: the middle of its intervals is taken."
    return {name: f"{Path(each.path).name} {said}" for name, each in lacking.items()}


def _split(line: str) -> list[str]:
    return max((line.split(sign) for sign in "\t,;"), key=len)


def _of_table(table: Table) -> IntervalTable:
    def named(known: frozenset[str]) -> str:
        return next((each for each in table.columns if each.lower() in known), "")

    chromosome, start, end, strand = named(_CHROMOSOME), named(_START), named(_END), named(_STRAND)
    starts, ends = _positions(table, start), _positions(table, end)
    wrong = np.flatnonzero(starts > ends)
    if len(wrong):
        row = int(wrong[0])
        raise _error(table, row, "an interval must not start after its end", f"{starts[row]} to {ends[row]}")
    count = len(table)
    used = {chromosome, start, end, strand}
    strands = [each.strip() for each in table[strand]] if strand else ["."] * count
    intervals = Intervals(
        path=table.path,
        kind="table",
        chromosome=text_column([each.strip() for each in table[chromosome]]),
        start=starts,
        end=ends,
        name=text_column([""] * count),
        score=np.full(count, np.nan),
        strand=np.array([STRANDS.get(each, ".") for each in strands], dtype="<U1"),
        summit=np.full(count, -1, dtype=np.int64),
        feature=text_column([""] * count),
        line=np.array(table.lines, dtype=np.int64),
        notes=(f"{table.path.name} is read as a table of intervals, positions counted from 0.", *table.notes),
    )
    return IntervalTable(
        intervals, {name: text_column(values) for name, values in table.columns.items() if name not in used}
    )


def _positions(table: Table, column: str) -> NDArray[np.int64]:
    texts = table[column]
    for row, text in enumerate(texts):
        digits = text.strip()
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= _LARGEST_DIGITS):
            raise _error(table, row, f"the {column} must be an integer of at least 0", shown(text))
    return np.array([int(text) for text in texts], dtype=np.int64)


def _error(table: Table, row: int, expected: str, received: str) -> DataError:
    line = table.lines[row]
    return DataError(f"{table.where(row)}: {expected}. Received: {received}", file=str(table.path), line=line)
