"""Signals along the genome, in bigWig files: values of each base, or of bins.

What may be changed here: how values are summarised, and what stands where a track has none.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from amber.checks import positive_integer
from amber.data.genomics.bigwig_index import fault_of
from amber.data.genomics.chromosomes import ChromosomeMatch, ChromosomeNames
from amber.data.genomics.handles import PerThread, library
from amber.data.text.formats import recognise
from amber.display import PlainRepr
from amber.errors import DataError
from amber.files import open_regular
from amber.wording import said, shown

Summary = Literal["mean", "max", "sum"]
AbsentChromosome = Literal["refuse", "missing"]
_WHAT = "a bigWig file"
_MAGIC = (b"\x26\xfc\x8f\x88", b"\x88\x8f\xfc\x26")


class BigWigHandle(Protocol):
    """What of pybigtools' reader is used."""

    def chroms(self) -> dict[str, int]:
        """Return the chromosomes with their lengths."""
        ...

    def values(
        self, chrom: str, start: int, end: int, *, fillna: None, oob: float, arr: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the value of each base."""
        ...


class Track(PlainRepr):
    """A bigWig file that values are read from, by any number of threads and processes.

    A pickle holds the path: a worker opens the file itself.

    Args:
        path: the file.

    Attributes:
        path: the file.
        lengths: name -> bases of each chromosome.

    Raises:
        DataError: pybigtools is not installed, or the file is not a sound bigWig file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        with open_regular(self.path, what=_WHAT, error=DataError) as stream:
            head = stream.read(1 << 12)
            fault = fault_of(stream, os.fstat(stream.fileno()).st_size) if head.startswith(_MAGIC) else ""
        if fault:
            raise DataError(f"{self.path}: expected a sound bigWig file. Received: {fault}", file=str(self.path))
        if not head.startswith(_MAGIC):
            found = recognise(head)
            received = found.name if found else "an empty file" if not head else "another file"
            raise DataError(f"{self.path}: expected {_WHAT}. Received: {received}", file=str(self.path))
        self._files: PerThread[BigWigHandle] = PerThread(partial(_opened, Path(os.path.abspath(self.path))))
        self.lengths: dict[str, int] = self._files.get().chroms()
        self.names = ChromosomeNames(self.lengths, f"the track {self.path.name}")

    def __reduce__(self) -> tuple[type[Track], tuple[Path]]:
        """Send the path: a worker opens the file itself."""
        return type(self), (Path(os.path.abspath(self.path)),)

    def match(self, names: Iterable[str]) -> ChromosomeMatch:
        """Return what the track calls the chromosomes of another file, and which it does not have."""
        return self.names.match(names)

    def values(
        self,
        chromosomes: Sequence[str] | NDArray[np.object_],
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        *,
        bins: int | None = None,
        summary: Summary = "mean",
        missing: float = np.nan,
        absent: AbsentChromosome = "refuse",
    ) -> NDArray[np.float32]:
        """Return the signal in windows.

        Args:
            chromosomes: of each window, by any of its usual names.
            starts: the first base of each window, counted from 0, `(n,)`.
            ends: the base after the last, `(n,)`.
            bins: how many parts of equal length each window is divided into; by default each base is a value.
            summary: of the bases of a bin: their `"mean"`, `"max"` or `"sum"`. Bases without a value do not count; a
                bin without any is NaN.
            missing: what bases without a value have, before they are summarised: NaN (default), or a number such as 0.
                Beyond the ends of a chromosome there are none either.
            absent: a chromosome that the track does not have is an error (`"refuse"`), or its bases are without values
                (`"missing"`).

        Returns:
            Array of type float32 and shape `(n, length)`, or `(n, bins)`.

        Raises:
            DataError: a chromosome that is absent (those that are there are listed), windows of unequal length without
                `bins`, a length that is not a multiple of `bins`, arguments that do not fit, or a damaged file.
        """
        first, lengths = _checked(len(chromosomes), starts, ends, bins)
        if summary not in get_args(Summary) or absent not in get_args(AbsentChromosome):
            raise DataError(
                "`summary` must be 'mean', 'max' or 'sum', and `absent` 'refuse' or 'missing'. "
                f"Received: {shown(summary)} and {shown(absent)}"
            )
        match = self.match(str(each) for each in chromosomes)
        if match.missing and absent == "refuse":
            raise self.names.unknown(match.missing)
        width = bins if bins is not None else int(lengths[0]) if len(lengths) else 0
        result = np.empty((len(first), width), dtype=np.float32)
        for row, (chromosome, start, length) in enumerate(
            zip(chromosomes, first.tolist(), lengths.tolist(), strict=True)
        ):
            values = self._bases(match.names.get(str(chromosome)), start, length)
            if not np.isnan(missing):
                values[np.isnan(values)] = missing
            result[row] = values if bins is None else _SUMMARIES[summary](values.reshape(bins, -1))
        return result

    def _bases(self, name: str | None, start: int, length: int) -> NDArray[np.float64]:
        values = np.full(length, np.nan)
        if name is None or start >= self.lengths[name] or start + length <= 0:
            return values
        with _sound(self.path, f"to read {name}:{start}-{start + length}"):
            return self._files.get().values(name, start, start + length, fillna=None, oob=np.nan, arr=values)


def _opened(path: Path) -> BigWigHandle:
    pybigtools = library("pybigtools", "A track")
    with _sound(path, "to open it"):
        # pybigtools opens paths of these endings only, any other file as a stream.
        known = path.suffix in (".bw", ".bigwig", ".bigWig")
        handle: BigWigHandle = pybigtools.open(str(path) if known else path.open("rb"))
        return handle


@contextlib.contextmanager
def _sound(path: Path, what: str) -> Iterator[None]:
    """Name the file where pybigtools fails, or panics as Rust code does, which is not an Exception."""
    try:
        yield
    except DataError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise DataError(
            f"{path}: expected a sound bigWig file, and {what}. Received: {said(error)}", file=str(path)
        ) from error


def _checked(
    count: int, starts: NDArray[np.int64], ends: NDArray[np.int64], bins: int | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    first, last = np.asarray(starts, dtype=np.int64), np.asarray(ends, dtype=np.int64)
    if first.shape != (count,) or last.shape != (count,):
        raise DataError(
            f"`chromosomes`, `starts` and `ends` must have one entry per window. Received: {count} chromosomes, starts "
            f"of shape {first.shape}, ends of shape {last.shape}"
        )
    lengths = last - first
    if bins is not None:
        positive_integer(bins, "bins", error=DataError)
        expected, wrong = f"a multiple of {bins} bins", (lengths < 1) | (lengths % bins != 0)
    else:
        expected, wrong = "that of the first, or give `bins`", (lengths < 1) | (lengths != lengths[:1])
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"window {row}: its length must be {expected}. Received: {lengths[row]:,} bases")
    return first, lengths


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    present = (~np.isnan(values)).sum(axis=1)
    return np.asarray(
        np.divide(np.nansum(values, axis=1), present, out=np.full(len(values), np.nan), where=present > 0)
    )


def _sum(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isnan(values).all(axis=1), np.nan, np.nansum(values, axis=1))


def _max(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.fmax.reduce(values, axis=1))


_SUMMARIES = {"mean": _mean, "max": _max, "sum": _sum}
