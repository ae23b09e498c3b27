"""Which examples train, choose and test: as a column or chromosomes say, or drawn, and how that is said.

What may be changed here: which columns are taken for a split without being named. `parts` draws the parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from amber.data.examples import Examples
from amber.data.splits.parts import (
    DEFAULT_FRACTIONS,
    SplitIndices,
    chromosome_split,
    column_split,
    folds,
    group_numbers,
    grouped_split,
    missing_parts,
    part_of,
    random_split,
)
from amber.data.splits.similarity import SimilarityGroups, similarity_groups
from amber.data.splits.sketches import sketch
from amber.data.tables.table import shown_names
from amber.display import one_line
from amber.errors import DataError
from amber.types import Array

AUTO, RANDOM, GROUPED, SIMILARITY, CHROMOSOMES = "auto", "random", "grouped", "similarity", "chromosomes"
GROUP_COLUMN, CHROMOSOME_COLUMN = "group", "chromosome"
# Columns that say the parts where none is named, in this order, in any case.
_SPLIT_COLUMNS = ("gsplit", "split")


class Divisible(Protocol):
    """What is known of examples that are to be divided: a Table, or the columns of Examples."""

    @property
    def columns(self) -> Mapping[str, Sequence[str]]:
        """Values by name, as text."""
        ...

    def __len__(self) -> int:
        """Number of examples."""
        ...

    def where(self, row: int) -> str:
        """Return where an example comes from."""
        ...


@dataclass(frozen=True)
class SplitSpec:
    """How examples are to be divided.

    Attributes:
        split: a column with `train`, `val` and `test`; `"random"`; `"grouped"`; `"similarity"`: near-duplicates are
            kept together; `"chromosomes"`; or `"auto"`: the column `gsplit` or `split` where there is one, else
            `"random"`.
        group: column of the groups that are kept together, for `"grouped"` and for a part drawn from the training part.
        seed: of what is drawn.
        fractions: of train, validation and test, for what is drawn.
        chromosomes: names of those of the parts `validation` and `test`, for `"chromosomes"`; a part that is not
            named is drawn from the others.
        stretch: letters that near-duplicates share; see `amber.data.splits.sketches.sketch`.
        folds: 0, or how many folds there are, each the test part once; groups, near-duplicates or chromosomes are kept
            together as `split` says.
        fold: which fold, from 0, is the test part.
        stratify_by_all: of several outputs with classes, drawn parts get their share of each combination of classes,
            not of those of the first output.
    """

    split: str = AUTO
    group: str = GROUP_COLUMN
    seed: int = 0
    fractions: Sequence[float] = DEFAULT_FRACTIONS
    chromosomes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    stretch: int | None = None
    folds: int = 0
    fold: int = 0
    stratify_by_all: bool = False
    __repr__ = one_line

    @classmethod
    def of(cls, given: str | SplitSpec, seed: int = 0) -> SplitSpec:
        """Return a division as it is given: by its name with a seed, or all that is known of it.

        Raises:
            DataError: a seed beside a SplitSpec, which has its own.
        """
        if not isinstance(given, SplitSpec):
            return cls(given, seed=seed)
        if seed not in (0, given.seed):
            raise DataError(f"Give the seed to the SplitSpec. Received: seed={seed} beside it")
        return given

    def needed(self) -> list[str]:
        """Return the columns that must be there."""
        known = {AUTO: [], RANDOM: [], SIMILARITY: [], GROUPED: [self.group], CHROMOSOMES: [CHROMOSOME_COLUMN]}
        return known.get(self.split, [self.split])

    def helpful(self) -> list[str]:
        """Return the columns that are used where they are there, in any case of letters."""
        return [self.group, *(_SPLIT_COLUMNS if self.split == AUTO else ())]

    def of_groups(self) -> list[str]:
        """Return the columns that say which examples are not independent, where they are there."""
        return [self.group, *([CHROMOSOME_COLUMN] if self.split == CHROMOSOMES else [])]


@dataclass(frozen=True)
class Division:
    """Examples, divided.

    Attributes:
        rows: of each part; with folds, those of the division that is asked for.
        split: the column, `"random"`, `"grouped"`, `"similarity"` or `"chromosomes"`.
        origin: the same in words.
        notes: one sentence for whatever was drawn or guessed.
        folds: with folds: the division in which each is the test part.
        groups: number of each example's group, whether or not the parts keep them together; None: there are none.
    """

    rows: SplitIndices
    split: str
    origin: str
    notes: tuple[str, ...] = ()
    folds: tuple[SplitIndices, ...] = ()
    groups: NDArray[np.int64] | None = None


def divide_examples(examples: Examples, spec: SplitSpec, labels: Array | None) -> Division:
    """Divide the examples of a source.

    Args:
        examples: all of them. Their columns say what they are divided by; for near-duplicates all inputs are read.
        spec: how.
        labels: class numbers that drawn parts get their share of; None where there are no classes.

    Raises:
        DataError: as `divide`, or a column that is not there (those that are there are named).
    """
    table = _DivisibleExamples(examples)
    missing = [name for name in spec.needed() if name not in table.columns]
    if missing:
        raise DataError(
            f"The split {spec.split!r} needs the column {missing[0]!r}. "
            f"Received: the columns {shown_names(list(table.columns)) or 'none'}"
        )
    groups = similarity_groups(sketch(examples, stretch=spec.stretch)) if spec.split == SIMILARITY else None
    return divide(table, spec, labels, groups)


def groups_of(examples: Examples, spec: SplitSpec) -> NDArray[np.int64] | None:
    """Return the number of each example's group, for examples that are one part; None where there are no groups.

    Args:
        examples: all of them. Their columns say the groups; for near-duplicates all inputs are read.
        spec: how the data that they belong to are divided.
    """
    alike = similarity_groups(sketch(examples, stretch=spec.stretch)) if spec.split == SIMILARITY else None
    return group_numbers(_known_groups(_DivisibleExamples(examples), spec, alike))


def divide(table: Divisible, spec: SplitSpec, labels: Array | None, alike: SimilarityGroups | None = None) -> Division:
    """Divide the rows of a table.

    Args:
        table: holds the columns that `spec` needs, and those that help it where the file has them.
        spec: how.
        labels: class numbers that drawn parts get their share of; None where there are no classes.
        alike: near-duplicates, for `"similarity"`.

    Raises:
        DataError: a value that names no part, too few groups, a part that would be empty, or near-duplicates that are
            not known.
    """
    return replace(_divided(table, spec, labels, alike), groups=group_numbers(_known_groups(table, spec, alike)))


def _divided(table: Divisible, spec: SplitSpec, labels: Array | None, alike: SimilarityGroups | None) -> Division:
    if spec.folds:
        return _in_folds(table, spec, labels, alike)
    if spec.split == AUTO:
        column, notes = _guessed_column(table)
        if column is not None:
            return _by_column(table, spec, column, labels, guessed=True, notes=notes)
        if spec.group in table.columns:
            notes.append(
                f"The groups of the column {spec.group} are not kept together; `split: grouped` would do that."
            )
        return _at_random(table, spec, labels, guessed=True, notes=notes)
    if spec.split == RANDOM:
        return _at_random(table, spec, labels)
    if spec.split == CHROMOSOMES:
        return _by_chromosome(table, spec)
    if spec.split in (GROUPED, SIMILARITY):
        groups, what, said = _kept_together(table, spec, alike)
        rows = grouped_split([] if groups is None else groups, spec.fractions, spec.seed)
        return Division(rows, spec.split, f"drawn at random, {what} kept together, seed {spec.seed}", said)
    return _by_column(table, spec, spec.split, labels)


def _kept_together(
    table: Divisible, spec: SplitSpec, alike: SimilarityGroups | None
) -> tuple[Sequence[str] | Array | None, str, tuple[str, ...]]:
    """Return the group of each example, what a group is, and what is to be said of them; no groups for `"random"`."""
    if spec.split == SIMILARITY:
        if alike is None:
            raise DataError("`split: similarity` needs sequences. Received: a table of which they are not known")
        return alike.groups, "near-duplicates", alike.notes
    if spec.split == CHROMOSOMES:
        return list(table.columns[CHROMOSOME_COLUMN]), "chromosomes", ()
    if spec.split == GROUPED:
        return _groups(table, spec), f"groups of the column {spec.group}", ()
    return None, "", ()


def _known_groups(table: Divisible, spec: SplitSpec, alike: SimilarityGroups | None) -> Sequence[str] | Array | None:
    groups = alike.groups if alike is not None else _groups(table, spec)
    is_needed = groups is None and spec.split == CHROMOSOMES and CHROMOSOME_COLUMN in table.columns
    return table.columns[CHROMOSOME_COLUMN] if is_needed else groups


def _in_folds(table: Divisible, spec: SplitSpec, labels: Array | None, alike: SimilarityGroups | None) -> Division:
    if spec.split not in (AUTO, RANDOM, GROUPED, SIMILARITY, CHROMOSOMES) or spec.chromosomes:
        raise DataError(
            "Folds are drawn: choose `random`, `grouped`, `similarity` or `chromosomes` without names, or leave the "
            f"folds out. Received: {spec.folds} folds and the split {spec.split!r}"
        )
    groups, what, notes = _kept_together(table, spec, alike)
    divisions = folds(len(table), spec.folds, spec.seed, stratify=labels if groups is None else None, groups=groups)
    how = f"{what} kept together" if groups is not None else "at random" if labels is None else "stratified"
    said = f"{spec.folds} folds, {how}, seed {spec.seed}"
    if not 0 <= spec.fold < spec.folds:
        raise DataError(f"`fold` must be from 0 to {spec.folds - 1}. Received: {spec.fold}")
    test, validation = spec.fold + 1, (spec.fold + 1) % spec.folds + 1
    note = f"Fold {test} of {spec.folds} is the test part and fold {validation} the validation part."
    split = RANDOM if spec.split == AUTO else spec.split
    return Division(divisions[spec.fold], split, said, (*notes, note), tuple(divisions))


def _by_chromosome(table: Divisible, spec: SplitSpec) -> Division:
    unknown = sorted(set(spec.chromosomes) - {"validation", "test"})
    if unknown:
        raise DataError(
            "Chromosomes are named for `validation` and `test`; the others train. "
            f"Received: chromosomes for {unknown[0]!r}"
        )
    chromosomes = table.columns[CHROMOSOME_COLUMN]
    named = {part: list(spec.chromosomes.get(part, ())) for part in ("validation", "test")}
    rows = chromosome_split(chromosomes, **named, fractions=spec.fractions, seed=spec.seed)
    notes, parts = [], []
    for part, names in named.items():
        found = sorted({chromosomes[row] for row in getattr(rows, part).tolist()})
        parts.append(f"{part} {shown_names(found)}")
        if not names:
            notes.append(
                f"No chromosome is named for the {part} part: {shown_names(found)} with "
                f"{len(getattr(rows, part)):,} examples are drawn for it (seed {spec.seed})."
            )
    return Division(rows, CHROMOSOMES, f"by chromosome: {', '.join(parts)}", tuple(notes))


class _ColumnsAsText(Mapping[str, Sequence[str]]):
    """The columns of examples as text, turned into it when they are asked for: there may be hundreds of labels."""

    def __init__(self, columns: Mapping[str, Array]) -> None:
        self._columns = {name: each for name, each in columns.items() if each.ndim == 1 and each.dtype.kind in "OUiub"}

    def __getitem__(self, name: str) -> list[str]:
        return [str(each) for each in self._columns[name].tolist()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


class _DivisibleExamples:
    """Examples as `divide` sees them."""

    def __init__(self, examples: Examples) -> None:
        self._examples = examples
        self.columns = _ColumnsAsText(examples.columns)

    def __len__(self) -> int:
        return len(self._examples)

    def where(self, row: int) -> str:
        return self._examples.describe(row)


def _guessed_column(table: Divisible) -> tuple[str | None, list[str]]:
    notes: list[str] = []
    for wanted in _SPLIT_COLUMNS:
        for column in (name for name in table.columns if name.lower() == wanted):
            others = sorted({value for value in set(table.columns[column]) if part_of(value) is None})
            if not others:
                return column, [*notes, *_of_other_columns(table, column)]
            notes.append(
                f"The column {column} does not say the parts, as it holds {shown_names(others)} beside or instead of "
                "train, val and test."
            )
    return None, notes


def _of_other_columns(table: Divisible, chosen: str) -> list[str]:
    """Return a sentence for each other column that would divide the examples otherwise."""
    values = list(map(part_of, table.columns[chosen]))
    found = []
    for name in table.columns:
        if name == chosen or name.lower() not in _SPLIT_COLUMNS:
            continue
        parts = list(map(part_of, table.columns[name]))
        if None not in parts and parts != values:
            found.append(
                f"The column {name} divides the examples otherwise, and is not used; `split: {name}` would take it."
            )
    return found


def _at_random(
    table: Divisible, spec: SplitSpec, labels: Array | None, *, guessed: bool = False, notes: Sequence[str] = ()
) -> Division:
    rows = random_split(len(table), spec.fractions, spec.seed, stratify=labels)
    how = "" if labels is None else "stratified, "
    origin = f"drawn at random, {how}seed {spec.seed}{' (guessed)' if guessed else ''}"
    said = ["No column says which examples train, validate and test: they are drawn at random."] if guessed else []
    return Division(rows, RANDOM, origin, (*said, *notes))


def _by_column(
    table: Divisible,
    spec: SplitSpec,
    column: str,
    labels: Array | None,
    *,
    guessed: bool = False,
    notes: Sequence[str] = (),
) -> Division:
    groups = _groups(table, spec)
    rows = column_split(
        table.columns[column],
        where=table.where,
        fractions=spec.fractions,
        seed=spec.seed,
        stratify=labels,
        groups=groups,
    )
    how = "whole groups" if groups is not None else "stratified" if labels is not None else "at random"
    drawn = [
        f"The column {column} names no {part} examples: {len(getattr(rows, part))} of the training examples are drawn "
        f"for it ({how}, seed {spec.seed})."
        for part in missing_parts(table.columns[column])
    ]
    return Division(rows, column, f"column {column}{' (guessed)' if guessed else ''}", (*notes, *drawn))


def _groups(table: Divisible, spec: SplitSpec) -> list[str] | None:
    """Return the group of each row; None where the file has no such column. A row without a group is its own."""
    column = next((name for name in table.columns if name.lower() == spec.group.lower()), None)
    if column is None:
        return None
    return [value.strip() or f"row {row}" for row, value in enumerate(table.columns[column])]
