"""Whether the places and sizes that a bigWig file names lie within it; pybigtools reads the file afterwards.

pybigtools makes room for whatever a size says, and follows any pointer: of a damaged file this ends the process.
The layout is that of Kent et al. 2010, "BigWig and BigBed: enabling browsing of large distributed datasets",
doi 10.1093/bioinformatics/btq351, supplementary tables 5 to 17.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

_HEADER, _NODE = 64, 4
_BIG_WIG, _CHROMOSOMES, _INDEX = 0x888FFC26, 0x78CA8C91, 0x2468ACE0
# Bytes that a block may unpack to, and of a chromosome's name: many times what programs write.
_MOST_UNPACKED, _LONGEST_NAME = 1 << 28, 1 << 12


def fault_of(stream: BinaryIO, size: int) -> str:
    """Return what cannot be true of a bigWig file, or an empty text.

    Args:
        stream: the file, opened for reading and seeking.
        size: its bytes.
    """
    try:
        return _fault_of(stream, size)
    except struct.error:
        return "it ends before what it names"


def _fault_of(stream: BinaryIO, size: int) -> str:
    stream.seek(0)
    head = stream.read(_HEADER)
    order = "<" if head[:4] == struct.pack("<I", _BIG_WIG) else ">"
    (_, _, _, chromosomes, _, index, _, _, _, _, unpacked, _) = struct.unpack(f"{order}IHHQQQHHQQIQ", head)
    if unpacked > _MOST_UNPACKED:
        return f"blocks of up to {unpacked:,} bytes"
    file = _File(stream, size, order)
    return file.fault_of_chromosomes(chromosomes) or file.fault_of_index(index)


@dataclass(frozen=True)
class _File:
    stream: BinaryIO
    size: int
    order: str

    def read(self, place: int, layout: str) -> tuple[int, ...]:
        packed = struct.Struct(f"{self.order}{layout}")
        self.stream.seek(min(place, self.size))
        return packed.unpack(self.stream.read(packed.size))

    def fault_of_chromosomes(self, place: int) -> str:
        magic, _, name, value, count, _ = self.read(place, "IIIIQQ")
        if magic != _CHROMOSOMES or value != 8 or not 0 < name <= _LONGEST_NAME:
            return "a damaged list of chromosomes"
        if count * (name + value) > self.size:
            return f"{count:,} chromosomes in a file of {self.size:,} bytes"
        below = np.dtype([("name", f"V{name}"), ("place", f"{self.order}u8")])
        leaf = np.dtype([("name", f"V{name}"), ("value", "V8")])
        for fault, _ in self._items(place + 32, below, leaf):
            if fault:
                return f"a damaged list of chromosomes: {fault}"
        return ""

    def fault_of_index(self, place: int) -> str:
        if self.read(place, "I") != (_INDEX,):
            return "a damaged index"
        below = np.dtype([("range", "V16"), ("place", f"{self.order}u8")])
        leaf = np.dtype([("range", "V16"), ("place", f"{self.order}u8"), ("size", f"{self.order}u8")])
        for fault, items in self._items(place + 48, below, leaf):
            if fault:
                return f"a damaged index: {fault}"
            beyond = (items["place"] > self.size) | (items["size"] > self.size - np.minimum(items["place"], self.size))
            if beyond.any():
                at = int(np.argmax(beyond))
                return f"a block of {int(items['size'][at]):,} bytes at {int(items['place'][at]):,}, beyond the end"
        return ""

    def _items(self, root: int, below: np.dtype, leaf: np.dtype) -> Iterator[tuple[str, np.ndarray]]:
        """Return the entries of all leaves of a tree, each with what is wrong with its node."""
        waiting, seen = [root], {root}
        while waiting:
            place = waiting.pop()
            is_leaf, _, count = self.read(place, "BBH")
            kind = leaf if is_leaf else below
            data = self.stream.read(count * kind.itemsize)
            items = np.frombuffer(data[: len(data) // kind.itemsize * kind.itemsize], kind)
            if is_leaf > 1 or len(items) < count:
                yield f"a node at {place:,} that is cut off", items
                return
            if is_leaf:
                yield "", items
                continue
            for each in items["place"].tolist():
                if each in seen or each > self.size - _NODE:
                    yield f"a node at {place:,} that leads to {each:,}", items
                    return
                seen.add(each)
                waiting.append(each)
