"""Delimited tables as a source: CSV, TSV and the like, with sequences and numbers in their columns.

What may be changed here: which columns of a table are read, and how it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from amber.data.sources.source import Source, Wanted, register_source
from amber.data.tables.examples import TableExamples, parsed_blocks
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

        def read(columns: Sequence[str] | None, everything: bool) -> Table:
            return read_table(
                self.table,
                columns,
                everything=everything,
                optional=wanted.helpful,
                size_limit=wanted.size_limit,
                layout=Layout(self.separator, self.encoding or AUTO, self.header, (wanted.sequence, "label")),
            )

        return rows_as_examples(read, wanted)


def rows_as_examples(read: Callable[[Sequence[str] | None, bool], Table], wanted: Wanted) -> TableExamples:
    """Return the rows of a table as examples, reading the columns that are wanted.

    Args:
        read: reads the table: the columns that must be there (None: nothing is known of them), and whether all others
            are read too.
        wanted: inputs, and what is needed beside them.

    Raises:
        DataError: what `read` raises, with the `field` that a missing column has in `wanted`; a block that cannot be
            read; a column that is an input and to be predicted.
    """
    written = {wanted.sequence: {"sequence": wanted.sequence}} if wanted.blocks is None else wanted.blocks
    blocks = parsed_blocks(written, wanted.form)
    if wanted.columns is None:
        return TableExamples(read(None, True), blocks)
    sequences = {name: block.spec.sequence for name, block in blocks.items() if block.spec.sequence is not None}
    roles = dict(wanted.columns) | {column: ("inputs", name, "column") for name, column in sequences.items()}
    named = list(dict.fromkeys([*sequences.values(), *wanted.columns]))
    try:
        table = read(named, len(sequences) < len(blocks))
    except DataError as error:
        error.field = roles.get(str(error.field[-1]), ()) if error.field else ()
        raise
    examples = TableExamples(table, blocks)
    _check_no_target_inside(examples, {column for column, role in wanted.columns.items() if role[0] == "targets"})
    return examples


def _check_no_target_inside(examples: TableExamples, predicted: set[str]) -> None:
    for name, columns in examples.columns_of_inputs.items():
        inside = sorted(predicted.intersection(columns))
        spec = examples.blocks[name].spec
        if inside:
            columns = list(spec.columns) if spec.sequence is None else [spec.sequence]
            raise DataError(
                f"Block {name!r} must not hold the column {inside[0]!r}, which is to be predicted. "
                f"Received: {', '.join(columns)}",
                field=("inputs", name) if spec.sequence is None else ("inputs", name, "column"),
            )


register_source("table", TableSource)
