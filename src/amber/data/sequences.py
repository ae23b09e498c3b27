"""Nucleotide sequences to arrays.

What may be changed here: which alphabets and bases are understood. Where sequences come from is the matter
of `amber.data.tables` and `amber.data.datasets`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from amber.data import reading
from amber.errors import DataError
from amber.files import size_text

# The nomenclature of IUPAC-IUB (1984), U read as T.
IUPAC: dict[str, str] = {
    "A": "A",
    "C": "C",
    "G": "G",
    "T": "T",
    "U": "T",
    "R": "AG",
    "Y": "CT",
    "S": "CG",
    "W": "AT",
    "K": "GT",
    "M": "AC",
    "B": "CGT",
    "D": "AGT",
    "H": "ACT",
    "V": "ACG",
    "N": "ACGT",
}


def encode_sequences(
    sequences: Sequence[str], alphabet: str = "ACGT", *, names: Sequence[str] | None = None
) -> NDArray[np.float32]:
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
    table = _lookup_table(alphabet)
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
    _check_lengths(examples, name)
    needed = len(examples) * len(examples[0]) * len(alphabet) * np.dtype(np.float32).itemsize
    if needed > reading.machine_memory():
        raise DataError(
            f"{name(0)} and all others: expected sequences that fit into the memory of this machine as numbers; take "
            f"fewer or shorter ones. Received: {len(examples):,} of length {len(examples[0]):,}, {size_text(needed)}"
        )
    # Signs outside Latin-1 become "?", one byte as well, so that positions stay right.
    joined = "".join(examples).encode("latin-1", errors="replace")
    codes = np.frombuffer(joined, dtype=np.uint8).reshape(len(examples), len(examples[0]))
    _check_codes(codes, table, name, lambda index, position: examples[index][position])
    return _look_up(table, codes)


def encode_codes(codes: NDArray[np.uint8], alphabet: str = "ACGT") -> NDArray[np.float32]:
    """Encode sequences that are given as ASCII codes of their bases, as `Genome.fetch_codes` gives them.

    Args:
        codes: uint8, `(n, length)`; either case.
        alphabet: the order of the channels, as for `encode_sequences`.

    Returns:
        Array of type float32 and shape `(n, length, 4)`; ambiguity codes are as `encode_sequences` has them.

    Raises:
        DataError: a code is not one of an IUPAC base (named with example, counted from 0, and position, from 1).
    """
    table = _lookup_table(alphabet)
    _check_codes(codes, table, lambda index: f"example {index}", lambda index, position: chr(codes[index, position]))
    return _look_up(table, codes)


def _check_codes(
    codes: NDArray[np.uint8],
    table: NDArray[np.float32],
    name: Callable[[int], str],
    base: Callable[[int, int], str],
) -> None:
    bad = np.isnan(table[:, 0]).take(codes)
    if bad.any():
        index, position = (int(i) for i in np.argwhere(bad)[0])
        received = base(index, position)
        raise DataError(
            f"{name(index)}, position {position + 1}: a base must be one of {''.join(IUPAC)} (either case)"
            f"{_advice(received)}. Received: {received!r}"
        )


def _look_up(table: NDArray[np.float32], codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    # A row of four float32 is taken as one value of 16 bytes: 20 times as fast as `table[codes]`.
    rows = table.view(np.complex128).ravel()
    return rows.take(codes).view(np.float32).reshape(*codes.shape, 4)


def _check_lengths(examples: Sequence[str], name: Callable[[int], str]) -> None:
    lengths = np.array([len(example) for example in examples])
    length = int(lengths[0])
    if (lengths == 0).any():
        index = int(np.argmin(lengths))
        raise DataError(f"{name(index)}: a sequence must have at least one base. Received: an empty string")
    if (lengths != length).any():
        index = int(np.argmax(lengths != length))
        raise DataError(
            f"{name(index)}: all sequences must have the length of the first, {length}; cut them to one length, or "
            f"fill the shorter ones up with N (lengths run from {lengths.min()} to {lengths.max()}). "
            f"Received: a sequence of length {lengths[index]}"
        )


def _advice(sign: str) -> str:
    if sign in "-.*":
        return "; write N where a base is unknown or missing"
    if sign.isspace():
        return "; take blanks out"
    if sign.upper() in "EFILPQZ":
        return "; proteins cannot be read"
    return ""


def _lookup_table(alphabet: str) -> NDArray[np.float32]:
    """Byte value -> channels; NaN marks bytes that are not codes."""
    if not isinstance(alphabet, str) or sorted(alphabet.upper().replace("U", "T")) != list("ACGT"):
        raise DataError(f"`alphabet` must hold A, C, G and T (or U) once each. Received: alphabet={alphabet!r}")
    order = alphabet.upper().replace("U", "T")
    table = np.full((256, 4), np.nan, dtype=np.float32)
    for letter, bases in IUPAC.items():
        row = np.zeros(4, dtype=np.float32)
        row[[order.index(base) for base in bases]] = 1 / len(bases)
        table[ord(letter)] = table[ord(letter.lower())] = row
    return table
