"""A feed-forward architecture given as one row of tokens: each layer multiplies the blocks that it reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from amber.backend.block_dense import BlockLayout, block_dense, code_of, sizes_for
from amber.modeler.supernet.ann_plan import AnnDesign


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
        self._products = [self._product(number, sizes) for number in range(design.layers + len(design.outputs))]

    @property
    def are_available(self) -> bool:
        """Whether the backend in use has such a product."""
        return self._products[0] is not None

    def multiply(self, number: int, arc: Any, rows: Any, x: Any, hidden: Sequence[Any], kernel: Any) -> Any:
        """Returns what a layer or output computes before its bias.

        Args:
            number: of the layer or output.
            arc: integer tensor of shape (tokens,).
            rows: 0 and 1 for every row of the kernel; those of the input features are read.
            x: all input features.
            hidden: what the earlier layers give, zero where they have no units.
            kernel: the shared one.
        """
        design, blocks = self._design, [hidden[layer] for layer in self._may_read(number)]
        units = ops.take(ops.convert_to_tensor(self._codes), ops.take(arc, self._operations))
        codes = 1 + units[self._may_read(number).start : self._may_read(number).stop]
        bits = self._bits(number)
        if bits:
            codes = codes * ops.cast(ops.take(arc, np.array(bits)), "int32")
        if self._reads_inputs(number):
            blocks.insert(0, x * rows[..., : design.starts[-1]])
            codes = ops.concatenate([ops.ones((1,), "int32"), codes])
        column = units[number] if number < design.layers else ops.zeros((), "int32")
        product = self._products[number]
        return product(blocks, codes, ops.cast(ops.convert_to_tensor(kernel), x.dtype), column)

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

    def _bits(self, number: int) -> list[int]:
        """The tokens that say whether each earlier layer is read; none where it always is."""
        design = self._design
        if number < design.layers:
            names = [f"L{number}.skip.{layer}" for layer in self._may_read(number)] if design.with_skips else []
        else:
            names = [f"out{number - design.layers}.L{layer}" for layer in self._may_read(number)]
            names = names if design.with_output_blocks else []
        return [self._positions[name] for name in names]
