"""Intervals on chromosomes, as columns: peaks, genes, regions of any of the formats that `interval_formats` reads.

What may be changed here: what is known of an interval. `windows` turns intervals into examples of one length.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amber.data.genomics.interval_formats import IntervalLines, read_interval_lines
from amber.display import one_line


@dataclass(frozen=True)
class Intervals:
    """Intervals as columns, each an array of shape `(n,)`, in the order of the file.

    Attributes:
        path: the file.
        kind: its format: `BED3` to `BED12`, `narrowPeak`, `broadPeak`, `bedGraph`, `GFF3` or `GTF`.
        chromosome: names as the file has them.
        start: the first base, counted from 0 in every format.
        end: the base after the last; as `start` where the length is zero.
        name: empty where there is none; of GFF3 and GTF the `Name`, `ID` or the like.
        score: NaN where there is none; the value of a bedGraph.
        strand: `+`, `-` or `.`.
        summit: the base of the summit, counted as `start` is; -1 where it is not known.
        feature: the feature's type in GFF3 and GTF, such as `gene`; empty otherwise.
        line: of the file, counted from 1.
        notes: one sentence for whatever was recognised or changed.
    """

    path: Path
    kind: str
    chromosome: NDArray[np.object_]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    name: NDArray[np.object_]
    score: NDArray[np.float64]
    strand: NDArray[np.str_]
    summit: NDArray[np.int64]
    feature: NDArray[np.object_]
    line: NDArray[np.int64]
    notes: tuple[str, ...] = ()
    __repr__ = one_line

    def __len__(self) -> int:
        """Number of intervals."""
        return len(self.start)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Intervals:
        """Return some intervals: by number, or by a mask such as `intervals.feature == "gene"`."""
        columns = {each.name: getattr(self, each.name) for each in fields(self)}
        taken = {name: each[rows] for name, each in columns.items() if isinstance(each, np.ndarray)}
        return Intervals(**{**columns, **taken})

    def where(self, row: int) -> str:
        """Return file and line of an interval, as messages name it."""
        return f"{self.path}, line {self.line[row]}"


def read_intervals(path: str | os.PathLike[str], *, size_limit: int | None = None) -> Intervals:
    """Read a BED, narrowPeak, broadPeak, bedGraph, GFF3 or GTF file, plain or compressed with gzip or bgzip.

    The format is recognised by content and by the ending. Comments, blank lines, `track` and `browser` lines and a row
    of column names are left out. Blanks may separate the fields of a BED file. Positions count from 0 afterwards.

    Args:
        path: the file.
        size_limit: MiB of text at most; by default an eighth of the machine's memory.

    Returns:
        The intervals, in the order of the file; none where the file has none, which a note says.

    Raises:
        DataError: the file is missing, of another format, too large, not UTF-8 or not sound gzip; or a row has too few
            fields, a position that is not an integer or negative, a start after its end, or a summit outside.
    """
    file = Path(path)
    return _as_columns(file, read_interval_lines(file, size_limit))


def _as_columns(file: Path, read: IntervalLines) -> Intervals:
    return Intervals(
        path=file,
        kind=read.kind,
        chromosome=text_column(read.chromosome),
        start=np.array(read.start, dtype=np.int64),
        end=np.array(read.end, dtype=np.int64),
        name=text_column(read.name),
        score=np.array(read.score, dtype=np.float64),
        strand=np.array(read.strand, dtype="<U1"),
        summit=np.array(read.summit, dtype=np.int64),
        feature=text_column(read.feature),
        line=np.array(read.line, dtype=np.int64),
        notes=tuple(read.notes),
    )


def text_column(values: list[str]) -> NDArray[np.object_]:
    """Return strings as an array of objects: one of fixed width would give every string the place of the longest."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
