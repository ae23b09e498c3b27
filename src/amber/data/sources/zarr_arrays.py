"""Zarr stores as a source: arrays as in npz and HDF5 files, by their path in the store.

What may be changed here: which stores are read.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from amber.data.examples import ArrayExamples
from amber.data.genomics.handles import library
from amber.data.sources.arrays import NamedArrays
from amber.data.sources.source import Source, Wanted, register_source
from amber.data.text import reading
from amber.errors import DataError
from amber.files import size_text
from amber.files.probe import ends_well
from amber.types import Array
from amber.wording import said

# This codec, of format 2 by default, does not survive every damaged chunk: another process reads all of them first.
_TRUSTING = "blosc"
_IMPORTS = "import sys, zarr"
_READ = """
try:
    group = zarr.open_group(zarr.storage.LocalStore(sys.argv[1], read_only=True), mode="r")
    for _, each in group.members(max_depth=None):
        if hasattr(each, "shape"):
            each[...]
except Exception:
    pass
"""
# More arrays than this are not a data set.
_MOST_ARRAYS = 10_000


@dataclass(frozen=True)
class ZarrSource(Source):
    """Arrays of a Zarr store in a folder, of format 2 or 3; what they mean is as `ArraysSource` says.

    Attributes:
        zarr: the folder.
    """

    zarr: str
    PATHS: ClassVar[tuple[str, ...]] = ("zarr",)
    UNUSED: ClassVar[tuple[str, ...]] = ()

    def examples(self, wanted: Wanted) -> ArrayExamples:
        """Return the examples.

        Raises:
            DataError: zarr is not installed, there is no such store, it is damaged, holds Python objects or more than
                fits into memory; or as for `ArraysSource.examples`.
        """
        return self.named().examples(wanted)

    def named(self) -> NamedArrays:
        """Return the arrays by name; errors are those of a store that cannot be read."""
        return NamedArrays(self.zarr, self._arrays())

    def _arrays(self) -> dict[str, Array]:
        zarr = library("zarr", "A Zarr store", "zarr")
        if not Path(self.zarr).is_dir():
            raise DataError(
                f"{self.zarr}: expected a folder with a Zarr store; unpack it first. Received: no folder",
                file=self.zarr,
            )
        try:
            group = zarr.open_group(zarr.storage.LocalStore(self.zarr, read_only=True), mode="r")
            members = {name: each for name, each in group.members(max_depth=None) if hasattr(each, "shape")}
            found = {name: members[name] for name in sorted(members)}
            self._check(found)
            if any(_TRUSTING in repr(each.metadata.to_dict()).lower() for each in found.values()):
                self._try(sum(int(each.nbytes) for each in found.values()))
            return {name: _text(np.asarray(each[...])) for name, each in found.items() if each.shape}
        except DataError:
            raise
        except Exception as error:  # a store may be damaged anywhere, and its codecs raise whatever they like
            raise DataError(
                f"{self.zarr}: expected a sound Zarr store. Received: {said(error)}", file=self.zarr
            ) from error

    def _try(self, unpacked: int) -> None:
        stored = sum(each.stat().st_size for each in Path(self.zarr).rglob("*") if each.is_file())
        if not ends_well(_IMPORTS, _READ, [os.path.abspath(self.zarr)], stored + unpacked):
            raise self._wrong("a sound Zarr store", "one that is damaged so that reading it crashes")

    def _check(self, found: dict[str, Any]) -> None:
        size = sum(int(each.nbytes) for each in found.values())
        if size > reading.machine_memory() or len(found) > _MOST_ARRAYS:
            expected = f"at most {_MOST_ARRAYS:,} arrays that fit into memory"
            raise self._wrong(expected, f"{len(found):,} of {size_text(size)}")
        for name, each in found.items():
            # A codec that unpickles would run what the store holds.
            if "pickle" in repr(each.metadata.to_dict()).lower():
                raise DataError(
                    f"{self.zarr}, array {name!r}: expected numbers or text. Received: Python objects", file=self.zarr
                )

    def _wrong(self, expected: str, received: str) -> DataError:
        return DataError(f"{self.zarr}: expected {expected}. Received: {received}", file=self.zarr)


def _text(values: Array) -> Array:
    return values if values.dtype.kind in "biufUS" else np.array([str(each) for each in values.tolist()])


register_source("zarr", ZarrSource)
