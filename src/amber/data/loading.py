"""A table to a data set: inputs, targets and parts, checked before anything is trained.

What may be changed here: what is checked and said while a table becomes a data set.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amber.data.blocks import BlockSpec
from amber.data.dataset import Dataset, Split, TestVault, rows_of, shapes_of
from amber.data.division import Division, SplitSpec, check_classes, divide
from amber.data.fingerprints import fingerprint
from amber.data.scaling import Scaling
from amber.data.similarity import SimilarityGroups
from amber.data.splits import PARTS
from amber.data.tables import Table, read_table
from amber.data.targets import Target
from amber.data.tasks import ReadTarget, TargetSpec, read_target, with_range, without_label
from amber.errors import DataError
from amber.types import Array

# How many lines a note names.
_LINES_SHOWN = 5


@dataclass(frozen=True)
class TableSpec:
    """What is read from a table.

    Attributes:
        inputs: name -> how it is read.
        targets: name of the output -> how it is read.
        split: how examples are divided.
        standardize: scale inputs and targets that are numbers by the training part.
        alphabet: order of the channels of sequences.
        one_input: whether `x` is the array of the only input, not a dictionary.
        size_limit: MiB of the file at most, decompressed; None: an eighth of the machine's memory.
    """

    inputs: Mapping[str, BlockSpec]
    targets: Mapping[str, TargetSpec]
    split: SplitSpec
    standardize: bool = False
    alphabet: str = "ACGT"
    one_input: bool = False
    size_limit: int | None = None


def load_table(path: str | os.PathLike[str], spec: TableSpec, name: str | None = None) -> Dataset:
    """Return the data set that a file holds.

    Args:
        path: the file, as for `read_table`.
        spec: what is read from it.
        name: of the data set; by default the file name without its endings.

    Raises:
        DataError: what cannot be used, named with file and line. Its `key` says what it is about: `("inputs", name)`,
            `("targets", name)`, `("split",)`, each followed by `"column"` where a column is missing; or nothing where
            it is about the file.
    """
    table, _ = with_labels(_read(path, spec), spec.targets)
    labelled = divided(table, spec.targets, spec.split)
    title = name or table.path.name.removesuffix(".gz").removesuffix(".csv")
    # Last, as it takes most time and memory.
    x: dict[str, Array] = {}
    for each, block in spec.inputs.items():
        with about("inputs", each):
            x[each] = block.read(table, each, alphabet=spec.alphabet)
    raw = _fingerprint(table, spec, x, labelled)
    numbers = [each for each, block in spec.inputs.items() if block.sequence is None]
    return replace(
        assembled(
            x,
            labelled,
            title,
            scaled=numbers if spec.standardize else (),
            scale_targets=spec.standardize,
            one_input=spec.one_input,
        ),
        path=table.path.absolute(),
        notes=labelled.notes,
        raw_fingerprint=raw,
    )


@dataclass(frozen=True)
class Labelled:
    """The targets of examples, and their parts.

    Attributes:
        targets: what is known of each.
        y: the values of each, by its name.
        division: rows of the parts.
        notes: those of the table, and what was said of labels and parts.
    """

    targets: tuple[Target, ...]
    y: dict[str, Array]
    division: Division
    notes: tuple[str, ...]


def divided(
    table: Table, specs: Mapping[str, TargetSpec], split: SplitSpec, alike: SimilarityGroups | None = None
) -> Labelled:
    """Read the targets of a table whose rows all have them, and divide the rows.

    Args:
        table: has the columns of targets and split.
        specs: name of the output -> how it is read.
        split: how rows are divided.
        alike: near-duplicates, for `"similarity"`.

    Raises:
        DataError: labels or a split that cannot be used; its `field` is as for `load_table`.
    """
    read: dict[str, ReadTarget] = {}
    for each, written in specs.items():
        with about("targets", each):
            read[each] = read_target(table, each, written)
    with about("split"):
        labels = next((each.y for each in read.values() if each.target.classes is not None), None)
        division = divide(table, split, labels, alike)
    notes = [*table.notes, *(note for each in read.values() for note in each.notes), *division.notes]
    targets: list[Target] = []
    for each, known in read.items():
        with about("targets", each):
            target, said = _checked(known, specs[each].column, division)
        targets.append(target)
        notes += said
    return Labelled(tuple(targets), {each: known.y for each, known in read.items()}, division, tuple(notes))


def _read(path: str | os.PathLike[str], spec: TableSpec) -> Table:
    """Read the columns that are needed, or all where blocks choose among them."""
    chosen = [block for block in spec.inputs.values() if block.sequence is None]
    sequences = {each: block.sequence for each, block in spec.inputs.items() if block.sequence is not None}
    wanted = [*sequences.values(), *(target.column for target in spec.targets.values()), *spec.split.needed()]
    if chosen:
        table = read_table(path, size_limit=spec.size_limit)
        for column, key in _roles(spec).items():
            with about(*key):
                BlockSpec((column,)).select(list(table.columns), key[-2])
        _check_no_target_inside(spec, table)
        return table
    try:
        return read_table(path, list(dict.fromkeys(wanted)), optional=spec.split.helpful(), size_limit=spec.size_limit)
    except DataError as error:
        error.field = _roles(spec).get(str(error.field[-1]), ()) if error.field else ()
        raise


def _roles(spec: TableSpec) -> dict[str, tuple[str, ...]]:
    """Return what each named column is for, as the keys of errors."""
    roles: dict[str, tuple[str, ...]] = {column: ("split", "column") for column in spec.split.needed()}
    roles |= {target.column: ("targets", each, "column") for each, target in spec.targets.items()}
    return roles | {block.sequence: ("inputs", each, "column") for each, block in spec.inputs.items() if block.sequence}


def _check_no_target_inside(spec: TableSpec, table: Table) -> None:
    header = list(table.columns)
    for each, block in spec.inputs.items():
        with about("inputs", each):
            columns = set(block.select(header, each))
            for target in spec.targets.values():
                if target.column in columns:
                    raise DataError(
                        f"Block {each!r} must not hold the column {target.column!r}, which is to be predicted. "
                        f"Received: {', '.join(block.columns) or block.sequence}"
                    )


def with_labels(table: Table, targets: Mapping[str, TargetSpec]) -> tuple[Table, NDArray[np.int64]]:
    """Return the table of the examples that can be trained on, those with the value of every target, and their rows.

    Raises:
        DataError: no example has them all.
    """
    lacking = without_label(table, list(targets.values()))
    count = int(lacking.sum())
    rows = np.flatnonzero(~lacking)
    if not count:
        return table, rows
    columns = ", ".join(repr(target.column) for target in targets.values())
    if count == len(table):
        raise DataError(
            f"{table.path}: expected labels in the column {columns}. Received: none in {len(table)} examples",
            field=("targets", next(iter(targets))),
        )
    lines = [table.lines[row] for row in np.flatnonzero(lacking)[:_LINES_SHOWN]]
    shown = ", ".join(map(str, lines)) + (", ..." if count > len(lines) else "")
    note = f"{count} of {len(table)} examples have no value in the column {columns} and are left out (lines {shown})."
    return replace(table.take(rows), notes=(*table.notes, note)), rows


def _checked(read: ReadTarget, column: str, division: Division) -> tuple[Target, list[str]]:
    """Return a target as the parts show it, with what is to be said.

    Raises:
        DataError: the training part has one class or one value only, or not the classes of the others.
    """
    parts = {part: read.y[getattr(division.rows, part)] for part in PARTS}
    if read.target.classes is not None:
        return read.target, check_classes(column, read.target.classes, parts)
    target = with_range(read.target, parts["train"])
    if target.range is not None and target.range[0] == target.range[1]:
        raise DataError(
            f"Column {column!r}: the training part must have different values; nothing can be learnt from one. "
            f"Received: {target.range[0]:g} in each of {len(parts['train'])} examples"
        )
    return target, []


def assembled(
    x: dict[str, Array],
    labelled: Labelled,
    title: str,
    *,
    scaled: Sequence[str] = (),
    scale_targets: bool = False,
    one_input: bool = False,
) -> Dataset:
    """Return a data set of inputs and targets that were read.

    Args:
        x: inputs by name.
        labelled: targets and parts.
        title: name of the data set.
        scaled: inputs that are scaled by the training part.
        scale_targets: whether targets that are numbers are, too.
        one_input: whether `x` of the data set is the array of the only input.
    """
    rows, y, targets = labelled.division.rows, labelled.y, labelled.targets
    scaling = {each: Scaling.fit(x[each][rows.train]) for each in scaled}
    x = x | {each: scale.apply(x[each]) for each, scale in scaling.items()}
    if scale_targets:
        numbers = [each.name for each in targets if each.classes is None and each.labels is None]
        of_targets = {each: Scaling.fit(y[each][rows.train]) for each in numbers}
        y = y | {each: scale.apply(y[each]) for each, scale in of_targets.items()}
        targets = tuple(replace(target, scaling=of_targets.get(target.name)) for target in targets)
    inputs: Any = next(iter(x.values())) if one_input else x
    outputs: Any = next(iter(y.values())) if len(y) == 1 else y
    train, validation, test = (
        Split(rows_of(inputs, part), rows_of(outputs, part)) for part in (rows.train, rows.validation, rows.test)
    )
    return Dataset(
        name=title,
        train=train,
        validation=validation,
        test=TestVault(test, title),
        classes=targets[0].classes or () if len(targets) == 1 else (),
        input_shape=shapes_of(inputs),
        split=labelled.division.split,
        targets=targets,
        scaling=scaling,
        split_origin=labelled.division.origin,
    )


def _fingerprint(table: Table, spec: TableSpec, x: Mapping[str, Array], labelled: Labelled) -> str:
    """Of what was read, before anything is scaled; of sequences the text, which is a sixteenth of the array."""
    inputs = {
        each: x[each] if block.sequence is None else "\n".join(table[block.sequence]).upper()
        for each, block in spec.inputs.items()
    }
    return fingerprint([spec.alphabet, inputs, *content_of(labelled)])


def content_of(labelled: Labelled) -> list[object]:
    """Return what of targets and parts is fingerprinted."""
    targets = {
        each.name: [each.classes if each.labels is None else each.labels.names, labelled.y[each.name]]
        for each in labelled.targets
    }
    return [targets, [getattr(labelled.division.rows, part) for part in PARTS]]


@contextmanager
def about(*key: str) -> Iterator[None]:
    """Mark errors with what they are about."""
    try:
        yield
    except DataError as error:
        error.field = key
        raise
