"""Feed-forward networks cut out of shared tensors, described so that a backend can run them by itself."""

from __future__ import annotations

from typing import Any, NamedTuple


class Cut(NamedTuple):
    """A dense layer that takes rows and the first columns of a shared kernel.

    Attributes:
        kernel, bias: the shared Keras variables, float32, shapes (rows, width) and (width,).
        spans: (start, stop) of the rows it takes, in the order of what it reads: columns, then earlier cuts.
        columns: (start, stop) of the columns it reads of the matrix of all inputs.
        earlier: positions of the cuts it reads.
        units: columns taken.
        activation: a Keras activation function.
    """

    kernel: Any
    bias: Any
    spans: tuple[tuple[int, int], ...]
    columns: tuple[tuple[int, int], ...]
    earlier: tuple[int, ...]
    units: int
    activation: Any


class CutNetwork(NamedTuple):
    """Cuts in an order in which they can be computed.

    Attributes:
        cuts: every layer that an output reads, directly or not, and the outputs.
        outputs: positions of the outputs among the cuts.
        features: columns of each input block, in the order of the matrix of all inputs.
    """

    cuts: tuple[Cut, ...]
    outputs: tuple[int, ...]
    features: tuple[int, ...]
