"""Examples of a source to a data set as trainings take it: held in memory one-hot, or read in batches.

What may be changed here: how codes, numbers and tracks become the arrays that a network reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from amber.data.batches.augmentation import Augmentation
from amber.data.batches.streamed import streamed_inputs
from amber.data.dataset import Dataset
from amber.data.encoding.alphabets import Unknown
from amber.data.encoding.one_hot import one_hot
from amber.data.examples import Examples, InputKind, NumbersInput, SequenceInput, TrackInput
from amber.data.fingerprints import fingerprint
from amber.data.negatives.matched import LABEL, PAIR, with_shuffled_negatives
from amber.data.sources.source import Source, Wanted
from amber.data.splits.division import SIMILARITY, Division, SplitSpec, divide
from amber.data.splits.leakage import POSITIONS, identical_across, near_identical_across, overlapping_across
from amber.data.splits.parts import PARTS, SplitIndices
from amber.data.splits.similarity import SimilarityGroups, similarity_groups
from amber.data.splits.sketches import sketch
from amber.data.tables.examples import TableExamples
from amber.data.tables.table import Table, shown_names
from amber.data.targets.class_weights import ClassWeights, class_weights
from amber.data.targets.example_weights import example_weights
from amber.data.targets.label_columns import read_labels
from amber.data.targets.labelled import Labelled, about, assembled, content_of, divided, with_labels
from amber.data.targets.target import Target
from amber.data.targets.tasks import TargetSpec
from amber.data.text import reading
from amber.errors import DataError, KeyPath
from amber.files import size_text
from amber.types import Array

# How many examples are read at once.
_AT_ONCE = 4096
_BYTES_OF_A_NUMBER = 4
# The share of the machine's memory that inputs may take as numbers; what takes more is read in batches.
HELD_SHARE = 0.25
# Letters of sequences that are looked through for near-identical ones at most: a few seconds.
_LETTERS_COMPARED = 20_000_000
_Column = TypeVar("_Column")


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
        augmentation: what is done to training examples.
        class_weights: how much training examples of each class count, as for `amber.data.targets.class_weights`.
        weights: column of how much each example counts in training; None: all alike.
        negatives: for each example so many shuffles of it; the examples of the source are positive then, and what is
            predicted is the column `label` of `amber.data.negatives`.
    """

    targets: Mapping[str, TargetSpec]
    split: SplitSpec
    standardize: bool = True
    unknown: Unknown = "mean"
    one_input: bool = False
    labels: str | Sequence[str] | None = None
    augmentation: Augmentation = field(default_factory=Augmentation)
    negatives: int = 0
    class_weights: ClassWeights | None = None
    weights: str | None = None

    def columns(self) -> dict[str, KeyPath] | None:
        """Return the columns that are needed beside the inputs, each with the `field` of an error where it is missing.

        None: labels are chosen among all columns.
        """
        if self.labels is not None:
            return None
        columns: dict[str, KeyPath] = {
            target.column: ("targets", name, "column") for name, target in self.targets.items()
        }
        for column in self.split.needed():
            columns.setdefault(column, ("split", "column"))
        if self.weights is not None:
            columns.setdefault(self.weights, ("weights", "column"))
        made = (LABEL, PAIR) if self.negatives else ()
        return {name: role for name, role in columns.items() if name not in made}


