"""Rows of a table as examples: columns at hand, inputs turned into codes and numbers when they are asked for.

What may be changed here: which inputs a table gives. `amber.data.tables.table` finds rows and columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amber.data.encoding.alphabets import Alphabet
from amber.data.encoding.coding import SequenceForm, coded_sequences
from amber.data.examples import ArrayExamples, InputKind, NumbersInput, Places, Ragged
from amber.data.genomics.intervals import text_column
from amber.data.tables.blocks import BlockSpec
from amber.data.tables.features import table_features
from amber.data.tables.table import Table
from amber.display import one_line
from amber.errors import DataError
from amber.types import Array

# What of a sequence's form may be written beside its column.
_OF_SEQUENCES = ("alphabet", "length", "align")


@dataclass(frozen=True)
class ReadBlock:
    """How one input is read from a table.

    Attributes:
        spec: its columns.
        form: alphabet and length, where it is a sequence.
    """

    spec: BlockSpec
    form: SequenceForm

    @classmethod
    def parse(cls, written: object, name: str, form: SequenceForm) -> ReadBlock:
        """Read a block as it is written; beside `sequence` may stand its alphabet, length and align.

        Raises:
            DataError: something else, or a value that does not fit.
        """
        if isinstance(written, Mapping) and "sequence" in written:
            own: dict[str, Any] = {key: written[key] for key in _OF_SEQUENCES if key in written}
            rest = {key: value for key, value in written.items() if key not in own}
            return cls(BlockSpec.parse(rest, name), replace(form, **own))
        return cls(BlockSpec.parse(written, name), form)


@dataclass(frozen=True, eq=False)
class TableExamples:
    """Rows of a table.

    Nothing of the inputs is read before it is asked for, so that rows that are left out need not be sound.

    Attributes:
        table: holds the columns of the inputs, and whatever else is known of each row.
        blocks: name of an input -> how it is read.

    Raises:
        DataError: a column of an input is not there; its `field` is `("inputs", name)`.
    """

    table: Table
    blocks: Mapping[str, ReadBlock]
    __repr__ = one_line

    def __post_init__(self) -> None:
        _ = self.columns_of_inputs

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.table)

    def take(self, rows: NDArray[np.int64]) -> TableExamples:
        """Return some of the rows."""
        return self if len(rows) == len(self) else TableExamples(self.table.take(rows), self.blocks)

    @cached_property
    def columns_of_inputs(self) -> dict[str, list[str]]:
        """The columns that each input is read from."""
        header = list(self.table.columns)
        found: dict[str, list[str]] = {}
        for name, block in self.blocks.items():
            try:
                found[name] = block.spec.select(header, name)
            except DataError as error:
                file = str(self.table.path)
                raise DataError(f"{file}: {error}", file=file, field=("inputs", name)) from error
        return found

    @cached_property
    def columns(self) -> dict[str, Array]:
        """All columns of the table but those that are inputs, as text."""
        used = {column for columns in self.columns_of_inputs.values() for column in columns}
        return {name: text_column(values) for name, values in self.table.columns.items() if name not in used}

    @property
    def keys(self) -> tuple[str, list[str]]:
        """What tells the rows apart, and its value of each: the only input where that is a sequence, or the line.

        So what a table of predictions begins with does not depend on the kind of file.
        """
        sequences = [block.spec.sequence for block in self.blocks.values()]
        if len(sequences) == 1 and sequences[0] is not None:
            return sequences[0], self.table[sequences[0]]
        return self.table.word, [str(line) for line in self.table.lines]

    @property
    def inputs(self) -> Mapping[str, InputKind]:
        """The kind of each input, by name."""
        return self.held.inputs

    @property
    def notes(self) -> tuple[str, ...]:
        """What was recognised, cut or filled up."""
        return self.held.notes

    @property
    def fingerprint(self) -> str:
        """Of inputs and columns."""
        return self.held.fingerprint

    def read(self, rows: NDArray[np.int64]) -> dict[str, Array]:
        """Return the inputs of some rows; see `Examples.read`."""
        return self.held.read(rows)

    def describe(self, row: int) -> str:
        """Return file and line of a row."""
        return self.table.where(row)

    @cached_property
    def held(self) -> ArrayExamples:
        """The same examples with all inputs read, which do without the text of the table.

        Raises:
            DataError: a column that is missing or a field that cannot be read; its `field` is `("inputs", name)`.
        """
        lines = np.array(self.table.lines, dtype=np.int64)
        places = Places.in_file(str(self.table.path), lines, word=self.table.word)
        arrays: dict[str, Array | Ragged] = {}
        inputs: dict[str, InputKind] = {}
        notes = list(self.table.notes)
        for name, block in self.blocks.items():
            columns = self.columns_of_inputs[name]
            try:
                if block.spec.sequence is None:
                    arrays[name] = table_features(self.table, columns)
                    inputs[name] = NumbersInput(len(columns), tuple(columns))
                else:
                    coded = coded_sequences(self.table[columns[0]], block.form, places.describe)
                    arrays[name], inputs[name] = coded.values, coded.kind
                    notes += coded.notes
            except DataError as error:
                error.field = ("inputs", name)
                raise
        return ArrayExamples(arrays, inputs, self.columns, places, tuple(notes))

    def content(self) -> list[object]:
        """Return what of the inputs is fingerprinted: numbers as they are, sequences as text, and how these are read.

        Plain sequences of DNA are known by their text alone, as they were before there were other forms.
        """
        held = self.held.arrays
        sequences = {name: block for name, block in self.blocks.items() if block.spec.sequence is not None}
        inputs = {
            name: "\n".join(self.table[str(sequences[name].spec.sequence)]).upper() if name in sequences else held[name]
            for name in self.blocks
        }
        forms = [block.form for block in sequences.values()] or [SequenceForm()]
        if len(set(forms)) == 1 and forms[0].length is None:
            return [Alphabet.of(forms[0].alphabet).letters, inputs]
        return [[[form.alphabet, str(form.length), form.align] for form in forms], inputs]


def parsed_blocks(blocks: Mapping[str, object], form: SequenceForm) -> dict[str, ReadBlock]:
    """Read blocks as they are written.

    Args:
        blocks: name of an input -> its columns, as `ReadBlock.parse` reads them.
        form: alphabet and length of sequences that say no others.

    Raises:
        DataError: a block that cannot be read; its `field` is `("inputs", name)`.
    """
    parsed: dict[str, ReadBlock] = {}
    for name, written in blocks.items():
        try:
            parsed[name] = ReadBlock.parse(written, name, form)
        except DataError as error:
            error.field = ("inputs", name)
            raise
    return parsed
