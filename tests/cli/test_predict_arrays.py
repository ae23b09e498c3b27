"""`amber predict RUN FILE` reads arrays, Parquet, Zarr and AnnData as `amber evaluate` does, without labels."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from amber.data.datasets import find_data
from amber.data.tables.table import read_table

Amber = Callable[..., Any]
EXAMPLES = 12


@pytest.fixture(scope="module")
def sequences() -> list[str]:
    """A few sequences of the splice data."""
    return read_table(find_data("splice"), ["seq"])["seq"][:EXAMPLES]


@pytest.fixture(scope="module")
def expected(amber: Amber, finished_run: Path, sequences: list[str], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What is predicted for a table of the same sequences."""
    path = tmp_path_factory.mktemp("table") / "new.csv"
    path.write_text("seq\n" + "\n".join(sequences) + "\n")
    return rows(amber("predict", finished_run, path).stdout, "seq")


def rows(text: str, key: str, delimiter: str = ",") -> list[dict[str, str]]:
    """Return the rows of a table without their key."""
    found = list(csv.DictReader(io.StringIO(text), delimiter=delimiter))
    assert key in found[0]
    return [{name: value for name, value in row.items() if name != key} for row in found]


def write_npz(path: Path, sequences: list[str]) -> Path:
    np.savez(path.with_suffix(".npz"), seq=np.array(sequences))
    return path.with_suffix(".npz")


def write_hdf5(path: Path, sequences: list[str]) -> Path:
    one_hot = np.array([[[letter == each for each in "ACGT"] for letter in text] for text in sequences], np.uint8)
    with h5py.File(path.with_suffix(".h5"), "w") as opened:
        opened["seq"] = one_hot
    return path.with_suffix(".h5")


def write_parquet(path: Path, sequences: list[str]) -> Path:
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"seq": sequences}), path.with_suffix(".parquet"))
    return path.with_suffix(".parquet")


def write_zarr(path: Path, sequences: list[str]) -> Path:
    import zarr

    group = zarr.open_group(path.with_suffix(".zarr"), mode="w")
    group.create_array("seq", data=np.array([["ACGT".index(each) for each in text] for text in sequences], np.uint8))
    return path.with_suffix(".zarr")


@pytest.mark.parametrize(
    ("write", "key"), [(write_npz, "row"), (write_hdf5, "row"), (write_parquet, "seq"), (write_zarr, "row")]
)
def test_predictions_are_those_of_a_table(
    write: Callable[[Path, list[str]], Path],
    key: str,
    amber: Amber,
    finished_run: Path,
    sequences: list[str],
    expected: Any,
    tmp_path: Path,
) -> None:
    known = [text for text in sequences if set(text) <= set("ACGT")]
    assert len(known) == EXAMPLES
    done = amber("predict", finished_run, write(tmp_path / "new", sequences))
    assert done.exit_code == 0, done.output + done.stderr
    assert rows(done.stdout, key) == expected
    first = [line.split(",")[0] for line in done.stdout.splitlines()[1:]]
    assert first == (sequences if key == "seq" else [str(row) for row in range(EXAMPLES)])


def test_the_array_of_sequences_may_be_named_and_a_tsv_written(
    amber: Amber, finished_run: Path, sequences: list[str], expected: Any, tmp_path: Path
) -> None:
    np.savez(tmp_path / "new.npz", reads=np.array(sequences), other=np.arange(EXAMPLES))
    refused = amber("predict", finished_run, tmp_path / "new.npz")
    assert refused.exit_code == 2 and "reads" in refused.stderr and "--sequence" in refused.stderr
    done = amber("predict", finished_run, tmp_path / "new.npz", "--sequence", "reads", "-o", tmp_path / "out.tsv")
    assert done.exit_code == 0, done.output + done.stderr
    assert rows((tmp_path / "out.tsv").read_text(), "row", "\t") == expected


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--classes", "a,b,c"], "--classes: columns and classes are those of the run"),
        (
            ["--both-strands"],
            "--both-strands: it is for FASTA files, intervals and variants. Take it out. Received: new",
        ),
        (["-o", "out.bed"], "ending in .csv or .tsv"),
    ],
)
def test_what_does_not_go_together_is_refused(
    more: list[str], words: str, amber: Amber, finished_run: Path, sequences: list[str], tmp_path: Path
) -> None:
    arrays = write_npz(tmp_path / "new", sequences)
    done = amber("predict", finished_run, arrays, *more)
    said = " ".join(done.stderr.split()).replace(str(arrays), arrays.name)
    assert done.exit_code == 2 and words in said


def test_a_file_that_is_missing_or_does_not_fit_is_named(amber: Amber, finished_run: Path, tmp_path: Path) -> None:
    done = amber("predict", finished_run, tmp_path / "none.h5ad")
    assert done.exit_code == 2 and "Expected an existing file" in done.stderr
    done = amber("predict", finished_run, write_npz(tmp_path / "short", ["ACGT"]))
    assert done.exit_code == 2 and "short.npz" in done.stderr and "(4, 4)" in done.stderr
