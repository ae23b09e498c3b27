"""Train many sliced networks on the same batch: one update along the mean of their gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from amber.backend.keras_internals.variables import tensor_of
from amber.backend.torch.sliced_mlp import Gradients, Runner
from amber.backend.weight_slices import SlicedMLP

if TYPE_CHECKING:
    import keras


def run_together(runner: Runner, networks: Sequence[SlicedMLP], matrix: Tensor) -> list[Tensor]:
    """Return each output of all networks, shape (batch, networks, units), for all features of a batch."""
    with torch.no_grad():
        outputs = [runner.forward(network, matrix).outputs for network in networks]
    return [torch.stack(each, 1) for each in zip(*outputs, strict=True)]


def differentiate(
    runner: Runner, networks: Sequence[SlicedMLP], matrix: Tensor, loss_of: Callable[[list[Tensor]], Tensor]
) -> tuple[Tensor, list[Tensor], list[keras.Variable]]:
    """Leave the gradients of a loss of all networks on the variables they read.

    Args:
        runner: runs the networks.
        networks: of one supernet.
        matrix: all features of a batch.
        loss_of: the loss, of each output of all networks, shape (batch, networks, units).

    Returns:
        The loss, the outputs it was computed of, and the variables that have gradients now.
    """
    with torch.no_grad():
        passes = [runner.forward(network, matrix) for network in networks]
        outputs = [torch.stack(each, 1) for each in zip(*[done.outputs for done in passes], strict=True)]
    leaves = [output.requires_grad_() for output in outputs]
    loss = loss_of(leaves)
    gradients = torch.autograd.grad(loss, leaves)
    variables: dict[int, Any] = {}
    with torch.no_grad():
        for number, (network, done) in enumerate(zip(networks, passes, strict=True)):
            found = done.backward([gradient[:, number] for gradient in gradients])
            for layer, each in zip(network.layers, found, strict=True):
                _add(variables, layer, each)
    return loss, [leaf.detach() for leaf in leaves], list(variables.values())


def _add(variables: dict[int, keras.Variable], layer: keras.Layer, gradients: Gradients) -> None:
    _gradient(variables, layer.bias)[: layer.units] += gradients.bias
    if gradients.kernel is None:
        return
    whole, first = _gradient(variables, layer.kernel), 0
    for start, stop in layer.spans:
        last = first + stop - start
        whole[start:stop, : layer.units] += gradients.kernel[first:last]
        first = last


def _gradient(variables: dict[int, keras.Variable], variable: keras.Variable) -> Tensor:
    parameter = tensor_of(variable)
    if id(variable) not in variables:
        variables[id(variable)] = variable
        parameter.grad = torch.zeros_like(parameter)
    gradient: Tensor = parameter.grad
    return gradient
