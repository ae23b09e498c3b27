"""Codes of one byte to one-hot channels, and to the other strand.

What may be changed here: how codes become numbers. Which code a letter has is said in `alphabets`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from amber.data.encoding.alphabets import Alphabet, Unknown
from amber.errors import DataError
from amber.types import Array
from amber.wording import shown

OneHotType = Literal["float32", "uint8"]


def one_hot(
    codes: NDArray[np.uint8],
    alphabet: Alphabet,
    *,
    unknown: Unknown = "mean",
    dtype: OneHotType = "float32",
    out: Array | None = None,
) -> Array:
    """Return sequences with one channel per letter.

    Args:
        codes: uint8, `(..., length)`, as `Alphabet.codes` gives them.
        alphabet: whose codes they are.
        unknown: an unknown letter is the `"mean"` of all, or `"zeros"`; with zeros and type uint8 so are letters that
            stand for several.
        dtype: `"float32"`, or `"uint8"`, which cannot hold a mean.
        out: array to write to, C-contiguous, of the shape and type of the result; by default a new one.

    Returns:
        Array of shape `(..., length, letters)`.

    Raises:
        DataError: `dtype="uint8"` with `unknown="mean"`, or an `out` that does not fit.
    """
    table = _channels_of_codes(alphabet, unknown, dtype)
    shape = (*codes.shape, table.shape[1])
    if out is None:
        out = np.empty(shape, dtype=dtype)
    elif out.shape != shape or out.dtype != np.dtype(dtype) or not out.flags.c_contiguous:
        raise DataError(
            f"`out` must be a C-contiguous array of type {dtype} and shape {shape}. Received: {out.dtype}, {out.shape}"
        )
    # A code of one byte is never outside the table; without a look at each, this is twice as fast.
    table.take(codes, axis=0, out=out, mode="clip")
    return out


def reverse_complement(codes: NDArray[np.uint8], alphabet: Alphabet) -> NDArray[np.uint8]:
    """Return the other strand of sequences of codes, `(..., length)`; padding moves to the other end.

    Raises:
        DataError: the alphabet is not of DNA or RNA.
    """
    return _partners(alphabet).take(codes[..., ::-1])


def one_hot_complement(sequences: Array, alphabet: Alphabet) -> Array:
    """Return the other strand of one-hot sequences, `(..., length, letters)`, as an array of its own.

    Raises:
        DataError: the alphabet is not of DNA or RNA.
    """
    return np.ascontiguousarray(sequences[..., ::-1, _partners(alphabet)[: len(alphabet.letters)]])


@lru_cache(maxsize=16)
def _partners(alphabet: Alphabet) -> NDArray[np.uint8]:
    return alphabet.complement()


@lru_cache(maxsize=64)
def _channels_of_codes(alphabet: Alphabet, unknown: Unknown, dtype: OneHotType) -> Array:
    """Return the channels of each code, `(256, letters)`."""
    if unknown not in get_args(Unknown) or dtype not in get_args(OneHotType):
        raise DataError(
            "`unknown` must be 'mean' or 'zeros' and `dtype` 'float32' or 'uint8'. "
            f"Received: {shown(unknown)} and {shown(dtype)}"
        )
    if dtype == "uint8" and unknown == "mean":
        raise DataError(
            "Channels of type uint8 cannot hold the mean of letters: choose unknown='zeros'. Received: 'mean'"
        )
    return alphabet.channels(unknown).astype(dtype)
