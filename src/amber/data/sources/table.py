"""Delimited tables as a source: CSV, TSV and the like, with sequences and numbers in their columns.

What may be changed here: which inputs a table gives. `amber.data.tables` finds rows and columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from amber.data.blocks import BlockSpec
from amber.data.examples import ArrayExamples, InputKind, NumbersInput, Places, Ragged
from amber.data.features import table_features
from amber.data.genomics.intervals import text_column
from amber.data.inputs.sequences import SequenceForm, coded_sequences
from amber.data.reading import AUTO
from amber.data.sources.source import Source, Wanted, register_source
from amber.data.tables import Layout, Table, read_table
from amber.errors import DataError
from amber.types import Array
from amber.wording import shown

# What of a sequence's form may be written beside its column.
_OF_SEQUENCES = ("alphabet", "length", "align")


@dataclass(frozen=True)
class TableSource(Source):
    """A delimited table.

    The examples have all columns of the table but those that are inputs.

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

    def examples(self, wanted: Wanted) -> ArrayExamples:
        """Return the rows.

        Raises:
            DataError: a file that is not a table, a column that is missing, a field that cannot be read; named with
                file and line.
        """
        table = self._read(wanted)
        return examples_of_table(table, wanted)

    def _read(self, wanted: Wanted) -> Table:
        layout = Layout(self.separator, self.encoding or AUTO, self.header, (wanted.sequence, "label"))
        return read_table(self.table, size_limit=wanted.size_limit, layout=layout)


def examples_of_table(table: Table, wanted: Wanted) -> ArrayExamples:
    """Return the rows of a table as examples, with the inputs that are wanted."""
    places = Places.in_file(str(table.path), np.array(table.lines, dtype=np.int64))
    blocks = {wanted.sequence: {"sequence": wanted.sequence}} if wanted.blocks is None else wanted.blocks
    arrays: dict[str, Array | Ragged] = {}
    inputs: dict[str, InputKind] = {}
    used: set[str] = set()
    notes = list(table.notes)
    for name, written in blocks.items():
        spec, form = parsed_block(written, name, wanted.form)
        try:
            columns = _columns_of(spec, table, name)
            if spec.sequence is None:
                arrays[name] = table_features(table, columns)
                inputs[name] = NumbersInput(len(columns), tuple(columns))
            else:
                coded = coded_sequences(table[columns[0]], form, places.describe)
                arrays[name], inputs[name] = coded.values, coded.kind
                notes += coded.notes
        except DataError as error:
            error.field = ("inputs", name)
            raise
        used.update(columns)
    kept: dict[str, Array] = {name: text_column(values) for name, values in table.columns.items() if name not in used}
    return ArrayExamples(arrays, inputs, kept, places, tuple(notes))


def _columns_of(spec: BlockSpec, table: Table, name: str) -> list[str]:
    try:
        return spec.select(list(table.columns), name)
    except DataError as error:
        raise DataError(f"{table.path}: {error}", file=str(table.path)) from error


def parsed_block(written: object, name: str, form: SequenceForm) -> tuple[BlockSpec, SequenceForm]:
    """Read a block as it is written; beside `sequence` may stand its alphabet, length and align.

    Raises:
        DataError: something else, or a value that does not fit.
    """
    if isinstance(written, Mapping) and "sequence" in written:
        own: dict[str, Any] = {key: written[key] for key in _OF_SEQUENCES if key in written}
        rest = {key: value for key, value in written.items() if key not in own}
        return BlockSpec.parse(rest, name), replace(form, **own)
    return BlockSpec.parse(written, name), form


register_source("table", TableSource)
