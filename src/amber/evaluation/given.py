"""Check what is to be evaluated: arrays, names, baselines and how intervals are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from amber.errors import DataError
from amber.evaluation.bootstrap import Resampling
from amber.types import Array
from amber.wording import shown

# How far a probability in single precision may lie beyond 0 and 1.
_ROUNDING = 1e-5


def numbers_of(values: ArrayLike, what: str) -> Array:
    """Return values as an array of numbers; raise DataError, which names them, where they are not."""
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"Expected {what} as an array of numbers. Received: {shown(values)}") from error


def known_numbers(values: ArrayLike, what: str) -> Array:
    """Return numbers of which some may be missing, NaN; raise DataError where one is infinite."""
    found = numbers_of(values, what)
    if np.isinf(found).any():
        raise DataError(f"Expected finite {what}, or NaN where one is missing. Received: {found[np.isinf(found)][0]}")
    return found


def finite(values: ArrayLike, shape: tuple[int, ...], what: str) -> Array:
    """Return finite numbers of a shape; raise DataError otherwise."""
    found = numbers_of(values, what)
    if found.shape != shape:
        raise DataError(f"Expected {what} of shape {shape}. Received: shape {found.shape}")
    if not np.isfinite(found).all():
        raise DataError(f"Expected finite {what}. Received: {found[~np.isfinite(found)][0]}")
    return found


def probabilities_of(values: ArrayLike, shape: tuple[int, ...], what: str) -> Array:
    """Return probabilities of a shape; raise DataError otherwise, as for the values before a softmax."""
    found = finite(values, shape, what)
    outside = found[(found < -_ROUNDING) | (found > 1 + _ROUNDING)]
    if outside.size:
        raise DataError(
            f"Expected {what} from 0 to 1; apply a softmax or sigmoid to what comes before one. "
            f"Received: {outside[0]:g}"
        )
    return found


def class_numbers(values: ArrayLike, classes: int) -> Array:
    """Return the class number of each example; raise DataError where they are not from 0 to `classes` - 1."""
    numbers = np.asarray(values).reshape(-1)
    if numbers.size and numbers.dtype.kind not in "biuf":
        raise DataError(
            f"Expected class numbers, positions in the list of classes, not names. Received: {shown(numbers[0].item())}"
        )
    within = bool(numbers.size and numbers.min() >= 0 and numbers.max() < classes)
    if classes < 2 or not np.issubdtype(numbers.dtype, np.integer) or not within:
        raise DataError(
            f"Expected class numbers from 0 to {classes - 1} of at least two classes. "
            f"Received: {numbers.dtype} values from {numbers.min()} to {numbers.max()}"
            if numbers.size
            else "Expected class numbers. Received: none"
        )
    return numbers


def names_of(given: Sequence[str], what: str) -> tuple[str, ...]:
    """Return a list of different names; raise DataError otherwise."""
    if isinstance(given, str) or not isinstance(given, (Sequence, np.ndarray)):
        raise DataError(f"Expected the names of {what} as a list. Received: {shown(given)}")
    names = tuple(given)
    if not names or len(set(names)) < len(names):
        raise DataError(f"Expected at least one name, and each once, of {what}. Received: {shown(list(names))}")
    return names


def columns_of(given: Mapping[str, slice], units: int) -> Mapping[str, slice]:
    """Return columns by name; raise DataError where they are not slices of at least one unit."""
    fits = isinstance(given, Mapping) and all(
        isinstance(each, slice) and len(range(*each.indices(units))) for each in given.values()
    )
    if not fits or not given:
        raise DataError(
            f"Expected names with slices of the {units} units, such as {{'a': slice(0, 1)}}. Received: {shown(given)}"
        )
    return given


def baselines_of(given: Mapping[str, ArrayLike] | None) -> Mapping[str, ArrayLike]:
    """Return predictions of other models by name; raise DataError where they are not a mapping."""
    if given is not None and not isinstance(given, Mapping):
        raise DataError(
            f"Expected baselines by name, such as {{'linear': predictions}}. Received: {type(given).__name__}"
        )
    return given or {}


def resampling_of(given: Resampling | None, examples: int) -> Resampling:
    """Return how intervals are drawn; raise DataError where it was made for another number of examples."""
    if given is None:
        return Resampling(examples)
    if not isinstance(given, Resampling):
        raise DataError(f"Expected an amber.evaluation.Resampling for the intervals. Received: {shown(given)}")
    if given.examples != examples:
        raise DataError(
            f"Expected Resampling({examples}), for as many examples as are evaluated. "
            f"Received: Resampling({given.examples})"
        )
    return given
