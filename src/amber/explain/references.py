"""What examples are compared with: zeros, the mean of the examples, shuffles of each, or given arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from amber.data.negatives.shuffles import dinucleotide_shuffle
from amber.errors import ConfigError, DataError
from amber.explain.inputs import Examples, check_sequences, is_sequence
from amber.explain.settings import Checked
from amber.types import Array
from amber.wording import shown

References: TypeAlias = str | Array | Mapping[str, Array] | Sequence[Array]
"""`zeros`, `mean`, `shuffles`, or an array for each input: of the shape of one example, for all of them, or of the
shape (examples, references, ...), as many for each."""
NAMES = ("zeros", "mean", "shuffles")

_UNKNOWN, _PADDING = 4, 5
_CHANNELS = np.concatenate([np.eye(4), np.full((1, 4), 0.25), np.zeros((1, 4))]).astype(np.float32)


class ReferenceSource:
    """Gives the references of some examples, the same ones however the examples are divided into batches.

    Args:
        examples: all examples.
        references: see `References`.
        settings: seed and number of the shuffles.

    Raises:
        ConfigError: an unknown name.
        DataError: arrays that do not fit the examples, or shuffles without sequences.
    """

    def __init__(self, examples: Examples, references: References, settings: Checked) -> None:
        self._examples = examples
        self._settings = settings
        self._shuffled = isinstance(references, str) and references == "shuffles"
        self.count = settings.shuffles if self._shuffled else 1
        self._given: list[Array] = []
        if self._shuffled:
            check_sequences(examples, "references='shuffles'")
        elif isinstance(references, str):
            self._given = [_named(references, array) for array in examples.arrays]
        else:
            self._given = _in_order(examples, references)
            counts = {each.shape[1] for each in self._given if each.shape[0] > 1 or each.shape[1] > 1}
            if len(counts) > 1:
                raise DataError(f"Expected as many references for each input. Received: {sorted(counts)}")
            self.count = counts.pop() if counts else 1

    def of(self, start: int, stop: int) -> list[Array]:
        """Return the references of examples `start` to `stop`, for each input: (examples, references, ...)."""
        if self._shuffled:
            return [self._shuffles(array, start, stop) for array in self._examples.arrays]
        found = []
        for array, given in zip(self._examples.arrays, self._given, strict=True):
            rows = given[start:stop] if len(given) > 1 else given
            found.append(np.broadcast_to(rows, (stop - start, self.count, *array.shape[1:])))
        return found

    def _shuffles(self, array: Array, start: int, stop: int) -> Array:
        if not is_sequence(array):
            mean = array.mean(axis=0)
            return np.broadcast_to(mean, (stop - start, self.count, *mean.shape))
        rows = []
        for position in range(start, stop):
            # A generator for each example, so that batches change nothing.
            generator = np.random.default_rng((self._settings.seed, position))
            codes = np.repeat(_codes(array[position])[None], self.count, axis=0)
            rows.append(_CHANNELS[dinucleotide_shuffle(codes, generator)])
        return np.stack(rows)


def _codes(sequence: Array) -> Array:
    codes = sequence.argmax(axis=-1).astype(np.uint8)
    codes[sequence.max(axis=-1) < 1] = _UNKNOWN
    codes[~sequence.any(axis=-1)] = _PADDING
    return codes


def _named(name: str, array: Array) -> Array:
    if name == "zeros":
        return np.zeros((1, 1, *array.shape[1:]), dtype=np.float32)
    if name == "mean":
        mean: Array = array.mean(axis=0, keepdims=True)[:, None]
        return mean
    raise ConfigError(f"`references` must be {', '.join(NAMES)}, or arrays. Received: {shown(name)}")


def _in_order(examples: Examples, references: object) -> list[Array]:
    if isinstance(references, Mapping):
        if set(references) != set(examples.names):
            raise DataError(
                f"Expected references for the inputs {', '.join(map(repr, examples.names))}, by name. "
                f"Received: {shown(list(references))}"
            )
        arrays = [references[name] for name in examples.names]
    else:
        arrays = list(references) if isinstance(references, (list, tuple)) else [references]
    if len(arrays) != len(examples.arrays):
        raise DataError(f"Expected references for each of {len(examples.arrays)} inputs. Received: {len(arrays)}")
    return [
        _fitted(given, array, name) for given, array, name in zip(arrays, examples.arrays, examples.names, strict=True)
    ]


def _fitted(given: object, array: Array, name: str) -> Array:
    shape = array.shape[1:]
    try:
        read: Array = np.asarray(given, dtype=np.float32)
    except (TypeError, ValueError):
        read = np.empty(0)
    if read.shape == shape:
        return read[None, None]
    if read.ndim == len(shape) + 2 and read.shape[2:] == shape and len(read) == len(array) and read.shape[1]:
        return read
    raise DataError(
        f"The references of input '{name}' must have the shape {shape}, or ({len(array)}, references, *{shape}). "
        f"Received: {read.shape if read.ndim and read.size else shown(given)}"
    )
