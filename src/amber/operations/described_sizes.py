"""The sizes that a description in a file claims, so that no more is allocated than the file can fill."""

from __future__ import annotations

from collections.abc import Iterator

# Attributes of layers and operations that weights are made by: each unit takes at least one weight.
_SIZES = ("units", "filters", "kernel_size", "input_dim", "output_dim")


def widest(description: object) -> int:
    """Return the largest size that determines weights, 0 where there is none."""
    return max(_sizes(description, within=False), default=0)


def _sizes(value: object, within: bool) -> Iterator[int]:
    if within and isinstance(value, int):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _sizes(item, key in _SIZES)
    elif isinstance(value, list):
        for item in value:
            yield from _sizes(item, within)
