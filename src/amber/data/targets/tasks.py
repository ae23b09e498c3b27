"""The task that a column of labels poses: classes or a number, given or found out from the values.

What may be changed here: which values are taken for classes, for numbers, or for neither without being told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from amber.data.examples import Examples
from amber.data.tables.features import column_numbers
from amber.data.tables.table import Table, shown_names
from amber.data.targets.label_columns import read_labels
from amber.data.targets.labels import class_name, encode_labels, is_missing, label_notes, number_of, positive_notes
from amber.data.targets.number_columns import read_numbers
from amber.data.targets.target import MISSING_LABEL, Target
from amber.display import one_line
from amber.errors import DataError
from amber.types import Array

Kind = Literal["classes", "number"]
Wide = Literal["labels", "numbers"]
# Up to so many whole numbers are classes: of any examples, and of five examples each.
_ANY_CLASSES, _WHOLE_CLASSES = 4, 20
# More different fractional values than this are a quantity.
_FRACTIONS = 10
# More classes than this, with fewer than two examples each, are names rather than classes.
_MANY_CLASSES = 10
# Numbers as some countries and spreadsheets write them.
_WITH_COMMA = re.compile(r"[-+]?\d*,\d+([eE][-+]?\d+)?|[-+]?\d{1,3}(,\d{3})+(\.\d+)?")
_WITH_PERCENT = re.compile(r"[-+]?\d+([.,]\d+)?\s*%")


@dataclass(frozen=True)
class TargetSpec:
    """How a target is read from a table.

    Attributes:
        column: where it stands.
        kind: `"classes"` (class names) or `"number"`; None: found out from the values.
        classes: class names in the order of their numbers; by default as `encode_labels` puts them in order: sorted,
            but of two the positive one last, where their names tell.
        columns: several columns instead of `column`: a range, a pattern, or a list of names and such.
        wide: what several columns are: `"labels"` of 0 and 1, or `"numbers"`.
    """

    column: str = ""
    kind: Kind | None = None
    classes: Sequence[str] | None = None
    columns: str | Sequence[str] | None = None
    wide: Wide = "numbers"
    __repr__ = one_line

    @classmethod
    def of(cls, given: str | TargetSpec) -> TargetSpec:
        """Return a target as it is given: a column, or all that is known of it."""
        return given if isinstance(given, TargetSpec) else cls(given)

    @property
    def is_wide(self) -> bool:
        """Whether it is read from several columns."""
        return self.columns is not None

    @property
    def said(self) -> str:
        """The column or columns, as messages have them."""
        return repr(self.column) if self.columns is None else shown_names([*_texts(self.columns)])


def _texts(columns: str | Sequence[str]) -> Sequence[str]:
    return [columns] if isinstance(columns, str) else columns


@dataclass(frozen=True)
class ReadTarget:
    """A target as it was read.

    Attributes:
        target: what is known of it.
        y: class numbers, int64 `(rows,)`, or numbers, float32 `(rows, 1)`; of several columns float32 `(rows, units)`.
        notes: one sentence for whatever was cleaned.
    """

    target: Target
    y: NDArray[np.int64] | NDArray[np.float32]
    notes: tuple[str, ...] = ()


def without_label(table: Table, specs: Sequence[TargetSpec]) -> NDArray[np.bool_]:
    """Return which rows lack the value of a target: `NA`, `?`, nothing and the like, unless that is a given class."""
    lacking = np.zeros(len(table), dtype=bool)
    for spec in specs:
        known = {class_name(str(name)) for name in spec.classes or ()}
        texts = table[spec.column]
        missing = {text for text in set(texts) if is_missing(text) and class_name(text) not in known}
        if missing:
            lacking |= np.array([text in missing for text in texts])
    return lacking


def read_target(table: Table, name: str, spec: TargetSpec) -> ReadTarget:
    """Read a target from a table whose rows all have it.

    Args:
        table: holds its column.
        name: of the output.
        spec: how it is read.

    Raises:
        DataError: values that are neither classes nor numbers without being told which, or that do not fit what was
            told; names file, column, and line.
    """
    texts = table[spec.column]
    given = "classes" if spec.classes is not None else spec.kind
    kind, guessed = given or _kind_of(texts, f"{table.path}, column {spec.column!r}"), given is None
    if kind == "number":
        return ReadTarget(Target(name, guessed=guessed), column_numbers(table, spec.column)[:, None])
    y, classes = encode_labels(texts, spec.classes, lines=table.lines, source=str(table.path), word=table.word)
    if len(classes) < 2:
        raise DataError(
            f"{table.path}, column {spec.column!r}: expected labels of at least two classes; nothing can be learnt "
            f"from one. Received: {len(y)} examples of the class {shown_names(classes)}"
        )
    notes = label_notes(texts, classes, spec.column)
    if spec.classes is None:
        notes += positive_notes(classes)
    return ReadTarget(Target(name, classes, guessed=guessed), y, tuple(notes))


def read_wide(
    examples: Examples, name: str, spec: TargetSpec, rows: NDArray[np.int64], source: str
) -> tuple[ReadTarget, NDArray[np.int64]]:
    """Read a target of several columns.

    Args:
        examples: of a source.
        name: of the output.
        spec: how it is read.
        rows: examples of which everything else is known.
        source: what messages call the examples.

    Returns:
        The target of all examples, not only those of `rows`: labels as 0, 1 or MISSING_LABEL, numbers as they are or
        NaN, float32 `(examples, units)`; and those of `rows` of which any of its values is known.

    Raises:
        DataError: a column that is not there, or a value that is neither what it should be nor nothing.
    """
    if spec.wide == "labels":
        found = read_labels(examples, spec.columns or (), source)
        y = np.full((len(examples), found.y.shape[1]), MISSING_LABEL, dtype=np.float32)
        y[found.rows] = found.y
        return ReadTarget(Target(name, labels=found.labels), y, found.notes), np.intersect1d(rows, found.rows)
    numbers = read_numbers(examples, spec.columns or (), source)
    known = rows[~np.isnan(numbers.y[rows]).all(axis=1)]
    notes = numbers.notes
    if len(known) < len(rows):
        notes = (f"{len(rows) - len(known):,} of {len(rows):,} examples have no known number: left out.", *notes)
    return ReadTarget(Target(name, numbers=numbers.numbers), numbers.y, notes), known


def with_range(target: Target, y: Array) -> Target:
    """Return the target of a number with its least and greatest value."""
    return replace(target, range=(float(y.min()), float(y.max())))


def may_be_either(texts: Sequence[str]) -> bool:
    """Say whether values are numbers that may be names of classes or a quantity."""
    distinct = {class_name(text) for text in set(texts) if not is_missing(text)}
    values = [value for value in map(number_of, distinct) if value is not None]
    return bool(values) and len(values) == len(distinct) and _kind_of_numbers(values, len(texts)) is None


def _kind_of(texts: Sequence[str], where: str) -> Kind:
    """Return whether values are classes or numbers; raise DataError where they may be either, or neither."""
    distinct = {class_name(text) for text in set(texts)}
    values = [value for value in map(number_of, distinct) if value is not None]
    mostly_numbers = 5 * len(values) >= 4 * len(distinct)
    kind = _kind_of_numbers(values, len(texts)) if values and mostly_numbers else None
    if len(values) == len(distinct):
        if kind is None:
            raise DataError(
                f"{where}: these numbers may be names of classes or a quantity. Write which, beside the name of the "
                f"column: `task: classes` or `task: regression`. Received: {len(distinct)} different values from "
                f"{min(values):g} to {max(values):g} in {len(texts)} examples"
            )
        return kind
    if kind == "number":  # but for a few, which reading it then names by line
        return kind
    _check_decimal_points(distinct, where)
    if len(distinct) > _MANY_CLASSES and 2 * len(distinct) > len(texts):
        raise DataError(
            f"{where}: expected labels that several examples share, or numbers. Name the column of the labels, or "
            f"write `task: classes` beside it if these are classes. Received: {len(distinct)} different values in "
            f"{len(texts)} examples, such as {min(distinct)[:40]!r}"
        )
    return "classes"


def _check_decimal_points(distinct: set[str], where: str) -> None:
    """Check that values are not numbers as some countries and spreadsheets write them, which would become classes."""
    for sign, form in (("comma", _WITH_COMMA), ("percent sign", _WITH_PERCENT)):
        found = [text for text in distinct if form.fullmatch(text)]
        if len(found) > 2 and 5 * len(found) >= 4 * len(distinct):
            raise DataError(
                f"{where}: expected numbers with a decimal point and without other signs; write them so, or "
                "`task: classes` beside the name of the column if these are classes. "
                f"Received: numbers with a {sign}, such as {min(found)[:40]!r}"
            )


def _kind_of_numbers(values: Sequence[float], examples: int) -> Kind | None:
    """Return what distinct numbers are; None where they may be either."""
    whole, count = all(value == int(value) for value in values), len(values)
    if not whole:
        return "number" if count > _FRACTIONS or 2 * count > examples else None
    if count <= _ANY_CLASSES or (count <= _WHOLE_CLASSES and examples >= 5 * count):
        return "classes"
    return "number" if 10 * count >= 8 * examples else None
