"""A feed-forward architecture as cuts of the shared tensors, straight from its tokens.

The same network as `AnnDesign.plan` gives, without a graph of it: a training step with a new architecture each time
has no time for one.
"""

from __future__ import annotations

from typing import Any

import keras

from amber.backend.cuts import Cut, CutNetwork
from amber.modeler.supernet.ann_plan import AnnDesign


class AnnCuts:
    """Makes cut networks of tokens.

    Args:
        design: the space.
        bank: holds `kernels`, `biases`, `output_kernels` and `output_biases`.
    """

    def __init__(self, design: AnnDesign, bank: Any) -> None:
        self._design, self._bank = design, bank
        self._activation = keras.activations.get(design.activation)
        self._output_activations = [keras.activations.get(each.get("activation")) for each in design.outputs]

    def __call__(self, arc_seq: Any) -> CutNetwork:
        """Returns the network of an architecture; layers that no output reads are left out."""
        design = self._design
        hidden, read_by_outputs = design.sources(arc_seq)
        operations = design.layout.decode(arc_seq).operations
        wanted = {layer for layers in read_by_outputs for layer in layers}
        for layer in reversed(range(design.layers)):
            if layer in wanted:
                wanted.update(hidden[layer][1])
        places: dict[int, int] = {}
        units = [design.units[token] for token in operations]
        cuts: list[Cut] = []
        for layer in sorted(wanted):
            blocks, earlier = hidden[layer]
            spans = [(design.starts[k], design.starts[k + 1]) for k in blocks]
            spans += self._rows_of(earlier, units, design.starts[-1])
            places[layer] = len(cuts)
            cuts.append(
                Cut(
                    self._bank.kernels[layer],
                    self._bank.biases[layer],
                    tuple(spans),
                    tuple(blocks),
                    tuple([places[j] for j in earlier]),
                    units[layer],
                    self._activation,
                )
            )
        for output, layers in enumerate(read_by_outputs):
            rows = self._rows_of(layers, units, 0, design.max_units if design.with_output_blocks else 0)
            cuts.append(self._output(output, rows, tuple([places[j] for j in layers])))
        count = len(read_by_outputs)
        return CutNetwork(tuple(cuts), tuple(range(len(cuts) - count, len(cuts))), design.features)

    def _rows_of(
        self, layers: list[int], units: list[int], first: int, stride: int | None = None
    ) -> list[tuple[int, int]]:
        stride = self._design.max_units if stride is None else stride
        return [(first + j * stride, first + j * stride + units[j]) for j in layers]

    def _output(self, output: int, spans: list[tuple[int, int]], earlier: tuple[int, ...]) -> Cut:
        bank, units = self._bank, self._design.output_units[output]
        kernel, bias = bank.output_kernels[output], bank.output_biases[output]
        return Cut(kernel, bias, tuple(spans), (), earlier, units, self._output_activations[output])
