"""Confidence intervals by the bootstrap: examples, or whole groups of them, are drawn with replacement."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from amber.backend import interrupts
from amber.checks import integer_at_least, is_number, positive_integer
from amber.display import PlainRepr, one_line
from amber.errors import DataError
from amber.types import Array, JsonObject
from amber.weighted_measures import WeightedMeasure, Weights
from amber.wording import shown

# Weights that are taken at once: they and what is worked out of them stay in the processor's cache.
_AT_ONCE = 2**14


@dataclass(frozen=True)
class Estimate:
    """A value with its confidence interval.

    Attributes:
        value: of the examples themselves; NaN where it is undefined.
        low: lower end of the interval.
        high: upper end.
    """

    value: float
    low: float
    high: float

    def to_dict(self) -> JsonObject:
        """Return a JSON-ready dictionary; values that are not finite become None."""
        return {name: value if math.isfinite(value) else None for name, value in vars(self).items()}

    def __str__(self) -> str:
        return f"{self.value:.4f} ({self.low:.4f} to {self.high:.4f})"


@dataclass(frozen=True)
class Drawn:
    """Measures of one model.

    Attributes:
        values: of the examples themselves, by name of the measure.
        draws: of each draw.
    """

    values: Mapping[str, float]
    draws: Mapping[str, Array]
    __repr__ = one_line


class Resampling(PlainRepr):
    """Draws of the same examples for every measure and every model, so that differences are paired.

    The intervals are percentile intervals (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13).

    Args:
        examples: how many there are, at least 1.
        groups: one per example, such as chromosomes or families of similar sequences: whole groups are drawn, as
            examples of one group are not independent. None: examples are drawn.
        draws: how many samples are drawn.
        level: of the interval, above 0 and below 1.
        seed: of the draws.

    Raises:
        ConfigError: `draws` is not a positive integer, or `seed` a negative one.
        DataError: no examples, another number of groups, or a level that is not a share.
    """

    def __init__(
        self,
        examples: int,
        groups: Sequence[Hashable] | Array | None = None,
        *,
        draws: int = 1000,
        level: float = 0.95,
        seed: int = 0,
    ) -> None:
        if examples == 0:
            raise DataError("Scores need at least one example. Received: 0")
        self.examples = positive_integer(examples, "The number of examples", error=DataError)
        if groups is not None and (not isinstance(groups, Sized) or len(groups) != examples):
            found = f"{len(groups):,} groups" if isinstance(groups, Sized) else shown(groups)
            raise DataError(f"Expected a group for each of {examples:,} examples. Received: {found}")
        if not is_number(level) or not 0 < level < 1:
            raise DataError(f"The level of an interval must be a number between 0 and 1. Received: {shown(level)}")
        self.draws = positive_integer(draws, "draws")
        self.level = level
        self._seed = integer_at_least(seed, "seed", 0)
        self._codes = None if groups is None else _codes(groups)

    @property
    def units(self) -> int:
        """The number of units to draw from: groups, or examples."""
        return self.examples if self._codes is None else int(self._codes.max()) + 1

    def weights(self) -> Iterator[Weights]:
        """Yield, for each draw, how often each example is in it; the same draws each time."""
        generator = np.random.default_rng(self._seed)
        units = self.units
        for _ in range(self.draws):
            interrupts.check()
            counts = np.bincount(generator.integers(0, units, units), minlength=units).astype(np.float64)
            yield counts if self._codes is None else counts[self._codes]

    @interrupts.guarded()
    def draw(self, measures: Mapping[str, WeightedMeasure]) -> Drawn:
        """Return each measure of the examples themselves, and of every draw."""
        ones = np.ones(self.examples)
        values = {name: float(measure(ones)) for name, measure in measures.items()}
        draws: dict[str, Array] = {name: np.empty(self.draws) for name in measures}
        weights, step = self.weights(), max(1, _AT_ONCE // self.examples)
        for start in range(0, self.draws, step):
            several = np.stack(list(islice(weights, step)))
            for name, measure in measures.items():
                draws[name][start : start + step] = measure(several)
        return Drawn(values, draws)

    def intervals(self, drawn: Drawn) -> dict[str, Estimate]:
        """Return the value and the interval of each measure.

        A draw in which a measure is undefined (AUROC with one class only) is left out of the interval of that measure.
        """
        return {name: self._interval(value, drawn.draws[name]) for name, value in drawn.values.items()}

    def differences(self, drawn: Drawn, other: Drawn) -> dict[str, Estimate]:
        """Return the difference of each measure from that of another model, with its interval on the same draws."""
        return {
            name: self._interval(value - other.values[name], drawn.draws[name] - other.draws[name])
            for name, value in drawn.values.items()
            if name in other.values
        }

    def _interval(self, value: float, draws: Array) -> Estimate:
        defined = draws[~np.isnan(draws)]
        if not len(defined) or math.isnan(value):
            return Estimate(value, math.nan, math.nan)
        tail = (1 - self.level) / 2
        low, high = np.quantile(defined, [tail, 1 - tail])
        return Estimate(value, float(low), float(high))


def _codes(groups: Sequence[Hashable] | Array) -> NDArray[np.int64]:
    numbers: dict[Hashable, int] = {}
    wrong = [each for each in groups if not isinstance(each, Hashable)]
    if wrong:
        raise DataError(f"Expected the name or number of a group for each example. Received: {shown(wrong[0])}")
    return np.array([numbers.setdefault(each, len(numbers)) for each in groups], np.int64)
