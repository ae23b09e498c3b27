"""Forward and backward of a feed-forward network cut out of shared tensors.

Automatic differentiation of a slice makes a gradient as large as the whole tensor, for every layer and step, and
the unread half of the inputs is differentiated too. A dense network's backward pass is three products and the
derivative of an activation, so it is written out here (Rumelhart, Hinton and Williams, Nature 323, 1986).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import torch
from torch import Tensor

from amber.backend.cuts import Cut, CutNetwork
from amber.backend.torch.activations import activation_for
from amber.backend.torch.layouts import Layout

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

    def joined(self, cut: Cut) -> Tensor:
        """Returns the kernel of a cut in one piece: a view where it is one, else a copy."""
        pieces = [self(start, stop, cut.units) for start, stop in cut.spans]
        return pieces[0] if len(pieces) == 1 else torch.cat(pieces)


class ViewStore:
    """The views of variables, made anew where a variable holds another tensor."""

    def __init__(self) -> None:
        self._of: dict[int, Views] = {}

    def __call__(self, variable: Any) -> Views:
        """Returns the views of a Keras variable."""
        views = self._of.get(id(variable))
        if views is None or views.source is not variable._value:
            views = self._of[id(variable)] = Views(variable._value)
        return views


class Runner:
    """Runs cut networks; keeps what one forward pass leaves for its backward pass."""

    def __init__(self) -> None:
        self.views = ViewStore()

    def can_run(self, network: CutNetwork) -> bool:
        """Whether every activation and type of the network is known here."""
        return all(
            cut.activation in _DERIVATIVES
            and cut.kernel._value.dtype is torch.float32
            and cut.bias._value.dtype is torch.float32
            for cut in network.cuts
        )

    def forward(self, network: CutNetwork, matrix: Tensor) -> Pass:
        """Returns the pass of a batch, shape (batch, features), whose `outputs` are those of the network."""
        blocks = torch.split_with_sizes(matrix, network.features, 1)
        reads: list[Tensor | None] = []
        kernels: list[Tensor | None] = []
        given: list[Tensor] = []
        for cut in network.cuts:
            bias = self.views(cut.bias).first(cut.units)
            activate = activation_of(cut)
            if not cut.spans:
                reads.append(None)
                kernels.append(None)
                given.append(activate(bias.unsqueeze(0)).expand(matrix.shape[0], -1))
                continue
            pieces = [blocks[k] for k in cut.blocks] + [given[j] for j in cut.earlier]
            read = pieces[0] if len(pieces) == 1 else torch.cat(pieces, 1)
            kernel = self.views(cut.kernel).joined(cut)
            reads.append(read)
            kernels.append(kernel)
            given.append(activate(torch.addmm(bias, read, kernel)))
        return Pass(network, reads, kernels, given)


class Pass:
    """What a forward pass computed.

    Attributes:
        kernels: of each cut, in one piece.
        outputs: one tensor per output, shape (batch, units).
    """

    def __init__(
        self, network: CutNetwork, reads: list[Tensor | None], kernels: list[Tensor | None], given: list[Tensor]
    ) -> None:
        self._network, self._reads, self._given = network, reads, given
        self.kernels = kernels
        self.outputs = [given[position] for position in network.outputs]

    def backward(self, gradients: list[Tensor]) -> list[Gradients]:
        """Returns the gradients of every cut.

        Args:
            gradients: of the outputs.
        """
        cuts = self._network.cuts
        found: list[Any] = [None] * len(cuts)
        pending: list[Tensor | None] = [None] * len(cuts)
        for position, gradient in zip(self._network.outputs, gradients, strict=True):
            pending[position] = gradient
        for position in reversed(range(len(cuts))):
            cut, read, kernel = cuts[position], self._reads[position], self.kernels[position]
            before = _DERIVATIVES[cut.activation](pending[position], self._given[position])
            if read is None or kernel is None:
                found[position] = Gradients(None, before.sum(0))
                continue
            found[position] = Gradients(torch.mm(read.t(), before), before.sum(0))
            self._hand_back(cut, before, kernel, pending)
        return found

    def _hand_back(self, cut: Cut, before: Tensor, kernel: Tensor, pending: list[Tensor | None]) -> None:
        if not cut.earlier:
            return
        widths = [stop - start for start, stop in cut.spans[len(cut.blocks) :]]
        rows = kernel[kernel.shape[0] - sum(widths) :] if cut.blocks else kernel
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
