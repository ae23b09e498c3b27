"""Parquet files as examples: types, missing values, columns that are wanted, and what cannot be used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from amber.data.from_examples import DatasetSpec, load
from amber.data.sources import ParquetSource, Wanted
from amber.data.splits.division import SplitSpec
from amber.data.targets.tasks import TargetSpec
from amber.errors import DataError

SEQUENCES = ["ACGT", "TTAA"] * 20


def _saved(path: Path, **columns: object) -> ParquetSource:
    pq.write_table(pa.table(columns), path)
    return ParquetSource(str(path))


def test_columns_of_every_type(tmp_path: Path) -> None:
    source = _saved(
        tmp_path / "d.parquet",
        seq=["ACGT", "acgn"],
        label=pa.array(["a", None]).dictionary_encode(),
        dose=pa.array([1.5, None]),
        count=pa.array([3, 4], pa.int64()),
        known=[True, False],
    )
    examples = source.examples(Wanted())
    assert examples.read(np.arange(2))["seq"].tolist() == [[0, 1, 2, 3], [0, 1, 2, 4]]
    found = {name: each.tolist() for name, each in examples.columns.items()}
    assert found == {"label": ["a", ""], "dose": ["1.5", ""], "count": ["3", "4"], "known": ["True", "False"]}
    assert examples.describe(1) == f"{tmp_path / 'd.parquet'}, row 1"


def test_a_data_set_is_that_of_a_csv_file(tmp_path: Path) -> None:
    labels = ["a", "b"] * 20
    source = _saved(
        tmp_path / "d.parquet", seq=SEQUENCES, label=labels, dose=[0.25 * k for k in range(40)], more=[[1]] * 40
    )
    spec = DatasetSpec({"output": TargetSpec("label")}, SplitSpec("random"), one_input=True)
    data = load(source, Wanted(), spec, "d")
    assert data.input_shape == (4, 4) and data.classes == ("a", "b") and sum(data.sizes.values()) == 40
    numbers = load(source, Wanted(blocks={"n": "dose"}, columns=None), DatasetSpec(spec.targets, spec.split), "d")
    assert numbers.input_shape == {"n": (1,)}


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted(columns={"labelx": ("targets", "output", "column")}), r"'labelx'.*Did you mean 'label'"),
        (Wanted("sequence"), r"a column of the file \('seq', 'label'\)"),
        (Wanted("label"), "row 0, position 1: expected letters"),
        (Wanted(columns={"nested": ("targets", "output", "column")}), r"column 'nested': expected one text or number"),
    ],
)
def test_columns_that_cannot_be_used(tmp_path: Path, wanted: Wanted, message: str) -> None:
    source = _saved(tmp_path / "d.parquet", seq=["ACGT"], label=["!"], nested=[[1, 2]])
    with pytest.raises(DataError, match=message):
        _ = source.examples(wanted).inputs


@pytest.mark.parametrize("content", [b"seq,label\nACGT,a\n", b"PAR1 and then nothing", b""])
def test_files_that_are_no_parquet(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "d.parquet").write_bytes(content)
    with pytest.raises(DataError, match=r"d\.parquet: expected .*Parquet.*Received: ") as caught:
        ParquetSource(str(tmp_path / "d.parquet")).examples(Wanted())
    assert caught.value.file == str(tmp_path / "d.parquet")


def test_a_file_that_does_not_fit_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = _saved(tmp_path / "d.parquet", seq=SEQUENCES)
    monkeypatch.setattr("amber.data.text.reading.machine_memory", lambda: 10)
    with pytest.raises(DataError, match="that fit into memory"):
        source.examples(Wanted())
