"""FASTA files as a source: one file for each class, or labels from the headers or from a table by name.

What may be changed here: where the labels of FASTA entries come from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from amber.data.encoding.coding import coded_sequences
from amber.data.examples import ArrayExamples, Places
from amber.data.genomics.fasta import Fasta, read_fasta
from amber.data.genomics.intervals import text_column
from amber.data.sources.source import Source, Wanted, register_source
from amber.data.tables.table import Table, read_table, shown_names
from amber.errors import DataError
from amber.types import Array
from amber.wording import shortened, shown

LABEL = "label"


@dataclass(frozen=True)
class FastaSource(Source):
    """Entries of FASTA files, plain or compressed with gzip or bgzip.

    The examples have the columns `name` and `description` of the header, `label`, and those of `table`.

    Attributes:
        fasta: one file, several, or one for each class: `{positive: a.fa, negative: b.fa}`.
        labels: a regular expression looked for in each header: its group is the label, named groups are columns.
        table: a file with a header; its columns are those of the entry whose name stands in the column `name`.
        name: the column of the names in `table`.
    """

    fasta: str | list[str] | dict[str, str | list[str]]
    labels: str | None = None
    table: str | None = None
    name: str = "name"
    PATHS: ClassVar[tuple[str, ...]] = ("fasta", "table")
    LABELS: ClassVar[str] = (
        "Give each class a file of its own, as in fasta: {bound: a.fa, free: b.fa}; or find labels in the headers with "
        "`labels`, or by name in a `table`"
    )

    def __post_init__(self) -> None:
        if not self.fasta:
            raise DataError(f"`fasta` must name a file at least. Received: {shown(self.fasta)}", field=("fasta",))
        if self.labels is not None:
            _pattern(self.labels)
        by_class = isinstance(self.fasta, Mapping)
        if by_class and len(self.fasta) < 2:
            raise DataError(
                f"`fasta` must give a file for each of two classes at least. Received: {shown(self.fasta)}",
                field=("fasta",),
            )
        if by_class and self.labels is not None:
            raise DataError(
                "`labels` must be left out where each class has its own file. Received: both", field=("labels",)
            )

    def examples(self, wanted: Wanted) -> ArrayExamples:
        """Return the entries in the order of the files.

        Raises:
            DataError: a file that is not FASTA, a letter that is not of the alphabet, unequal lengths, a header without
                a label, or a table without the names; named with file and line.
        """
        files, classes = self._files()
        read = [read_fasta(each, size_limit=wanted.size_limit) for each in files]
        texts = [text for each in read for text in each.sequences]
        columns: dict[str, Array] = {
            "name": text_column([name for each in read for name in each.names]),
            "description": text_column([text for each in read for text in each.descriptions]),
        }
        places = _places(read)
        if classes:
            columns[LABEL] = text_column(
                [known for known, each in zip(classes, read, strict=True) for _ in range(len(each))]
            )
        if self.labels is not None:
            columns |= self._from_headers(columns, places)
        kept, notes = np.arange(len(texts)), [note for each in read for note in each.notes]
        if self.table is not None:
            kept, more, said = _from_table(self.table, self.name, columns["name"], wanted.size_limit)
            columns = {name: values[kept] for name, values in columns.items()} | more
            places, notes = places.take(kept), [*notes, *said]
            texts = [texts[row] for row in kept]
        coded = coded_sequences(texts, wanted.form, places.describe)
        return ArrayExamples(
            {"sequence": coded.values}, {"sequence": coded.kind}, columns, places, (*notes, *coded.notes)
        )

    def _files(self) -> tuple[list[str], list[str]]:
        """Return the files, and the class of each where they are given by class."""
        if not isinstance(self.fasta, Mapping):
            return ([self.fasta] if isinstance(self.fasta, str) else list(self.fasta)), []
        pairs = [
            (each, name)
            for name, given in self.fasta.items()
            for each in ([given] if isinstance(given, str) else given)
        ]
        return [file for file, _ in pairs], [name for _, name in pairs]

    def _from_headers(self, columns: Mapping[str, Array], places: Places) -> dict[str, Array]:
        pattern = _pattern(self.labels or "")
        groups = list(pattern.groupindex) or [LABEL]
        found: dict[str, list[str]] = {group: [] for group in groups}
        for row, (name, description) in enumerate(zip(columns["name"], columns["description"], strict=True)):
            header = f"{name} {description}".strip()
            match = pattern.search(header)
            if match is None:
                raise DataError(
                    f"{places.describe(row)}: expected a header in which the pattern {self.labels} is found. "
                    f"Received: {shown(shortened(header))}",
                    field=("source", "labels"),
                )
            for place, group in enumerate(groups):
                value = match[group] if pattern.groupindex else match[place + 1]
                found[group].append(value or "")
        return {group: text_column(values) for group, values in found.items()}


def _pattern(written: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(written)
    except re.error as error:
        raise DataError(
            f"`labels` must be a regular expression. Received: {shown(written)} ({error})", field=("labels",)
        ) from error
    if (pattern.groups != 1 and len(pattern.groupindex) != pattern.groups) or not pattern.groups:
        raise DataError(
            "`labels` must have one group in parentheses, such as 'class=(\\w+)', or groups with names, such as "
            f"'class=(?P<label>\\w+)'. Received: {shown(written)}",
            field=("labels",),
        )
    return pattern


def _places(read: list[Fasta]) -> Places:
    return Places(
        files=tuple(str(each.path) for each in read),
        file=np.repeat(np.arange(len(read), dtype=np.int32), [len(each) for each in read]),
        line=np.array([line for each in read for line in each.lines], dtype=np.int64),
        names=text_column([shortened(name, 40) for each in read for name in each.names]),
    )


def _from_table(
    path: str, column: str, names: Array, size_limit: int | None
) -> tuple[NDArray[np.int64], dict[str, Array], list[str]]:
    """Return which entries a table knows, the table's columns of these, and what was left out."""
    table = read_table(path, size_limit=size_limit)
    if column not in table.columns:
        raise DataError(
            f"{path}, line 1: expected a column {column!r} with the names of the sequences; write `name` to choose "
            f"another. Received: columns {shown_names(list(table.columns))}",
            field=("source", "name"),
        )
    rows = _rows_by_name(table, column)
    kept = np.array([row for row, name in enumerate(names) if name in rows], dtype=np.int64)
    if not len(kept):
        raise DataError(
            f"{path}: expected the names of the sequences, such as {shown(names[0])}, in the column {column!r}. "
            f"Received: {shown_names(table[column])}",
            field=("source", "table"),
        )
    chosen = [rows[names[row]] for row in kept]
    columns: dict[str, Array] = {
        name: text_column([values[row] for row in chosen]) for name, values in table.columns.items() if name != column
    }
    notes = list(table.notes)
    if len(kept) < len(names):
        left_out = len(names) - len(kept)
        notes.append(f"{left_out:,} of {len(names):,} sequences are left out: {Path(path).name} does not name them.")
    return kept, columns, notes


def _rows_by_name(table: Table, column: str) -> dict[str, int]:
    rows: dict[str, int] = {}
    for row, written in enumerate(table[column]):
        name = written.strip()
        if name in rows:
            raise DataError(
                f"{table.where(row)}, column {column!r}: a name must stand once. Received: {shown(name)}, as in line "
                f"{table.lines[rows[name]]}"
            )
        rows[name] = row
    return rows


register_source("fasta", FastaSource)
