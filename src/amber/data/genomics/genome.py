"""A genome in an indexed FASTA file: windows of it, as text or as an array.

What may be changed here: how windows are read. `genome_index` finds the index, `chromosomes` knows the names, and
`amber.data.encoding.sequences.encode_codes` turns the array into one-hot channels.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from amber.data.genomics.chromosomes import ChromosomeMatch, ChromosomeNames
from amber.data.genomics.genome_index import PlainGzip, find_index
from amber.data.genomics.handles import PerThread, library, quiet_htslib
from amber.display import PlainRepr
from amber.errors import DataError
from amber.files import MEBIBYTE
from amber.wording import said, shown

AtEnd = Literal["pad", "refuse"]
_N = ord("N")
_COMPLEMENT = np.arange(256, dtype=np.uint8)
for _bases, _partners in ((b"ACGTURYKMBDHV", b"TGCAAYRMKVHDB"), (b"acgturykmbdhv", b"tgcaayrmkvhdb")):
    _COMPLEMENT[list(_bases)] = list(_partners)


class FastaHandle(Protocol):
    """What of `pysam.FastaFile` is used."""

    references: Sequence[str]
    lengths: Sequence[int]

    def fetch(self, reference: str, start: int, end: int) -> str:
        """Return a part of a chromosome."""
        ...


class Genome(PlainRepr):
    """A genome that windows are read from, by any number of threads and processes.

    A pickle holds the path: a worker opens the file itself. A genome of at most `memory` MiB is held in memory,
    chromosome by chromosome once they are asked for; of a larger one, each window is read from the file.

    Args:
        path: a FASTA file, plain or compressed with bgzip (any with its index, or without: it is made), or with gzip.
        plain_gzip: what to do with a file compressed with gzip: `"unpack"` it into the cache folder (default), or
            `"refuse"` it.
        memory: MiB that may be held.

    Attributes:
        path: the file.
        lengths: name -> bases, in the order of the file.
        notes: what was made on the way, such as an index.

    Raises:
        DataError: pysam is not installed, or the file cannot be read or indexed (with the line, where one is at fault).
    """

    def __init__(
        self, path: str | os.PathLike[str], *, plain_gzip: PlainGzip = "unpack", memory: float = 256.0
    ) -> None:
        if plain_gzip not in ("unpack", "refuse"):
            raise DataError(f"`plain_gzip` must be 'unpack' or 'refuse'. Received: {shown(plain_gzip)}")
        self.path = Path(path)
        self._again = partial(Genome, plain_gzip=plain_gzip, memory=memory)
        self._index = find_index(self.path, plain_gzip)
        self.notes = self._index.notes
        self._files: PerThread[FastaHandle] = PerThread(self._open)
        handle = self._files.get()
        self.lengths: dict[str, int] = dict(zip(handle.references, handle.lengths, strict=True))
        self.names = ChromosomeNames(self.lengths, f"the genome {self.path.name}")
        self._held: dict[str, NDArray[np.uint8]] | None = (
            {} if sum(self.lengths.values()) <= memory * MEBIBYTE else None
        )

    def __reduce__(self) -> tuple[Callable[[Path], Genome], tuple[Path]]:
        """Send the path: a worker opens the file itself."""
        return self._again, (Path(os.path.abspath(self.path)),)

    def match(self, names: Iterable[str]) -> ChromosomeMatch:
        """Return what the genome calls the chromosomes of another file, and which it does not have."""
        return self.names.match(names)

    def fetch(self, chromosome: str, start: int, end: int) -> str:
        """Return the bases of `start` (counted from 0) up to and without `end`, in the case of the file.

        Raises:
            DataError: the genome does not have the chromosome (the ones it has are listed), or not all of the window.
        """
        name = self.names.resolve(chromosome)
        if not 0 <= start <= end <= self.lengths[name]:
            raise self._beyond(name, start, end)
        return self._read(name, start, end).decode("ascii")

    def fetch_codes(
        self,
        chromosomes: Sequence[str] | NDArray[np.object_],
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        strands: Sequence[str] | NDArray[np.str_] | None = None,
        *,
        at_end: AtEnd = "refuse",
    ) -> NDArray[np.uint8]:
        """Return windows of one length as ASCII codes of their bases, for `encode_codes`.

        Args:
            chromosomes: of each window, by any of its usual names.
            starts: the first base of each window, counted from 0, `(n,)`.
            ends: the base after the last, `(n,)`.
            strands: of each window: `+`, `-` (its reverse complement is returned) or `.`; by default all `+`.
            at_end: what lies beyond a chromosome's ends is `N` (`"pad"`) or an error (`"refuse"`, the default).

        Returns:
            Array of type uint8 and shape `(n, length)`, in the case of the file.

        Raises:
            DataError: windows of unequal length, a chromosome that the genome does not have, a window beyond an end,
                or arguments that do not fit.
        """
        starts, length = _checked_windows(len(chromosomes), starts, ends)
        places: dict[str, int] = {}
        which = np.array([places.setdefault(str(each), len(places)) for each in chromosomes], dtype=np.int64)
        match = self.match(places)
        if match.missing:
            raise self.names.unknown(match.missing)
        codes = np.full((len(starts), length), _N, dtype=np.uint8)
        for asked, place in places.items():
            rows = np.flatnonzero(which == place)
            self._fill(codes, rows, match.names[asked], starts[rows], at_end)
        if strands is not None:
            minus = np.flatnonzero(_checked_strands(strands, len(starts)) == "-")
            codes[minus] = reverse_complement(codes[minus])
        return codes

    def _fill(
        self, codes: NDArray[np.uint8], rows: NDArray[np.int64], name: str, starts: NDArray[np.int64], at_end: AtEnd
    ) -> None:
        length, size = codes.shape[1], self.lengths[name]
        inside = (starts >= 0) & (starts <= size - length)
        if at_end == "refuse" and not inside.all():
            first = int(starts[int(np.argmin(inside))])
            raise self._beyond(name, first, first + length)
        one_by_one = zip(rows.tolist(), starts.tolist(), strict=True)
        if self._held is not None and length:
            whole = self._chromosome(name)
            if inside.any():
                codes[rows[inside]] = sliding_window_view(whole, length)[starts[inside]]
            one_by_one = zip(rows[~inside].tolist(), starts[~inside].tolist(), strict=True)
        for row, start in one_by_one:
            low, high = max(start, 0), min(start + length, size)
            if low < high:
                codes[row, low - start : high - start] = np.frombuffer(self._read(name, low, high), dtype=np.uint8)

    def _chromosome(self, name: str) -> NDArray[np.uint8]:
        held = self._held if self._held is not None else {}
        if name not in held:
            held[name] = np.frombuffer(self._read(name, 0, self.lengths[name]), dtype=np.uint8)
        return held[name]

    def _read(self, name: str, start: int, end: int) -> bytes:
        try:
            read = self._files.get().fetch(name, start, end).encode("ascii")
        except (OSError, ValueError, KeyError) as error:
            raise DataError(
                f"{self.path}: expected to read {name}:{start}-{end} through the index {self._index.fai}; if that is "
                f"another file's, remove it. Received: {said(error)}",
                file=str(self.path),
            ) from error
        if len(read) != end - start:
            raise DataError(
                f"{self.path}: expected {end - start} bases of {name} from {start} on, as the index {self._index.fai} "
                f"says; remove it, and a new one is made. Received: {len(read)}",
                file=str(self.path),
            )
        return read

    def _open(self) -> FastaHandle:
        pysam = library("pysam", "A genome")
        try:
            with quiet_htslib(pysam):
                handle: FastaHandle = pysam.FastaFile(
                    str(self._index.fasta),
                    filepath_index=str(self._index.fai),
                    filepath_index_compressed=None if self._index.gzi is None else str(self._index.gzi),
                )
                return handle
        except (OSError, ValueError) as error:
            raise DataError(
                f"{self.path}: expected a genome that can be opened with the index {self._index.fai}; remove it, and a "
                f"new one is made. Received: {said(error)}",
                file=str(self.path),
            ) from error

    def _beyond(self, name: str, start: int, end: int) -> DataError:
        return DataError(
            f"{self.path}: a window must lie within its chromosome, {name} of {self.lengths[name]:,} bases (or choose "
            f'at_end="pad", for N). Received: {start:,} to {end:,}',
            file=str(self.path),
        )


def reverse_complement(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the other strand of sequences given as ASCII codes, `(n, length)`; other signs stay."""
    return _COMPLEMENT.take(codes[:, ::-1])


