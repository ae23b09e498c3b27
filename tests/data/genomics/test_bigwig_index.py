"""A damaged bigWig file that would end the process in pybigtools is refused before pybigtools reads it."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from amber.data.genomics import Track
from amber.errors import DataError

FILES = Path(__file__).parent / "files"


def _sound() -> bytearray:
    return bytearray((FILES / "GenVarLoader__sample_0.bw").read_bytes())


def _place(data: bytearray, of: int) -> int:
    return int(struct.unpack_from("<Q", data, of)[0])


def _tree(data: bytearray) -> int:
    """Return where the first node of the index lies."""
    return _place(data, 24) + 48


@pytest.mark.parametrize("name", sorted(path.name for path in FILES.glob("*.bw")))
def test_sound_files_are_read(name: str) -> None:
    assert Track(FILES / name).lengths


def test_a_file_of_the_other_byte_order_is_looked_at_too(tmp_path: Path) -> None:
    path = tmp_path / "big.bw"
    path.write_bytes(struct.pack(">IHHQQQHHQQIQ", 0x888FFC26, 4, 0, 64, 64, 64, 0, 0, 0, 0, 1 << 30, 0))
    with pytest.raises(DataError, match=r"big\.bw: .*Received: blocks of up to 1,073,741,824 bytes"):
        Track(path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: struct.pack_into("<Q", data, _tree(data) + 4 + 24, 1 << 60), "a block of 1,152,921,504,606,846"),
        (lambda data: struct.pack_into("<Q", data, _tree(data) + 4 + 16, 1 << 60), "beyond the end"),
        (lambda data: struct.pack_into("<BBH", data, _tree(data), 0, 0, 1), "a damaged index: a node at"),
        (lambda data: struct.pack_into("<I", data, 52, 1 << 31), "blocks of up to 2,147,483,648 bytes"),
        (lambda data: struct.pack_into("<I", data, _place(data, 8) + 8, 1 << 31), "a damaged list of chromosomes"),
        (lambda data: struct.pack_into("<Q", data, _place(data, 8) + 16, 1 << 50), "chromosomes in a file of"),
        (lambda data: struct.pack_into("<Q", data, 24, 1 << 50), "it ends before what it names"),
        (lambda data: data.__delitem__(slice(200, None)), "Received: "),
    ],
)
def test_places_and_sizes_that_cannot_be(damage: object, message: str, tmp_path: Path) -> None:
    data = _sound()
    damage(data)  # type: ignore[operator]
    path = tmp_path / "damaged.bw"
    path.write_bytes(data)
    with pytest.raises(DataError, match=message) as raised:
        track = Track(path)
        name, length = next(iter(track.lengths.items()))
        track.values([name], np.array([0]), np.array([length]))
    assert str(path) in str(raised.value)
    assert raised.value.file == str(path)


def test_an_index_that_leads_back_to_itself_is_refused(tmp_path: Path) -> None:
    data = _sound()
    root = _tree(data)
    struct.pack_into("<BBH", data, root, 0, 0, 1)
    struct.pack_into("<Q", data, root + 4 + 16, root)
    (tmp_path / "circle.bw").write_bytes(data)
    with pytest.raises(DataError, match=f"a node at {root} that leads to {root}"):
        Track(tmp_path / "circle.bw")
