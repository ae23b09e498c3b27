"""Files of data to text: opened as regular files, decompressed, within a limit, and refused by name where not text."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from amber.data.formats import recognise
from amber.errors import DataError
from amber.files import MEBIBYTE, limits, open_regular, size_text

GZIP_MAGIC = b"\x1f\x8b"
_EXPECTED = "a CSV file with a header"
_BLOCK = 1 << 20
_UNKNOWN_MEMORY = 8 * 1024 * MEBIBYTE


def read_text(path: str | os.PathLike[str], size_limit: int | None = None) -> str:
    """Return the text of a file, plain or compressed with gzip, in UTF-8.

    Args:
        path: the file; compression is recognised by content, or by the ending `.gz`.
        size_limit: MiB of text at most; by default an eighth of the machine's memory.

    Raises:
        DataError: it is missing, not a regular file, too large, of another format (named), not UTF-8, or not sound
            gzip.
    """
    file = Path(path)
    with open_regular(file, what=_EXPECTED, error=DataError) as stream:
        packed = stream.read(2) == GZIP_MAGIC or file.suffix.lower() == ".gz"
        stream.seek(0)
        data = _read(file, stream, packed, size_limit)
    return _decode(file, data)


def default_size_limit() -> int:
    """Return how many MiB of text are read where no limit is given: an eighth of the machine's memory."""
    return max(1, machine_memory() // limits.DATA_MEMORY_SHARE // MEBIBYTE)


def machine_memory() -> int:
    """Return the bytes of memory of this machine; where the system does not say, 8 GiB."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return _UNKNOWN_MEMORY


def _read(file: Path, stream: BinaryIO, packed: bool, size_limit: int | None) -> bytearray:
    limit = (default_size_limit() if size_limit is None else size_limit) * MEBIBYTE
    size = os.fstat(stream.fileno()).st_size
    if size > limit:
        raise _too_large(file, limit, size_text(size))
    data = bytearray()
    for block in _unpacked(file, stream) if packed else iter(lambda: stream.read(_BLOCK), b""):
        if not data:
            _refuse_other_formats(file, block)
        if b"\0" in block:
            line = data.count(b"\n") + block[: block.index(b"\0")].count(b"\n") + 1
            raise DataError(f"{file}, line {line}: expected text in UTF-8. Received: the byte b'\\x00'")
        headless = len(data) > limits.HEADER_BYTES and not (b"\n" in data or b"\r" in data)
        if headless:
            raise DataError(
                f"{file}: expected {_EXPECTED} in a first line of at most {size_text(limits.HEADER_BYTES)}. "
                "Received: a longer line"
            )
        data += block
        if len(data) > limit:
            raise _too_large(file, limit, "more, once decompressed" if packed else "more")
        if packed and size_limit is None:
            _check_compression(file, len(data), stream.tell())
    return data


def _unpacked(file: Path, stream: BinaryIO) -> Iterator[bytes]:
    lines = 1
    try:
        with gzip.open(stream) as unpacked:
            while block := unpacked.read(_BLOCK):
                lines += block.count(b"\n")
                yield block
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{file}, line {lines} or after: expected sound gzip data. Received: {type(error).__name__}: {error}"
        ) from error


def _check_compression(file: Path, size: int, read: int) -> None:
    """Refuse a small file that was made to fill the memory, long before it does."""
    if size > max(limits.DATA_UNCHECKED_BYTES, limits.DATA_COMPRESSION * read):
        raise DataError(
            f"{file}: expected a compressed file that grows at most {limits.DATA_COMPRESSION} times; where it is to be "
            f"read all the same, write data.size_limit: MIB (size_limit in Python). "
            f"Received: {size_text(size)} from the first {size_text(read)}"
        )


def _too_large(file: Path, limit: int, received: str) -> DataError:
    return DataError(
        f"{file}: expected at most {size_text(limit)} of text; for more, write data.size_limit: MIB (size_limit in "
        f"Python), if the machine has memory for it. Received: {received}"
    )


def _refuse_other_formats(file: Path, head: bytes) -> None:
    found = recognise(head)
    if found is not None:
        raise DataError(f"{file}: expected {_EXPECTED}; {found.way_out}. Received: {found.name}")


def _decode(file: Path, data: bytearray) -> str:
    try:
        # "utf-8-sig" drops the mark that spreadsheet programs put first.
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        received = bytes(data[error.start : error.start + 1])
        raise DataError(
            f"{file}, line {line}: expected text in UTF-8; save it so (this looks like Latin-1 or Windows-1252: "
            f"iconv -f WINDOWS-1252 -t UTF-8). Received: the byte {received!r}, "
            f"{received.decode('cp1252', errors='replace')!r} there"
        ) from error
