"""Inputs of examples as trainings take them: held in memory one-hot, or read in batches.

What may be changed here: how codes, numbers and tracks become the arrays that a network reads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from amber.data.batches.augmentation import Augmentation
from amber.data.batches.streamed import streamed_inputs
from amber.data.encoding.alphabets import PADDING, Unknown
from amber.data.encoding.one_hot import one_hot
from amber.data.examples import Examples, InputKind, NumbersInput, SequenceInput, TrackInput
from amber.data.text import reading
from amber.errors import DataError
from amber.files import size_text
from amber.types import Array

# How many examples are read at once.
_AT_ONCE = 4096
_BYTES_OF_A_NUMBER = 4
# How many sequences are looked at before it is said that none has a known letter.
_LETTERS_LOOKED_AT = 256
# At a length of more than so many times the longest sequence, nearly nothing but padding is trained on.
_MOST_PADDED = 100
# The share of the machine's memory that inputs may take as numbers; what takes more is read in batches.
HELD_SHARE = 0.25


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


def check_letters(examples: Examples, rows: NDArray[np.int64]) -> None:
    """Check that some of the sequences have letters that are known, not only N; a sample of them is read.

    Raises:
        DataError: there are none; names the first sequence.
    """
    kinds = {name: kind for name, kind in examples.inputs.items() if isinstance(kind, SequenceInput)}
    if not kinds or not len(rows):
        return
    sampled = rows[np.unique(np.linspace(0, len(rows) - 1, _LETTERS_LOOKED_AT).astype(np.int64))]
    read = examples.read(sampled)
    for name, kind in kinds.items():
        if np.isin(read[name], (kind.alphabet.unknown, PADDING)).all():
            raise DataError(
                f"{examples.describe(int(sampled[0]))}: expected sequences with known letters, "
                f"{kind.alphabet.letters}; look at the column or genome that they come from. Received: N alone, in all "
                f"of the {len(sampled):,} sequences that were looked at",
                field=("inputs", name),
            )


def check_padding(examples: Examples, rows: NDArray[np.int64]) -> None:
    """Check that sequences are not nearly all padding, as those of 40 letters at a length of 1,000,000 are.

    Raises:
        DataError: they are; its `field` is `("length",)`.
    """
    for name, kind in examples.inputs.items():
        if not isinstance(kind, SequenceInput) or kind.length is None or kind.length <= _MOST_PADDED:
            continue
        longest = 0
        for first in range(0, len(rows), _LETTERS_LOOKED_AT):
            codes = examples.read(rows[first : first + _LETTERS_LOOKED_AT])[name]
            longest = max(longest, int((codes != PADDING).sum(axis=1).max(initial=0)))
            if longest * _MOST_PADDED >= kind.length:
                break
        else:
            raise DataError(
                f"Expected a length of at most {_MOST_PADDED} times the longest sequence, which has {longest:,} "
                f"letters: with more, nearly all that is trained on is padding. Received: {kind.length:,}",
                field=("length",),
            )


def _bytes_needed(examples: Examples, count: int) -> int:
    shapes = [_shape(name, kind) for name, kind in examples.inputs.items()]
    return count * sum(int(np.prod(shape)) for shape in shapes) * _BYTES_OF_A_NUMBER


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
