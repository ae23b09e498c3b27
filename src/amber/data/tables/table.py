"""CSV files to columns of text.

What may be changed here: how rows and columns are found. Values stay text here; `features`, `labels` and `sequences`
give them meaning.
"""

from __future__ import annotations

import csv
import difflib
import io
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amber.data.text.formats import advice_on_header, is_sequence, looks_like_data
from amber.data.text.reading import AUTO, read_encoded_text, read_text
from amber.errors import DataError

_DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "vertical bars"}
# Names of the encoding of which a line that is not in it is named.
_STRICT = ("utf-8", "utf8")
# How many names a message shows, and how many are searched for one like a missing name.
_SHOWN, _SEARCHED = 10, 1000


@dataclass(frozen=True)
class Table:
    """Columns of a file, with the line each row started on.

    Attributes:
        path: the file.
        columns: name -> values as text, one per row.
        lines: line numbers of the rows, counted from 1; the header is usually line 1.
        notes: one sentence for whatever was recognised or changed.
        word: what `lines` counts.
    """

    path: Path
    columns: dict[str, list[str]]
    lines: list[int]
    notes: tuple[str, ...] = ()
    word: str = "line"

    def __repr__(self) -> str:
        """Return the file, the number of rows and the names of some columns, in one line."""
        return f"Table('{self.path}': {len(self):,} rows; {shown_names(list(self.columns))})"

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.lines)

    def __getitem__(self, column: str) -> list[str]:
        """Values of a column."""
        return self.columns[column]

    def take(self, rows: NDArray[np.int64]) -> Table:
        """Return the table of some rows."""
        picked = rows.tolist()
        columns = {name: [values[row] for row in picked] for name, values in self.columns.items()}
        return Table(self.path, columns, [self.lines[row] for row in picked], self.notes, self.word)

    def where(self, row: int) -> str:
        """Return file and line (or row) of a row, as messages name it."""
        return f"{self.path}, {self.word} {self.lines[row]}"


@dataclass(frozen=True)
class Layout:
    """How a table is written, where that is given or to be recognised.

    Attributes:
        separator: what stands between two fields; None: recognised.
        encoding: its name in Python, or `"auto"`: see `reading.read_encoded_text`.
        header: whether the first row names the columns; None: recognised.
        names: of the column of sequences and of the other one, where there is no header.
    """

    separator: str | None = None
    encoding: str = AUTO
    header: bool | None = None
    names: tuple[str, str] = ("seq", "label")


def read_table(
    path: str | os.PathLike[str],
    columns: Sequence[str] | None = None,
    *,
    everything: bool = False,
    optional: Sequence[str] = (),
    size_limit: int | None = None,
    layout: Layout | None = None,
) -> Table:
    """Read columns of a CSV file with a header, plain or compressed with gzip, in UTF-8.

    Tabs, semicolons or vertical bars may separate the fields too; a note says so. Blank lines are skipped, and blanks
    around the names of columns.

    Args:
        path: the file; compression is recognised by content, or by the ending `.gz`.
        columns: names of the wanted columns; all by default. Others are not kept.
        everything: keep all columns, `columns` among them.
        optional: names of columns that are kept too where they are there, in any case.
        size_limit: MiB of text at most; by default an eighth of the machine's memory.
        layout: how it is written; None: with a header, in UTF-8.

    Returns:
        The table.

    Raises:
        DataError: the file is missing, empty, has no rows, is of another format or too large, is not UTF-8 or not sound
            gzip; a column is missing or occurs twice; a row is longer or shorter than the header.
    """
    file = Path(path)
    text, notes = _text_of(file, size_limit, layout)
    if not text or text.isspace():
        raise DataError(f"{file}: expected a CSV file with a header. Received: an empty file")
    delimiter = (layout.separator if layout else None) or _delimiter(text, columns)
    rows = _rows(file, text, delimiter)
    header_line, header = next(rows)
    header = [name.strip() for name in header]
    if layout is not None and (layout.header is False or (layout.header is None and looks_like_data(header))):
        rows = itertools.chain([(header_line, header)], rows)
        header = _made_up(header, layout.names)
        notes.append(f"{file.name} has no header: its columns are called {shown_names(header)}.")
    indices = _indices_of(file, header_line, header, columns, optional)
    if everything:
        indices = _indices_of(file, header_line, header, None, ())
    values: list[list[str]] = [[] for _ in indices]
    lines: list[int] = []
    for line, row in rows:
        if len(row) != len(header):
            raise DataError(
                f"{file}, line {line}: a row must have {len(header)} fields, as the header has. "
                f"Received: {len(row)} fields"
            )
        lines.append(line)
        for column_values, index in zip(values, indices.values(), strict=True):
            column_values.append(row[index])
    if not lines:
        raise DataError(f"{file}: expected rows after the header. Received: only a header")
    if delimiter != ",":
        between = _DELIMITERS.get(delimiter, repr(delimiter))
        notes.append(f"{file.name} is read with {between} between its fields.")
    return Table(file, dict(zip(indices, values, strict=True)), lines, tuple(notes))


