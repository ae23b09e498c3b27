"""Checks of numbers that builders take."""

from __future__ import annotations

import math
from typing import Any

from amber.errors import ModelSpaceError


def dropout_rate(rate: Any) -> float:
    """Returns a rate of dropout; raises ModelSpaceError unless it is at least 0 and below 1."""
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate < 1:
        raise ModelSpaceError(f"dropout_rate must be at least 0 and below 1. Received: {rate!r}", key=("dropout_rate",))
    return float(rate)


def positive(value: Any, name: str) -> float:
    """Returns a positive finite number; raises ModelSpaceError naming the argument otherwise."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise ModelSpaceError(f"{name} must be a positive number. Received: {value!r}", key=(name,))
    return value


def positive_integer(value: Any, name: str) -> int:
    """Returns a positive integer; raises ModelSpaceError naming the argument otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ModelSpaceError(f"{name} must be a positive integer. Received: {value!r}", key=(name,))
    return value
