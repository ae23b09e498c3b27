"""One training step of a network that takes slices of shared weights: forward, backward, update.

Memory has a row for each unit and a column for each example: neighbouring units, of inputs and of earlier layers, are
then one piece that a layer reads without a copy, and products of several pieces are added up where they belong. What an
architecture takes is copied into one vector, with its slots, so that a few passes update all of it; then it is copied
back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from scipy.linalg.blas import sgemm

from amber.backend.numpy_dense.activations import ACTIVATIONS
from amber.backend.numpy_dense.updates import Update
from amber.backend.numpy_dense.weights import HeldWeights, Scratch
from amber.backend.weight_slices import DenseSlice, SlicedMLP
from amber.types import Array

_Span: TypeAlias = tuple[int, int]

OutputGradient: TypeAlias = Callable[[Array], Array]
"""Of what the network predicts, a column for each example: the gradient of the loss with respect to it."""


class _Taken(NamedTuple):
    """What a layer takes.

    Attributes:
        weights: its bias, then its kernel, shape (1 + rows, units), a copy.
        gradient: room for their gradient.
        copies: pairs of the shared memory and its copy, with the slots.
        reads: rows of the memory of all values that it reads, in the order of the rows of its weights.
        gives: those that it writes.
    """

    weights: Array
    gradient: Array
    copies: list[tuple[Array, Array]]
    reads: list[_Span]
    gives: _Span


class DenseStep:
    """Trains a network on a batch.

    Args:
        held: the shared weights.
        update: of weights along gradients.
    """

    def __init__(self, held: HeldWeights, update: Update) -> None:
        self._held, self._update = held, update
        self._scratch = Scratch()

    def __call__(
        self, network: SlicedMLP, blocks: Sequence[Array], gradient_of: OutputGradient, rate: float, step: int
    ) -> None:
        """Update the weights that a network of one output takes.

        Args:
            network: what it takes.
            blocks: the inputs of a batch side by side, each of shape (examples, features).
            gradient_of: of what the network predicts.
            rate: the learning rate.
            step: number of the step, from 1.
        """
        layers, examples = network.layers, len(blocks[0])
        features = 1 + sum(network.features)
        values = self._scratch("values", features + sum([layer.units for layer in layers]), examples)
        _set_inputs(values, blocks)
        state, gradient, taken = self._take(layers, features)
        _forward(layers, taken, values)
        start, stop = taken[network.outputs[0]].gives
        found = gradient_of(values[start:stop])
        found *= np.float32(self._update.scale)
        self._backward(network, taken, values, found)
        self._update(state, gradient, rate, step)
        for each in taken:
            for shared, copy in each.copies:
                shared[...] = copy

    def _take(self, layers: Sequence[DenseSlice], first: int) -> tuple[Array, Array, list[_Taken]]:
        """Copy what layers take; return it with its slots, room for its gradient, and what each layer takes.

        Args:
            layers: of the network.
            first: the first row of values after the inputs'.
        """
        spans = [_joined([(0, 1), *[(start + 1, stop + 1) for start, stop in layer.spans]]) for layer in layers]
        rows = [sum([stop - start for start, stop in each]) for each in spans]
        count = sum([number * layer.units for number, layer in zip(rows, layers, strict=True)])
        slots = 1 + len(self._update.slots)
        state, gradient = self._scratch("state", slots, count), self._scratch("gradient", count)
        taken: list[_Taken] = []
        place = 0
        for layer, pieces, number in zip(layers, spans, rows, strict=True):
            units, end = layer.units, place + number * layer.units
            shared, copy = self._held(layer), state[:, place:end].reshape(slots, number, units)
            copies, row = [], 0
            for start, stop in pieces:
                copies.append((shared[:, start:stop, :units], copy[:, row : row + stop - start]))
                copies[-1][1][...] = copies[-1][0]
                row += stop - start
            reads = [(0, 1), *[(start + 1, stop + 1) for start, stop in layer.columns]]
            reads += [taken[position].gives for position in layer.earlier]
            room = gradient[place:end].reshape(number, units)
            taken.append(_Taken(copy[0], room, copies, _joined(reads), (first, first + units)))
            place, first = end, first + units
        return state, gradient, taken

    def _backward(self, network: SlicedMLP, taken: Sequence[_Taken], values: Array, found: Array) -> None:
        """Compute the gradients of all weights from that of the output."""
        gradients = self._scratch("gradients", *values.shape)
        output = network.outputs[0]
        start, stop = taken[output].gives
        gradients[start:stop] = found
        reached = {output}
        for position in reversed(range(len(network.layers))):
            layer, (weights, room, _, reads, (start, stop)) = network.layers[position], taken[position]
            gradient = gradients[start:stop]
            ACTIVATIONS[layer.activation].derive(gradient, values[start:stop])
            row = 0
            for first, last in reads:
                np.matmul(values[first:last], gradient.T, out=room[row : row + last - first])
                row += last - first
            row = len(weights) - sum([taken[earlier].gives[1] - taken[earlier].gives[0] for earlier in layer.earlier])
            for adds, (first, last) in _handed_back(layer.earlier, taken, reached):
                _multiply(gradient, weights[row : row + last - first].T, gradients[first:last], adds)
                row += last - first
            reached.update(layer.earlier)


def _forward(layers: Sequence[DenseSlice], taken: Sequence[_Taken], values: Array) -> None:
    """Compute what every layer gives."""
    for layer, (weights, _, _, reads, (start, stop)) in zip(layers, taken, strict=True):
        given, row = values[start:stop], 0
        for first, last in reads:
            _multiply(values[first:last], weights[row : row + last - first], given, row > 0)
            row += last - first
        ACTIVATIONS[layer.activation].apply(given)


def _multiply(values: Array, weights: Array, into: Array, adds: bool) -> None:
    """Set or add the product of transposed weights, (rows, units), and values, (rows, examples)."""
    # Memory by column is what the library counts in.
    if weights.flags.f_contiguous:
        sgemm(1.0, values.T, weights, float(adds), into.T, overwrite_c=1)
    else:
        sgemm(1.0, values.T, weights.T, float(adds), into.T, trans_b=1, overwrite_c=1)


def _handed_back(earlier: Sequence[int], taken: Sequence[_Taken], reached: Collection[int]) -> list[tuple[bool, _Span]]:
    """Return the rows of earlier layers that a layer hands gradients back to, adjacent ones joined.

    Args:
        earlier: positions of the layers, in order.
        taken: by all layers.
        reached: those that another layer has handed something back to, to which it is to be added.
    """
    found: list[tuple[bool, _Span]] = []
    for position in earlier:
        adds, (start, stop) = position in reached, taken[position].gives
        if found and found[-1][0] == adds and found[-1][1][1] == start:
            found[-1] = adds, (found[-1][1][0], stop)
        else:
            found.append((adds, (start, stop)))
    return found


def knows(network: SlicedMLP) -> bool:
    """Say whether a network has one output and activations that are known here."""
    return len(network.outputs) == 1 and all([layer.activation in ACTIVATIONS for layer in network.layers])


def _set_inputs(values: Array, blocks: Sequence[Array]) -> None:
    values[0] = 1
    row = 1
    for block in blocks:
        values[row : row + block.shape[1]] = block.T
        row += block.shape[1]


def _joined(spans: Sequence[_Span]) -> list[_Span]:
    """Return all spans, with adjacent ones joined."""
    found: list[_Span] = []
    for start, stop in spans:
        if found and found[-1][1] == start:
            found[-1] = found[-1][0], stop
        else:
            found.append((start, stop))
    return found
