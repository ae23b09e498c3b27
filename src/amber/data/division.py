"""Which examples of a table train, choose and test: as a column says, or drawn, and how that is said.

What may be changed here: which columns are taken for a split without being named. How parts are drawn is the matter of
`amber.data.splits`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from amber.data.splits import (
    DEFAULT_FRACTIONS,
    SplitIndices,
    column_split,
    grouped_split,
    missing_parts,
    part_of,
    random_split,
)
from amber.data.tables import Table, shown_names
from amber.errors import DataError
from amber.types import Array

AUTO, RANDOM, GROUPED = "auto", "random", "grouped"
GROUP_COLUMN = "group"
# Columns that say the parts where none is named, in this order, in any case.
_SPLIT_COLUMNS = ("gsplit", "split")


@dataclass(frozen=True)
class SplitSpec:
    """How examples are to be divided.

    Attributes:
        split: a column with `train`, `val` and `test`; `"random"`; `"grouped"`; or `"auto"`: the column `gsplit` or
            `split` where there is one, else `"random"`.
        group: column of the groups that are kept together, for `"grouped"` and for a part drawn from the training part.
        seed: of what is drawn.
        fractions: of train, validation and test, for what is drawn.
    """

    split: str = AUTO
    group: str = GROUP_COLUMN
    seed: int = 0
    fractions: Sequence[float] = DEFAULT_FRACTIONS

    def needed(self) -> list[str]:
        """Return the columns that must be there."""
        return {AUTO: [], RANDOM: [], GROUPED: [self.group]}.get(self.split, [self.split])

    def helpful(self) -> list[str]:
        """Return the columns that are used where they are there, in any case of letters."""
        return [self.group, *(_SPLIT_COLUMNS if self.split == AUTO else ())]


@dataclass(frozen=True)
class Division:
    """Examples, divided.

    Attributes:
        rows: of each part.
        split: the column, `"random"` or `"grouped"`.
        origin: the same in words.
        notes: one sentence for whatever was drawn or guessed.
    """

    rows: SplitIndices
    split: str
    origin: str
    notes: tuple[str, ...] = ()


def divide(table: Table, spec: SplitSpec, labels: Array | None) -> Division:
    """Divide the rows of a table.

    Args:
        table: holds the columns that `spec` needs, and those that help it where the file has them.
        spec: how.
        labels: class numbers that drawn parts get their share of; None where there are no classes.

    Raises:
        DataError: a value that names no part, too few groups, or a part that would be empty.
    """
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
    if spec.split == GROUPED:
        rows = grouped_split(_groups(table, spec) or [], spec.fractions, spec.seed)
        origin = f"drawn at random, groups of the column {spec.group} kept together, seed {spec.seed}"
        return Division(rows, GROUPED, origin)
    return _by_column(table, spec, spec.split, labels)


def _guessed_column(table: Table) -> tuple[str | None, list[str]]:
    notes: list[str] = []
    for wanted in _SPLIT_COLUMNS:
        for column in (name for name in table.columns if name.lower() == wanted):
            others = sorted({value for value in set(table[column]) if part_of(value) is None})
            if not others:
                return column, notes
            notes.append(
                f"The column {column} does not say the parts, as it holds {shown_names(others)} beside or instead of "
                "train, val and test."
            )
    return None, notes


def _at_random(
    table: Table, spec: SplitSpec, labels: Array | None, *, guessed: bool = False, notes: Sequence[str] = ()
) -> Division:
    rows = random_split(len(table), spec.fractions, spec.seed, stratify=labels)
    how = "" if labels is None else "stratified, "
    origin = f"drawn at random, {how}seed {spec.seed}{' (guessed)' if guessed else ''}"
    said = ["No column says which examples train, validate and test: they are drawn at random."] if guessed else []
    return Division(rows, RANDOM, origin, (*said, *notes))


def _by_column(
    table: Table,
    spec: SplitSpec,
    column: str,
    labels: Array | None,
    *,
    guessed: bool = False,
    notes: Sequence[str] = (),
) -> Division:
    groups = _groups(table, spec)
    rows = column_split(
        table[column],
        lines=table.lines,
        source=str(table.path),
        fractions=spec.fractions,
        seed=spec.seed,
        stratify=labels,
        groups=groups,
    )
    how = "whole groups" if groups is not None else "stratified" if labels is not None else "at random"
    drawn = [
        f"The column {column} names no {part} examples: {len(getattr(rows, part))} of the training examples are drawn "
        f"for it ({how}, seed {spec.seed})."
        for part in missing_parts(table[column])
    ]
    return Division(rows, column, f"column {column}{' (guessed)' if guessed else ''}", (*notes, *drawn))


def _groups(table: Table, spec: SplitSpec) -> list[str] | None:
    """Return the group of each row; None where the file has no such column. A row without a group is its own."""
    column = next((name for name in table.columns if name.lower() == spec.group.lower()), None)
    if column is None:
        return None
    return [value.strip() or f"row {row}" for row, value in enumerate(table[column])]


def check_classes(name: str, classes: Sequence[str], parts: Mapping[str, Array]) -> list[str]:
    """Return a sentence for each class that a part lacks or that has one example.

    Args:
        name: of the column.
        classes: class names.
        parts: `train`, `validation` and `test`: class numbers of each.

    Raises:
        DataError: the training part has one class only, or half of another part or more is of classes that it lacks.
    """
    counts = {part: [int((y == number).sum()) for number in range(len(classes))] for part, y in parts.items()}
    trained = [known for known, count in zip(classes, counts["train"], strict=True) if count]
    if len(trained) < 2:
        raise DataError(
            f"Column {name!r}: the training part must have examples of at least two classes; nothing can be learnt "
            f"from one. Received: {len(parts['train'])} examples of the class {shown_names(trained)}"
        )
    notes = []
    for part in ("validation", "test"):
        unknown = {
            known: count
            for known, count, there in zip(classes, counts[part], counts["train"], strict=True)
            if count and not there
        }
        total = sum(unknown.values())
        if 2 * total >= len(parts[part]):
            raise DataError(
                f"Column {name!r}: most {part} examples must be of classes that are trained on; divide the examples "
                f"in another way, such as `split: random`. Received: {total} of {len(parts[part])} examples of the "
                f"classes {shown_names(list(unknown))}, which have no training example"
            )
        if unknown:
            notes.append(
                f"The classes {shown_names(list(unknown))} of the column {name} have {total} {part} examples but no "
                "training example: they cannot be predicted."
            )
        lacking = [known for known, count in zip(classes, counts[part], strict=True) if not count]
        if lacking:
            notes.append(f"The {part} part has no example of the classes {shown_names(lacking)} of the column {name}.")
    alone = [known for known, each in zip(classes, zip(*counts.values(), strict=True), strict=True) if sum(each) == 1]
    if alone:
        notes.append(f"The classes {shown_names(alone)} of the column {name} have a single example.")
    return notes
