"""Reading CSV files and numeric columns, and what is said when that fails."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from amber.data import check_features, load_dataset, load_sequences, read_features, read_table
from amber.errors import DataError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "t.csv"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_reads_plain_and_compressed(tmp_path: Path, pack: object) -> None:
    path = tmp_path / "t.csv.gz" if pack is gzip.compress else tmp_path / "t.csv"
    path.write_bytes(pack('\ufeffa,b\r\n1,"x\r\ny"\r\n\r\n2,z\r\n'.encode()))  # type: ignore[operator]
    table = read_table(path, ["b"])
    assert table.columns == {"b": ["x\r\ny", "z"]}
    # The quoted field spans lines 2 and 3, line 4 is blank.
    assert table.lines == [2, 5]
    assert len(table) == 2
    assert set(read_table(path).columns) == {"a", "b"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty file"),
        (b"\n \n", "empty file"),
        (b"seq,label\n", "only a header"),
        (b"Seq,label\nA,b\n", r"line 1: expected a column 'seq'.*'Seq', 'label'\. Did you mean 'Seq'\?"),
        (b"x,label\nA,b\n", r"Received: columns 'x', 'label'\.$"),
        (b"seq,seq\nA,b\n", "line 1: column 'seq' must occur once. Received: 2 times"),
        (b"seq,label\nA,b\nA\n", "line 3: a row must have 2 fields.*Received: 1 fields"),
        (b"seq,label\nA,b,c\n", "line 2: .*Received: 3 fields"),
        (b"seq,label\nA,b\n\xff,b\n", r"line 3: expected text in UTF-8"),
        (b'seq,label\nA,"b\n', "line 2: expected a row of CSV"),
        (gzip.compress(b"seq,label\n" + b"A,b\n" * 9, mtime=0)[:-12], "line 1 or after: expected sound gzip data"),
    ],
)
def test_bad_files_name_file_and_line(file: Path, content: bytes, message: str) -> None:
    file.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_table(file, ["seq"])
    assert str(file) in str(caught.value)


def test_missing_file_folder_and_false_gzip(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_table(tmp_path / "none.csv", ["a"])
    with pytest.raises(DataError, match="a regular file. Received: a folder"):
        read_table(tmp_path, ["a"])
    (tmp_path / "t.csv.gz").write_bytes(b"a,b\n1,2\n")
    with pytest.raises(DataError, match="sound gzip data"):
        read_table(tmp_path / "t.csv.gz", ["a"])


def test_features_are_read_in_the_order_asked_for(file: Path) -> None:
    file.write_text("a,b,c\n1,x,2.5\n-3,y,1e2\n")
    x = read_features(file, ["c", "a"])
    assert x.dtype == np.float32
    np.testing.assert_array_equal(x, [[2.5, 1], [100, -3]])


@pytest.mark.parametrize("value", ["", "two", "nan", "inf", "1e99"])
def test_features_that_are_no_numbers(file: Path, value: str) -> None:
    file.write_text(f"a,b\n1,2\n3,{value}\n")
    with pytest.raises(DataError, match=f"line 3, column 'b': expected a finite number.*Received: '{value}'"):
        read_features(file, ["a", "b"])


def test_features_need_columns(file: Path) -> None:
    with pytest.raises(DataError, match="at least one column"):
        read_features(file, [])


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([[1.0, 2.0], [3.0, np.nan]], "`block`, row 1, column 1: expected a finite number. Received: nan"),
        ([[1.0, -np.inf]], "row 0, column 1: .*Received: -inf"),
        ([["1", "x"]], "must hold numbers.*row 0, column 1: 'x'"),
        (np.array([[1, None]], dtype=object), "row 0, column 1: expected a number. Received: None"),
        ([[1j]], "must hold numbers. Received: type complex128"),
        ([1.0, 2.0], r"2 dimensions. Received: shape \(2,\)"),
        (np.zeros((0, 3)), r"must not be empty. Received: shape \(0, 3\)"),
        ([[1.0], [1.0, 2.0]], "rows of equal length"),
    ],
)
def test_bad_features_name_array_and_place(x: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        check_features(x, "block")  # type: ignore[arg-type]


def test_good_features_come_back_as_they_are() -> None:
    x = np.ones((2, 3, 4), dtype=np.float32)
    assert check_features(x, rank=None) is x
    assert check_features([[1, 2]]).dtype.kind == "i"


def test_rows_without_a_label_need_not_be_sound(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    rows = [f"{'ACGT'[k % 4] * 6},{'ab'[k % 2]}" for k in range(40)]
    path.write_text("\n".join(["seq,label", "what is this?,NA", *rows]) + "\n")
    data = load_dataset(path, split="random")
    assert sum(data.sizes.values()) == 40
    assert any("1 of 41 examples have no value" in note for note in data.notes)


def test_the_fingerprint_of_a_table_is_what_it_was(tmp_path: Path) -> None:
    """Of text, parts and classes, as runs on tables have recorded it; other forms of sequences have others."""
    path = tmp_path / "d.csv"
    rows = [
        f" {'acgu'[k % 4]}ACGUN ,{'ab'[k % 2] if k % 7 else 'NA'},{['train', 'val', 'Test'][k % 3]}" for k in range(60)
    ]
    path.write_text("\n".join(["seq,label,gsplit", *rows]) + "\n")
    assert load_dataset(path).fingerprint == "d9cbfa1f69b3e7881ddf76852b76f3b6"
    assert load_sequences(path, alphabet="TGCA").fingerprint != load_dataset(path).fingerprint
