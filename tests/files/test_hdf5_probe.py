"""A file that the HDF5 library crashes on is refused by name, and the process that was to read it lives on."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from amber.errors import StorageError
from amber.files import hdf5_probe, probe
from amber.files.bounded_hdf5 import reading
from amber.files.hdf5_probe import survives_reading


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as made:
        made.attrs["format"] = "text"
        made.create_group("layer").create_dataset("kernel", data=np.ones((3, 2)))
    return path


def test_a_sound_file_survives(file: Path) -> None:
    assert survives_reading(str(file))


def test_what_only_raises_is_left_to_the_reader(file: Path) -> None:
    file.write_bytes(b"no HDF5")
    assert survives_reading(str(file))


@pytest.mark.parametrize("end", ["import os; os.abort()", "import time; time.sleep(60)"], ids=["crash", "hang"])
def test_what_ends_the_process_is_refused_by_name(file: Path, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdf5_probe, "_READ", end)
    monkeypatch.setattr(probe, "_PATIENCE", 3)
    with pytest.raises(StorageError, match="weights.h5: expected a supernet file. Received: a file that is damaged"):
        with reading(file, "a supernet file"):
            pytest.fail("it was opened")


def test_every_array_and_attribute_is_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = hdf5_probe._READ.replace("item.attrs[name]", "sys.exit(7)")
    monkeypatch.setattr(hdf5_probe, "_READ", lines)
    assert not survives_reading(str(file))
    monkeypatch.setattr(hdf5_probe, "_READ", lines.replace("sys.exit(7)", "pass").replace("item[()]", "sys.exit(7)"))
    assert not survives_reading(str(file))


def test_a_file_that_sends_the_library_in_a_circle_is_refused_by_the_reading_process_itself(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = hdf5_probe._READ.replace("read(file)\n", "\n        while True: pass\n")
    monkeypatch.setattr(hdf5_probe, "_READ", lines)
    monkeypatch.setattr(probe, "_PATIENCE", 3600)
    assert not survives_reading(str(file))
