"""Columns of numbers to one output: several numbers of each example, or a profile of bins along its sequence.

What may be changed here: which numbers are known, and in which order a profile stands in an output.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from amber.data.examples import Examples
from amber.data.tables.blocks import BlockSpec
from amber.data.tables.table import shown_names
from amber.data.targets.labels import is_missing, number_of
from amber.data.targets.scaling import Scaling
from amber.data.targets.target import Numbers
from amber.errors import DataError
from amber.types import Array
from amber.wording import shown


@runtime_checkable
class HasProfiles(Protocol):
    """Examples of which some columns are profiles, `(examples, bins)`."""

    @property
    def profiles(self) -> Mapping[str, ProfileColumn]:
        """How each lies along the sequence, by the name of its column."""
        ...


@runtime_checkable
class HasMeasured(Protocol):
    """Examples of which some columns are measured, so that they are numbers whatever values they have."""

    @property
    def measured(self) -> frozenset[str]:
        """Names of these columns."""
        ...


@dataclass(frozen=True)
class ProfileColumn:
    """How a profile lies along the sequence.

    Attributes:
        bin_width: bases of a bin.
        partner: the column that has its place on the other strand; None: it is its own.
    """

    bin_width: int
    partner: str | None = None


@dataclass(frozen=True)
class NumberMatrix:
    """Numbers of examples.

    Attributes:
        numbers: what they are.
        y: float32 `(examples, units)`, NaN where one is not known.
        notes: what is missing.
    """

    numbers: Numbers
    y: NDArray[np.float32]
    notes: tuple[str, ...] = ()


def is_profile(examples: Examples, column: str) -> bool:
    """Say whether a column is a profile: bins along the sequence."""
    return isinstance(examples, HasProfiles) and column in examples.profiles


def is_measured(examples: Examples, column: str) -> bool:
    """Say whether a column is measured: a number, also where it has few different values."""
    return isinstance(examples, HasMeasured) and column in examples.measured


def read_numbers(examples: Examples, written: str | Sequence[str], source: str) -> NumberMatrix:
    """Read numbers from columns of examples.

    Args:
        examples: of a source.
        written: a column, a range `first..last`, a pattern, or a list of such; all of them numbers, or all profiles of
            as many bins.
        source: what messages call the examples.

    Raises:
        DataError: a column that is not there, a value that is neither a finite number nor nothing (named with its
            place), or profiles of other bins.
    """
    try:
        names = BlockSpec.parse(written, "numbers").select(list(examples.columns), "numbers")
    except DataError as error:
        raise DataError(f"{source}: {error}") from error
    if any(is_profile(examples, name) for name in names):
        numbers, y = _profile(examples, names, source)
    else:
        numbers = Numbers(tuple(names))
        y = np.stack([_column(examples, examples.columns[name], name) for name in names], axis=1)
    if np.isinf(y).any():
        row, unit = (int(each) for each in np.argwhere(np.isinf(y))[0])
        raise DataError(
            f"{examples.describe(row)}, column {numbers.names[unit]!r}: expected finite numbers. "
            f"Received: {y[row, unit]}"
        )
    known = ~np.isnan(y)
    never = [name for name, count in zip(numbers.names, known.sum(axis=0).tolist(), strict=True) if not count]
    if never:
        raise DataError(
            f"{source}: expected numbers that some examples have. Received: none of {shown_names(never)} in "
            f"{len(examples):,} examples"
        )
    rows = known.any(axis=1)
    missing = int((~known[rows]).sum())
    if not missing:
        return NumberMatrix(numbers, y)
    share = 100 * missing / known[rows].size
    what = "bins" if numbers.bins > 1 else "numbers"
    note = f"{missing:,} {what} ({share:.1f} %) are missing: they count neither in training nor in scores."
    return NumberMatrix(numbers.with_missing(), y, (note,))


def scaling_of(numbers: Numbers, y: Array) -> Scaling:
    """Return shift and scale of numbers, NaN where one is not known; all bins of a signal have the same.

    Args:
        numbers: what they are.
        y: `(examples, units)` of the training part; some of each channel are known.
    """
    mean, scale = [], []
    for place in range(len(numbers.channels)):
        values = y[:, numbers.of_channel(place)]
        known = values[~np.isnan(values)].astype(np.float64)
        spread = float(known.std())
        mean.append(float(known.mean()))
        scale.append(spread if spread > 1e-12 else 1.0)
    return Scaling(tuple(mean) * numbers.bins, tuple(scale) * numbers.bins)


def _profile(examples: Examples, names: Sequence[str], source: str) -> tuple[Numbers, NDArray[np.float32]]:
    known = examples.profiles if isinstance(examples, HasProfiles) else {}
    values = [np.asarray(examples.columns[name], dtype=np.float32) for name in names]
    shapes = {each.shape[1:] for each in values}
    widths = {known[name].bin_width for name in names if name in known}
    if len(shapes) > 1 or len(widths) > 1 or any(name not in known for name in names):
        raise DataError(
            f"{source}: the columns of one profile must have as many bins of one width; give the others an output of "
            f"their own. Received: {shown_names(names)}"
        )
    partners = tuple(_partner(name, names, known[name].partner) for name in names)
    stacked = np.stack(values, axis=2)
    numbers = Numbers(tuple(names), bins=stacked.shape[1], bin_width=widths.pop(), partners=partners)
    return numbers, stacked.reshape(len(stacked), -1)


def _partner(name: str, names: Sequence[str], partner: str | None) -> int:
    """Return the place of the channel that a channel becomes on the other strand."""
    if partner is not None and partner not in names:
        raise DataError(
            f"The profile {name!r} has its other strand in {partner!r}; predict both in one output. "
            f"Received: {shown_names(names)}"
        )
    return list(names).index(name if partner is None else partner)


def _column(examples: Examples, values: Array, name: str) -> NDArray[np.float32]:
    """Return a column as numbers, NaN where one is not known."""
    if values.ndim != 1:
        raise DataError(f"Column {name!r}: expected a number for each example. Received: shape {values.shape}")
    if values.dtype.kind in "biuf":
        with np.errstate(over="ignore"):
            return values.astype(np.float32)
    texts = [str(each) for each in values.tolist()]
    meaning = {text: np.nan if is_missing(text) else number_of(text) for text in set(texts)}
    wrong = {text for text, value in meaning.items() if value is None}
    if wrong:
        row = next(row for row, text in enumerate(texts) if text in wrong)
        raise DataError(
            f"{examples.describe(row)}, column {name!r}: expected a number, or nothing where it is not known. "
            f"Received: {shown(texts[row])}"
        )
    with np.errstate(over="ignore"):
        return np.array([meaning[text] for text in texts], dtype=np.float32)
