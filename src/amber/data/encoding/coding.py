"""Sequences as text to codes of one byte, and sequences of unequal length to one length.

What may be changed here: how sequences are cut and filled up. `alphabets` says which letters there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from amber.checks import positive_integer
from amber.data.encoding.alphabets import PADDING, Alphabet
from amber.data.examples import Ragged, SequenceInput
from amber.data.text.reading import machine_memory
from amber.errors import DataError
from amber.files import limits, size_text
from amber.wording import shown

Align = Literal["left", "centre", "right"]
OfAll = Literal["longest", "shortest"]

# How many sequences are turned into codes at once.
_AT_ONCE = 4096


@dataclass(frozen=True)
class SequenceForm:
    """How sequences are read.

    Attributes:
        alphabet: `dna`, `rna`, `protein`, or the letters in the order of the channels.
        length: of every sequence: letters, or that of the `"longest"` or the `"shortest"`; None: all must be equal.
        align: which end, or the middle, of a sequence stays where it is: `"left"` cuts and fills up at the right.

    Raises:
        DataError: a value that does not fit; its `field` names it.
    """

    alphabet: str = "dna"
    length: int | OfAll | None = None
    align: Align = "centre"

    def __post_init__(self) -> None:
        Alphabet.of(self.alphabet)
        if self.align not in get_args(Align):
            raise DataError(
                f"`align` must be one of {', '.join(get_args(Align))}. Received: {shown(self.align)}", field=("align",)
            )
        if self.length is not None and self.length not in get_args(OfAll):
            positive_integer(self.length, "length", error=DataError)


@dataclass(frozen=True)
class CodedSequences:
    """Sequences as codes.

    Attributes:
        values: uint8 `(n, length)`; `Ragged` where lengths are unequal.
        kind: alphabet and length.
        notes: what was cut or filled up.
    """

    values: NDArray[np.uint8] | Ragged
    kind: SequenceInput
    notes: tuple[str, ...] = ()


def coded_sequences(
    texts: Sequence[str], form: SequenceForm, name: Callable[[int], str], *, may_differ: bool = False
) -> CodedSequences:
    """Return sequences as codes of their alphabet, cut or filled up to one length.

    Args:
        texts: the sequences; blanks around them do not count.
        form: alphabet and length.
        name: what messages call an example.
        may_differ: whether lengths may be unequal where `form` gives none.

    Raises:
        DataError: no sequences, an empty one, a letter that is not of the alphabet (named with example and position,
            counted from 1), unequal lengths, or a length at which they do not fit into memory.
    """
    if not len(texts):
        raise DataError("Expected at least one sequence. Received: none")
    alphabet = Alphabet.of(form.alphabet)
    lengths = np.fromiter((len(text.strip()) for text in texts), dtype=np.int64, count=len(texts))
    if not lengths.all():
        raise DataError(
            f"{name(int(np.argmin(lengths)))}: a sequence must have at least one letter. Received: an empty string"
        )
    if form.length is None and not may_differ and (lengths != lengths[0]).any():
        raise _unequal(lengths, name)
    ragged = _ragged(texts, lengths, alphabet, name)
    if form.length is None and (lengths == lengths[0]).all():
        values = ragged.codes.reshape(len(lengths), int(lengths[0]))
        return CodedSequences(values, SequenceInput(alphabet, int(lengths[0])))
    if form.length is None:
        return CodedSequences(ragged, SequenceInput(alphabet, None))
    length = _length(form.length, lengths)
    _check_fits(lengths, length)
    values = of_one_length(ragged, length, form.align)
    return CodedSequences(values, SequenceInput(alphabet, length), _notes(lengths, length, form.align))


def of_one_length(ragged: Ragged, length: int, align: Align) -> NDArray[np.uint8]:
    """Return sequences cut and filled up with padding to one length, uint8 `(n, length)`."""
    lengths = ragged.lengths
    result = np.full((len(lengths), length), PADDING, dtype=np.uint8)
    # How far to the right each sequence begins in its row; negative where its beginning is cut.
    # The centre of n letters is letter n // 2, counted from 0, as that of a window is.
    shifts = {"left": 0 * lengths, "centre": length // 2 - lengths // 2, "right": length - lengths}[align]
    for row, (end, size, shift) in enumerate(zip(ragged.ends.tolist(), lengths.tolist(), shifts.tolist(), strict=True)):
        first, last = max(0, -shift), min(size, length - shift)
        result[row, shift + first : shift + last] = ragged.codes[end - size + first : end - size + last]
    return result


def _ragged(texts: Sequence[str], lengths: NDArray[np.int64], alphabet: Alphabet, name: Callable[[int], str]) -> Ragged:
    """Return the codes of all sequences; some at once, so that beside text and codes no copies are held."""
    ends = np.cumsum(lengths)
    codes = np.empty(int(ends[-1]), dtype=np.uint8)
    for first in range(0, len(texts), _AT_ONCE):
        # Signs outside Latin-1 become "?", one byte as well, so that positions stay right.
        parts = [text.strip().encode("latin-1", errors="replace") for text in texts[first : first + _AT_ONCE]]
        start = int(ends[first] - lengths[first])
        own_ends = ends[first : first + _AT_ONCE] - start
        codes[start : start + int(own_ends[-1])] = _codes(b"".join(parts), alphabet, own_ends, texts, name, first)
    return Ragged(codes, ends)


def _codes(
    joined: bytes,
    alphabet: Alphabet,
    ends: NDArray[np.int64],
    texts: Sequence[str],
    name: Callable[[int], str],
    first: int,
) -> NDArray[np.uint8]:
    try:
        return alphabet.codes(joined)
    except DataError as error:
        place = int(error.field[1])
        example = int(np.searchsorted(ends, place, side="right"))
        position = place - (int(ends[example - 1]) if example else 0)
        sign = texts[first + example].strip()[position]
        raise DataError(
            f"{name(first + example)}, position {position + 1}: expected {alphabet.described}{_advice(sign)} "
            f"Received: {sign!r}"
        ) from error


def _advice(sign: str) -> str:
    if sign.isspace():
        return "; take blanks out."
    return "; is data.alphabet right?" if sign.isalpha() else "; write N where a letter is unknown or missing."


def _length(wanted: int | OfAll, lengths: NDArray[np.int64]) -> int:
    if wanted == "longest":
        return int(lengths.max())
    return int(lengths.min()) if wanted == "shortest" else int(wanted)


def _check_fits(lengths: NDArray[np.int64], length: int) -> None:
    """Check that sequences filled up to a length fit into memory, as the text that they are read from must."""
    needed = len(lengths) * length
    limit = max(machine_memory() // limits.DATA_MEMORY_SHARE, 2 * int(lengths.sum()))
    if needed > limit:
        raise DataError(
            f"Expected a length at which all sequences take at most {size_text(limit)}; the longest has "
            f"{lengths.max():,} letters. Received: a length of {length:,}, at which {len(lengths):,} sequences take "
            f"{size_text(needed)}"
        )


def _unequal(lengths: NDArray[np.int64], name: Callable[[int], str]) -> DataError:
    odd = int(np.argmax(lengths != lengths[0]))
    return DataError(
        f"{name(odd)}: all sequences must have the length of the first, {lengths[0]:,}; cut them to one length, fill "
        "the shorter ones up with N, or write data.length: longest, shortest or a number (lengths run from "
        f"{lengths.min():,} to {lengths.max():,}). "
        f"Received: a sequence of length {lengths[odd]:,}"
    )


def _notes(lengths: NDArray[np.int64], length: int, align: Align) -> tuple[str, ...]:
    longer, shorter, total = int((lengths > length).sum()), int((lengths < length).sum()), len(lengths)
    where = {"left": "at the right", "centre": "at both ends", "right": "at the left"}[align]
    notes = []
    if longer:
        notes.append(f"{longer:,} of {total:,} sequences were cut {where} to {length:,} letters.")
    if shorter:
        notes.append(f"{shorter:,} of {total:,} sequences were filled up {where} to {length:,} letters.")
    return tuple(notes)
