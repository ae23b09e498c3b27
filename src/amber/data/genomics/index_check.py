"""Whether an index of chromosomes is that of a FASTA file: one that was copied with another has wrong places."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, NamedTuple

# Headers that are looked at; how much of the file is read before a chromosome, and after the last.
_LOOKED_AT, _HEAD, _TAIL = 50, 1 << 12, 1 << 20
_FIELDS = 5


class _Entry(NamedTuple):
    name: str
    length: int
    place: int
    bases: int
    width: int


def fits(fai: Path, fasta: Path) -> bool:
    """Say whether an index is that of a FASTA file that is not compressed.

    The places of some chromosomes must follow their headers, and no bases may follow the last.

    Args:
        fai: of htslib: name, length, place, bases of a line, bytes of a line.
        fasta: the file.
    """
    try:
        rows = [line.split("\t") for line in fai.read_text("utf-8", "surrogateescape").splitlines()]
        entries = sorted((_Entry(row[0], *map(int, row[1:_FIELDS])) for row in rows), key=lambda entry: entry.place)
        with fasta.open("rb") as stream:
            some = entries[:: max(1, len(entries) // _LOOKED_AT)]
            return all(_follows_header(stream, entry.name, entry.place) for entry in some) and _is_last(
                stream, entries[-1]
            )
    except (OSError, ValueError, IndexError, TypeError, ZeroDivisionError):
        return False


def _follows_header(stream: BinaryIO, name: str, place: int) -> bool:
    first = max(0, place - _HEAD)
    stream.seek(first)
    before, newline, after = stream.read(place - first).rpartition(b"\n")
    line = before.rpartition(b"\n")[2]
    if not newline or after:
        return False
    if line == before and first:  # a header longer than what is read
        return True
    words = line[1:].split()
    return line.startswith(b">") and bool(words) and words[0] == name.encode("utf-8", "surrogateescape")


def _is_last(stream: BinaryIO, entry: _Entry) -> bool:
    """Say whether the bases of a chromosome end within the file, and at most headers follow."""
    _, length, place, bases, width = entry
    end = place + (length - 1) // bases * width + (length - 1) % bases + 1
    size = stream.seek(0, 2)
    if end > size or size - end > _TAIL:
        return False
    stream.seek(end)
    return all(not line.strip() or line.startswith(b">") for line in stream.read().splitlines())
