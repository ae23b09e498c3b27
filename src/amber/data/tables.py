"""CSV files to columns of text.

What may be changed here: which files can be read. Values stay text here; `features`, `labels` and `sequences`
give them meaning.
"""

from __future__ import annotations

import csv
import difflib
import gzip
import io
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from amber.errors import DataError

GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class Table:
    """Columns of a file, with the line each row started on.

    Attributes:
        path: the file.
        columns: name -> values as text, one per row.
        lines: line numbers of the rows, counted from 1; the header is usually line 1.
    """

    path: Path
    columns: dict[str, list[str]]
    lines: list[int]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.lines)

    def __getitem__(self, column: str) -> list[str]:
        """Values of a column."""
        return self.columns[column]


def read_table(path: str | os.PathLike[str], columns: Sequence[str] | None = None) -> Table:
    """Read columns of a CSV file with a header, plain or compressed with gzip, in UTF-8.

    Args:
        path: the file; compression is recognised by content, or by the ending `.gz`.
        columns: names of the wanted columns; all by default. Others are not kept.

    Returns:
        The table; blank lines are skipped.

    Raises:
        DataError: the file is missing, empty, has no rows, is not UTF-8 or not sound gzip; a column is
            missing or occurs twice; a row is longer or shorter than the header.
    """
    file = Path(path)
    text = _decode(file, _read_bytes(file))
    if not text.strip():
        raise DataError(f"{file}: expected a CSV file with a header. Received: an empty file")
    rows = _rows(file, text)
    header_line, header = next(rows)
    wanted = list(header if columns is None else columns)
    indices = [_column_index(file, header_line, header, column) for column in wanted]
    values: list[list[str]] = [[] for _ in wanted]
    lines: list[int] = []
    for line, row in rows:
        if len(row) != len(header):
            raise DataError(
                f"{file}, line {line}: a row must have {len(header)} fields, as the header has. "
                f"Received: {len(row)} fields"
            )
        lines.append(line)
        for column_values, index in zip(values, indices, strict=True):
            column_values.append(row[index])
    if not lines:
        raise DataError(f"{file}: expected rows after the header. Received: only a header")
    return Table(file, dict(zip(wanted, values, strict=True)), lines)


def _read_bytes(file: Path) -> bytes:
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{file}: expected a CSV file. Received: no such file") from None
    except OSError as error:
        raise DataError(f"{file}: expected a readable CSV file. Received: {error.strerror or error}") from error
    if not data or not (data.startswith(GZIP_MAGIC) or file.suffix.lower() == ".gz"):
        return data
    # Read in blocks, so that a message can say how far the file was sound.
    parts: list[bytes] = []
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            while block := stream.read(1 << 16):
                parts.append(block)
    except (OSError, EOFError, zlib.error) as error:
        line = sum(part.count(b"\n") for part in parts) + 1
        raise DataError(
            f"{file}, line {line} or after: expected sound gzip data. Received: {type(error).__name__}: {error}"
        ) from error
    return b"".join(parts)


def _decode(file: Path, data: bytes) -> str:
    try:
        # "utf-8-sig" drops the mark that spreadsheet programs put first.
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        received = data[error.start : error.start + 1]
        raise DataError(f"{file}, line {line}: expected text in UTF-8. Received: the byte {received!r}") from error


def _rows(file: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with the line it starts on."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(f"{file}, line {line}: expected a row of CSV. Received: {error}") from error
        if row:
            yield line, row


def _column_index(file: Path, line: int, header: list[str], column: str) -> int:
    count = header.count(column)
    if count == 1:
        return header.index(column)
    if count > 1:
        raise DataError(f"{file}, line {line}: column {column!r} must occur once. Received: {count} times")
    close = difflib.get_close_matches(column.lower(), [name.lower() for name in header], n=1)
    hint = ""
    if close:
        match = next(name for name in header if name.lower() == close[0])
        hint = f" Did you mean {match!r}?"
    raise DataError(
        f"{file}, line {line}: expected a column {column!r}. Received: columns {', '.join(map(repr, header))}.{hint}"
    )
