"""Other views of the same example: the other strand, and a shift by some bases.

What may be changed here: which views there are. A view is drawn from the seed, the epoch and the number of the example
alone, so that neither batches nor workers change it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from amber.checks import integer_at_least
from amber.data.encoding.alphabets import PADDING
from amber.data.encoding.one_hot import reverse_complement
from amber.data.examples import InputKind, NumbersInput, SequenceInput
from amber.errors import DataError
from amber.types import Array
from amber.wording import shown

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Profile:
    """How numbers lie along a sequence: a target with a value for each bin, or a track.

    Attributes:
        bin_width: bases of a bin; 1 for a value at each base.
        partners: for each channel the one that has its place on the other strand; empty: each is its own. A profile of
            a plus and a minus strand has `(1, 0)`.

    Raises:
        DataError: a width below 1, or partners that are not each other's.
    """

    bin_width: int = 1
    partners: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        integer_at_least(self.bin_width, "bin_width", 1, error=DataError)
        order = list(self.partners)
        if sorted(order) != list(range(len(order))) or any(order[order[each]] != each for each in order):
            raise DataError(
                "`partners` must give each channel's number once, and of two partners each the other's. "
                f"Received: {shown(self.partners)}"
            )

    def turned(self, values: Array) -> Array:
        """Return values, `(rows, bins, ...)`, as they lie along the other strand."""
        return values[:, ::-1, list(self.partners)] if self.partners else values[:, ::-1]


@dataclass(frozen=True)
class Augmentation:
    """What is done to an example before it is trained on; by default nothing.

    Attributes:
        reverse_complement: whether half of the examples, drawn again in each epoch, are read on the other strand.
        shift: bases by which an example is moved at most, either way. What moves in is unknown: `N` of a sequence,
            0 of a track, and a missing value (NaN) of a profile. With profiles, a shift is by whole bins.
        profiles: name -> how the numbers of a track or a target lie along the sequence. Targets that are not named
            stay as they are; tracks are by base, with channels that are their own partners.
        seed: of what is drawn.

    Raises:
        DataError: a negative shift, or one smaller than a bin.
    """

    reverse_complement: bool = False
    shift: int = 0
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        integer_at_least(self.shift, "shift", 0, error=DataError)
        if self.shift and self.shift < self.step:
            raise DataError(
                f"`shift` must be at least {self.step} bases, as profiles are moved by whole bins, or 0. "
                f"Received: {self.shift}",
                field=("shift",),
            )

    @property
    def is_identity(self) -> bool:
        """Whether nothing is done."""
        return not self.reverse_complement and not self.shift

    @property
    def step(self) -> int:
        """Bases of the smallest shift: a whole number of bins of every profile."""
        return math.lcm(*(each.bin_width for each in self.profiles.values()))

    def check(self, kinds: Mapping[str, InputKind]) -> None:
        """Raise DataError where the inputs have no other strand, or nothing that can be moved."""
        proteins = [
            name for name, kind in kinds.items() if isinstance(kind, SequenceInput) and not kind.alphabet.is_nucleotides
        ]
        if self.reverse_complement and proteins:
            raise DataError(
                "`reverse_complement` needs sequences of DNA or RNA. "
                f"Received: the input {proteins[0]!r} of another alphabet",
                field=("reverse_complement",),
            )
        for name, kind in kinds.items():
            if not isinstance(kind, NumbersInput) and kind.length is not None and self.shift >= kind.length:
                raise DataError(
                    f"`shift` must be smaller than the input {name!r} is long, {kind.length:,}, so that something is "
                    f"left of it. Received: {self.shift}",
                    field=("shift",),
                )
        if not self.is_identity and all(isinstance(kind, NumbersInput) for kind in kinds.values()):
            raise DataError("Augmentation needs sequences or tracks. Received: inputs of numbers only")

    def draw(self, epoch: int, rows: NDArray[np.int64]) -> View:
        """Return the view of each example in an epoch."""
        drawn = _numbers(self.seed, epoch, rows)
        turned = (drawn & np.uint64(1)).astype(bool) & self.reverse_complement
        most = self.shift // self.step
        steps = (drawn >> np.uint64(8)) % np.uint64(2 * most + 1)
        return View(turned, (steps.astype(np.int64) - most) * self.step)

    def other_strand(self, count: int) -> View:
        """Return the view of `count` examples on the other strand, none of them moved."""
        return View(np.ones(count, dtype=bool), np.zeros(count, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class View:
    """How some examples are looked at.

    Attributes:
        turned: whether each is read on the other strand, bool `(rows,)`.
        shift: how many bases each is moved to the left before it is turned, int64 `(rows,)`.
    """

    turned: NDArray[np.bool_]
    shift: NDArray[np.int64]

    def inputs(
        self, values: Mapping[str, Array], kinds: Mapping[str, InputKind], profiles: Mapping[str, Profile]
    ) -> dict[str, Array]:
        """Return inputs as they are seen; sequences are codes."""
        return {name: self._input(each, kinds[name], profiles.get(name, Profile())) for name, each in values.items()}

    def targets(self, values: Mapping[str, Array], profiles: Mapping[str, Profile]) -> dict[str, Array]:
        """Return targets as they are seen: profiles, float `(rows, bins, ...)`, follow, others stay."""
        return {
            name: self._profile(each, profiles[name], np.nan) if name in profiles else each
            for name, each in values.items()
        }

    def _input(self, values: Array, kind: InputKind, profile: Profile) -> Array:
        if isinstance(kind, NumbersInput):
            return values
        if not isinstance(kind, SequenceInput):
            return self._profile(values, profile, 0.0)
        moved = _moved(values, self.shift, kind.alphabet.unknown)
        if not self.turned.any():
            return moved
        moved = moved.copy() if moved is values else moved
        moved[self.turned] = reverse_complement(moved[self.turned], kind.alphabet)
        return moved

    def _profile(self, values: Array, profile: Profile, fill: float) -> Array:
        moved = _moved(values, self.shift // profile.bin_width, fill)
        if not self.turned.any():
            return moved
        moved = moved.copy() if moved is values else moved
        moved[self.turned] = profile.turned(moved[self.turned])
        return moved


def mean_of_strands(forward: Array, reverse: Array, profile: Profile | None = None) -> Array:
    """Return the mean of what was predicted for both strands.

    Args:
        forward: of the examples as they are, `(rows, ...)`.
        reverse: of their reverse complements.
        profile: of a profile: how it lies along the sequence; what was predicted for the other strand is turned back.
    """
    turned = reverse if profile is None else profile.turned(reverse)
    return np.asarray((forward + turned) / 2, dtype=forward.dtype)


def _moved(values: Array, steps: NDArray[np.int64], fill: float) -> Array:
    """Return each row moved to the left by its own number of steps; what moves in is `fill`."""
    most = int(np.abs(steps).max(initial=0))
    if not most:
        return values
    length = values.shape[1]
    padded = np.full((len(values), length + 2 * most, *values.shape[2:]), fill, dtype=values.dtype)
    padded[:, most : most + length] = values
    if values.dtype == np.uint8:
        # Beyond its end a sequence has no letters that could be unknown.
        padded[:, most + length :][values[:, -1] == PADDING] = PADDING
    windows = sliding_window_view(padded, length, axis=1)[np.arange(len(values)), most + steps]
    return np.ascontiguousarray(np.moveaxis(windows, -1, 1))


def _numbers(seed: int, epoch: int, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return 64 random bits for each example of an epoch (SplitMix64, Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        key = _mixed(_mixed(np.array([seed & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64)) + np.uint64(epoch))
        return _mixed(key + (rows.astype(np.uint64) + np.uint64(1)) * _GOLDEN)


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
