"""What a stranger's file names elsewhere on this machine is not read, and what a terminal would obey is not shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from amber.data.genomics.fasta import read_fasta
from amber.data.sources import AnnDataSource, ArraysSource, Wanted
from amber.data.tables.table import read_table
from amber.errors import DataError, StorageError
from amber.files import bounded_hdf5


def _external_link(file: h5py.File, other: Path) -> None:
    file["x"] = h5py.ExternalLink(str(other), "/x")


def _deep_external_link(file: h5py.File, other: Path) -> None:
    file.create_group("a/b")["x"] = h5py.ExternalLink(str(other), "/x")


def _virtual(file: h5py.File, other: Path) -> None:
    layout = h5py.VirtualLayout((20, 3), "f8")
    layout[:] = h5py.VirtualSource(str(other), "x", (20, 3))
    file.create_virtual_dataset("x", layout)


def _external_storage(file: h5py.File, other: Path) -> None:
    file.create_dataset("x", (20, 3), "f8", external=[(str(other), 0, 480)])


@pytest.fixture
def other(tmp_path: Path) -> Path:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = np.ones((20, 3))
    return tmp_path / "other.h5"


@pytest.mark.parametrize("store", [_external_link, _deep_external_link, _virtual, _external_storage])
def test_no_reader_of_hdf5_reads_another_file(
    tmp_path: Path, other: Path, store: Callable[[h5py.File, Path], None]
) -> None:
    path = tmp_path / "strange.h5"
    with h5py.File(path, "w") as file:
        store(file, other)
        file["label"] = np.arange(20) % 2
    message = "this file; copy it in. Received: (a link to another file|one that is stored elsewhere)"
    with pytest.raises(StorageError, match=message), bounded_hdf5.reading(path, "arrays"):
        pass
    with pytest.raises(DataError, match=message):
        ArraysSource(str(path)).examples(Wanted(blocks={"x": "x"}))
    path.rename(tmp_path / "strange.h5ad")
    with pytest.raises(DataError, match=message):
        AnnDataSource(str(tmp_path / "strange.h5ad")).examples(Wanted())


def test_groups_that_hold_each_other_are_looked_at_once(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "round.h5", "w") as file:
        file.create_group("a")["back"] = file["/"]
        file["x"] = np.ones(3)
    with bounded_hdf5.reading(tmp_path / "round.h5", "arrays") as opened:
        assert opened["x"].shape == (3,)


@pytest.mark.parametrize("code", ["\x1b[31m", "\x1b]0;title\x07", "\x08", "\x9b1m"])
def test_commands_to_a_terminal_are_refused_by_line(tmp_path: Path, code: str) -> None:
    (tmp_path / "d.csv").write_text(f"seq,label\nACGT,a\nACGT,b{code}\n", encoding="utf-8")
    with pytest.raises(DataError, match="d.csv, line 3: expected text without control characters"):
        read_table(tmp_path / "d.csv")
    (tmp_path / "d.fa").write_text(f">one\nACGT\n>two{code}\nACGT\n", encoding="utf-8")
    with pytest.raises(DataError, match="d.fa, line 3: expected text without control characters"):
        read_fasta(tmp_path / "d.fa")
