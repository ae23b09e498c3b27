"""A feed-forward architecture given as one row of tokens: each layer multiplies the blocks that it reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from keras import ops

from amber.backend.block_dense import BlockLayout, block_dense, code_of, sizes_for
from amber.supernet.ann_plan import AnnDesign

Multiply = Callable[[int, Sequence[Any], Any, Any], Any]


class AnnBlocks:
    """The matrix products of layers and outputs, numbered as the masks are: layers, then outputs.

    Args:
        design: the space.
    """

    def __init__(self, design: AnnDesign) -> None:
        self._design = design
        self._positions = {name: position for position, name in enumerate(design.layout.names)}
        self._operations = np.array([self._positions[f"L{layer}.op"] for layer in range(design.layers)])
        sizes = sizes_for(design.units, design.layers)
        self._codes = np.array([code_of(units, sizes) for units in design.units], "int32")
        numbers = range(design.layers + len(design.outputs))
        self._products = [self._product(number, sizes) for number in numbers]
        self._earlier = np.array([self._tokens_of_layers(number) for number in numbers], "int32")
        self._features = np.array([self._tokens_of_features(number) for number in numbers], "int32")

    @property
    def are_available(self) -> bool:
        """Whether the backend in use has such a product."""
        return self._products[0] is not None

    def start(self, arc: Any, x: Any) -> Multiply:
        """Return a function that gives what a layer or output computes before its activation.

        The function takes the number of the layer or output, what the earlier layers give, zero where they have no
        units, and the shared kernel and bias. Of layers that no output depends on, nothing is multiplied.

        Args:
            arc: integer tensor of shape (tokens,).
            x: all input features, shape (batch, features).
        """
        tokens = ops.concatenate([ops.cast(arc, "int32"), ops.convert_to_tensor([0, 1], "int32")])
        reads = ops.take(tokens, self._earlier)
        wanted = self._wanted(reads)
        units = ops.take(ops.convert_to_tensor(self._codes), ops.take(tokens, self._operations))
        # The inputs count as a block before the layers.
        codes = wanted[:, None] * ops.concatenate([ops.ones_like(reads[:, :1]), reads * (1 + units)], axis=1)
        features = ops.cast(ops.take(tokens, self._features), x.dtype)
        columns = units * wanted[: self._design.layers]

        def multiply(number: int, hidden: Sequence[Any], kernel: Any, bias: Any) -> Any:
            may_read, is_layer = self._may_read(number), number < self._design.layers
            blocks = [ops.cast(hidden[layer], x.dtype) for layer in may_read]
            chosen = codes[number, 1 + may_read.start : 1 + may_read.stop]
            if self._reads_inputs(number):
                blocks.insert(0, x * features[number])
                chosen = ops.concatenate([codes[number, :1], chosen]) if may_read.start else codes[number, : 1 + number]
            column = columns[number] if is_layer else ops.zeros((), "int32")
            weights = (ops.cast(ops.convert_to_tensor(weight), x.dtype) for weight in (kernel, bias))
            return self._products[number](blocks, chosen, *weights, column)

        return multiply

    def _wanted(self, reads: Any) -> Any:
        """1 for each layer that an output depends on, and for each output, else 0."""
        layers, outputs = self._design.layers, len(self._design.outputs)
        steps = ops.cast(reads, "float32")
        paths = steps[:layers] + np.eye(layers, dtype="float32")
        for _ in range((layers - 1).bit_length()):
            paths = ops.minimum(ops.matmul(paths, paths), 1.0)
        found = ops.max(ops.matmul(steps[layers:], paths), axis=0)
        return ops.concatenate([ops.cast(found > 0, "int32"), ops.ones((outputs,), "int32")])

    def _product(self, number: int, sizes: tuple[int, ...]) -> Any:
        design, is_layer = self._design, number < self._design.layers
        starts, rows = list[int](), list[tuple[int, ...]]()
        if self._reads_inputs(number):
            starts.append(0)
            rows.append((design.starts[-1],))
        first, stride = design.starts[-1] if is_layer else 0, design.max_units
        for layer in self._may_read(number):
            starts.append(first + layer * stride if is_layer or design.with_output_blocks else 0)
            rows.append(sizes)
        columns = sizes if is_layer else (design.output_units[number - design.layers],)
        return block_dense(BlockLayout(tuple(starts), tuple(rows), columns))

    def _reads_inputs(self, number: int) -> bool:
        return number == 0 or (self._design.with_input_blocks and number < self._design.layers)

    def _may_read(self, number: int) -> range:
        design = self._design
        if number < design.layers:
            return range(0 if design.with_skips else max(0, number - 1), number)
        return range(0 if design.with_output_blocks else design.layers - 1, design.layers)

    def _tokens_of_layers(self, number: int) -> list[int]:
        """The positions, among the tokens and 0 and 1, of what says whether each layer is read."""
        design, never, always = self._design, len(self._positions), len(self._positions) + 1
        is_layer = number < design.layers
        found = [never] * design.layers
        for layer in self._may_read(number):
            name = f"L{number}.skip.{layer}" if is_layer else f"out{number - design.layers}.L{layer}"
            found[layer] = self._positions.get(name, always)
        return found

    def _tokens_of_features(self, number: int) -> list[int]:
        """The same for each feature of the inputs; of outputs and layers that read none, what is not used."""
        design, always = self._design, len(self._positions) + 1
        by_block = [self._positions.get(f"L{number}.input.{block}", always) for block in range(len(design.inputs))]
        return [position for position, count in zip(by_block, design.features, strict=True) for _ in range(count)]
