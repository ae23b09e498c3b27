"""Forward and backward of a feed-forward network cut out of shared tensors.

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
from amber.backend.torch.layouts import Layout
from amber.backend.weight_slices import Cut, CutNetwork

_aten = torch.ops.aten
# Of the gradient of what an activation gives, and of what it gave, to the gradient of what it read.
_DERIVATIVES: dict[Any, Callable[[Tensor, Tensor], Tensor]] = {
    keras.activations.linear: lambda gradient, given: gradient,
    keras.activations.relu: lambda gradient, given: _aten.threshold_backward(gradient, given, 0.0),
    keras.activations.leaky_relu: lambda gradient, given: _aten.leaky_relu_backward(gradient, given, 0.2, True),
    keras.activations.elu: lambda gradient, given: _aten.elu_backward(gradient, 1.0, 1.0, 1.0, True, given),
    keras.activations.sigmoid: lambda gradient, given: _aten.sigmoid_backward(gradient, given),
    keras.activations.tanh: lambda gradient, given: _aten.tanh_backward(gradient, given),
    keras.activations.softmax: lambda gradient, given: _aten._softmax_backward_data(gradient, given, -1, given.dtype),
}
_MOST_VIEWS = 1 << 14


class Gradients(NamedTuple):
    """The gradients of one cut: of the kernel, shape (rows read, units), or None if it reads nothing, and bias."""

    kernel: Tensor | None
    bias: Tensor


class Views:
    """Rows and first columns of a tensor, each made once."""

    def __init__(self, tensor: Tensor) -> None:
        self.source = tensor
        self._tensor = tensor.detach()
        self._made: dict[tuple[int, int, int], Tensor] = {}

    def __call__(self, start: int, stop: int, units: int) -> Tensor:
        """Returns rows `start` to `stop` of the first `units` columns; shares memory with the tensor."""
        view = self._made.get((start, stop, units))
        if view is None:
            if len(self._made) > _MOST_VIEWS:
                self._made.clear()
            view = self._made[start, stop, units] = self._tensor[start:stop, :units]
        return view

    def first(self, units: int) -> Tensor:
        """Returns the first values of a vector; shares memory with it."""
        view = self._made.get((0, 0, units))
        if view is None:
            view = self._made[0, 0, units] = self._tensor[:units]
        return view

    def pieces(self, cut: Cut) -> list[Tensor]:
        """Returns the rows that a cut takes, one view for each span."""
        return [self(start, stop, cut.units) for start, stop in cut.spans]


class ViewStore:
    """The views of variables, made anew where a variable holds another tensor."""

    def __init__(self) -> None:
        self._of: dict[int, Views] = {}

    def __call__(self, variable: Any) -> Views:
        """Returns the views of a Keras variable."""
        views = self._of.get(id(variable))
        if views is None or views.source is not tensor_of(variable):
            views = self._of[id(variable)] = Views(tensor_of(variable))
        return views


class Runner:
    """Runs cut networks; keeps what one forward pass leaves for its backward pass."""

    def __init__(self) -> None:
        self.views = ViewStore()

    def can_run(self, network: CutNetwork) -> bool:
        """Whether every activation of the network is known here."""
        return all([cut.activation in _DERIVATIVES for cut in network.cuts])

    def forward(self, network: CutNetwork, matrix: Tensor) -> Pass:
        """Returns the pass of a batch, shape (batch, features), whose `outputs` are those of the network."""
        return self._pass(network, matrix, *self._gather(network.cuts))

    def outputs(self, network: CutNetwork, matrices: Sequence[Tensor]) -> list[Tensor]:
        """Returns the outputs of several batches, each in one piece, shape (all rows, units)."""
        gathered = self._gather(network.cuts)
        passes = [self._pass(network, matrix, *gathered).outputs for matrix in matrices]
        return passes[0] if len(passes) == 1 else [torch.cat(each) for each in zip(*passes, strict=True)]

    def _pass(self, network: CutNetwork, matrix: Tensor, kernels: list[Tensor | None], groups: list[Group]) -> Pass:
        columns: dict[tuple[int, int], Tensor] = {(0, matrix.shape[1]): matrix}
        reads: list[Tensor | None] = []
        given: list[Tensor] = []
        for cut, kernel in zip(network.cuts, kernels, strict=True):
            bias = self.views(cut.bias).first(cut.units)
            activate = activation_of(cut)
            if kernel is None:
                reads.append(None)
                given.append(activate(bias.unsqueeze(0)).expand(matrix.shape[0], -1))
                continue
            pieces = []
            for span in cut.columns:
                if span not in columns:
                    columns[span] = matrix.narrow(1, span[0], span[1] - span[0])
                pieces.append(columns[span])
            pieces += [given[j] for j in cut.earlier]
            read = pieces[0] if len(pieces) == 1 else torch.cat(pieces, 1)
            reads.append(read)
            given.append(activate(torch.addmm(bias, read, kernel)))
        return Pass(network, reads, kernels, given, groups)

    def _gather(self, cuts: Sequence[Cut]) -> tuple[list[Tensor | None], list[Group]]:
        """The kernel of every cut in one piece, and the copies that several of them lie in."""
        kernels: list[Tensor | None] = [None] * len(cuts)
        narrow: dict[int, Group] = {}
        for position, cut in enumerate(cuts):
            if not cut.spans:
                continue
            pieces = self.views(cut.kernel).pieces(cut)
            if cut.units == cut.kernel.shape[1]:
                kernels[position] = pieces[0] if len(pieces) == 1 else torch.cat(pieces)
                continue
            if cut.units not in narrow:
                narrow[cut.units] = Group([], [])
            narrow[cut.units].positions.append(position)
            narrow[cut.units].pieces.append(pieces)
        for group in narrow.values():
            for position, kernel in zip(group.positions, group.gather(), strict=True):
                kernels[position] = kernel
        return kernels, list(narrow.values())


class Group:
    """Kernels of cuts with as many units, fewer than the shared tensors have columns: copies in one tensor.

    Args:
        positions: of the cuts in their network.
        pieces: the views of each cut's kernel.

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
        """Copies the pieces and returns the kernel of each cut."""
        self._rows = [sum([piece.shape[0] for piece in pieces]) for pieces in self.pieces]
        self.values = torch.cat(list(chain.from_iterable(self.pieces)))
        return self.split(self.values)

    def make_gradient(self) -> Sequence[Tensor]:
        """Makes room for the gradient and returns the part of each cut."""
        self.gradient = torch.empty_like(self.values)
        return self.split(self.gradient)

    def split(self, tensor: Tensor) -> Sequence[Tensor]:
        """Returns the rows of each cut."""
        return torch.split_with_sizes(tensor, self._rows)


