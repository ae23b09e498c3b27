"""Parquet files as a source: typed columns, of which only those that are wanted are read.

What may be changed here: how a value of each type becomes the text that a table would hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from amber.data.genomics.handles import library
from amber.data.sources.source import Source, Wanted, register_source
from amber.data.sources.table import rows_as_examples
from amber.data.tables.examples import TableExamples
from amber.data.tables.table import Table, missing_column, shown_names
from amber.data.text import reading
from amber.data.text.reading import check_no_codes
from amber.errors import DataError
from amber.files import open_regular, size_text
from amber.wording import said

_MAGIC = b"PAR1"
# Types of which a value is not one text or number.
_NESTED = ("list", "large_list", "fixed_size_list", "struct", "map")


@dataclass(frozen=True)
class ParquetSource(Source):
    """A Parquet file, read as a table; a value that is missing is an empty field, and columns of lists are left out.

    Attributes:
        parquet: the file.
    """

    parquet: str
    PATHS: ClassVar[tuple[str, ...]] = ("parquet",)
    UNUSED: ClassVar[tuple[str, ...]] = ()

    def examples(self, wanted: Wanted) -> TableExamples:
        """Return the rows; they have the columns that are wanted, or all but those that are inputs.

        Raises:
            DataError: pyarrow is not installed, the file is not sound Parquet or does not fit into memory, a column is
                missing (those that are there are named), or holds lists.
        """
        return rows_as_examples(lambda columns, everything: self._read(columns, everything, wanted.helpful), wanted)

    def table(self) -> Table:
        """Return all columns but those of lists, as text; errors are those of `examples`."""
        return self._read(None, True, ())

    def _read(self, columns: Sequence[str] | None, everything: bool, helpful: Sequence[str]) -> Table:
        parquet = library("pyarrow.parquet", "A Parquet file", "parquet")
        file = Path(self.parquet)
        with open_regular(file, what="a Parquet file", error=DataError) as stream:
            if stream.read(len(_MAGIC)) != _MAGIC:
                raise DataError(f"{file}: expected a Parquet file. Received: another file", file=str(file))
        try:
            opened = parquet.ParquetFile(file)
            header = list(opened.schema_arrow.names)
            for column in columns or ():
                if column not in header:
                    raise missing_column(str(file), header, column)
            some = {name.lower() for name in helpful}
            nested = {each.name for each in opened.schema_arrow if str(each.type).startswith(_NESTED)}
            chosen = [
                name
                for name in header
                if name in (columns or ()) or (name not in nested and (everything or name.lower() in some))
            ]
            self._check_unique(chosen)
            self._check_size(opened)
            read = opened.read(columns=chosen)
            values = {name: self._texts(read.column(name), name) for name in chosen}
            check_no_codes(self.parquet, "the names of columns", chosen)
            for name, texts in values.items():
                check_no_codes(self.parquet, f"column {name!r}", texts)
        except DataError:
            raise
        except Exception as error:  # the exceptions of pyarrow are known once it is imported
            raise DataError(f"{file}: expected sound Parquet. Received: {said(error)}", file=str(file)) from error
        if not read.num_rows:
            raise DataError(f"{file}: expected at least one row. Received: none", file=str(file))
        return Table(file, values, list(range(read.num_rows)), word="row")

    def _check_unique(self, chosen: Sequence[str]) -> None:
        twice = sorted({name for name in chosen if chosen.count(name) > 1}) if len(set(chosen)) < len(chosen) else []
        if twice:
            raise DataError(f"{self.parquet}: column {twice[0]!r} must occur once. Received: {chosen.count(twice[0])}")

    def _check_size(self, opened: Any) -> None:
        """Refuse what would not fit into memory, by what the file says of its columns."""
        groups = [opened.metadata.row_group(number) for number in range(opened.metadata.num_row_groups)]
        size = sum(group.total_byte_size for group in groups)
        if size > reading.machine_memory():
            raise DataError(
                f"{self.parquet}: expected columns that fit into memory. Received: {size_text(size)}", file=self.parquet
            )

    def _texts(self, column: Any, name: str) -> list[str]:
        if str(column.type).startswith(_NESTED):
            raise DataError(
                f"{self.parquet}, column {name!r}: expected one text or number in each row. "
                f"Received: {shown_names([str(column.type)])}",
                file=self.parquet,
            )
        return ["" if value is None else _text(value) for value in column.to_pylist()]


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


register_source("parquet", ParquetSource)
