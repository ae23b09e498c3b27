"""Nucleotide sequences to one-hot arrays, for use from Python.

What may be changed here: which arguments are understood. Codes and channels are said in `alphabets`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from amber.data.encoding.alphabets import Alphabet
from amber.data.encoding.coding import SequenceForm, coded_sequences
from amber.data.encoding.one_hot import one_hot
from amber.data.text import reading
from amber.errors import DataError
from amber.files import size_text
from amber.types import Array


def encode_sequences(sequences: Sequence[str], alphabet: str = "ACGT", *, names: Sequence[str] | None = None) -> Array:
    """Encode sequences of equal length, one channel per base.

    A base is one-hot. An ambiguity code is the mean of its bases: `R` (A or G) is .5 in both channels, `N` is
    .25 in all. `U` counts as `T`. Lower case is accepted.

    Args:
        sequences: `n` strings of the same length, at least 1.
        alphabet: the order of the channels, a permutation of `"ACGT"` (default) or of `"ACGU"`.
        names: what messages call the examples, one per sequence; by default `example 0`, `example 1`, ...

    Returns:
        Array of type float32 and shape `(n, length, 4)`. The channels of every position sum to 1.

    Raises:
        DataError: no sequences, sequences of unequal length or length 0, a base that is not an IUPAC code
            (named with example and position, counted from 1), or arguments that do not fit.
    """
    if isinstance(sequences, str):
        raise DataError(f"`sequences` must be a list of strings, not one string. Received: {sequences[:40]!r}")
    letters = _nucleotides(alphabet)
    examples = list(sequences)
    if not examples:
        raise DataError("`sequences` must hold at least one sequence. Received: an empty list")
    if names is not None and len(names) != len(examples):
        raise DataError(f"`names` must have one entry per sequence ({len(examples)}). Received: {len(names)} names")

    def name(index: int) -> str:
        return f"example {index}" if names is None else names[index]

    for index, example in enumerate(examples):
        if not isinstance(example, str):
            raise DataError(f"{name(index)}: a sequence must be a string. Received: {example!r}")
    needed = len(examples) * len(examples[0]) * len(alphabet) * np.dtype(np.float32).itemsize
    if needed > reading.machine_memory():
        raise DataError(
            f"{name(0)} and all others: expected sequences that fit into the memory of this machine as numbers; take "
            f"fewer or shorter ones. Received: {len(examples):,} of length {len(examples[0]):,}, {size_text(needed)}"
        )
    coded = coded_sequences(examples, SequenceForm(letters.letters), name)
    return one_hot(np.asarray(coded.values), letters)


def encode_codes(codes: NDArray[np.uint8], alphabet: str = "ACGT") -> Array:
    """Encode sequences that are given as ASCII codes of their bases, as `Genome.fetch_codes` gives them.

    Args:
        codes: uint8, `(n, length)`; either case.
        alphabet: the order of the channels, as for `encode_sequences`.

    Returns:
        Array of type float32 and shape `(n, length, 4)`; ambiguity codes are as `encode_sequences` has them.

    Raises:
        DataError: a code is not one of an IUPAC base (named with example, counted from 0, and position, from 1).
    """
    letters = _nucleotides(alphabet)
    try:
        found = letters.codes(np.ascontiguousarray(codes).tobytes())
    except DataError as error:
        example, position = divmod(int(error.field[-1]), codes.shape[1])
        raise DataError(f"example {example}, position {position + 1}: {error}") from error
    return one_hot(found.reshape(codes.shape), letters)


def _nucleotides(alphabet: str) -> Alphabet:
    if not isinstance(alphabet, str) or sorted(alphabet.upper().replace("U", "T")) != list("ACGT"):
        raise DataError(f"`alphabet` must hold A, C, G and T (or U) once each. Received: alphabet={alphabet!r}")
    return Alphabet.of(alphabet)
