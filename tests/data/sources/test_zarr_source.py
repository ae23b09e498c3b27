"""Zarr stores as examples, of both formats, and what cannot be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import zarr

from amber.data.sources import Wanted, ZarrSource
from amber.errors import DataError
from amber.types import Array

CODES = np.array([[0, 1, 2], [3, 4, 0]], dtype=np.uint8)


def _saved(path: Path, version: Literal[2, 3] = 3, **arrays: Array) -> ZarrSource:
    group = zarr.open_group(str(path), mode="w", zarr_format=version)
    for name, values in arrays.items():
        group.create_array(name, data=values)
    return ZarrSource(str(path))


@pytest.mark.parametrize("version", [2, 3])
def test_arrays_of_both_formats(tmp_path: Path, version: Literal[2, 3]) -> None:
    source = _saved(tmp_path / "d.zarr", version, x=CODES, y=np.array([0, 1]), age=np.array([[1.5], [2.0]]))
    examples = source.examples(Wanted(blocks={"dna": {"sequence": "x"}, "n": "age"}))
    read = examples.read(np.arange(2))
    assert read["dna"].tolist() == CODES.tolist() and read["n"].tolist() == [[1.5], [2.0]]
    assert examples.columns["y"].tolist() == [0, 1]


def test_groups_are_the_parts(tmp_path: Path) -> None:
    group = zarr.open_group(str(tmp_path / "d.zarr"), mode="w")
    for part, rows in (("train", 2), ("valid", 1)):
        group.create_array(f"{part}/x", data=CODES[:rows])
        group.create_array(f"{part}/y", data=np.arange(rows))
    examples = ZarrSource(str(tmp_path / "d.zarr")).examples(Wanted())
    assert examples.columns["split"].tolist() == ["train", "train", "val"]


def test_arrays_that_are_there_are_named(tmp_path: Path) -> None:
    source = _saved(tmp_path / "d.zarr", inputs=CODES, y=np.array([0, 1]))
    with pytest.raises(DataError, match=r"expected an array 'seq'.*Received: 'inputs', 'y'"):
        source.examples(Wanted())


def test_what_is_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="expected a folder with a Zarr store"):
        ZarrSource(str(tmp_path / "none.zarr")).examples(Wanted())
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(DataError, match="expected a sound Zarr store"):
        ZarrSource(str(tmp_path / "empty.zarr")).examples(Wanted())
    source = _saved(tmp_path / "d.zarr", x=CODES)
    (tmp_path / "d.zarr" / "x" / "zarr.json").write_text("{")
    with pytest.raises(DataError, match=r"d\.zarr: expected"):
        source.examples(Wanted())
    source = _saved(tmp_path / "e.zarr", x=CODES)
    monkeypatch.setattr("amber.data.text.reading.machine_memory", lambda: 1)
    with pytest.raises(DataError, match="that fit into memory"):
        source.examples(Wanted())


def test_a_damaged_chunk_does_not_end_the_process(tmp_path: Path) -> None:
    """Its codec writes beyond what it was given; some of these crash, the others are refused with its own words."""
    values = np.arange(240, dtype=np.uint8).reshape(30, 8) % 4
    source = _saved(tmp_path / "d.zarr", 2, x=values, y=np.arange(30) % 2)
    chunk = tmp_path / "d.zarr" / "x" / "0.0"
    data = bytearray(chunk.read_bytes())
    data[-12:] = bytes(range(200, 212))
    chunk.write_bytes(data)
    with pytest.raises(DataError, match=r"d\.zarr: expected a sound Zarr store. Received: "):
        source.examples(Wanted())


def test_a_store_of_python_objects_is_not_unpickled(tmp_path: Path) -> None:
    source = _saved(tmp_path / "d.zarr", 2, x=CODES)
    file = tmp_path / "d.zarr" / "x" / ".zarray"
    described = json.loads(file.read_text())
    file.write_text(json.dumps(described | {"dtype": "|O", "fill_value": None, "filters": [{"id": "pickle"}]}))
    with pytest.raises(DataError, match=r"d\.zarr"):
        source.examples(Wanted())
