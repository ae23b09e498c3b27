"""Names and labels inside files that are not text are shown to users, so they hold nothing that a terminal obeys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from amber.data.sources import AnnDataSource, ArraysSource, ParquetSource, Source, Wanted
from amber.errors import DataError

CODE = "\x1b[31mred"


def npz_labels(path: Path) -> Source:
    np.savez(path / "d.npz", seq=np.array(["ACGT", "ACGA"]), label=np.array(["a", CODE]))
    return ArraysSource(str(path / "d.npz"))


def npz_names(path: Path) -> Source:
    np.savez(path / "d.npz", **{"seq": np.array(["ACGT", "ACGA"]), CODE: np.array([1, 2])})
    return ArraysSource(str(path / "d.npz"))


def parquet(path: Path, columns: dict[str, list[str]]) -> Source:
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.table(columns), path / "d.parquet")
    return ParquetSource(str(path / "d.parquet"))


def anndata(path: Path, feature: str = "b", category: str = "T") -> Source:
    with h5py.File(path / "d.h5ad", "w") as file:
        for group, names in {"obs": ["cell1", "cell2"], "var": ["a", feature]}.items():
            file.create_group(group).attrs["_index"] = "_index"
            file[group]["_index"] = names
        file["obs"].attrs["column-order"] = ["kind"]
        file["obs/kind/codes"], file["obs/kind/categories"] = np.array([0, 1]), ["B", category]
        file["X"] = np.zeros((2, 2), np.float32)
    return AnnDataSource(str(path / "d.h5ad"))


@pytest.mark.parametrize(
    ("source", "where"),
    [
        (npz_labels, "array 'label'"),
        (npz_names, "the names of arrays"),
        (lambda path: parquet(path, {"seq": ["ACGT", "ACGA"], "label": ["a", CODE]}), "column 'label'"),
        (lambda path: parquet(path, {"seq": ["ACGT", "ACGA"], CODE: ["a", "b"]}), "the names of columns"),
        (lambda path: anndata(path, feature=CODE), "the names of features"),
        (lambda path: anndata(path, category=CODE), "column 'kind'"),
    ],
)
def test_they_are_refused(source: Callable[[Path], Source], where: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"{where}: expected text without control characters. Received: '\\x1b'"):
        source(tmp_path).examples(Wanted())


def test_others_are_read(tmp_path: Path) -> None:
    assert anndata(tmp_path).examples(Wanted()).columns["kind"].tolist() == ["B", "T"]
