"""Nucleotide sequences to arrays.

What may be changed here: which alphabets and letters are understood. Where sequences come from is the matter
of `amber.data.tables` and `amber.data.datasets`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from amber.errors import DataError

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
        names: what messages call the records, one per sequence; by default `record 0`, `record 1`, ...

    Returns:
        Array of type float32 and shape `(n, length, 4)`. The channels of every position sum to 1.

    Raises:
        DataError: no sequences, sequences of unequal length or length 0, a letter that is no IUPAC code
            (named with record and position, counted from 1), or arguments that do not fit.
    """
    if isinstance(sequences, str):
        raise DataError(f"`sequences` must be a list of strings, not one string. Received: {sequences[:40]!r}")
    table = _lookup_table(alphabet)
    records = list(sequences)
    if not records:
        raise DataError("`sequences` must hold at least one sequence. Received: an empty list")
    if names is not None and len(names) != len(records):
        raise DataError(f"`names` must have one entry per sequence ({len(records)}). Received: {len(names)} names")

    def name(index: int) -> str:
        return f"record {index}" if names is None else f"record {index} ({names[index]})"

    for index, record in enumerate(records):
        if not isinstance(record, str):
            raise DataError(f"{name(index)}: a sequence must be a string. Received: {record!r}")
    length = len(records[0])
    if length == 0:
        raise DataError(f"{name(0)}: a sequence must have at least one letter. Received: an empty string")
    for index, record in enumerate(records):
        if len(record) != length:
            raise DataError(
                f"{name(index)}: all sequences must have the length of the first, {length}. "
                f"Received: a sequence of length {len(record)}"
            )
    # Letters outside Latin-1 become "?", one byte as well, so that positions stay right.
    joined = "".join(records).encode("latin-1", errors="replace")
    codes = np.frombuffer(joined, dtype=np.uint8).reshape(len(records), length)
    encoded = table[codes]
    bad = np.isnan(encoded[:, :, 0])
    if bad.any():
        index, position = (int(i) for i in np.argwhere(bad)[0])
        raise DataError(
            f"{name(index)}, position {position + 1}: a letter must be one of {''.join(IUPAC)} "
            f"(either case). Received: {records[index][position]!r}"
        )
    return encoded


def _lookup_table(alphabet: str) -> NDArray[np.float32]:
    """Byte value -> channels; NaN marks bytes that are no code."""
    if not isinstance(alphabet, str) or sorted(alphabet.upper().replace("U", "T")) != list("ACGT"):
        raise DataError(f"`alphabet` must hold A, C, G and T (or U) once each. Received: alphabet={alphabet!r}")
    order = alphabet.upper().replace("U", "T")
    table = np.full((256, 4), np.nan, dtype=np.float32)
    for letter, bases in IUPAC.items():
        row = np.zeros(4, dtype=np.float32)
        row[[order.index(base) for base in bases]] = 1 / len(bases)
        table[ord(letter)] = table[ord(letter.lower())] = row
    return table
