"""Feed-forward networks as slices of shared tensors: data that a backend can run by itself."""

from __future__ import annotations

from typing import Any, NamedTuple


class DenseSlice(NamedTuple):
    """A dense layer whose weights are rows and the first columns of a shared kernel.

    Attributes:
        number: of the layer or output among all those of the supernet.
        kernel, bias: the shared Keras variables, float32, shapes (rows, width) and (width,).
        spans: (start, stop) of the rows it takes, in the order of what it reads: columns, then earlier layers.
        columns: (start, stop) of the columns it reads of the matrix of all inputs.
        earlier: positions of the layers it reads.
        units: columns taken.
        activation: a Keras activation function.
    """

    number: int
    kernel: Any
    bias: Any
    spans: tuple[tuple[int, int], ...]
    columns: tuple[tuple[int, int], ...]
    earlier: tuple[int, ...]
    units: int
    activation: Any


class SlicedMLP(NamedTuple):
    """A feed-forward network of such layers, in an order in which they can be computed.

    Attributes:
        layers: every layer that an output reads, directly or not, and the outputs.
        outputs: positions of the outputs among the layers.
        features: columns of each input block, in the order of the matrix of all inputs.
    """

    layers: tuple[DenseSlice, ...]
    outputs: tuple[int, ...]
    features: tuple[int, ...]
