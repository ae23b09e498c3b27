"""Examples of a source to a data set as trainings take it: held in memory one-hot, or read in batches.

What may be changed here: how codes, numbers and tracks become the arrays that a network reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amber.data import reading
from amber.data.alphabets import Unknown
from amber.data.dataset import Dataset
from amber.data.division import SIMILARITY, Division, SplitSpec, divide
from amber.data.encoding import one_hot
from amber.data.examples import Examples, InputKind, NumbersInput, SequenceInput, TrackInput
from amber.data.fingerprints import fingerprint
from amber.data.label_columns import read_labels
from amber.data.leakage import POSITIONS, overlapping_across
from amber.data.loading import Labelled, about, assembled, content_of, divided, with_labels
from amber.data.similarity import SimilarityGroups, similarity_groups
from amber.data.sketches import sketch
from amber.data.streamed import streamed_inputs
from amber.data.tables import Table, shown_names
from amber.data.targets import Target
from amber.data.tasks import TargetSpec
from amber.errors import DataError
from amber.files import size_text
from amber.types import Array

# How many examples are read at once.
_AT_ONCE = 4096
_BYTES_OF_A_NUMBER = 4
# The share of the machine's memory that inputs may take as numbers; what takes more is read in batches.
HELD_SHARE = 0.25


@dataclass(frozen=True)
class DatasetSpec:
    """What a data set is made of, beside the inputs of its examples.

    Attributes:
        targets: name of the output -> how it is read.
        split: how examples are divided.
        standardize: scale inputs and targets that are numbers by the training part.
        unknown: an unknown letter is the `"mean"` of all, or `"zeros"`.
        one_input: whether `x` is the array of the only input, not a dictionary.
        labels: columns of labels, as for `read_labels`; they are the only output then, named as the only target is.
    """

    targets: Mapping[str, TargetSpec]
    split: SplitSpec
    standardize: bool = True
    unknown: Unknown = "mean"
    one_input: bool = False
    labels: str | Sequence[str] | None = None


@dataclass(frozen=True)
class _Columns(Table):
    """Columns of examples as a table: places are those that the examples say."""

    describe: Callable[[int], str] = str
    rows: tuple[int, ...] = ()

    def take(self, rows: NDArray[np.int64]) -> _Columns:
        """Return the table of some rows."""
        taken = super().take(rows)
        kept = tuple(self.rows[row] for row in rows.tolist())
        return _Columns(taken.path, taken.columns, taken.lines, taken.notes, self.describe, kept)

    def where(self, row: int) -> str:
        """Return where an example comes from."""
        return self.describe(self.rows[row])


def dataset_of(examples: Examples, spec: DatasetSpec, name: str, path: Path | None = None) -> Dataset:
    """Return the data set of examples; those without a label are left out.

    Inputs that would take more than a quarter of the machine's memory are read in batches.

    Args:
        examples: of a source.
        spec: what is predicted, and how examples are divided.
        name: of the data set.
        path: the file that the data set is known by.

    Raises:
        DataError: a column that is missing, labels that cannot be used, or arrays that do not fit into memory; its
            `field` is as for `amber.data.loading.load_table`.
    """
    columns = _needed(examples, spec, str(path or name))
    everything = range(len(examples))
    lines = [row + 1 for row in everything]
    table = _Columns(path or Path(name), columns, lines, examples.notes, examples.describe, tuple(everything))
    if spec.labels is not None:
        rows, labelled = _with_label_columns(examples, spec, table)
    else:
        known, rows = with_labels(table, spec.targets)
        labelled = divided(known, spec.targets, spec.split, _near_duplicates(examples, spec.split, rows))
    x = inputs_of(examples, rows, spec.unknown)
    numbers = [each for each, kind in examples.inputs.items() if isinstance(kind, NumbersInput)]
    made = assembled(
        x,
        labelled,
        name,
        scaled=numbers if spec.standardize else (),
        scale_targets=spec.standardize,
        one_input=spec.one_input and len(x) == 1,
    )
    return replace(
        made,
        path=None if path is None else path.absolute(),
        notes=(*labelled.notes, *_overlaps(examples, labelled.division, rows)),
        raw_fingerprint=fingerprint([examples.fingerprint, spec.unknown, *content_of(labelled)]),
    )


def _near_duplicates(examples: Examples, split: SplitSpec, rows: NDArray[np.int64]) -> SimilarityGroups | None:
    """Return the near-duplicates among some examples, where a split needs them."""
    if split.split != SIMILARITY:
        return None
    with about("split"):
        found = similarity_groups(sketch(examples, stretch=split.stretch))
    return SimilarityGroups(found.groups[rows], found.notes)


def _overlaps(examples: Examples, division: Division, rows: NDArray[np.int64]) -> list[str]:
    """Return a sentence for each pair of parts with overlapping windows."""
    columns = {name: examples.columns[name][rows] for name in POSITIONS if name in examples.columns}
    leaks = overlapping_across(columns, division.rows)
    return [leak.describe(lambda row: examples.describe(int(rows[row]))) for leak in leaks]


def inputs_of(examples: Examples, rows: NDArray[np.int64], unknown: Unknown = "mean") -> dict[str, Array]:
    """Return the inputs of some examples: held as arrays, or, where these would take too much, read in batches.

    Numbers are always held, as they are scaled by those of the training part.
    """
    if _bytes_needed(examples, len(rows)) <= HELD_SHARE * reading.machine_memory():
        return arrays_of(examples, rows, unknown)
    streamed: dict[str, Any] = dict(streamed_inputs(examples, rows, unknown=unknown))
    numbers = {name for name, kind in examples.inputs.items() if isinstance(kind, NumbersInput)}
    return {name: np.asarray(each) if name in numbers else each for name, each in streamed.items()}


def _bytes_needed(examples: Examples, count: int) -> int:
    shapes = [_shape(name, kind) for name, kind in examples.inputs.items()]
    return count * sum(int(np.prod(shape)) for shape in shapes) * _BYTES_OF_A_NUMBER


def _with_label_columns(examples: Examples, spec: DatasetSpec, table: Table) -> tuple[NDArray[np.int64], Labelled]:
    """Return the examples of which labels are known, with these and their parts."""
    name = next(iter(spec.targets))
    with about("labels"):
        read = read_labels(examples, spec.labels or (), str(table.path))
    with about("split"):
        alike = _near_duplicates(examples, spec.split, read.rows)
        division = divide(table.take(read.rows), spec.split, None, alike)
    trained = read.y[division.rows.train]
    if not (trained == 1).any() or not (trained == 0).any():
        raise DataError(
            f"{table.path}: the training part must have examples with and without a label. Received: one kind only",
            field=("labels",),
        )
    notes = (*table.notes, *read.notes, *division.notes)
    return read.rows, Labelled((Target(name, labels=read.labels),), {name: read.y}, division, notes)


def arrays_of(examples: Examples, rows: NDArray[np.int64], unknown: Unknown = "mean") -> dict[str, Array]:
    """Return the inputs of some examples as a network reads them, float32; sequences are one-hot.

    Raises:
        DataError: they do not fit into the memory of this machine, or sequences are of unequal length.
    """
    shapes = {name: _shape(name, kind) for name, kind in examples.inputs.items()}
    needed = _bytes_needed(examples, len(rows))
    if needed > reading.machine_memory():
        raise DataError(
            "The inputs of all examples must fit into the memory of this machine as numbers; take fewer or shorter "
            f"ones. Received: {len(rows):,} examples, {size_text(needed)}"
        )
    result: dict[str, Array] = {name: np.empty((len(rows), *shape), dtype=np.float32) for name, shape in shapes.items()}
    for first in range(0, len(rows), _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        for name, values in examples.read(rows[some]).items():
            kind = examples.inputs[name]
            if isinstance(kind, SequenceInput):
                one_hot(values, kind.alphabet, unknown=unknown, out=result[name][some])
            else:
                result[name][some] = values
    return result


def _shape(name: str, kind: InputKind) -> tuple[int, ...]:
    if isinstance(kind, NumbersInput):
        return (kind.width,)
    if isinstance(kind, TrackInput):
        return (kind.length, kind.channels)
    if kind.length is None:
        raise DataError(
            "Sequences of one length are needed; write data.length. Received: unequal lengths", field=("inputs", name)
        )
    return (kind.length, len(kind.alphabet.letters))


def _needed(examples: Examples, spec: DatasetSpec, source: str) -> dict[str, list[str]]:
    """Return the columns that targets and parts are read from, as text."""
    found: dict[str, list[str]] = {}
    for name, target in spec.targets.items() if spec.labels is None else ():
        with about("targets", name, "column"):
            found[target.column] = _texts(examples, target.column, source)
    for column in spec.split.needed():
        with about("split", "column"):
            found[column] = _texts(examples, column, source)
    helpful = {each.lower() for each in spec.split.helpful()}
    return found | {each: _texts(examples, each, source) for each in examples.columns if each.lower() in helpful}


def _texts(examples: Examples, column: str, source: str) -> list[str]:
    if column not in examples.columns:
        raise DataError(
            f"{source}: expected a column {column!r} of the examples, beside their inputs. "
            f"Received: columns {shown_names(list(examples.columns)) or 'none'}"
        )
    values = examples.columns[column]
    return [str(value) for value in values.tolist()]
