"""A feed-forward architecture that is a tensor: masks made of tokens, on layers of full width.

The masks are applied to what a layer reads and to what it gives. That equals masking the weights, costs less,
and lets many architectures share each matrix product: tokens of shape (count, tokens) give outputs of shape
(count, batch, units). Of a single architecture only the blocks that it reads are multiplied, where the backend can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from amber.backend.block_dense import gives_taken_columns
from amber.supernet.ann_blocks import AnnBlocks
from amber.supernet.ann_plan import AnnDesign

# Large enough that its exponential is zero, small enough for half precision.
_NEVER = -3e4


class AnnSelection:
    """Masks and the forward pass of architectures given as tensors.

    Args:
        design: the space.
    """

    def __init__(self, design: AnnDesign) -> None:
        self._design = design
        self._activation = keras.activations.get(design.activation)
        self._is_softmax = design.activation == "softmax"
        self._output_activations = [keras.activations.get(op.get("activation")) for op in design.outputs]
        columns = np.arange(design.max_units)[None, :] < np.array(design.units)[:, None]
        self._columns = columns.astype("float32")
        self._features_of = np.repeat(np.arange(len(design.inputs)), design.features)
        self._positions = {name: position for position, name in enumerate(design.layout.names)}
        self._operations = np.array([self._positions[f"L{layer}.op"] for layer in range(design.layers)])
        self._blocks = AnnBlocks(design)

    def masks(self, arc: Any) -> list[tuple[Any, Any]]:
        """Return (rows, columns) of 0 and 1 for each layer, then for each output.

        Args:
            arc: integer tensor of shape (..., tokens).

        Returns:
            Tensors of shape (..., rows) and (..., columns) of the shared kernels. All units of a selected layer
            are on among the rows; those it does not have give zeros.
        """
        design, width = self._design, self._design.max_units
        everything = ops.ones_like(ops.cast(arc[..., :1], "float32"))
        found = []
        for layer in range(design.layers):
            token = arc[..., self._positions[f"L{layer}.op"]]
            columns = ops.take(ops.convert_to_tensor(self._columns), token, axis=0)
            if design.with_input_blocks:
                rows = self._bits(arc, f"L{layer}.input.", len(design.inputs), self._features_of)
            else:
                rows = ops.repeat(everything * float(layer == 0), design.starts[-1], axis=-1)
            if layer and design.with_skips:
                hidden = self._bits(arc, f"L{layer}.skip.", layer, np.repeat(np.arange(layer), width))
                rows = ops.concatenate([rows, hidden], axis=-1)
            elif layer:
                previous = ops.repeat(everything, width, axis=-1)
                rows = ops.concatenate([rows, *[previous * 0.0] * (layer - 1), previous], axis=-1)
            found.append((rows, columns))
        for output, units in enumerate(design.output_units):
            if design.with_output_blocks:
                rows = self._bits(arc, f"out{output}.L", design.layers, np.repeat(np.arange(design.layers), width))
            else:
                rows = ops.repeat(everything, width, axis=-1)
            found.append((rows, ops.repeat(everything, units, axis=-1)))
        return found

    def masked_kernels(self, bank: Any, arc: Any) -> Iterator[tuple[Any, Any]]:
        """Yield the kernels that are penalised and the mask of each, for one architecture."""
        masks = self.masks(arc)
        kernels = list(bank.kernels)
        if self._design.with_output_blocks:
            kernels += bank.output_kernels
        for kernel, (rows, columns) in zip(kernels, masks, strict=False):
            yield kernel, ops.expand_dims(rows, -1) * ops.expand_dims(columns, -2)

    def run(self, bank: Any, arc: Any, x: Any, training: Any, dropout: Sequence[Any]) -> list[Any]:
        """Compute the outputs.

        Args:
            bank: holds `kernels`, `biases`, `output_kernels` and `output_biases`.
            arc: integer tensor of shape (tokens,) or (count, tokens).
            x: all input features, shape (batch, features).
            training: whether dropout is active.
            dropout: the dropout layer of the inputs and of each layer, or None for no dropout there.

        Returns:
            One tensor per output, shape (batch, units) or (count, batch, units).
        """
        design = self._design
        seen = [self._drop(dropout, 0, x, training)]
        if len(arc.shape) == 2:
            seen = [ops.repeat(ops.expand_dims(seen[0], 0), arc.shape[0], axis=0)]
        columns = ops.take(ops.convert_to_tensor(self._columns), ops.take(arc, self._operations, axis=-1), axis=0)
        takes_blocks = len(arc.shape) == 1 and self._blocks.are_available
        multiply = self._multiply_blocks(arc, seen) if takes_blocks else self._multiply_all(arc, seen)
        is_narrow = takes_blocks and gives_taken_columns()
        for layer in range(design.layers):
            before = multiply(layer, bank.kernels[layer], bank.biases[layer])
            given = self._activated(before, None if is_narrow else ops.expand_dims(columns[..., layer, :], -2))
            seen.append(self._drop(dropout, layer + 1, given, training))
        outputs = []
        for output, activation in enumerate(self._output_activations):
            weights = bank.output_kernels[output], bank.output_biases[output]
            outputs.append(activation(multiply(design.layers + output, *weights)))
        return outputs

    def _activated(self, before: Any, exist: Any) -> Any:
        """What a layer gives: zero for units that do not exist, where any are among those computed."""
        if exist is None:
            return self._activation(before)
        if self._is_softmax:
            before = ops.where(exist > 0, before, _NEVER)
        return self._activation(before) * ops.cast(exist, before.dtype)

    def _multiply_blocks(self, arc: Any, seen: list[Any]) -> Callable[[int, Any, Any], Any]:
        """What a layer or output computes before its activation; `seen` are inputs and, as they come, layers."""
        multiply = self._blocks.start(arc, seen[0])
        return lambda number, kernel, bias: multiply(number, seen[1:], kernel, bias)

    def _multiply_all(self, arc: Any, seen: list[Any]) -> Callable[[int, Any, Any], Any]:
        """The same with masks."""
        design = self._design
        masks = [ops.cast(ops.expand_dims(rows, -2), seen[0].dtype) for rows, _ in self.masks(arc)]

        def multiply(number: int, kernel: Any, bias: Any) -> Any:
            if number < design.layers:
                read = ops.concatenate(seen, axis=-1)
            else:
                read = ops.concatenate(seen[1:], axis=-1) if design.with_output_blocks else seen[-1]
            product = ops.matmul(read * masks[number], ops.convert_to_tensor(kernel))
            return product + ops.convert_to_tensor(bias)

        return multiply

    def _bits(self, arc: Any, prefix: str, count: int, repeated: np.ndarray) -> Any:
        start = self._positions[f"{prefix}0"]
        bits = ops.cast(arc[..., start : start + count], "float32")
        return ops.take(bits, ops.convert_to_tensor(repeated, "int32"), axis=-1)

    @staticmethod
    def _drop(dropout: Sequence[Any], position: int, x: Any, training: Any) -> Any:
        layer = dropout[position] if dropout else None
        return x if layer is None else layer(x, training=training)
