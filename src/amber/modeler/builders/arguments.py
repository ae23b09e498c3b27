"""Checks of numbers that builders take."""

from __future__ import annotations

from amber.checks import is_number
from amber.errors import ModelSpaceError


def dropout_rate(rate: object) -> float:
    """Return a rate of dropout; raise ModelSpaceError unless it is at least 0 and below 1."""
    if not is_number(rate) or not 0 <= rate < 1:
        raise ModelSpaceError(
            f"dropout_rate must be at least 0 and below 1. Received: {rate!r}", field=("dropout_rate",)
        )
    return float(rate)
