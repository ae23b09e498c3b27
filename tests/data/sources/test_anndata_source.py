"""AnnData files as examples: dense and sparse numbers, layers, annotations of every kind, and what cannot be used."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from amber.data.examples import NumbersInput
from amber.data.from_examples import DatasetSpec, load
from amber.data.sources import AnnDataSource, Wanted
from amber.data.splits.division import SplitSpec
from amber.data.targets.tasks import TargetSpec
from amber.errors import DataError

FEATURES = ("g1", "g2", "p1")
_TEXT = h5py.string_dtype()


def _frame(file: h5py.File, name: str, names: list[str]) -> h5py.Group:
    group = file.create_group(name)
    group.attrs.update({"encoding-type": "dataframe", "encoding-version": "0.2.0", "_index": "_index"})
    group.attrs["column-order"] = np.array([], dtype=_TEXT)
    group.create_dataset("_index", data=names, dtype=_TEXT)
    return group


def written(path: Path, rows: int = 40, *, sparse: str = "") -> Path:
    """Write a file as AnnData 0.12 does: X of `rows` observations, a layer, and annotations of every kind."""
    numbers = np.arange(rows * 3, dtype=np.float32).reshape(rows, 3) % 7
    with h5py.File(path, "w") as file:
        file.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
        obs = _frame(file, "obs", [f"cell{k}" for k in range(rows)])
        _frame(file, "var", list(FEATURES))
        kind = obs.create_group("kind")
        kind.create_dataset("codes", data=np.array([k % 2 if k else -1 for k in range(rows)], dtype=np.int8))
        kind.create_dataset("categories", data=["B", "T"], dtype=_TEXT)
        obs.create_dataset("age", data=np.arange(rows) / 2)
        obs.create_dataset("donor", data=[f"d{k % 5}" for k in range(rows)], dtype=_TEXT)
        count = obs.create_group("count")
        count.create_dataset("values", data=np.arange(rows))
        count.create_dataset("mask", data=np.arange(rows) == 1)
        obs.attrs["column-order"] = np.array(["kind", "age", "donor", "count"], dtype=_TEXT)
        file.create_group("layers").create_dataset("raw", data=numbers.astype(np.int32) * 2)
        if not sparse:
            file.create_dataset("X", data=numbers)
            return path
        from scipy.sparse import csc_array, csr_array

        matrix = csc_array(numbers) if sparse == "csc_matrix" else csr_array(numbers)
        group = file.create_group("X")
        group.attrs.update({"encoding-type": sparse, "encoding-version": "0.1.0", "shape": np.array(numbers.shape)})
        for name in ("data", "indices", "indptr"):
            group.create_dataset(name, data=getattr(matrix, name))
    return path


@pytest.mark.parametrize("sparse", ["", "csr_matrix", "csc_matrix"])
def test_observations_with_their_annotations(tmp_path: Path, sparse: str) -> None:
    examples = AnnDataSource(str(written(tmp_path / "d.h5ad", 4, sparse=sparse))).examples(Wanted())
    assert examples.read(np.array([1, 3]))["features"].tolist() == [[3, 4, 5], [2, 3, 4]]
    assert examples.inputs["features"] == NumbersInput(3, FEATURES)
    assert examples.columns["kind"].tolist() == ["", "T", "B", "T"]
    assert examples.columns["donor"].tolist() == ["d0", "d1", "d2", "d3"]
    assert np.isnan(examples.columns["count"]).tolist() == [False, True, False, False]
    assert examples.columns["name"].tolist() == ["cell0", "cell1", "cell2", "cell3"]
    assert examples.describe(2) == f"{tmp_path / 'd.h5ad'}, observation 2 (cell2)"


def test_groups_of_features_and_a_layer(tmp_path: Path) -> None:
    source = AnnDataSource(str(written(tmp_path / "d.h5ad", 4)), layer="raw")
    examples = source.examples(Wanted(blocks={"genes": "g*", "protein": "p1"}))
    assert examples.read(np.array([1]))["genes"].tolist() == [[6, 8]]
    assert examples.inputs["protein"] == NumbersInput(1, ("p1",))
    assert source.input_names(Wanted()) == ("features",)


def test_a_data_set(tmp_path: Path) -> None:
    source = AnnDataSource(str(written(tmp_path / "d.h5ad")))
    spec = DatasetSpec({"output": TargetSpec("kind")}, SplitSpec("grouped", group="donor"))
    data = load(source, Wanted(), spec, "cells")
    assert data.classes == ("B", "T") and data.input_shape == {"features": (3,)}
    assert sum(data.sizes.values()) == 39 and any("left out" in note for note in data.notes)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    path = str(written(tmp_path / "d.h5ad", 4))
    with pytest.raises(DataError, match="expected a layer 'counts'. Received: layers 'raw'") as caught:
        AnnDataSource(path, "counts").examples(Wanted())
    assert caught.value.field == ("layer",)
    with pytest.raises(DataError, match="matches a column. Received: 'q"):
        AnnDataSource(path).examples(Wanted(blocks={"q": "q*"}))


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    path = written(tmp_path / "d.h5ad", 4)
    with h5py.File(path, "a") as file:
        file["X"][1, 2] = np.nan
    with pytest.raises(DataError, match=r"observation 'cell1', feature 'p1'.*Received: nan"):
        AnnDataSource(str(path)).examples(Wanted())
    with h5py.File(path, "a") as file:
        del file["var"]
    with pytest.raises(DataError, match="AnnData file with 'var'"):
        AnnDataSource(str(path)).examples(Wanted())
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(DataError, match=r"d\.h5ad: expected an AnnData file. Received: .*truncated"):
        AnnDataSource(str(path)).examples(Wanted())


@pytest.mark.parametrize("index", ["nowhere", "../obs", "", "kind"])
def test_an_index_that_names_no_array_is_said_once(tmp_path: Path, index: str) -> None:
    path = written(tmp_path / "d.h5ad", 4)
    with h5py.File(path, "a") as file:
        file["obs"].attrs["_index"] = index
    with pytest.raises(DataError, match="'_index' of /obs names one of its arrays: '_index', 'age'") as caught:
        AnnDataSource(str(path)).examples(Wanted())
    assert str(caught.value).count("Received") == 1
