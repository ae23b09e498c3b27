"""Make the slices of the shared tensors that a feed-forward architecture takes, straight from its tokens.

The same network as `AnnDesign.plan` gives, without a graph of it: a training step with a new architecture each time
has no time for one.
"""

from __future__ import annotations

from typing import Any

import keras

from amber.backend.weight_slices import DenseSlice, SlicedMLP
from amber.supernet.ann_plan import AnnDesign

_MOST_CHOICES = 4096


class AnnSlices:
    """Makes sliced networks of tokens.

    Args:
        design: the space.
        bank: holds `kernels`, `biases`, `output_kernels` and `output_biases`.
    """

    def __init__(self, design: AnnDesign, bank: Any) -> None:
        self._design, self._bank = design, bank
        self._columns: dict[tuple[int, ...], tuple[tuple[int, int], ...]] = {}
        self._activation = keras.activations.get(design.activation)
        self._output_activations = [keras.activations.get(each.get("activation")) for each in design.outputs]

    def __call__(self, arc_seq: Any) -> SlicedMLP:
        """Return the network of an architecture; layers that no output reads are left out."""
        design, bank = self._design, self._bank
        architecture = design.layout.decode(arc_seq)
        hidden, read_by_outputs = design.sources_of(architecture)
        units = [design.units[token] for token in architecture.operations]
        wanted = {layer for layers in read_by_outputs for layer in layers}
        for layer in reversed(range(design.layers)):
            if layer in wanted:
                wanted.update(hidden[layer][1])
        places: dict[int, int] = {}
        slices: list[DenseSlice] = []
        for layer in sorted(wanted):
            blocks, earlier = hidden[layer]
            columns = self._columns_of(blocks)
            spans = _rows_of(earlier, units, design.starts[-1], design.max_units, columns)
            before = tuple([places[j] for j in earlier])
            places[layer] = len(slices)
            slices.append(
                DenseSlice(
                    bank.kernels[layer], bank.biases[layer], spans, columns, before, units[layer], self._activation
                )
            )
        stride = design.max_units if design.with_output_blocks else 0
        for output, layers in enumerate(read_by_outputs):
            spans = _rows_of(layers, units, 0, stride, ())
            slices.append(self._output(output, spans, tuple([places[j] for j in layers])))
        count = len(read_by_outputs)
        return SlicedMLP(tuple(slices), tuple(range(len(slices) - count, len(slices))), design.features)

    def _columns_of(self, blocks: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        found = self._columns.get(blocks)
        if found is None:
            if len(self._columns) > _MOST_CHOICES:
                self._columns.clear()
            starts = self._design.starts
            found = self._columns[blocks] = _joined((), [(starts[k], starts[k + 1]) for k in blocks])
        return found

    def _output(self, output: int, spans: tuple[tuple[int, int], ...], earlier: tuple[int, ...]) -> DenseSlice:
        bank, units = self._bank, self._design.output_units[output]
        kernel, bias = bank.output_kernels[output], bank.output_biases[output]
        return DenseSlice(kernel, bias, spans, (), earlier, units, self._output_activations[output])


_Spans = tuple[tuple[int, int], ...]


def _rows_of(layers: tuple[int, ...], units: list[int], first: int, stride: int, before: _Spans) -> _Spans:
    """The rows of what earlier layers give, behind other rows."""
    return _joined(before, [(first + j * stride, first + j * stride + units[j]) for j in layers])


def _joined(before: _Spans, spans: list[tuple[int, int]]) -> _Spans:
    """All spans, with neighbours made one."""
    found = list(before)
    for start, stop in spans:
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], stop)
        else:
            found.append((start, stop))
    return tuple(found)
