"""Numbers along a genome written as bigWig."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from amber.data.genomics.handles import library
from amber.errors import DataError
from amber.files.whole import replacing
from amber.types import Array

SUFFIXES = (".bw", ".bigwig")
Run: TypeAlias = tuple[str, int, int, float]
"""Chromosome, first base, the base after the last, value."""
Bases: TypeAlias = tuple[NDArray[np.int64], Array]
"""Positions of bases, counted from 0, in order, and the value of each."""


def write_bigwig(path: str | os.PathLike[str], runs: list[Run], chromosome_sizes: Mapping[str, int]) -> Path:
    """Write runs of one value, by chromosome and place, without overlaps, and return the path.

    Args:
        path: ends in `.bw` or `.bigwig`.
        runs: in the order of places within each chromosome.
        chromosome_sizes: length of each chromosome of the genome.

    Raises:
        DataError: pybigtools is not installed, another ending, or a run beyond its chromosome.
        OSError: the file cannot be written.
    """
    for name, start, end, _ in runs:
        _check_place(name, start, end, chromosome_sizes)
    return _write(Path(path), iter(runs), chromosome_sizes)


def write_bases(path: str | os.PathLike[str], bases: Mapping[str, Bases], chromosome_sizes: Mapping[str, int]) -> Path:
    """Write a value for each of some bases, and return the path; raises as `write_bigwig`.

    Args:
        path: ends in `.bw` or `.bigwig`.
        bases: by chromosome.
        chromosome_sizes: length of each chromosome of the genome.
    """
    for name, (positions, _) in bases.items():
        outside = positions[(positions < 0) | (positions >= chromosome_sizes.get(name, 0))]
        for position in outside[:1].tolist():
            _check_place(name, position, position + 1, chromosome_sizes)
    runs = (
        (name, position, position + 1, value)
        for name in sorted(bases)
        for position, value in zip(*(each.tolist() for each in bases[name]), strict=True)
    )
    return _write(Path(path), runs, chromosome_sizes)


def _check_place(name: str, start: int, end: int, chromosome_sizes: Mapping[str, int]) -> None:
    if start < 0 or end > chromosome_sizes.get(name, 0):
        size = chromosome_sizes.get(name, "no such chromosome")
        raise DataError(f"A place must lie within its chromosome. Received: {name}:{start}-{end} ({size})")


def _write(target: Path, runs: Iterator[Run], chromosome_sizes: Mapping[str, int]) -> Path:
    """Write runs that were checked: what an iterator raises is lost in the library."""
    if target.suffix.lower() not in SUFFIXES:
        raise DataError(f"A bigWig file ends in .bw or .bigwig. Received: {target}")
    pybigtools = library("pybigtools", "A track")
    with replacing(target) as aside:
        writer = pybigtools.open(str(aside), "w")
        writer.write(dict(chromosome_sizes), runs)
        writer.close()
    return target


def mean_of_windows(
    chromosomes: NDArray[np.object_], starts: NDArray[np.int64], ends: NDArray[np.int64], values: Array
) -> list[Run]:
    """Return the mean of the values of all windows that cover a base, as runs of one value.

    Args:
        chromosomes: of each window, `(n,)`.
        starts: first bases, counted from 0.
        ends: the bases after the last.
        values: finite numbers, `(n,)`.
    """
    names = chromosomes.astype(np.str_)
    found: list[Run] = []
    for name in np.unique(names):
        rows = np.flatnonzero(names == name)
        found += _means(str(name), starts[rows], ends[rows], np.asarray(values, dtype=np.float64)[rows])
    return found


def _means(name: str, starts: NDArray[np.int64], ends: NDArray[np.int64], values: Array) -> Iterator[Run]:
    """Sum values and numbers of windows from edge to edge."""
    edges, places = np.unique(np.concatenate([starts, ends]), return_inverse=True)
    signs = np.repeat([1, -1], len(starts))
    covering = np.cumsum(np.bincount(places, weights=signs)).round().astype(np.int64)
    sums = np.cumsum(np.bincount(places, weights=signs * np.concatenate([values, values])))
    for place in np.flatnonzero(covering[:-1] > 0):
        yield name, int(edges[place]), int(edges[place + 1]), float(sums[place] / covering[place])
