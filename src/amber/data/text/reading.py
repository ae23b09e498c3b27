"""Files of data to text: opened as regular files, decompressed, within a limit, and refused by name where not text.

What may be changed here: how bytes become text and lines. What the lines mean is the matter of each format's reader.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from amber.data.text.formats import FormatKind, recognise
from amber.errors import AmberError, DataError
from amber.files import MEBIBYTE, limits, open_regular, size_text
from amber.wording import TERMINAL_CODES

GZIP_MAGIC = b"\x1f\x8b"
_BZIP2_MAGIC, _XZ_MAGIC = b"BZh", b"\xfd7zXZ\x00"
AUTO = "auto"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_BLOCK = 1 << 20
_UNKNOWN_MEMORY = 8 * 1024 * MEBIBYTE


@dataclass(frozen=True)
class Expected:
    """What a text file should be.

    Attributes:
        what: for messages, such as `"a FASTA file"`.
        accepted: the recognised formats that it may be; a file of another format is refused by name.
        advised: whether the way out of a recognised format, which leads to a CSV file, is told.
        first_line: in bytes at most; None: no limit.
    """

    what: str
    accepted: tuple[FormatKind, ...] = ()
    advised: bool = False
    first_line: int | None = None


_TABLE = Expected("a CSV file with a header", advised=True, first_line=limits.HEADER_BYTES)


@dataclass(frozen=True)
class Text:
    """The text of a file.

    Attributes:
        text: all of it.
        encoding: `utf-8`, or what else it was read with.
    """

    text: str
    encoding: str


def read_text(path: str | os.PathLike[str], size_limit: int | None = None) -> str:
    """Return the text of a table, plain or compressed with gzip, bzip2 or xz, in UTF-8.

    Args:
        path: the file; compression is recognised by content, or by the ending `.gz`.
        size_limit: MiB of text at most; by default an eighth of the machine's memory.

    Raises:
        DataError: it is missing, not a regular file, too large, of another format (named), not UTF-8, or not sound
            gzip.
    """
    return _text(Path(path), _TABLE, size_limit).text


def read_encoded_text(path: str | os.PathLike[str], size_limit: int | None = None, encoding: str = AUTO) -> Text:
    """Return the text of a table in any encoding, and which.

    Args:
        path: as for `read_text`.
        size_limit: as for `read_text`.
        encoding: its name in Python; `"auto"`: UTF-8, or UTF-16 where the file begins with its mark, else Windows-1252.

    Raises:
        DataError: as `read_text` does, or there is no such encoding.
    """
    return _text(Path(path), _TABLE, size_limit, encoding)


def read_lines(path: str | os.PathLike[str], expected: Expected, size_limit: int | None = None) -> list[str]:
    r"""Return the lines of a text file, plain or compressed with gzip (bgzip too), in UTF-8, without their ends.

    Lines end with `\n`, `\r\n` or `\r`; a byte order mark is dropped.

    Args:
        path: the file; compression is recognised by content, or by the ending `.gz`.
        expected: what the file should be.
        size_limit: MiB of text at most; by default an eighth of the machine's memory.

    Raises:
        DataError: as `read_text` does.
    """
    text = _text(Path(path), expected, size_limit).text
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def default_size_limit() -> int:
    """Return how many MiB of text are read where no limit is given: an eighth of the machine's memory."""
    return max(1, machine_memory() // limits.DATA_MEMORY_SHARE // MEBIBYTE)


def machine_memory() -> int:
    """Return the bytes of memory of this machine; where the system does not say, 8 GiB."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return _UNKNOWN_MEMORY


def _text(file: Path, expected: Expected, size_limit: int | None, encoding: str | None = None) -> Text:
    with open_regular(file, what=expected.what, error=DataError) as stream:
        packed = stream.read(6).startswith((GZIP_MAGIC, _BZIP2_MAGIC, _XZ_MAGIC)) or file.suffix.lower() == ".gz"
        stream.seek(0)
        try:
            data = _read(file, stream, packed, size_limit, expected, any_bytes=encoding is not None)
        except AmberError:
            raise
        except OSError as error:
            raise DataError(f"{file}: expected {expected.what}. Received: {error.strerror}", file=str(file)) from error
    read = Text(_decode(file, data), "utf-8") if encoding is None else _decode_as(file, data, encoding)
    _check_no_terminal_codes(file, read.text)
    return read


def _check_no_terminal_codes(file: Path, text: str) -> None:
    """Check that text, of which names are shown, holds nothing that a terminal would obey, such as colours and titles.

    Raises:
        DataError: it does; names the line.
    """
    found = TERMINAL_CODES.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        raise DataError(
            f"{file}, line {line}: expected text without control characters. Received: {found.group()!r}",
            file=str(file),
            line=line,
        )


def check_no_codes(path: str, what: str, texts: Sequence[str]) -> None:
    """Check texts of a file that is not text itself, as those of one that is are checked.

    Args:
        path: the file.
        what: the texts are, for messages.
        texts: they, which are shown to users.

    Raises:
        DataError: a text that a terminal would obey.
    """
    found = TERMINAL_CODES.search("\n".join(texts))
    if found is not None:
        raise DataError(
            f"{path}, {what}: expected text without control characters. Received: {found.group()!r}", file=path
        )


def _read(
    file: Path, stream: BinaryIO, packed: bool, size_limit: int | None, expected: Expected, *, any_bytes: bool
) -> bytearray:
    limit = (default_size_limit() if size_limit is None else size_limit) * MEBIBYTE
    size = os.fstat(stream.fileno()).st_size
    if size > limit:
        raise _too_large(file, limit, size_text(size))
    data, wide = bytearray(), False
    for block in unpacked_blocks(file, stream) if packed else iter(lambda: stream.read(_BLOCK), b""):
        if not data:
            wide = any_bytes and block.startswith(_WIDE_MARKS)
            if not wide:
                _refuse_other_formats(file, block, expected)
        if b"\0" in block and not wide:
            line = data.count(b"\n") + block[: block.index(b"\0")].count(b"\n") + 1
            raise DataError(
                f"{file}, line {line}: expected text in UTF-8. Received: the byte b'\\x00'", file=str(file), line=line
            )
        longest = expected.first_line
        if longest is not None and len(data) > longest and not (b"\n" in data or b"\r" in data):
            raise DataError(
                f"{file}: expected {expected.what} in a first line of at most {size_text(longest)}. "
                "Received: a longer line"
            )
        data += block
        if len(data) > limit:
            raise _too_large(file, limit, "more, once decompressed" if packed else "more")
        if packed and size_limit is None:
            check_compression(file, len(data), stream.tell())
    return data


def compression_of(stream: BinaryIO) -> Literal["none", "gzip", "bgzip"]:
    """Say how a file is compressed, by its first bytes; the stream stands at its beginning before and after."""
    head = stream.read(18)
    stream.seek(0)
    if not head.startswith(GZIP_MAGIC):
        return "none"
    return "bgzip" if len(head) == 18 and head[3] & 4 and head[12:14] == b"BC" else "gzip"


def unpacked_blocks(file: Path, stream: BinaryIO) -> Iterator[bytes]:
    """Give what a file holds block by block, by gzip, bzip2 or xz; DataError names the line where it is not sound."""
    head = stream.read(6)
    stream.seek(0)
    name = "bzip2" if head.startswith(_BZIP2_MAGIC) else "xz" if head.startswith(_XZ_MAGIC) else "gzip"
    lines = 1
    try:
        with _unpacker(name, stream) as unpacked:
            while block := unpacked.read(_BLOCK):
                lines += block.count(b"\n")
                yield block
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise DataError(
            f"{file}, line {lines} or after: expected sound {name} data. Received: {type(error).__name__}: {error}",
            file=str(file),
            line=lines,
        ) from error


def _unpacker(name: str, stream: BinaryIO) -> gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile:
    if name == "gzip":
        return gzip.open(stream)
    return bz2.BZ2File(stream) if name == "bzip2" else lzma.LZMAFile(stream)


def check_compression(file: Path, size: int, read: int) -> None:
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


def _refuse_other_formats(file: Path, head: bytes, expected: Expected) -> None:
    found = recognise(head)
    if found is not None and found.kind not in expected.accepted:
        way_out = f"; {found.way_out}" if expected.advised else ""
        raise DataError(f"{file}: expected {expected.what}{way_out}. Received: {found.name}", file=str(file))


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
            f"{received.decode('cp1252', errors='replace')!r} there",
            file=str(file),
            line=line,
        ) from error


def _decode_as(file: Path, data: bytearray, encoding: str) -> Text:
    if encoding == AUTO:
        if data.startswith(_WIDE_MARKS):
            return Text(_decoded(file, data, "utf-16"), "utf-16")
        try:
            return Text(data.decode("utf-8-sig"), "utf-8")
        except UnicodeDecodeError:
            return Text(data.decode("cp1252", errors="replace"), "cp1252")
    return Text(_decoded(file, data, encoding), encoding)


def _decoded(file: Path, data: bytearray, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise DataError(f"{file}: expected text in {encoding}. Received: {error}", file=str(file)) from error
