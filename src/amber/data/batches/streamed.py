"""Arrays that are read in batches: inputs from files, labels from bits, and profiles that follow an augmentation.

What may be changed here: what is held in memory. Each class is an `amber.types.StreamedArray`, so that whatever trains
on arrays trains on it; batches are made by `amber.backend.batch_order`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amber.data.batches.augmentation import Augmentation, Profile, View
from amber.data.encoding.alphabets import Unknown
from amber.data.encoding.one_hot import one_hot
from amber.data.examples import Examples, InputKind, NumbersInput, SequenceInput
from amber.data.fingerprints import fingerprint
from amber.data.targets.scaling import Scaling
from amber.data.text import reading
from amber.errors import DataError
from amber.files import size_text
from amber.types import Array

Rows = NDArray[np.int64]


def streamed_inputs(
    examples: Examples,
    rows: Rows,
    *,
    unknown: Unknown = "mean",
    augmentation: Augmentation | None = None,
    scaling: Mapping[str, Scaling] | None = None,
) -> dict[str, StreamedInput]:
    """Return the inputs of some examples as arrays that are read in batches, float32; sequences are one-hot.

    Args:
        examples: of a source.
        rows: which of them.
        unknown: an unknown letter is the `"mean"` of all, or `"zeros"`.
        augmentation: what is done to examples in training, where an epoch is given.
        scaling: name -> shift and scale of an input of numbers.

    Raises:
        DataError: sequences of unequal length, or an augmentation that does not suit the inputs.
    """
    for name, kind in examples.inputs.items():
        if isinstance(kind, SequenceInput) and kind.length is None:
            raise DataError(
                f"Input {name!r}: sequences of one length are needed; write data.length. Received: unequal lengths",
                field=("inputs", name),
            )
    if augmentation is not None:
        augmentation.check(examples.inputs)
    reader = _Reader(examples, unknown, augmentation or Augmentation(), dict(scaling or {}))
    chosen = np.asarray(rows, dtype=np.int64)
    return {name: StreamedInput(reader, name, chosen) for name in examples.inputs}


class _Reader:
    """Reads all inputs of a batch once, whichever of them is asked for first."""

    def __init__(
        self, examples: Examples, unknown: Unknown, augmentation: Augmentation, scaling: Mapping[str, Scaling]
    ) -> None:
        self.examples, self.unknown, self.augmentation, self.scaling = examples, unknown, augmentation, scaling
        self._last = threading.local()

    def __reduce__(self) -> tuple[type[_Reader], tuple[object, ...]]:
        """Send what is read, not what was."""
        return _Reader, (self.examples, self.unknown, self.augmentation, self.scaling)

    def read(self, name: str, rows: Rows, view: View | None, epoch: int | None) -> Array:
        """Return one input of some examples."""
        if len(self.examples.inputs) == 1:
            return self._encoded(name, self._seen(rows, view)[name])
        last = getattr(self._last, "batch", None)
        if last is None or last[0] != epoch or not np.array_equal(last[1], rows):
            last = self._last.batch = (epoch, rows, self._seen(rows, view))
        return self._encoded(name, last[2][name])

    def _seen(self, rows: Rows, view: View | None) -> dict[str, Array]:
        values = self.examples.read(rows)
        return values if view is None else view.inputs(values, self.examples.inputs, self.augmentation.profiles)

    def _encoded(self, name: str, values: Array) -> Array:
        kind = self.examples.inputs[name]
        if isinstance(kind, SequenceInput):
            return one_hot(values, kind.alphabet, unknown=self.unknown)
        return self.scaling[name].apply(values) if name in self.scaling else values


@dataclass(frozen=True, eq=False)
class StreamedInput:
    """One input of some examples, read from their source when rows are asked for; made by `streamed_inputs`.

    Attributes:
        reader: reads the source.
        name: of the input.
        rows: numbers of the examples.
        epoch: whose views are drawn; None: examples as they are.
        strand: `reverse`: all are read on the other strand, for `mean_of_strands`.
    """

    reader: _Reader
    name: str
    rows: Rows
    epoch: int | None = None
    strand: str = "forward"
    dtype: np.dtype[Any] = field(default=np.dtype("float32"), init=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """Examples, and the shape of one as a network reads it."""
        return (len(self.rows), *_shape(self.reader.examples.inputs[self.name]))

    def __len__(self) -> int:
        """Number of examples."""
        return len(self.rows)

    def __getitem__(self, index: slice | Rows) -> Array:
        """Read some examples, float32."""
        rows = self.rows[index]
        augmentation = self.reader.augmentation
        view = None
        if self.strand == "reverse":
            view = augmentation.other_strand(len(rows))
        elif self.epoch is not None and not augmentation.is_identity:
            view = augmentation.draw(self.epoch, rows)
        return self.reader.read(self.name, rows, view, self.epoch if self.strand == "forward" else -1)

    def __array__(self, dtype: object = None, copy: bool | None = None) -> Array:
        """Read everything, where that fits into memory."""
        return _whole(self, dtype)

    def part(self, rows: Rows) -> StreamedInput:
        """Return some of the examples."""
        return replace(self, rows=self.rows[rows])

    def joined(self, other: StreamedInput) -> StreamedInput:
        """Return the examples of both, these first; `other` is of the same source."""
        return replace(self, rows=np.concatenate([self.rows, other.rows]))

    def in_epoch(self, epoch: int | None) -> StreamedInput:
        """Return the examples as they are seen in an epoch."""
        return replace(self, epoch=epoch)

    def other_strand(self) -> StreamedInput:
        """Return the examples read on the other strand; DataError where the alphabet has none."""
        replace(self.reader.augmentation, reverse_complement=True).check(self.reader.examples.inputs)
        return replace(self, strand="reverse", epoch=None)

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the source and of the examples taken from it."""
        reader = self.reader
        scaling = [[name, list(each.mean), list(each.scale)] for name, each in sorted(reader.scaling.items())]
        return fingerprint([reader.examples.fingerprint, self.name, reader.unknown, repr(scaling), self.rows])


