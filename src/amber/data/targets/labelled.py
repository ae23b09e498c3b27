"""Targets of examples, and their parts: read, checked and put together with the inputs as a data set.

What may be changed here: what is checked and said while examples become a data set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amber.data.batches.augmentation import Augmentation
from amber.data.batches.streamed import StreamedProfile
from amber.data.dataset import Dataset, Split, TestVault, rows_of, shapes_of
from amber.data.genome_places import GenomePlaces
from amber.data.splits.classes_of_parts import check_classes
from amber.data.splits.division import Division, SplitSpec, divide
from amber.data.splits.parts import PARTS, SplitIndices
from amber.data.splits.similarity import SimilarityGroups
from amber.data.tables.table import Table
from amber.data.targets.number_columns import scaling_of
from amber.data.targets.scaling import Scaling
from amber.data.targets.target import MISSING_NUMBER, Target
from amber.data.targets.tasks import ReadTarget, TargetSpec, read_target, with_range, without_label
from amber.errors import DataError
from amber.types import Array

# How many lines a note names.
_LINES_SHOWN = 5


@dataclass(frozen=True)
class Labelled:
    """The targets of examples, and their parts.

    Attributes:
        targets: what is known of each.
        y: the values of each, by its name.
        division: rows of the parts.
        notes: those of the table, and what was said of labels and parts.
        weights: how much each example counts in training; None: all alike.
    """

    targets: tuple[Target, ...]
    y: dict[str, Array]
    division: Division
    notes: tuple[str, ...]
    weights: NDArray[np.float32] | None = None


def divided(
    table: Table,
    specs: Mapping[str, TargetSpec],
    split: SplitSpec,
    alike: SimilarityGroups | None = None,
    wide: Mapping[str, ReadTarget] | None = None,
) -> Labelled:
    """Read the targets of a table whose rows all have them, and divide the rows.

    Args:
        table: has the columns of targets and split.
        specs: name of the output -> how it is read.
        split: how rows are divided.
        alike: near-duplicates, for `"similarity"`.
        wide: targets of several columns, of these rows.

    Raises:
        DataError: labels or a split that cannot be used; its `field` is as for `dataset_of`.
    """
    read: dict[str, ReadTarget] = {}
    for each, written in specs.items():
        with about("targets", each):
            read[each] = wide[each] if wide and each in wide else read_target(table, each, written)
    with about("split"):
        division = divide(table, split, _classes_to_share(list(read.values()), split), alike)
    notes = [*table.notes, *(note for each in read.values() for note in each.notes), *division.notes]
    targets: list[Target] = []
    for each, known in read.items():
        with about("targets", each):
            target, said = _checked(known, specs[each], division.rows)
            for fold in division.folds:
                _checked(known, specs[each], fold)
        targets.append(target)
        notes += said
    return Labelled(tuple(targets), {each: known.y for each, known in read.items()}, division, tuple(notes))


def _classes_to_share(read: Sequence[ReadTarget], split: SplitSpec) -> NDArray[np.int64] | None:
    """Return the class numbers that drawn parts get their share of; None where there are no classes."""
    classes = [each.y for each in read if each.target.classes is not None]
    if not classes:
        return None
    if not split.stratify_by_all:
        return classes[0].astype(np.int64)
    _, combination = np.unique(np.stack(classes, axis=1), axis=0, return_inverse=True)
    return np.asarray(combination, dtype=np.int64).reshape(-1)


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
    where = f"({table.word}s {shown})"
    note = f"{count} of {len(table)} examples have no value in the column {columns} and are left out {where}."
    return replace(table.take(rows), notes=(*table.notes, note)), rows


def _checked(read: ReadTarget, spec: TargetSpec, rows: SplitIndices) -> tuple[Target, list[str]]:
    """Return a target as the parts show it, with what is to be said.

    Raises:
        DataError: the training part has one class or one value only, or not the classes of the others.
    """
    column = spec.column
    parts = {part: read.y[getattr(rows, part)] for part in PARTS}
    if spec.is_wide:
        _check_wide(read.target, spec, parts["train"])
        return read.target, []
    if read.target.classes is not None:
        return read.target, check_classes(column, read.target.classes, parts)
    target = with_range(read.target, parts["train"])
    if target.range is not None and target.range[0] == target.range[1]:
        raise DataError(
            f"Column {column!r}: the training part must have different values; nothing can be learnt from one. "
            f"Received: {target.range[0]:g} in each of {len(parts['train'])} examples"
        )
    return target, []


def _check_wide(target: Target, spec: TargetSpec, train: Array) -> None:
    """Raise where nothing can be learnt from the training part of a target of several columns."""
    if target.labels is not None and not ((train == 1).any() and (train == 0).any()):
        raise DataError(
            f"Columns {spec.said}: the training part must have examples with and without a label. "
            "Received: one kind only"
        )
    channels = () if target.numbers is None else target.numbers.channels
    for place, name in enumerate(channels):
        values = train[:, target.numbers.of_channel(place)] if target.numbers is not None else train
        known = values[~np.isnan(values)]
        if not len(known) or known.min() == known.max():
            raise DataError(
                f"Column {name!r}: the training part must have different values; nothing can be learnt from one. "
                f"Received: {f'{known[0]:g}' if len(known) else 'no value'} in each of {len(train)} examples"
            )


def assembled(
    x: dict[str, Array],
    labelled: Labelled,
    title: str,
    *,
    scaled: Sequence[str] = (),
    scale_targets: bool = False,
    one_input: bool = False,
    views: Views | None = None,
    places: GenomePlaces | None = None,
) -> Dataset:
    """Return a data set of inputs and targets that were read.

    Args:
        x: inputs by name.
        labelled: targets and parts.
        title: name of the data set.
        scaled: inputs that are scaled by the training part.
        scale_targets: whether targets that are numbers are, too.
        one_input: whether `x` of the data set is the array of the only input.
        views: how profiles follow the augmentation of the inputs; None: there is none.
        places: where the examples lie on a genome; None: they are not windows of one.
    """
    rows, y, targets = labelled.division.rows, labelled.y, labelled.targets
    scaling = {each: Scaling.fit(x[each][rows.train]) for each in scaled}
    x = x | {each: scale.apply(x[each]) for each, scale in scaling.items()}
    if scale_targets:
        numbers = [each for each in targets if each.classes is None and each.labels is None]
        of_targets = {each.name: _scaling(each, y[each.name][rows.train]) for each in numbers}
        y = y | {each: scale.apply(y[each]) for each, scale in of_targets.items()}
        targets = tuple(replace(target, scaling=of_targets.get(target.name)) for target in targets)
    for target in targets:
        if target.numbers is not None:
            y = y | {target.name: np.nan_to_num(y[target.name], nan=MISSING_NUMBER)}
    if views is not None:
        y = y | views.of(targets, y)
    inputs: Any = next(iter(x.values())) if one_input else x
    outputs: Any = next(iter(y.values())) if len(y) == 1 else y
    train, validation, test = (
        Split(
            rows_of(inputs, part),
            rows_of(outputs, part),
            None if labelled.weights is None else labelled.weights[part],
            None if labelled.division.groups is None else labelled.division.groups[part],
            None if places is None else places.take(part),
        )
        for part in (rows.train, rows.validation, rows.test)
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


@dataclass(frozen=True, eq=False)
class Views:
    """How profiles follow the augmentation of inputs.

    Attributes:
        augmentation: of the inputs, with the profiles of targets, by `profile_key`.
        rows: numbers of the examples, by which views are drawn.
    """

    augmentation: Augmentation
    rows: NDArray[np.int64]

    def of(self, targets: Sequence[Target], y: Mapping[str, Array]) -> dict[str, Any]:
        """Return the targets that are profiles as arrays that are turned and moved as an epoch says."""
        profiles = self.augmentation.profiles
        return {
            each.name: StreamedProfile(
                y[each.name],
                profiles[profile_key(each.name)],
                self.augmentation,
                self.rows,
                channels=len(each.numbers.channels),
                missing=MISSING_NUMBER,
            )
            for each in targets
            if each.numbers is not None and profile_key(each.name) in profiles
        }


def profile_key(target: str) -> str:
    """Return what the profile of a target is called beside those of inputs."""
    return f"target {target}"


def _scaling(target: Target, train: Array) -> Scaling:
    return Scaling.fit(train) if target.numbers is None else scaling_of(target.numbers, train)


def content_of(labelled: Labelled) -> list[object]:
    """Return what of targets and parts is fingerprinted."""
    targets = {each.name: [_names(each), labelled.y[each.name]] for each in labelled.targets}
    weights = [] if labelled.weights is None else [labelled.weights]
    return [targets, [getattr(labelled.division.rows, part) for part in PARTS], *weights]


def _names(target: Target) -> tuple[str, ...] | None:
    several = target.labels or target.numbers
    return target.classes if several is None else several.names


@contextmanager
def about(*key: str) -> Iterator[None]:
    """Mark errors with what they are about."""
    try:
        yield
    except DataError as error:
        error.field = key
        raise
