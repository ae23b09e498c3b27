"""Run and differentiate a feed-forward network whose weights are slices of shared tensors.

Automatic differentiation of a slice makes a gradient as large as the whole tensor, for every layer and step, and
the unread half of the inputs is differentiated too. A dense network's backward pass is three products and the
derivative of an activation, so it is written out here (Rumelhart, Hinton and Williams, Nature 323, 1986).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, NamedTuple

import keras
import torch
from torch import Tensor

from amber.backend.keras_internals.variables import tensor_of
from amber.backend.torch.activations import activation_for
from amber.backend.weight_slices import DenseSlice, SlicedMLP

_aten = torch.ops.aten
# Of the gradient of what an activation gives, and of what it gave, to the gradient of what it read.
_DERIVATIVES: dict[Any, Callable[[Tensor, Tensor], Tensor]] = {
    keras.activations.linear: lambda gradient, given: gradient,
    keras.activations.relu: lambda gradient, given: _aten.threshold_backward(gradient, given, 0.0),
    keras.activations.leaky_relu: lambda gradient, given: _aten.leaky_relu_backward(gradient, given, 0.2, True),
    keras.activations.elu: lambda gradient, given: _aten.elu_backward(gradient, 1.0, 1.0, 1.0, True, given),
    keras.activations.sigmoid: _aten.sigmoid_backward,
    keras.activations.tanh: _aten.tanh_backward,
    keras.activations.softmax: lambda gradient, given: _aten._softmax_backward_data(gradient, given, -1, given.dtype),
}
_MOST_VIEWS = 1 << 14


class Gradients(NamedTuple):
    """Gradients of one layer: of its kernel, shape (rows read, units), or None if it reads nothing, and of its bias."""

    kernel: Tensor | None
    bias: Tensor


class Views:
    """Views of a tensor: rows and first columns, each made once."""

    def __init__(self, tensor: Tensor) -> None:
        self.source = tensor
        self._tensor = tensor.detach()
        self._made: dict[tuple[int, int, int], Tensor] = {}

    def __call__(self, start: int, stop: int, units: int) -> Tensor:
        """Return rows `start` to `stop` of the first `units` columns; shares memory with the tensor."""
        view = self._made.get((start, stop, units))
        if view is None:
            if len(self._made) > _MOST_VIEWS:
                self._made.clear()
            view = self._made[start, stop, units] = self._tensor[start:stop, :units]
        return view

    def first(self, units: int) -> Tensor:
        """Return the first values of a vector; shares memory with it."""
        view = self._made.get((0, 0, units))
        if view is None:
            view = self._made[0, 0, units] = self._tensor[:units]
        return view

    def pieces(self, layer: DenseSlice) -> list[Tensor]:
        """Return the rows that a layer takes, one view for each span."""
        return [self(start, stop, layer.units) for start, stop in layer.spans]


class ViewStore:
    """Views of variables, made again where a variable holds another tensor."""

    def __init__(self) -> None:
        self._of: dict[int, Views] = {}

    def __call__(self, variable: keras.Variable) -> Views:
        """Return the views of a Keras variable."""
        views = self._of.get(id(variable))
        if views is None or views.source is not tensor_of(variable):
            views = self._of[id(variable)] = Views(tensor_of(variable))
        return views


class Runner:
    """Runs sliced networks; a forward pass keeps what its backward pass needs."""

    def __init__(self) -> None:
        self.views = ViewStore()

    def can_run(self, network: SlicedMLP) -> bool:
        """Say whether every activation of the network is known here."""
        return all([layer.activation in _DERIVATIVES for layer in network.layers])

    def forward(self, network: SlicedMLP, matrix: Tensor) -> Pass:
        """Return the pass of a batch, shape (batch, features), whose `outputs` are those of the network."""
        return self._pass(network, matrix, *self._gather(network.layers))

    def outputs(self, network: SlicedMLP, matrices: Sequence[Tensor]) -> list[Tensor]:
        """Return the outputs of several batches, each in one piece, shape (all rows, units)."""
        gathered = self._gather(network.layers)
        passes = [self._pass(network, matrix, *gathered).outputs for matrix in matrices]
        return passes[0] if len(passes) == 1 else [torch.cat(each) for each in zip(*passes, strict=True)]

    def _pass(self, network: SlicedMLP, matrix: Tensor, kernels: list[Tensor | None], groups: list[Group]) -> Pass:
        columns: dict[tuple[int, int], Tensor] = {(0, matrix.shape[1]): matrix}
        reads: list[Tensor | None] = []
        given: list[Tensor] = []
        for layer, kernel in zip(network.layers, kernels, strict=True):
            bias = self.views(layer.bias).first(layer.units)
            activate = activation_of(layer)
            if kernel is None:
                reads.append(None)
                given.append(activate(bias.unsqueeze(0)).expand(matrix.shape[0], -1))
                continue
            pieces = []
            for span in layer.columns:
                if span not in columns:
                    columns[span] = matrix.narrow(1, span[0], span[1] - span[0])
                pieces.append(columns[span])
            pieces += [given[j] for j in layer.earlier]
            read = pieces[0] if len(pieces) == 1 else torch.cat(pieces, 1)
            reads.append(read)
            given.append(activate(torch.addmm(bias, read, kernel)))
        return Pass(network, reads, kernels, given, groups)

    def _gather(self, layers: Sequence[DenseSlice]) -> tuple[list[Tensor | None], list[Group]]:
        """Return the kernel of every layer in one piece, and the copies that several of them lie in."""
        kernels: list[Tensor | None] = [None] * len(layers)
        narrow: dict[int, Group] = {}
        for position, layer in enumerate(layers):
            if not layer.spans:
                continue
            pieces = self.views(layer.kernel).pieces(layer)
            if layer.units == layer.kernel.shape[1]:
                kernels[position] = pieces[0] if len(pieces) == 1 else torch.cat(pieces)
                continue
            if layer.units not in narrow:
                narrow[layer.units] = Group([], [])
            narrow[layer.units].positions.append(position)
            narrow[layer.units].pieces.append(pieces)
        for group in narrow.values():
            for position, kernel in zip(group.positions, group.gather(), strict=True):
                kernels[position] = kernel
        return kernels, list(narrow.values())


class Group:
    """Copies, in one tensor, of the kernels of layers with the same number of units, fewer than there are columns.

    Args:
        positions: of the layers in their network.
        pieces: the views of each layer's kernel.

    Attributes:
        values: the kernels below each other.
        gradient: theirs, once it is known.
    """

    def __init__(self, positions: list[int], pieces: list[list[Tensor]]) -> None:
        self.positions, self.pieces = positions, pieces
        self._rows: list[int] = []
        self.values: Any = None
        self.gradient: Any = None

    def gather(self) -> Sequence[Tensor]:
        """Copy the pieces and return the kernel of each layer."""
        self._rows = [sum([piece.shape[0] for piece in pieces]) for pieces in self.pieces]
        self.values = torch.cat(list(chain.from_iterable(self.pieces)))
        return self.split(self.values)

    def make_gradient(self) -> Sequence[Tensor]:
        """Allocate the gradient and return the part of each layer."""
        self.gradient = torch.empty_like(self.values)
        return self.split(self.gradient)

    def split(self, tensor: Tensor) -> Sequence[Tensor]:
        """Return the rows of each layer."""
        return torch.split_with_sizes(tensor, self._rows)


class Pass:
    """What a forward pass computed.

    Attributes:
        kernels: of each layer, in one piece.
        outputs: one tensor per output, shape (batch, units).
        groups: the tensors that hold kernels of several layers.
    """

    def __init__(
        self,
        network: SlicedMLP,
        reads: list[Tensor | None],
        kernels: list[Tensor | None],
        given: list[Tensor],
        groups: list[Group],
    ) -> None:
        self._network, self._reads, self._given = network, reads, given
        self.kernels, self.groups = kernels, groups
        self.outputs = [given[position] for position in network.outputs]

    def backward(self, gradients: list[Tensor]) -> list[Gradients]:
        """Return the gradients of every layer.

        Args:
            gradients: of the outputs.
        """
        layers = self._network.layers
        found: list[Any] = [None] * len(layers)
        room: dict[int, Tensor] = {}
        for group in self.groups:
            room.update(zip(group.positions, group.make_gradient(), strict=True))
        pending: list[Tensor | None] = [None] * len(layers)
        for position, gradient in zip(self._network.outputs, gradients, strict=True):
            pending[position] = gradient
        for position in reversed(range(len(layers))):
            layer, read, kernel = layers[position], self._reads[position], self.kernels[position]
            before = _DERIVATIVES[layer.activation](pending[position], self._given[position])
            if read is None or kernel is None:
                found[position] = Gradients(None, before.sum(0))
                continue
            found[position] = Gradients(torch.mm(read.t(), before, out=room.get(position)), before.sum(0))
            if layer.earlier:
                self._hand_back(layer, before, kernel, pending)
        return found

    def _hand_back(self, layer: DenseSlice, before: Tensor, kernel: Tensor, pending: list[Tensor | None]) -> None:
        layers = self._network.layers
        widths = [layers[earlier].units for earlier in layer.earlier]
        rows = kernel[-sum(widths) :] if layer.columns else kernel
        parts = torch.mm(before, rows.t())
        for earlier, part in zip(
            layer.earlier, torch.split_with_sizes(parts, widths, 1) if len(widths) > 1 else (parts,), strict=True
        ):
            waiting = pending[earlier]
            pending[earlier] = part if waiting is None else waiting.add_(part)


def activation_of(layer: DenseSlice) -> Callable[[Tensor], Tensor]:
    """Return the function of a layer's activation."""
    function = activation_for(layer.activation)
    if function is None:
        raise ValueError(f"not an activation of a sliced network: {layer.activation}")
    return function
