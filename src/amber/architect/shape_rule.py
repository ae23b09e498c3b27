"""What rules of shapes are made of: costs, windows, and the ways in which an operation cannot follow a shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Shape = tuple[int, ...]


@dataclass(frozen=True)
class KnownCost:
    """What an operation gives and costs.

    Attributes:
        shape: of its output, without the batch axis.
        parameters: all weights.
        flops: 2 x multiply-adds, forward, batch 1.
    """

    shape: Shape
    parameters: int = 0
    flops: int = 0


Rule = Callable[[Mapping[str, Any], Shape], KnownCost | None]
"""Attributes of an operation and the shape of its input, without batch, to what it gives; None: not known."""


class Misfit(Exception):
    """Why an operation cannot follow a shape."""


def same(values: Mapping[str, object], shape: Shape) -> KnownCost:
    """Return the shape of the input, for layers without weights."""
    return KnownCost(shape)


def sequence(shape: Shape) -> tuple[int, int]:
    """Return length and channels of a sequence; raises Misfit for another shape."""
    if len(shape) != 2:
        raise Misfit(f"it needs a sequence, a shape of two axes; this has {len(shape)}")
    return shape[0], shape[1]


def windows(length: int, size: int, stride: int, dilation: int, padding: object) -> int:
    """Return at how many positions of an axis a window of a size stands; raises Misfit where there is none."""
    if str(padding).lower() != "valid":
        return -(-length // stride)
    span = dilation * (size - 1) + 1
    if span > length:
        raise Misfit(f"it reads {span} positions at once, and there are {length} (padding: same keeps the length)")
    return (length - span) // stride + 1


def check_steps(strides: tuple[int, ...], dilations: tuple[int, ...]) -> None:
    """Raise Misfit for a layer that both jumps and dilates."""
    if max(strides) > 1 and max(dilations) > 1:
        raise Misfit("strides and dilation_rate cannot both be more than 1")


def per_group(channels: int, filters: int, groups: int) -> int:
    """Return the channels that each filter reads; raises Misfit where they cannot be shared out."""
    if channels % groups or filters % groups:
        raise Misfit(f"{channels} channels and {filters} filters cannot be divided into {groups} groups")
    return channels // groups


def size_of(value: Any) -> int:
    """Return a size that is given as a number or a list."""
    return int(value[0] if isinstance(value, (list, tuple)) else value)


def both_sides(value: Any) -> int:
    """Return how much is added or cut, given for each side or for both."""
    return int(sum(value)) if isinstance(value, (list, tuple)) else 2 * int(value)


def bias(values: Mapping[str, object], number: int) -> int:
    """Return the number of biases."""
    return number if values.get("use_bias", True) else 0
