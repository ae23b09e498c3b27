"""Attributions in files: NumPy, HDF5, bigWig."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from amber.data.genomics.signal_files import Bases, write_bases
from amber.errors import DataError
from amber.files.strict_json import json_text
from amber.files.whole import replacing
from amber.files.whole_hdf5 import new_hdf5
from amber.types import Array, JsonObject

_SUFFIXES = (".npz", ".h5", ".hdf5")


def save_attributions(
    path: str | os.PathLike[str], arrays: Mapping[str, Array], about: JsonObject | None = None
) -> Path:
    """Write arrays by name, compressed, and return the path.

    Args:
        path: ends in `.npz`, or in `.h5` or `.hdf5` for HDF5.
        arrays: such as `contributions`, `examples`.
        about: what else is to be known, as JSON: in HDF5 the attribute `about`, in NumPy's format an array of text.

    Raises:
        DataError: another ending.
        OSError: the file cannot be written.
    """
    target = Path(path)
    if target.suffix not in _SUFFIXES:
        raise DataError(f"Attributions are written to files ending in {', '.join(_SUFFIXES)}. Received: {target}")
    text = json_text(about or {})
    if target.suffix == ".npz":
        with replacing(target) as aside:
            np.savez_compressed(aside, allow_pickle=False, **arrays, about=np.array(text))
        return target
    with new_hdf5(target) as file:
        file.attrs["about"] = text
        for name, array in arrays.items():
            file.create_dataset(name, data=array, compression="gzip", shuffle=True)
    return target


def save_bigwig(
    path: str | os.PathLike[str],
    contributions: Array,
    places: Sequence[tuple[str, int]],
    chromosome_sizes: Mapping[str, int],
) -> Path:
    """Write the contribution of each position of a genome as bigWig, and return the path.

    Args:
        path: ends in `.bw` or `.bigwig`.
        contributions: shape (examples, length, 4), or (examples, length). Where examples overlap, the mean counts;
            where a value is NaN, there is none.
        places: chromosome and first base (from 0) of each example, on the forward strand.
        chromosome_sizes: length of each chromosome of the genome.

    Raises:
        DataError: pybigtools is not installed, another ending, or places that do not fit.
        OSError: the file cannot be written.
    """
    tracks = contributions.sum(axis=-1) if contributions.ndim == 3 else contributions
    if tracks.ndim != 2 or len(tracks) != len(places) or not len(places):
        raise DataError(
            f"Expected contributions of shape (examples, length, 4) and a place for each example. Received: "
            f"{contributions.shape} and {len(places)} places"
        )
    bases = {name: _means(name, tracks, places) for name in {place[0] for place in places}}
    return write_bases(path, bases, chromosome_sizes)


def _means(chromosome: str, tracks: Array, places: Sequence[tuple[str, int]]) -> Bases:
    """Return each covered position of a chromosome with the mean of what covers it, in order."""
    length = tracks.shape[1]
    rows = [row for row, (name, _) in enumerate(places) if name == chromosome]
    positions = np.concatenate([places[row][1] + np.arange(length) for row in rows])
    values = np.concatenate([tracks[row] for row in rows]).astype(np.float64)
    known = ~np.isnan(values)
    covered, inverse = np.unique(positions[known], return_inverse=True)
    return covered, np.bincount(inverse, weights=values[known]) / np.bincount(inverse)
