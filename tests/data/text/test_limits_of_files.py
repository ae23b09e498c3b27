"""What a file may hold at most, and how that is raised."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from amber.data import TargetSpec, encode_sequences, load_dataset, read_table
from amber.data.text.reading import default_size_limit
from amber.errors import DataError
from amber.files import MEBIBYTE, limits

ROWS = "seq,label\n" + "".join(f"{'ACGT'[k % 4] * 90},{'ab'[k % 2]}\n" for k in range(12_000))


def test_a_limit_that_is_given(tmp_path: Path) -> None:
    for name, content in (("d.csv", ROWS.encode()), ("d.csv.gz", gzip.compress(ROWS.encode()))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=f"{name}: expected at most 1.0 MiB of text; .*data.size_limit.*Received: "):
            load_dataset(tmp_path / name, size_limit=1)
        assert sum(load_dataset(tmp_path / name, size_limit=2).sizes.values()) == 12_000
    assert default_size_limit() > 100


def test_a_file_made_to_fill_the_memory(tmp_path: Path) -> None:
    """Refused soon, whatever it would become; in a process of its own, to see what memory it took."""
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(300):
            file.write(b"A" * MEBIBYTE)
    code = (
        "import resource, sys, amber.data as data\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    data.read_table(sys.argv[1])\nexcept data.tables.table.DataError as error:\n    print(error)\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    message, grown = done.stdout.splitlines()
    assert "in a first line of at most 16.0 MiB" in message and int(grown) < 200


def test_a_file_that_is_compressed_too_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DATA_UNCHECKED_BYTES", MEBIBYTE)
    (tmp_path / "d.csv.gz").write_bytes(gzip.compress(("seq,label\n" + "ACGT,a\n" * 400_000).encode()))
    with pytest.raises(DataError, match="grows at most 100 times; .*data.size_limit.*Received: .* from the first"):
        read_table(tmp_path / "d.csv.gz")
    assert len(read_table(tmp_path / "d.csv.gz", ["label"], size_limit=20)) == 400_000


def test_a_sparse_file_and_bytes_that_are_not_text(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    with path.open("wb") as file:
        file.write(b"seq,label\nACGT,a\n")
        file.truncate(50 * MEBIBYTE)
    with pytest.raises(DataError, match="line 3: expected text in UTF-8. Received: the byte b'.x00'|a binary file"):
        read_table(path)
    with pytest.raises(DataError, match="expected at most 49.0 MiB of text"):
        read_table(path, size_limit=49)


@pytest.mark.parametrize("kind", ["columns", "classes", "line"])
def test_long_lists_are_refused_briefly(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "d.csv"
    path.write_text(
        {
            "columns": ",".join(f"c{k}" for k in range(150_000)) + "\n" + ",".join("1" * 150_000) + "\n",
            "classes": "seq,label\n" + "".join(f"ACGT,g{k}\n" for k in range(80_000)),
            "line": "A" * 20 * MEBIBYTE,
        }[kind]
    )
    with pytest.raises(DataError) as raised:
        load_dataset(path)
    assert len(str(raised.value)) < 1000
    many = TargetSpec("c2", classes=[f"k{k}" for k in range(100_000)])
    with pytest.raises(DataError) as raised:
        load_dataset(path, sequence="c1", label=many, split="c3")
    assert len(str(raised.value)) < 1000


def test_sequences_that_do_not_fit_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amber.data.text.reading.machine_memory", lambda: 100)
    assert encode_sequences(["ACGTAC"]).nbytes == 96
    with pytest.raises(DataError, match="fewer or shorter ones. Received: 2 of length 6, 192 bytes"):
        encode_sequences(["ACGTAC", "ACGTAC"])


def test_sequences_longer_than_the_csv_module_reads(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("seq,label\n" + "".join(f"{'ACGT'[k % 4] * 150_000},{'ab'[k % 2]}\n" for k in range(10)))
    assert load_dataset(path).input_shape == (150_000, 4)