def _checked_windows(count: int, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    first, last = np.asarray(starts, dtype=np.int64), np.asarray(ends, dtype=np.int64)
    if first.shape != (count,) or last.shape != (count,):
        raise DataError(
            f"`chromosomes`, `starts` and `ends` must have one entry per window. Received: {count} chromosomes, starts "
            f"of shape {first.shape}, ends of shape {last.shape}"
        )
    lengths = last - first
    length = int(lengths[0]) if count else 0
    wrong = np.flatnonzero((lengths != length) | (lengths < 1))
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"window {row}: all windows must have one length, at least 1, as the first has ({length}). "
            f"Received: {first[row]:,} to {last[row]:,}, {lengths[row]:,} bases"
        )
    return first, length


def _checked_strands(strands: Sequence[str] | NDArray[np.str_], count: int) -> NDArray[np.str_]:
    given = np.asarray(strands, dtype=np.str_)
    odd = np.flatnonzero(~np.isin(given, ("+", "-", ".")))
    if given.shape != (count,) or len(odd):
        received = f"shape {given.shape}" if given.shape != (count,) else f"{str(given[odd[0]])!r} of window {odd[0]}"
        raise DataError(f"`strands` must hold '+', '-' or '.' for each of {count} windows. Received: {received}")
    return given
