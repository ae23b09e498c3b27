"""A feed-forward architecture given as one row of tokens: each layer multiplies the blocks that it reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from keras import ops

from amber.backend.block_dense import BlockLayout, block_dense, code_of, sizes_for
from amber.supernet.ann_slices import DensePart, switch, with_constants
from amber.types import Tensor

Multiply = Callable[[int, Sequence[Any], Any, Any], Any]


class AnnBlocks:
    """The matrix products of layers and outputs.

    Args:
        parts: layers, then outputs.
        features: number of features of all inputs.
        tokens: number of tokens.

    Attributes:
        are_available: whether the backend in use has a product of blocks.
    """

    def __init__(self, parts: Sequence[DensePart], features: int, tokens: int) -> None:
        self._parts, self._layers = parts, sum(part.token is not None for part in parts)
        sizes = sizes_for(parts[0].units, self._layers)
        self._codes = np.array([code_of(units, sizes) for units in parts[0].units], "int32")
        self._operations = np.array([part.token for part in parts[: self._layers]])
        self._products = [_product(part, features, sizes) for part in parts]
        self.are_available = self._products[0] is not None
        # The tokens, or constants, that say what a part reads of the layers and of the features of all inputs.
        self._earlier = np.full((len(parts), self._layers), tokens, "int32")
        self._features = np.full((len(parts), features), tokens, "int32")
        for number, part in enumerate(parts):
            for read in part.layers:
                self._earlier[number, read.source] = switch(read, tokens)
            for read in part.inputs:
                self._features[number, read.start : read.stop] = switch(read, tokens)

    def start(self, arc: Any, x: Any) -> Multiply:
        """Return a function that computes a layer or output before its activation.

        The function takes the number of the layer or output, what the earlier layers give, zero where they have no
        units, and the shared kernel and bias. Layers that no output depends on are not computed.

        Args:
            arc: integer tensor of shape (tokens,).
            x: all input features, shape (batch, features).
        """
        tokens = with_constants(ops.cast(arc, "int32"))
        reads = ops.take(tokens, self._earlier)
        wanted = self._wanted(reads)
        units = ops.take(ops.convert_to_tensor(self._codes), ops.take(tokens, self._operations))
        # The inputs count as a block before the layers.
        codes = wanted[:, None] * ops.concatenate([ops.ones_like(reads[:, :1]), reads * (1 + units)], axis=1)
        features = ops.cast(ops.take(tokens, self._features), x.dtype)
        columns = units * wanted[: self._layers]

        def multiply(number: int, hidden: Sequence[Any], kernel: Any, bias: Any) -> Any:
            part = self._parts[number]
            first = part.layers[0].source if part.layers else 0
            blocks = [ops.cast(hidden[read.source], x.dtype) for read in part.layers]
            given = codes[number, 1 + first : 1 + first + len(blocks)]
            if part.inputs:
                blocks.insert(0, x * features[number])
                given = ops.concatenate([codes[number, :1], given]) if first else codes[number, : len(blocks)]
            column = ops.zeros((), "int32") if part.token is None else columns[number]
            weights = (ops.cast(ops.convert_to_tensor(weight), x.dtype) for weight in (kernel, bias))
            return self._products[number](blocks, given, *weights, column)

        return multiply

    def _wanted(self, reads: Tensor) -> Tensor:
        """Return 1 for each output and each layer that an output depends on, else 0."""
        steps = ops.cast(reads, "float32")
        paths = steps[: self._layers] + np.eye(self._layers, dtype="float32")
        for _ in range((self._layers - 1).bit_length()):
            paths = ops.minimum(ops.matmul(paths, paths), 1.0)
        found = ops.max(ops.matmul(steps[self._layers :], paths), axis=0)
        outputs = len(self._parts) - self._layers
        return ops.concatenate([ops.cast(found > 0, "int32"), ops.ones((outputs,), "int32")])


def _product(part: DensePart, features: int, sizes: tuple[int, ...]) -> Any:
    starts, rows = [read.start for read in part.layers], [sizes] * len(part.layers)
    if part.inputs:
        starts, rows = [0, *starts], [(features,), *rows]
    return block_dense(BlockLayout(tuple(starts), tuple(rows), part.units if part.token is None else sizes))