@dataclass(frozen=True)
class _Columns(Table):
    """Columns of examples as a table: places are those that the examples say."""

    describe: Callable[[int], str] = str
    rows: tuple[int, ...] = ()

    def take(self, rows: NDArray[np.int64]) -> _Columns:
        """Return the table of some rows."""
        taken = super().take(rows)
        kept = tuple(self.rows[row] for row in rows.tolist())
        return _Columns(taken.path, taken.columns, taken.lines, taken.notes, taken.word, self.describe, kept)

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
            `field` says what it is about: `("inputs", name)`, `("targets", name)`, `("split",)`, each followed by
            `"column"` where a column is missing; or nothing where it is about the file.
    """
    table = _table_of(examples, spec, path or Path(name))
    if spec.labels is not None:
        rows, labelled = _with_label_columns(examples, spec, table)
        known = table.take(rows)
    else:
        known, rows = with_labels(table, spec.targets)
        examples, rows = _without_others(examples, rows)
        labelled = divided(known, spec.targets, spec.split, _near_duplicates(examples, spec.split, rows))
    labelled = _with_weights(_weighed(labelled, spec), spec, known)
    # Inputs are read last, as they take most time and memory.
    held = examples.held if isinstance(examples, TableExamples) else examples
    if not spec.augmentation.is_identity:
        with about("augmentation"):
            spec.augmentation.check(held.inputs)
    x = inputs_of(held, rows, spec.unknown, spec.augmentation)
    in_memory = all(isinstance(each, np.ndarray) for each in x.values())
    numbers = [each for each, kind in held.inputs.items() if isinstance(kind, NumbersInput)]
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
        notes=(
            *held.notes,
            *labelled.notes,
            *_overlaps(held, labelled.division, rows),
            *_alike(held, labelled, rows, in_memory),
        ),
        raw_fingerprint=_fingerprint(examples, spec, labelled),
    )


def _weighed(labelled: Labelled, spec: DatasetSpec) -> Labelled:
    """Return targets with the weights of their classes."""
    if spec.class_weights is None:
        return labelled
    with about("class_weights"):
        if len(labelled.targets) > 1:
            raise DataError(f"Weights of classes need one output. Received: {len(labelled.targets)}")
        target = labelled.targets[0]
        weights = class_weights(spec.class_weights, target, labelled.y[target.name][labelled.division.rows.train])
        said = ", ".join(f"{name} {weight:.3g}" for name, weight in zip(target.classes or (), weights, strict=True))
    note = f"Training examples are weighed by class: {said}."
    return replace(labelled, targets=(replace(target, class_weights=weights),), notes=(*labelled.notes, note))


def _with_weights(labelled: Labelled, spec: DatasetSpec, table: Table) -> Labelled:
    """Return targets with the weights of the examples of a table."""
    if spec.weights is None:
        return labelled
    with about("weights"):
        weights = example_weights(table, spec.weights, labelled.division.rows.train)
    note = f"Training examples are weighed by the column {spec.weights}, {weights.min():g} to {weights.max():g}."
    return replace(labelled, weights=weights, notes=(*labelled.notes, note))


def load(source: Source, wanted: Wanted, spec: DatasetSpec, name: str, path: Path | None = None) -> Dataset:
    """Return the data set that a source holds; arguments and errors are those of `dataset_of` and of the source.

    Args:
        source: of examples.
        wanted: its inputs.
        spec: what is predicted, and how examples are divided.
        name: of the data set.
        path: the file that the data set is known by.
    """
    helpful = (*spec.split.helpful(), *([LABEL] if spec.negatives else []))
    wanted = replace(wanted, columns=spec.columns(), helpful=helpful)
    examples = source.examples(wanted)
    if spec.negatives:
        examples = _with_negatives(examples, spec)
    return dataset_of(examples, spec, name, path)


def _with_negatives(examples: Examples, spec: DatasetSpec) -> Examples:
    with about("negatives"):
        if LABEL in examples.columns:
            raise DataError(
                f"Shuffled negatives make the column {LABEL!r}; take the negatives out, as the examples have labels, "
                f"or give positive ones only. Received: a column {LABEL!r}"
            )
        return with_shuffled_negatives(examples, spec.negatives, spec.split.seed)


def _table_of(examples: Examples, spec: DatasetSpec, path: Path) -> Table:
    """Return the columns that targets and parts are read from, as text; what the examples say comes later."""
    if isinstance(examples, TableExamples) and spec.labels is None:
        _ = _needed(examples.table.columns, spec, str(path))
        return replace(examples.table, notes=())
    everything = range(len(examples))
    columns = {name: list(map(str, each.tolist())) for name, each in _needed(examples.columns, spec, str(path)).items()}
    return _Columns(path, columns, [row + 1 for row in everything], (), "example", examples.describe, tuple(everything))


def _without_others(examples: Examples, rows: NDArray[np.int64]) -> tuple[Examples, NDArray[np.int64]]:
    """Return examples of which others need not be sound, and the numbers of the rows among them."""
    return (examples.take(rows), np.arange(len(rows))) if isinstance(examples, TableExamples) else (examples, rows)


def _fingerprint(examples: Examples, spec: DatasetSpec, labelled: Labelled) -> str:
    """Of what was read, before anything is scaled or augmented."""
    if isinstance(examples, TableExamples) and spec.labels is None:
        form = [] if spec.unknown == "mean" else [spec.unknown]
        return fingerprint([*examples.content(), *content_of(labelled), *form])
    return fingerprint([examples.fingerprint, spec.unknown, *content_of(labelled)])


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


def _alike(examples: Examples, labelled: Labelled, rows: NDArray[np.int64], held: bool) -> list[str]:
    """Return a sentence for each part with sequences that training examples have nearly, or altogether.

    Not looked for where that would take more than some seconds; near-identical ones not where the split keeps them
    together, and identical ones not where they are `held`: `amber.data.remarks` says these.
    """
    kinds = list(examples.inputs.values())
    letters = sum((kind.length or 0) for kind in kinds if isinstance(kind, SequenceInput)) * len(rows)
    if not 0 < letters <= _LETTERS_COMPARED:
        return []
    parts = SplitIndices(*(rows[getattr(labelled.division.rows, part)] for part in PARTS))
    known = sketch(examples)
    leaks = [] if held else identical_across(known.whole, parts)
    if labelled.division.split != SIMILARITY:
        leaks += near_identical_across(known, parts)
    return [
        f"{leak.describe(examples.describe)} `split: similarity` keeps such examples together."
        for leak in leaks
        if leak.other == "train"
    ]


def inputs_of(
    examples: Examples,
    rows: NDArray[np.int64],
    unknown: Unknown = "mean",
    augmentation: Augmentation | None = None,
) -> dict[str, Array]:
    """Return the inputs of some examples: held as arrays, or, where these would take too much, read in batches.

    Where training sees them augmented they are read in batches, too. Numbers are always held, as they are scaled by
    those of the training part.
    """
    fits = _bytes_needed(examples, len(rows)) <= HELD_SHARE * reading.machine_memory()
    if fits and (augmentation is None or augmentation.is_identity):
        return arrays_of(examples, rows, unknown)
    streamed: dict[str, Any] = dict(streamed_inputs(examples, rows, unknown=unknown, augmentation=augmentation))
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


def _needed(columns: Mapping[str, _Column], spec: DatasetSpec, source: str) -> dict[str, _Column]:
    """Return the columns that targets and parts are read from.

    Raises:
        DataError: one is not there.
    """
    found: dict[str, _Column] = {}
    for name, target in spec.targets.items() if spec.labels is None else ():
        with about("targets", name, "column"):
            found[target.column] = _column(columns, target.column, source)
    for column in spec.split.needed():
        with about("split", "column"):
            found[column] = _column(columns, column, source)
    if spec.weights is not None:
        with about("weights", "column"):
            found[spec.weights] = _column(columns, spec.weights, source)
    helpful = {each.lower() for each in spec.split.helpful()}
    return found | {name: each for name, each in columns.items() if name.lower() in helpful}


def _column(columns: Mapping[str, _Column], name: str, source: str) -> _Column:
    if name not in columns:
        raise DataError(
            f"{source}: expected a column {name!r} of the examples, beside their inputs. "
            f"Received: columns {shown_names(list(columns)) or 'none'}"
        )
    return columns[name]
