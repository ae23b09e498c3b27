"""A feed-forward architecture given as a tensor: masks computed from tokens, on layers of full width.

The masks are applied to the inputs and outputs of a layer. That equals masking the weights, costs less,
and lets many architectures share each matrix product: tokens of shape (count, tokens) give outputs of shape
(count, batch, units). Of a single architecture only the blocks that it reads are multiplied, where the backend can.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from amber.backend.block_dense import gives_taken_columns
from amber.supernet.ann_blocks import AnnBlocks
from amber.supernet.ann_slices import DensePart, switch, with_constants
from amber.supernet.base import dropped
from amber.types import Tensor

# Large enough that its exponential is zero, small enough for half precision.
_NEVER = -3e4


class AnnSelection:
    """Masks and the forward pass of architectures given as tensors.

    Args:
        parts: layers, then outputs.
        features: number of features of all inputs.
        tokens: number of tokens.
    """

    def __init__(self, parts: Sequence[DensePart], features: int, tokens: int) -> None:
        self._parts = parts
        self._activations = [keras.activations.get(part.activation) for part in parts]
        layers = [part for part in parts if part.token is not None]
        self._operations = np.array([part.token for part in layers])
        units, width = layers[0].units, max(layers[0].units)
        self._columns = (np.arange(width)[None, :] < np.array(units)[:, None]).astype("float32")
        self._rows = [_switches(part, tokens) for part in parts]
        # What an output reads begins with the first layer that it may read.
        self._first = [0 if part.token is not None else 1 + part.layers[0].source for part in parts]
        self._blocks = AnnBlocks(parts, features, tokens)

    def masks(self, arc: Any) -> list[tuple[Any, Any]]:
        """Return (rows, columns) of 0 and 1 for each layer, then for each output.

        Args:
            arc: integer tensor of shape (..., tokens).

        Returns:
            Tensors of shape (..., rows) and (..., columns) of the shared kernels. All units of a selected layer
            are on among the rows; those it does not have give zeros.
        """
        tokens = with_constants(arc)
        rows = [ops.cast(ops.take(tokens, each, axis=-1), "float32") for each in self._rows]
        columns = [
            ops.repeat(ops.ones_like(mask[..., :1]), part.units[0], axis=-1)
            if part.token is None
            else ops.take(ops.convert_to_tensor(self._columns), arc[..., part.token], axis=0)
            for part, mask in zip(self._parts, rows, strict=True)
        ]
        return [*zip(rows, columns, strict=True)]

    def run(
        self, weights: Sequence[tuple[Any, Any]], arc: Any, x: Any, training: Any, dropout: Sequence[Any]
    ) -> list[Any]:
        """Compute the outputs.

        Args:
            weights: shared kernel and bias of each layer and output.
            arc: integer tensor of shape (tokens,) or (count, tokens).
            x: all input features, shape (batch, features).
            training: whether dropout is active.
            dropout: the dropout layer of the inputs and of each layer, or None for no dropout there.

        Returns:
            One tensor per output, shape (batch, units) or (count, batch, units).
        """
        seen = [dropped(dropout, 0, x, training)]
        if len(arc.shape) == 2:
            seen = [ops.repeat(ops.expand_dims(seen[0], 0), arc.shape[0], axis=0)]
        columns = ops.take(ops.convert_to_tensor(self._columns), ops.take(arc, self._operations, axis=-1), axis=0)
        takes_blocks = len(arc.shape) == 1 and self._blocks.are_available
        multiply = self._multiply_blocks(arc, seen) if takes_blocks else self._multiply_all(arc, seen)
        is_narrow = takes_blocks and gives_taken_columns()
        outputs = []
        for number, (part, (kernel, bias)) in enumerate(zip(self._parts, weights, strict=True)):
            before = multiply(number, kernel, bias)
            if part.token is None:
                outputs.append(self._activations[number](before))
                continue
            given = self._activated(number, before, None if is_narrow else ops.expand_dims(columns[..., number, :], -2))
            seen.append(dropped(dropout, number + 1, given, training))
        return outputs

    def _activated(self, number: int, before: Any, exist: Any) -> Any:
        """Return the output of a layer, with zero for computed units that the architecture does not have."""
        activation = self._activations[number]
        if exist is None:
            return activation(before)
        if activation is keras.activations.softmax:
            before = ops.where(exist > 0, before, _NEVER)
        return activation(before) * ops.cast(exist, before.dtype)

    def _multiply_blocks(self, arc: Tensor, seen: list[Tensor]) -> Callable[[int, Tensor, Tensor], Tensor]:
        """Compute a layer or output before its activation; `seen` holds the inputs, then the layers computed so far."""
        multiply = self._blocks.start(arc, seen[0])
        return lambda number, kernel, bias: multiply(number, seen[1:], kernel, bias)

    def _multiply_all(self, arc: Tensor, seen: list[Tensor]) -> Callable[[int, Tensor, Tensor], Tensor]:
        """Compute the same with masks."""
        masks = [ops.cast(ops.expand_dims(rows, -2), seen[0].dtype) for rows, _ in self.masks(arc)]

        def multiply(number: int, kernel: Any, bias: Any) -> Any:
            read = seen[self._first[number] :]
            whole = read[0] if len(read) == 1 else ops.concatenate(read, axis=-1)
            return ops.matmul(whole * masks[number], ops.convert_to_tensor(kernel)) + ops.convert_to_tensor(bias)

        return multiply


def _switches(part: DensePart, tokens: int) -> np.ndarray:
    """Return, for each row of a kernel, the position of the token or constant that says whether it is read."""
    found = np.full(part.rows, tokens, "int32")
    for read in (*part.inputs, *part.layers):
        found[read.start : read.stop] = switch(read, tokens)
    return found