@dataclass(frozen=True, eq=False)
class PackedLabels:
    """Labels of 0 and 1 for each example, eight in a byte: 919 of a million examples take 115 MB.

    Attributes:
        bits: as `numpy.packbits` has them along the last axis, uint8 `(examples, ceil(labels / 8))`.
        labels: how many there are.
        missing: bits alike, set where a label is not known; None: all are.
    """

    bits: NDArray[np.uint8]
    labels: int
    missing: NDArray[np.uint8] | None = None
    dtype: np.dtype[Any] = field(default=np.dtype("float32"), init=False)

    @classmethod
    def of(cls, values: Array) -> PackedLabels:
        """Pack labels, `(examples, labels)`: 0, 1, or NaN where one is not known.

        Raises:
            DataError: another value, or another shape.
        """
        if values.ndim != 2:
            raise DataError(f"Labels must be of shape (examples, labels). Received: shape {values.shape}")
        unknown = np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, dtype=bool)
        wrong = np.argwhere(~unknown & (values != 0) & (values != 1))
        if len(wrong):
            row, label = (int(each) for each in wrong[0])
            raise DataError(f"Labels must be 0, 1 or missing. Received: {values[row, label]} of example {row}")
        missing = np.packbits(unknown, axis=1) if unknown.any() else None
        return cls(np.packbits(np.where(unknown, 0, values).astype(bool), axis=1), values.shape[1], missing)

    @property
    def shape(self) -> tuple[int, ...]:
        """Examples and labels."""
        return (len(self.bits), self.labels)

    def __len__(self) -> int:
        """Number of examples."""
        return len(self.bits)

    def __getitem__(self, index: slice | Rows) -> Array:
        """Return the labels of some examples, float32; NaN where one is not known."""
        values = np.unpackbits(self.bits[index], axis=1, count=self.labels).astype(np.float32)
        if self.missing is not None:
            values[np.unpackbits(self.missing[index], axis=1, count=self.labels).astype(bool)] = np.nan
        return values

    def __array__(self, dtype: object = None, copy: bool | None = None) -> Array:
        """Unpack everything, where that fits into memory."""
        return _whole(self, dtype)

    def part(self, rows: Rows) -> PackedLabels:
        """Return the labels of some examples."""
        return PackedLabels(self.bits[rows], self.labels, None if self.missing is None else self.missing[rows])

    def joined(self, other: PackedLabels) -> PackedLabels:
        """Return the labels of both, these first; DataError where only one of them has missing ones."""
        if (self.missing is None) != (other.missing is None):
            raise DataError("Labels can be joined where both have missing ones, or neither. Received: one of them")
        bits, missing = np.concatenate([self.bits, other.bits]), None
        if self.missing is not None and other.missing is not None:
            missing = np.concatenate([self.missing, other.missing])
        return PackedLabels(bits, self.labels, missing)

    def in_epoch(self, epoch: int | None) -> PackedLabels:
        """Return the labels: they are the same in every epoch."""
        return self

    @property
    def fingerprint(self) -> str:
        """Of the labels."""
        return fingerprint([self.bits, self.missing, str(self.labels)])