def _text_of(file: Path, size_limit: int | None, layout: Layout | None) -> tuple[str, list[str]]:
    if layout is None or layout.encoding.lower() in _STRICT:
        return read_text(file, size_limit), []
    read = read_encoded_text(file, size_limit, layout.encoding)
    recognised = layout.encoding == AUTO and read.encoding != "utf-8"
    return read.text, [f"{file.name} is read in the encoding {read.encoding}."] if recognised else []


def _made_up(first: list[str], names: tuple[str, str]) -> list[str]:
    """Return names for columns that have none: of the first sequence and, where there are two, of the other."""
    header = [f"column_{place}" for place in range(1, len(first) + 1)]
    sequence = next((place for place, field in enumerate(first) if is_sequence(field)), None)
    if sequence is not None:
        header[sequence] = names[0]
        if len(header) == 2:
            header[1 - sequence] = names[1]
    return header


def _delimiter(text: str, wanted: Sequence[str] | None) -> str:
    """Return what separates the fields of the header: what gives all wanted columns, else the most fields."""
    line = next((line for line in _lines(text) if line.strip()), "")
    fields = {sign: [name.strip().strip('"') for name in line.split(sign)] for sign in _DELIMITERS if sign in line}
    for sign, names in fields.items():
        if wanted and len(names) > 1 and set(wanted) <= set(names):
            return sign
    return max(fields, key=lambda sign: len(fields[sign]), default=",")


def _rows(file: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with the line it starts on."""
    if '"' not in text:
        # Most files have no quotes; the csv module would refuse a field of more than 131,072 characters.
        for number, line in enumerate(_lines(text), start=1):
            if line:
                yield number, line.split(delimiter)
        return
    stream = io.StringIO(text, newline="")
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(
                f"{file}, line {number}: expected a row of CSV, its quotes in pairs and no quoted field longer than "
                f"{csv.field_size_limit():,} characters. Received: {error}"
            ) from error
        if row:
            yield number, row


def _lines(text: str) -> Iterator[str]:
    """Yield lines without their ends, one at a time: a stream of text would take four bytes for each character."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    if start < len(text):
        yield text[start:]


def _indices_of(
    file: Path, line: int, header: list[str], columns: Sequence[str] | None, optional: Sequence[str]
) -> dict[str, int]:
    """Return the wanted columns by name, each with its place."""
    places = {name: index for index, name in reversed(list(enumerate(header)))}
    repeated = _repeated(header) if len(places) < len(header) else {}
    found: dict[str, int] = {}
    for column in header if columns is None else columns:
        if column in repeated:
            raise DataError(
                f"{file}, line {line}: column {column!r} must occur once. Received: {repeated[column]} times"
            )
        if column not in places:
            raise missing_column(f"{file}, line {line}", header, column)
        found[column] = places[column]
    maybe = {name.lower() for name in optional}
    extra = {name: index for name, index in places.items() if name.lower() in maybe and name not in repeated}
    return found | {name: index for name, index in extra.items() if name not in found}


def _repeated(header: list[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in header:
        counts[name] = counts.get(name, 0) + 1
    return {name: count for name, count in counts.items() if count > 1}


def missing_column(where: str, header: Sequence[str], column: str) -> DataError:
    """Return the error of a column that is not there: names those that are, and one like it; its `field` is the name.

    Args:
        where: file, and line where there is one.
        header: the columns that are there.
        column: the one that is wanted.
    """
    known = list(header[:_SEARCHED])
    close = difflib.get_close_matches(column.lower(), [name.lower() for name in known], n=1)
    close = close or [name.lower() for name in known if len(name) < 20 and column.lower() in name.lower()]
    hint = f" Did you mean {next(name for name in known if name.lower() == close[0])!r}?" if close else ""
    return DataError(
        f"{where}: expected a column {column!r}.{advice_on_header(list(header))} "
        f"Received: columns {shown_names(header)}.{hint}",
        field=(column,),
    )


def shown_names(names: Sequence[str]) -> str:
    """Return the first names of many, in quotes, each cut where it is long."""
    shown = ", ".join(repr(name if len(name) <= 40 else f"{name[:37]}...") for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
