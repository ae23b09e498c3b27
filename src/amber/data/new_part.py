"""Labelled examples read as one more part of data that are known: with their classes, labels and scaling.

What may be changed here: how labels are read where it is settled what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amber.data.dataset import Split
from amber.data.examples import Examples
from amber.data.from_examples import (
    DatasetSpec,
    by_input,
    columns_as_table,
    with_negatives,
    with_profiles,
    without_others,
)
from amber.data.inputs import inputs_of
from amber.data.sources.source import Source, Wanted
from amber.data.splits.division import RANDOM, SplitSpec, groups_of
from amber.data.tables.examples import TableExamples
from amber.data.tables.features import column_numbers
from amber.data.tables.table import Table
from amber.data.targets.labelled import about, with_labels
from amber.data.targets.labels import encode_labels
from amber.data.targets.scaling import Scaling
from amber.data.targets.target import MISSING_NUMBER, Target
from amber.data.targets.tasks import TargetSpec, read_wide
from amber.display import one_line
from amber.errors import DataError
from amber.types import Array


@dataclass(frozen=True)
class NewPart:
    """Labelled examples that a network did not see.

    Attributes:
        split: inputs and targets, scaled as those of the training data.
        notes: one sentence for whatever was guessed, dropped or shortened.
    """

    split: Split
    notes: tuple[str, ...]
    __repr__ = one_line


def read_part(
    source: Source,
    wanted: Wanted,
    spec: DatasetSpec,
    targets: Sequence[Target],
    scaling: Mapping[str, Scaling],
    path: Path,
) -> NewPart:
    """Read all examples of a source as one part; those without a label are left out.

    Args:
        source: of the examples.
        wanted: its inputs.
        spec: columns of labels and form of inputs; its split says which examples are not independent, and they are
            not divided.
        targets: the outputs, with their classes, labels and scaling.
        scaling: of inputs that are numbers, by name.
        path: what messages call the examples.

    Raises:
        DataError: files that cannot be used, or labels other than those that are known; names file and place. Its
            `field` is as for `amber.data.from_examples.dataset_of`.
    """
    division, spec = spec.split, replace(spec, split=SplitSpec(RANDOM), weights=None, class_weights=None)
    wanted = replace(wanted, columns=spec.columns(), helpful=tuple(division.of_groups()))
    examples: Examples = source.examples(wanted)
    if spec.negatives:
        examples = with_negatives(examples, spec)
    spec = with_profiles(spec, examples)
    examples, rows, y, notes = _known(examples, spec, targets, columns_as_table(examples, spec, path))
    held = examples.held if isinstance(examples, TableExamples) else examples
    x: dict[str, Any] = by_input(inputs_of(held, rows, spec.unknown), spec)
    x |= {name: each.apply(x[name]) for name, each in scaling.items() if name in x}
    inputs = next(iter(x.values())) if spec.one_input and len(x) == 1 else x
    groups = groups_of(examples, division)
    split = Split(inputs, next(iter(y.values())) if len(y) == 1 else y, groups=None if groups is None else groups[rows])
    return NewPart(split, (*held.notes, *notes))


def _known(
    examples: Examples, spec: DatasetSpec, targets: Sequence[Target], table: Table
) -> tuple[Examples, NDArray[np.int64], dict[str, Array], tuple[str, ...]]:
    """Return the examples that have every target, as rows, with the targets by name, and what was left out."""
    narrow = {each.name: replace(spec.targets[each.name], classes=each.classes) for each in targets if not _wide(each)}
    rows, notes = np.arange(len(examples)), table.notes
    if narrow:
        table, rows = with_labels(table, narrow)
        notes = table.notes
    numbered = rows
    y: dict[str, Array] = {}
    for target in targets:
        with about("targets", target.name):
            if _wide(target):
                wanted = spec.targets[target.name]
                y[target.name], said, rows = _read_wide(examples, wanted, target, rows, str(table.path))
                notes = (*notes, *said)
            else:
                y[target.name] = _values(table, spec.targets[target.name].column, target)
    place = np.searchsorted(numbered, rows)
    y = {each.name: y[each.name][rows if _wide(each) else place] for each in targets}
    if not len(rows):
        raise DataError(f"{table.path}: expected examples of which every output is known. Received: none")
    if len(narrow) == len(targets):
        examples, rows = without_others(examples, rows)
    return examples, rows, y, notes


def _wide(target: Target) -> bool:
    return target.labels is not None or target.numbers is not None


def _read_wide(
    examples: Examples, spec: TargetSpec, target: Target, rows: NDArray[np.int64], source: str
) -> tuple[Array, tuple[str, ...], NDArray[np.int64]]:
    """Return several columns of all examples, scaled, what is said of them, and the rows of which they are known."""
    names = target.labels.names if target.labels is not None else target.numbers.channels if target.numbers else ()
    read, rows = read_wide(examples, target.name, replace(spec, columns=list(names)), rows, source)
    if target.numbers is None:
        return read.y, read.notes, rows
    bins = read.target.numbers.bins if read.target.numbers is not None else 1
    if bins != target.numbers.bins:
        raise DataError(f"{source}: the network predicts {target.numbers.bins} bins. Received: {bins}")
    scaled = read.y if target.scaling is None else target.scaling.apply(read.y)
    return np.nan_to_num(scaled, nan=MISSING_NUMBER), read.notes, rows


def _values(table: Table, column: str, target: Target) -> Array:
    if target.classes is not None:
        source = f"{table.path}, column {column!r}"
        return encode_labels(table[column], target.classes, lines=table.lines, source=source, word=table.word)[0]
    numbers = column_numbers(table, column)[:, None]
    return target.scaling.apply(numbers) if target.scaling is not None else numbers
