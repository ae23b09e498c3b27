"""Delimited tables as a source: CSV, TSV and the like, with sequences and numbers in their columns.

What may be changed here: which columns of a table are read, and how it is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from amber.data.sources.source import Source, Wanted, register_source
from amber.data.tables.examples import ReadBlock, TableExamples, parsed_blocks
from amber.data.tables.table import Layout, Table, read_table
from amber.data.text.reading import AUTO
from amber.errors import DataError
from amber.wording import shown


@dataclass(frozen=True)
class TableSource(Source):
    """A delimited table.

    Attributes:
        table: the file.
        separator: what stands between two fields; None: recognised.
        encoding: such as `latin-1`; None: UTF-8, or UTF-16 where the file begins with its mark, else Windows-1252.
        header: whether the first row names the columns; None: recognised.
    """

    table: str
    separator: str | None = None
    encoding: str | None = None
    header: bool | None = None
    PATHS: ClassVar[tuple[str, ...]] = ("table",)
    UNUSED: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        if self.separator is not None and len(self.separator) != 1:
            raise DataError(
                f"`separator` must be one character. Received: {shown(self.separator)}", field=("separator",)
            )

    @classmethod
    def plain(cls, path: str) -> TableSource:
        """Return a table that has a header and is written in UTF-8, as one that is named by its path alone must be."""
        return cls(path, encoding="utf-8", header=True)

    def examples(self, wanted: Wanted) -> TableExamples:
        """Return the rows; they have the columns that are wanted, or all of the table but those that are inputs.

        Raises:
            DataError: a file that is not a table, or a column that is missing or to be predicted from itself; named
                with file and line. Fields are read, and refused, when they are asked for.
        """
        written = {wanted.sequence: {"sequence": wanted.sequence}} if wanted.blocks is None else wanted.blocks
        blocks = parsed_blocks(written, wanted.form)
        return TableExamples(self._read(wanted, blocks), blocks)

    def _read(self, wanted: Wanted, blocks: Mapping[str, ReadBlock]) -> Table:
        layout = Layout(self.separator, self.encoding or AUTO, self.header, (wanted.sequence, "label"))
        if wanted.columns is None:
            return read_table(self.table, size_limit=wanted.size_limit, layout=layout)
        sequences = {name: block.spec.sequence for name, block in blocks.items() if block.spec.sequence is not None}
        roles = dict(wanted.columns) | {column: ("inputs", name, "column") for name, column in sequences.items()}
        try:
            table = read_table(
                self.table,
                list(dict.fromkeys([*sequences.values(), *wanted.columns])),
                everything=len(sequences) < len(blocks),
                optional=wanted.helpful,
                size_limit=wanted.size_limit,
                layout=layout,
            )
        except DataError as error:
            error.field = roles.get(str(error.field[-1]), ()) if error.field else ()
            raise
        predicted = {column for column, role in wanted.columns.items() if role[0] == "targets"}
        _check_no_target_inside(blocks, predicted, table)
        return table


def _check_no_target_inside(blocks: Mapping[str, ReadBlock], predicted: set[str], table: Table) -> None:
    examples = TableExamples(table, blocks)
    for name, columns in examples.columns_of_inputs.items():
        inside = sorted(predicted.intersection(columns))
        spec = blocks[name].spec
        if inside and spec.sequence is None:
            raise DataError(
                f"Block {name!r} must not hold the column {inside[0]!r}, which is to be predicted. "
                f"Received: {', '.join(spec.columns)}",
                field=("inputs", name),
            )


register_source("table", TableSource)
