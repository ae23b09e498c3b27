"""Arrays of npz and HDF5 files as examples: kinds of sequences, parts, columns, and what cannot be used."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from amber.data.encoding.coding import SequenceForm
from amber.data.examples import ArrayExamples, NumbersInput, TrackInput
from amber.data.sources import ArraysSource, Wanted
from amber.errors import DataError
from amber.types import Array

CODES = np.array([[0, 1, 2], [3, 4, 0]], dtype=np.uint8)
ONE_HOT = np.concatenate([np.eye(4), np.zeros((1, 4))])[CODES]


def _saved(path: Path, **arrays: Array) -> ArraysSource:
    if path.suffix == ".npz":
        np.savez(path, **arrays)
    else:
        with h5py.File(path, "w") as file:
            for name, values in arrays.items():
                text = values.dtype.kind == "U"
                file.create_dataset(name, data=values.astype(object) if text else values)
    return ArraysSource(str(path))


def _read(path: Path, wanted: Wanted | None = None, **arrays: Array) -> ArrayExamples:
    return _saved(path, **arrays).examples(wanted or Wanted())


@pytest.mark.parametrize("ending", ["npz", "h5"])
@pytest.mark.parametrize(
    "sequences",
    [np.array(["ACG", "TNA"]), CODES, ONE_HOT, ONE_HOT.astype(bool), ONE_HOT.transpose(0, 2, 1).astype(np.float16)],
)
def test_sequences_in_every_form(tmp_path: Path, ending: str, sequences: Array) -> None:
    examples = _read(tmp_path / f"d.{ending}", seq=sequences, label=np.array(["a", "b"]), y=np.eye(2))
    assert examples.read(np.array([0, 1]))["sequence"].tolist() == CODES.tolist()
    assert examples.columns["label"].tolist() == ["a", "b"]
    assert examples.columns["y_2"].tolist() == [0, 1]
    assert examples.describe(1) == f"{tmp_path / f'd.{ending}'}, row 1"


def test_parts_are_put_together(tmp_path: Path) -> None:
    parts = {"x_train": CODES, "y_train": np.array([0, 1]), "X_TEST".lower(): CODES[:1], "y_test": np.array([1])}
    examples = _read(tmp_path / "d.npz", Wanted(sequence="x"), **parts)
    assert examples.columns["split"].tolist() == ["train", "train", "test"]
    assert examples.columns["y"].tolist() == [0, 1, 1]
    grouped = {"train/x": CODES, "train/y": np.array([0, 1]), "valid/x": CODES, "valid/y": np.array([1, 1])}
    examples = _read(tmp_path / "d.h5", **grouped)
    assert examples.columns["split"].tolist() == ["train", "train", "val", "val"]


def test_blocks_of_numbers_and_tracks(tmp_path: Path) -> None:
    wanted = Wanted(blocks={"dna": {"sequence": "s"}, "n": "age", "t": "signal"})
    examples = _read(tmp_path / "d.npz", wanted, s=CODES, age=np.array([1, 2]), signal=np.ones((2, 3, 2)))
    assert examples.inputs["n"] == NumbersInput(1) and examples.inputs["t"] == TrackInput(3, 2)
    assert examples.read(np.array([1]))["n"].tolist() == [[2]]


@pytest.mark.parametrize("written", [["age", "dose"], "age..dose", ["age", "do*"]])
def test_several_arrays_of_numbers_are_one_input(written: object, tmp_path: Path) -> None:
    wanted = Wanted(blocks={"dna": {"sequence": "s"}, "n": written})
    age, dose = np.array([1, 2]), np.array([[3, 4], [5, 6]])
    examples = _read(tmp_path / "d.npz", wanted, s=CODES, age=age, dose=dose, y=age)
    assert examples.inputs["n"] == NumbersInput(3) and list(examples.columns) == ["y"]
    assert examples.read(np.array([1]))["n"].tolist() == [[2, 5, 6]]


@pytest.mark.parametrize(
    ("dose", "message"),
    [
        (np.ones(3), r"array 'dose': expected numbers of shape \(2, columns\), as block 'n' joins it"),
        (np.ones((2, 3, 4)), r"array 'dose': expected numbers of shape \(2, columns\), .*of shape \(2, 3, 4\)"),
        (np.array(["a", "b"]), r"array 'dose': expected numbers of shape"),
    ],
)
def test_arrays_that_cannot_be_joined(dose: Array, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        _read(tmp_path / "d.npz", Wanted(blocks={"n": ["age", "dose"]}), age=np.array([1, 2]), dose=dose)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": CODES, "b": np.ones(2)}, r"expected an array 'seq'.*Received: 'a', 'b'"),
        ({"seq": CODES, "label": np.ones(3)}, r"array 'label': expected one entry for each of 2 examples. Received: 3"),
        ({"seq": CODES + np.uint8(9)}, r"array 'seq': expected codes from 0 to 4"),
        ({"seq": ONE_HOT * 2}, r"array 'seq', row 0, position 0: expected one 1 among zeros"),
        ({"seq": np.ones((2, 3))}, r"array 'seq': expected text, codes"),
        ({"seq": np.array(["ACG", "A?G"])}, r"array 'seq', row 1, position 2"),
        ({"seq": np.array([None, "A"], dtype=object)}, r"array 'seq': expected numbers or text"),
    ],
)
def test_arrays_that_cannot_be_used(tmp_path: Path, arrays: dict[str, Array], message: str) -> None:
    with pytest.raises(DataError, match=rf"d\.npz.*{message}"):
        _read(tmp_path / "d.npz", **arrays)


def test_numbers_that_are_not_finite(tmp_path: Path) -> None:
    wanted = Wanted(blocks={"n": "x"})
    with pytest.raises(DataError, match=r"array 'x', row 1: expected finite numbers.*Received: inf"):
        _read(tmp_path / "d.npz", wanted, x=np.array([[1.0], [np.inf]]))
    with pytest.raises(DataError, match=r"expected text, where data\.length is given"):
        _read(tmp_path / "d.npz", Wanted(form=SequenceForm(length=3)), seq=CODES)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "an empty file"), (b">a\nACGT\n", "a FASTA file"), (b"PK\x03\x04" + bytes(40), "expected")],
)
def test_files_that_hold_no_arrays(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "d.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        ArraysSource(str(path)).examples(Wanted())


@pytest.mark.parametrize("ending", ["npz", "h5"])
def test_a_truncated_file_is_named(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"d.{ending}"
    source = _saved(path, seq=np.zeros((200, 50), np.uint8), label=np.arange(200))
    path.write_bytes(path.read_bytes()[:-700])
    with pytest.raises(DataError, match=str(path)):
        source.examples(Wanted())


@pytest.mark.parametrize("version", [1, 2])
def test_an_array_that_says_to_be_larger_than_its_file_takes_no_memory(tmp_path: Path, version: int) -> None:
    header = io.BytesIO()
    write = np.lib.format.write_array_header_1_0 if version == 1 else np.lib.format.write_array_header_2_0
    write(header, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 4)})
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive:
        archive.writestr("seq.npy", header.getvalue())
    with pytest.raises(DataError, match=r"array 'seq': expected a sound array.*\(1000000000000, 4\) in 128 bytes"):
        ArraysSource(str(tmp_path / "d.npz")).examples(Wanted())


def test_an_array_that_was_named_is_not_replaced_by_another(tmp_path: Path) -> None:
    assert _read(tmp_path / "d.npz", x=ONE_HOT, y=np.arange(2)).inputs
    with pytest.raises(DataError, match=r"d\.npz: expected an array 'promoter'; name one .* Received: 'x', 'y'"):
        _read(tmp_path / "d.npz", Wanted("promoter"), x=ONE_HOT, y=np.arange(2))
