"""Where the channels of a tensor are: last, as Keras has them, or first, as torch computes fastest.

Only tensors of rank 3 and more have two layouts; all others are always as Keras has them.
"""

from __future__ import annotations

from enum import Enum

from torch import Tensor


class Layout(Enum):
    """The two orders of the axes of a tensor."""

    KERAS = "as Keras has it: (batch, ..., channels)"
    CHANNELS_FIRST = "(batch, channels, ...)"


def to_channels_first(tensor: Tensor) -> Tensor:
    """Return a view with the last axis moved behind the batch."""
    if tensor.dim() == 3:
        return tensor.transpose(1, 2)
    return tensor.movedim(-1, 1)


def to_keras(tensor: Tensor) -> Tensor:
    """Return a view with the channels moved to the end."""
    if tensor.dim() == 3:
        return tensor.transpose(1, 2)
    return tensor.movedim(1, -1)