@dataclass(frozen=True, eq=False)
class StreamedProfile:
    """A target along the sequence, which is turned and moved as the inputs are.

    Attributes:
        values: float `(examples, bins, ...)` of the examples of `rows`; an array or a memory-mapped file. With
            `channels`, `(examples, bins x channels)`.
        profile: how the values lie along the sequence.
        augmentation: that of the inputs.
        rows: numbers of the examples, by which views are drawn.
        epoch: whose views are drawn; None: values as they are.
        channels: of values that stand side by side, those of a bin together; 0: they have an axis of their own.
        missing: what a value is that a shift has moved out of reach.
    """

    values: Array
    profile: Profile
    augmentation: Augmentation
    rows: Rows
    epoch: int | None = None
    channels: int = 0
    missing: float = np.nan

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of all values."""
        return self.values.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""
        return self.values.dtype

    def __len__(self) -> int:
        """Number of examples."""
        return len(self.rows)

    def __getitem__(self, index: slice | Rows) -> Array:
        """Return the values of some examples; `missing` where a shift has moved them out of reach."""
        values = np.asarray(self.values[index])
        if self.epoch is None or self.augmentation.is_identity:
            return values
        view = self.augmentation.draw(self.epoch, self.rows[index])
        shaped = values.reshape(len(values), -1, self.channels) if self.channels else values
        seen = view.targets({"": shaped}, {"": self.profile})[""].reshape(values.shape)
        return seen if np.isnan(self.missing) else np.nan_to_num(seen, nan=self.missing)

    def __array__(self, dtype: object = None, copy: bool | None = None) -> Array:
        """Return everything, where that fits into memory."""
        return _whole(self, dtype)

    def part(self, rows: Rows) -> StreamedProfile:
        """Return the values of some examples."""
        return replace(self, values=self.values[rows], rows=self.rows[rows])

    def joined(self, other: StreamedProfile) -> StreamedProfile:
        """Return the values of both, these first."""
        values = np.concatenate([self.values, other.values])
        return replace(self, values=values, rows=np.concatenate([self.rows, other.rows]))

    def in_epoch(self, epoch: int | None) -> StreamedProfile:
        """Return the values as they are seen in an epoch."""
        return replace(self, epoch=epoch)

    @property
    def fingerprint(self) -> str:
        """Of the values."""
        return fingerprint([self.values, self.rows])


def _shape(kind: InputKind) -> tuple[int, ...]:
    if isinstance(kind, NumbersInput):
        return (kind.width,)
    if isinstance(kind, SequenceInput):
        return (kind.length or 0, len(kind.alphabet.letters))
    return (kind.length, kind.channels)


def _whole(array: StreamedInput | PackedLabels | StreamedProfile, dtype: Any) -> Array:
    needed = int(np.prod(array.shape)) * array.dtype.itemsize
    if needed > reading.machine_memory():
        raise DataError(
            "Expected data that fit into the memory of this machine as numbers; a use that reads batches, such as "
            f"training, does not need that. Received: shape {array.shape}, {size_text(needed)}"
        )
    return np.asarray(array[slice(None)], dtype=dtype)
