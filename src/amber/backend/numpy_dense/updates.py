"""Updates of weights along their gradients, as Keras's optimizers make them, of long vectors of NumPy.

A vector is worked on in pieces that stay in the processor's cache. Adam's formula, with its epsilon outside the
corrected root (Kingma and Ba, arXiv 1412.6980, end of section 2), is Keras's.
"""

from __future__ import annotations

import math
from typing import Protocol

import keras
import numpy as np

from amber.backend.keras_internals.steps import MOMENTUMS, VELOCITIES, is_stock, is_stock_adam, schedule_of
from amber.types import Array

_AT_ONCE = 1 << 14


class Update(Protocol):
    """An update of weights.

    Attributes:
        slots: names of what the optimizer keeps of each weight, beside it.
        scale: what gradients are to be multiplied by before they are given.
    """

    @property
    def slots(self) -> tuple[str, ...]:
        """See above."""

    @property
    def scale(self) -> float:
        """See above."""

    def __call__(self, state: Array, gradient: Array, rate: float, step: int) -> None:
        """Update weights in place.

        Args:
            state: weights and slots, shape (1 + slots, count).
            gradient: scaled, shape (count,); it is overwritten.
            rate: the learning rate.
            step: number of the step, from 1.
        """


class AdamUpdate:
    """Adam's: see Update."""

    slots = (MOMENTUMS, VELOCITIES)

    def __init__(self, optimizer: keras.optimizers.Adam) -> None:
        self._first, self._second = np.float32(optimizer.beta_1), np.float32(optimizer.beta_2)
        self._epsilon = np.float32(optimizer.epsilon)
        # So scaled, a gradient is what it adds to the momentum.
        self.scale = float(1 - self._first)
        self._of_square = np.float32((1 - self._second) / (1 - self._first) ** 2)

    def __call__(self, state: Array, gradient: Array, rate: float, step: int) -> None:
        """Update weights in place; see Update."""
        first, second = 1 - self._first ** np.float32(step), 1 - self._second ** np.float32(step)
        corrected = np.float32(np.float32(rate) * math.sqrt(second) / first)
        for start in range(0, len(gradient), _AT_ONCE):
            weights, momentum, velocity = state[:, start : start + _AT_ONCE]
            work = gradient[start : start + _AT_ONCE]
            momentum *= self._first
            momentum += work
            work *= work
            work *= self._of_square
            velocity *= self._second
            velocity += work
            np.sqrt(velocity, out=work)
            work += self._epsilon
            np.divide(momentum, work, out=work)
            work *= corrected
            weights -= work


class DescentUpdate:
    """The update of plain gradient descent; see Update."""

    slots: tuple[str, ...] = ()
    scale = 1.0

    def __call__(self, state: Array, gradient: Array, rate: float, step: int) -> None:
        """Update weights in place; see Update."""
        gradient *= np.float32(rate)
        state[0] -= gradient


def update_of(optimizer: keras.optimizers.Optimizer) -> Update | None:
    """Return the update of a Keras optimizer; None where it does more than is done here."""
    does_more = (
        optimizer.weight_decay is not None
        or any(bound is not None for bound in (optimizer.clipnorm, optimizer.clipvalue, optimizer.global_clipnorm))
        or optimizer.use_ema
        or optimizer.gradient_accumulation_steps
        or optimizer.loss_scale_factor
    )
    if does_more or schedule_of(optimizer) is not None:
        return None
    if is_stock_adam(optimizer):
        return None if optimizer.amsgrad or optimizer.beta_1 >= 1 else AdamUpdate(optimizer)
    is_plain = type(optimizer) is keras.optimizers.SGD and not optimizer.momentum
    return DescentUpdate() if is_plain and is_stock(type(optimizer)) and "apply" not in vars(optimizer) else None
