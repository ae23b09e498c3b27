"""All examples of a source, by number: what a network reads and what is known of each.

What may be changed here: what a source tells about its examples. Parts, batches and models are the matter of others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from amber.data.encoding.alphabets import PADDING, Alphabet
from amber.data.fingerprints import fingerprint
from amber.display import one_line
from amber.errors import DataError
from amber.types import Array


@dataclass(frozen=True)
class SequenceInput:
    """Sequences of letters.

    Attributes:
        alphabet: its letters, in the order of the channels.
        length: of every sequence; None where they are not equal.
    """

    alphabet: Alphabet
    length: int | None


@dataclass(frozen=True)
class NumbersInput:
    """So many numbers for each example.

    Attributes:
        width: how many.
        names: of the columns they come from; empty where they have none.
    """

    width: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrackInput:
    """Numbers along a sequence, such as the signal of a bigWig file.

    Attributes:
        length: positions.
        channels: numbers at each position.
    """

    length: int
    channels: int


InputKind: TypeAlias = SequenceInput | NumbersInput | TrackInput


@runtime_checkable
class Examples(Protocol):
    """All examples of one source.

    A pickle is small: paths and rows. Files are opened again where it is loaded.

    Attributes:
        columns: name -> what is known of each example, held in memory, each of shape `(len(self),)`, text or numbers
            as they were read: labels, `chromosome`, `start`, `end`, `strand`, `group`, `split`, `weight`, ...
        inputs: name -> what kind of input it is.
        fingerprint: of the content, not of paths.
        notes: one sentence for whatever was guessed, dropped or shortened.
    """

    @property
    def columns(self) -> Mapping[str, Array]:
        """What is known of each example, by name."""
        ...

    @property
    def inputs(self) -> Mapping[str, InputKind]:
        """The kind of each input, by name."""
        ...

    @property
    def fingerprint(self) -> str:
        """Of the content."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence for whatever was guessed, dropped or shortened."""
        ...

    def __len__(self) -> int:
        """Number of examples."""
        ...

    def read(self, rows: NDArray[np.int64]) -> dict[str, Array]:
        """Return the inputs of some examples, by name.

        Sequences are codes of `Alphabet`, uint8 `(rows, length)`; where lengths are unequal, shorter ones are filled up
        at the right with `PADDING` to the longest of these rows. Numbers are float32 `(rows, width)`, tracks float32
        `(rows, length, channels)`.
        """
        ...

    def describe(self, row: int) -> str:
        """Return where an example comes from, such as `peaks.bed, line 12`."""
        ...


@dataclass(frozen=True)
class Places:
    """Where examples come from.

    Attributes:
        files: their names, as messages have them.
        file: for each example, which of them.
        line: for each example, counted from 1.
        names: of the examples; None where they have none.
        word: what `line` counts.
    """

    files: tuple[str, ...]
    file: NDArray[np.int32]
    line: NDArray[np.int64]
    names: NDArray[np.object_] | None = None
    word: str = "line"
    __repr__ = one_line

    @classmethod
    def in_file(cls, file: str, line: NDArray[np.int64], names: Array | None = None, word: str = "line") -> Places:
        """Return the places of examples that are all of one file."""
        return cls((file,), np.zeros(len(line), dtype=np.int32), line, names, word)

    def describe(self, row: int) -> str:
        """Return file, line and name of an example."""
        name = f" ({self.names[row]})" if self.names is not None and self.names[row] else ""
        return f"{self.files[self.file[row]]}, {self.word} {self.line[row]}{name}"

    def take(self, rows: NDArray[np.int64]) -> Places:
        """Return the places of some examples."""
        names = None if self.names is None else self.names[rows]
        return Places(self.files, self.file[rows], self.line[rows], names, self.word)


@dataclass(frozen=True)
class Ragged:
    """Sequences of unequal length, as codes one after the other.

    Attributes:
        codes: all of them, `(sum of lengths,)`.
        ends: where each ends in `codes`, `(n,)`.
    """

    codes: NDArray[np.uint8]
    ends: NDArray[np.int64]
    __repr__ = one_line

    def __len__(self) -> int:
        """Number of sequences."""
        return len(self.ends)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Of each sequence."""
        return np.diff(self.ends, prepend=0)

    def rows(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return some sequences, filled up at the right to the longest of them."""
        lengths = self.lengths[rows]
        starts = self.ends[rows] - lengths
        result = np.full((len(rows), int(lengths.max(initial=0))), PADDING, dtype=np.uint8)
        for row, (start, length) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True)):
            result[row, :length] = self.codes[start : start + length]
        return result


@dataclass(frozen=True, eq=False)
class ArrayExamples:
    """Examples that are held in memory; sequences as bytes.

    Attributes:
        arrays: name of the input -> an array as `Examples.read` returns it, of all examples; `Ragged` where lengths are
            unequal.
        inputs: the kind of each.
        columns: what is known of each example.
        places: where each comes from; None: they are called `example 0`, ...
        notes: one sentence for whatever was guessed, dropped or shortened.

    Raises:
        DataError: arrays or columns of unequal length.
    """

    arrays: Mapping[str, Array | Ragged]
    inputs: Mapping[str, InputKind]
    columns: Mapping[str, Array] = field(default_factory=dict)
    places: Places | None = None
    notes: tuple[str, ...] = ()
    __repr__ = one_line

    def __post_init__(self) -> None:
        sizes = {name: len(each) for name, each in (*self.arrays.items(), *self.columns.items())}
        if len(set(sizes.values())) != 1 or set(self.arrays) != set(self.inputs):
            raise DataError(
                "Inputs and columns must have the same number of examples, and each input its kind. "
                f"Received: {', '.join(f'{name} of {size}' for name, size in sizes.items()) or 'none'}"
            )

    def __len__(self) -> int:
        """Number of examples."""
        return len(next(iter(self.arrays.values())))

    def read(self, rows: NDArray[np.int64]) -> dict[str, Array]:
        """Return the inputs of some examples; see `Examples.read`."""
        return {name: each.rows(rows) if isinstance(each, Ragged) else each[rows] for name, each in self.arrays.items()}

    def describe(self, row: int) -> str:
        """Return where an example comes from."""
        return f"example {row}" if self.places is None else self.places.describe(row)

    @cached_property
    def fingerprint(self) -> str:
        """Of inputs and columns."""
        arrays = {
            name: [each.codes, each.ends] if isinstance(each, Ragged) else each for name, each in self.arrays.items()
        }
        letters = [each.alphabet.letters for each in self.inputs.values() if isinstance(each, SequenceInput)]
        return fingerprint([arrays, letters, dict(self.columns)])