class Pass:
    """What a forward pass computed.

    Attributes:
        kernels: of each cut, in one piece.
        outputs: one tensor per output, shape (batch, units).
        groups: the tensors that hold kernels of several cuts.
    """

    def __init__(
        self,
        network: CutNetwork,
        reads: list[Tensor | None],
        kernels: list[Tensor | None],
        given: list[Tensor],
        groups: list[Group],
    ) -> None:
        self._network, self._reads, self._given = network, reads, given
        self.kernels, self.groups = kernels, groups
        self.outputs = [given[position] for position in network.outputs]

    def backward(self, gradients: list[Tensor]) -> list[Gradients]:
        """Returns the gradients of every cut.

        Args:
            gradients: of the outputs.
        """
        cuts = self._network.cuts
        found: list[Any] = [None] * len(cuts)
        room: dict[int, Tensor] = {}
        for group in self.groups:
            room.update(zip(group.positions, group.make_gradient(), strict=True))
        pending: list[Tensor | None] = [None] * len(cuts)
        for position, gradient in zip(self._network.outputs, gradients, strict=True):
            pending[position] = gradient
        for position in reversed(range(len(cuts))):
            cut, read, kernel = cuts[position], self._reads[position], self.kernels[position]
            before = _DERIVATIVES[cut.activation](pending[position], self._given[position])
            if read is None or kernel is None:
                found[position] = Gradients(None, before.sum(0))
                continue
            found[position] = Gradients(torch.mm(read.t(), before, out=room.get(position)), before.sum(0))
            if cut.earlier:
                self._hand_back(cut, before, kernel, pending)
        return found

    def _hand_back(self, cut: Cut, before: Tensor, kernel: Tensor, pending: list[Tensor | None]) -> None:
        cuts = self._network.cuts
        widths = [cuts[earlier].units for earlier in cut.earlier]
        rows = kernel[-sum(widths) :] if cut.columns else kernel
        parts = torch.mm(before, rows.t())
        for earlier, part in zip(
            cut.earlier, torch.split_with_sizes(parts, widths, 1) if len(widths) > 1 else (parts,), strict=True
        ):
            waiting = pending[earlier]
            pending[earlier] = part if waiting is None else waiting.add_(part)


def activation_of(cut: Cut) -> Callable[[Tensor], Tensor]:
    """Returns the function of a cut's activation."""
    function = activation_for(cut.activation, Layout.KERAS)
    if function is None:
        raise ValueError(f"not an activation of a cut network: {cut.activation}")
    return function
