"""Examples of a source to a data set: targets, parts, and inputs as trainings take them.

What may be changed here: in which order a data set is put together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from amber.data.batches.augmentation import Augmentation, Profile
from amber.data.dataset import INPUT, Dataset
from amber.data.encoding.alphabets import Unknown
from amber.data.examples import Examples, NumbersInput, SequenceInput
from amber.data.fingerprints import fingerprint
from amber.data.inputs import check_letters, check_padding, inputs_of
from amber.data.negatives.matched import LABEL, PAIR, with_shuffled_negatives
from amber.data.sources.source import Source, Wanted
from amber.data.sources.windows_on_genome import GenomeWindows
from amber.data.splits.division import SIMILARITY, Division, SplitSpec
from amber.data.splits.leakage import POSITIONS, identical_across, near_identical_across, overlapping_across
from amber.data.splits.parts import PARTS, SplitIndices
from amber.data.splits.similarity import SimilarityGroups, similarity_groups
from amber.data.splits.sketches import sketch
from amber.data.tables.examples import TableExamples
from amber.data.tables.table import Table, shown_names
from amber.data.targets.class_weights import ClassWeights, class_weights
from amber.data.targets.example_weights import example_weights
from amber.data.targets.labelled import (
    Labelled,
    Views,
    about,
    assembled,
    content_of,
    divided,
    profile_key,
    with_labels,
)
from amber.data.targets.number_columns import is_measured, is_profile
from amber.data.targets.tasks import ReadTarget, TargetSpec, read_wide
from amber.errors import DataError, KeyPath

# Letters of sequences that are looked through for near-identical ones at most: a few seconds.
LETTERS_COMPARED = 20_000_000
_Column = TypeVar("_Column")
_Value = TypeVar("_Value")


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

    @property
    def chosen_targets(self) -> dict[str, TargetSpec]:
        """The targets, also where `labels` are the only one."""
        if self.labels is None:
            return dict(self.targets)
        return {next(iter(self.targets)): TargetSpec(columns=self.labels, wide="labels")}

    @property
    def wide(self) -> list[str]:
        """Names of the targets that are read from several columns."""
        return [name for name, each in self.chosen_targets.items() if each.is_wide]

    def columns(self) -> dict[str, KeyPath] | None:
        """Return the columns that are needed beside the inputs, each with the `field` of an error where it is missing.

        None: labels are chosen among all columns.
        """
        if self.wide:
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
    spec = with_profiles(spec, examples)
    table = columns_as_table(examples, spec, path or Path(name))
    if spec.wide:
        rows, known, labelled = _with_wide_targets(examples, spec, table)
    else:
        known, rows = with_labels(table, spec.targets)
        examples, rows = without_others(examples, rows)
        labelled = divided(known, spec.targets, spec.split, _near_duplicates(examples, spec.split, rows))
    labelled = _with_weights(_weighed(labelled, spec), spec, known)
    # Inputs are read last, as they take most time and memory.
    held = examples.held if isinstance(examples, TableExamples) else examples
    labelled, augmentation = _views(spec, labelled)
    if not augmentation.is_identity:
        with about("augmentation"):
            augmentation.check(held.inputs)
    check_padding(held, rows)
    check_letters(held, rows)
    x = by_input(inputs_of(held, rows, spec.unknown, augmentation), spec)
    in_memory = all(isinstance(each, np.ndarray) for each in x.values())
    numbers = {each: kind for each, kind in by_input(held.inputs, spec).items() if isinstance(kind, NumbersInput)}
    made = assembled(
        x,
        labelled,
        name,
        scaled=tuple(numbers) if spec.standardize else (),
        scale_targets=spec.standardize,
        one_input=spec.one_input and len(x) == 1,
        views=None if augmentation.is_identity else Views(augmentation, rows),
        places=held.on_genome.take(rows) if isinstance(held, GenomeWindows) else None,
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
        columns={each: kind.names for each, kind in numbers.items() if kind.names},
        raw_fingerprint=_fingerprint(examples, spec, labelled),
    )


def by_input(values: Mapping[str, _Value], spec: DatasetSpec) -> dict[str, _Value]:
    """Return what is known of each input by its name in a network; the only one has no name of its own there."""
    return {INPUT: next(iter(values.values()))} if spec.one_input and len(values) == 1 else dict(values)


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
        examples = with_negatives(examples, spec)
    return dataset_of(examples, spec, name, path)


def with_negatives(examples: Examples, spec: DatasetSpec) -> Examples:
    """Return positive examples with shuffles of them; raise DataError where they have labels."""
    with about("negatives"):
        if LABEL in examples.columns:
            raise DataError(
                f"Shuffled negatives make the column {LABEL!r}; take the negatives out, as the examples have labels, "
                f"or give positive ones only. Received: a column {LABEL!r}"
            )
        return with_shuffled_negatives(examples, spec.negatives, spec.split.seed)


def columns_as_table(examples: Examples, spec: DatasetSpec, path: Path) -> Table:
    """Return the columns that targets and parts are read from, as text; what the examples say comes later.

    Raises:
        DataError: a column is missing.
    """
    if isinstance(examples, TableExamples) and not spec.wide:
        _ = _needed(examples.table.columns, spec, str(path))
        return replace(examples.table, notes=())
    everything = range(len(examples))
    columns = {name: list(map(str, each.tolist())) for name, each in _needed(examples.columns, spec, str(path)).items()}
    return _Columns(path, columns, [row + 1 for row in everything], (), "example", examples.describe, tuple(everything))


def without_others(examples: Examples, rows: NDArray[np.int64]) -> tuple[Examples, NDArray[np.int64]]:
    """Return examples of which others need not be sound, and the numbers of the rows among them."""
    return (examples.take(rows), np.arange(len(rows))) if isinstance(examples, TableExamples) else (examples, rows)


def _fingerprint(examples: Examples, spec: DatasetSpec, labelled: Labelled) -> str:
    """Of what was read, before anything is scaled or augmented."""
    if isinstance(examples, TableExamples) and not spec.wide:
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
    said = (leak.describe(lambda row: examples.describe(int(rows[row]))) for leak in leaks)
    return [f"{each} `split: {{chromosomes: ...}}` keeps overlapping windows in one part." for each in said]


def _alike(examples: Examples, labelled: Labelled, rows: NDArray[np.int64], held: bool) -> list[str]:
    """Return a sentence for each part with sequences that training examples have nearly, or altogether.

    Not looked for where that would take more than some seconds; near-identical ones not where the split keeps them
    together, and identical ones not where they are `held`: `amber.data.remarks` says these.
    """
    kinds = list(examples.inputs.values())
    letters = sum((kind.length or 0) for kind in kinds if isinstance(kind, SequenceInput)) * len(rows)
    if not 0 < letters <= LETTERS_COMPARED:
        return []
    parts = SplitIndices(*(rows[getattr(labelled.division.rows, part)] for part in PARTS))
    known = sketch(examples)
    leaks = [] if held else identical_across(known.whole, parts)
    if labelled.division.split != SIMILARITY:
        leaks += near_identical_across(known, parts)
    said = (leak.describe(examples.describe) for leak in leaks if leak.other == "train")
    return [f"{each} `split: similarity` keeps such examples together." for each in said]


def with_profiles(spec: DatasetSpec, examples: Examples) -> DatasetSpec:
    """Return what is predicted, where a column that is a profile is several numbers, and one that is measured one."""

    def known(target: TargetSpec) -> TargetSpec:
        if target.is_wide:
            return target
        if is_profile(examples, target.column):
            return replace(target, columns=[target.column])
        guessed = target.kind is None and target.classes is None
        return replace(target, kind="number") if guessed and is_measured(examples, target.column) else target

    return replace(spec, targets={name: known(each) for name, each in spec.chosen_targets.items()}, labels=None)


def _with_wide_targets(
    examples: Examples, spec: DatasetSpec, table: Table
) -> tuple[NDArray[np.int64], Table, Labelled]:
    """Return the examples of which every target is known, as rows and as a table, with their targets and parts."""
    narrow = {name: each for name, each in spec.targets.items() if not each.is_wide}
    notes = table.notes
    rows = np.arange(len(examples))
    if narrow:
        known, rows = with_labels(table, narrow)
        notes = known.notes
    read: dict[str, ReadTarget] = {}
    for name in spec.wide:
        with about("targets", name):
            read[name], rows = read_wide(examples, name, spec.targets[name], rows, str(table.path))
            if not len(rows):
                raise DataError(f"{table.path}: expected examples of which every output is known. Received: none")
    read = {name: replace(each, y=each.y[rows]) for name, each in read.items()}
    known = replace(table.take(rows), notes=notes)
    alike = _near_duplicates(examples, spec.split, rows)
    return rows, known, divided(known, spec.targets, spec.split, alike, read)


def _views(spec: DatasetSpec, labelled: Labelled) -> tuple[Labelled, Augmentation]:
    """Return the targets, and the augmentation that they follow: profiles are moved by whole bins."""
    augmentation = spec.augmentation
    profiles = {
        profile_key(each.name): Profile(each.numbers.bin_width, each.numbers.partners)
        for each in labelled.targets
        if each.numbers is not None and each.numbers.bins > 1
    }
    if augmentation.is_identity or not profiles:
        return labelled, augmentation
    with about("augmentation"):
        augmentation = replace(augmentation, profiles={**augmentation.profiles, **profiles})
    if not augmentation.shift:
        return labelled, augmentation
    # What a shift moves in is not known.
    targets = tuple(
        replace(each, numbers=each.numbers.with_missing()) if each.numbers is not None else each
        for each in labelled.targets
    )
    return replace(labelled, targets=targets), augmentation


def _needed(columns: Mapping[str, _Column], spec: DatasetSpec, source: str) -> dict[str, _Column]:
    """Return the columns that targets and parts are read from.

    Raises:
        DataError: one is not there.
    """
    found: dict[str, _Column] = {}
    for name, target in spec.targets.items():
        if target.is_wide:
            continue
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
