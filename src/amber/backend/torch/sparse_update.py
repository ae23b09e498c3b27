"""Update the selected part of shared tensors, with the slots of the Keras optimizer itself.

Weights an architecture does not use, and what the optimizer remembers of them, stay as they are: an update of whole
tensors would move them along old momentum. Adam and AdamW without decay of weights are one fused kernel over all
parts; for any other optimizer the gradients are set into zeros and Keras applies them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from amber.backend.keras_internals.steps import MOMENTUMS, VELOCITIES, slots, steps_done
from amber.backend.keras_internals.variables import tensor_of
from amber.backend.torch.sliced_mlp import Gradients, Group, Pass, Views, ViewStore
from amber.backend.torch.train_step import MANY_STEPS, corrected_rate, is_fused
from amber.backend.weight_slices import DenseSlice, SlicedMLP

if TYPE_CHECKING:
    import keras


class SparseUpdate:
    """Updates the slices of variables that a network reads.

    Args:
        optimizer: built for all of the variables.
        variables: the variables that a network may read slices of.
        views: of the variables.
    """

    def __init__(
        self, optimizer: keras.optimizers.Optimizer, variables: Sequence[keras.Variable], views: ViewStore
    ) -> None:
        self._optimizer, self._views = optimizer, views
        constrained = any(variable.constraint or variable.regularizer for variable in variables)
        parameters = [tensor_of(variable) for variable in variables]
        self._is_fused = (
            is_fused(optimizer, parameters) and optimizer.weight_decay is None and not optimizer.amsgrad
        ) and not constrained
        self._clips = any(
            bound is not None for bound in (optimizer.clipnorm, optimizer.clipvalue, optimizer.global_clipnorm)
        )
        self._states_of: dict[int, tuple[Views, Views, Views]] = {}
        self._known = {id(variable) for variable in variables}
        self._steps = [torch.tensor(MANY_STEPS)] * (16 * len(parameters))

    def covers(self, network: SlicedMLP) -> bool:
        """Say whether every variable that a network reads is trained."""
        return all([id(layer.kernel) in self._known and id(layer.bias) in self._known for layer in network.layers])

    def __call__(self, network: SlicedMLP, done: Pass, gradients: list[Gradients]) -> None:
        """Update every weight that the network selects; call without gradients being recorded."""
        if not self._is_fused or self._clips:
            self._leave_to_keras(network, gradients)
            return
        parts = _Parts()
        for layer, gradient in zip(network.layers, gradients, strict=True):
            values, momentum, velocity = self._states(layer.bias)
            parts.add(
                values.first(layer.units), gradient.bias, momentum.first(layer.units), velocity.first(layer.units)
            )
            if gradient.kernel is not None and layer.units == layer.kernel.shape[1]:
                pieces = [state.pieces(layer) for state in self._states(layer.kernel)]
                for each in zip(pieces[0], _split(gradient.kernel, layer), pieces[1], pieces[2], strict=True):
                    parts.add(*each)
        for group in done.groups:
            self._add_group(parts, group, network)
        self._apply(parts)
        if parts.copied_to:
            torch._foreach_copy_(parts.copied_to, parts.copied_from)
        steps_done(self._optimizer).add_(1)

    def _add_group(self, parts: _Parts, group: Group, network: SlicedMLP) -> None:
        layers = [network.layers[position] for position in group.positions]
        states = [self._states(layer.kernel) for layer in layers]
        pieces = [
            [piece for layer, state in zip(layers, states, strict=True) for piece in state[number].pieces(layer)]
            for number in range(3)
        ]
        copies = [group.values, torch.cat(pieces[1]), torch.cat(pieces[2])]
        parts.add(copies[0], group.gradient, copies[1], copies[2])
        sizes = [piece.shape[0] for piece in pieces[0]]
        for views, copy in zip(pieces, copies, strict=True):
            parts.copied_to += views
            parts.copied_from += torch.split_with_sizes(copy, sizes)

    def _states(self, variable: keras.Variable) -> tuple[Views, Views, Views]:
        """Return the views of a variable, its momentum and its velocity."""
        states = self._states_of.get(id(variable))
        if states is None or states[0].source is not tensor_of(variable):
            (momentum,), (velocity,) = [slots(self._optimizer, kind, [variable]) for kind in (MOMENTUMS, VELOCITIES)]
            states = self._views(variable), Views(momentum), Views(velocity)
            self._states_of[id(variable)] = states
        return states

    def _apply(self, parts: _Parts) -> None:
        optimizer, count = self._optimizer, len(parts.values)
        if len(self._steps) < count:
            self._steps = self._steps[:1] * count
        torch._fused_adam_(
            parts.values,
            parts.gradients,
            parts.momentums,
            parts.velocities,
            [],
            self._steps[:count],
            lr=corrected_rate(optimizer),
            beta1=optimizer.beta_1,
            beta2=optimizer.beta_2,
            weight_decay=0.0,
            eps=optimizer.epsilon,
            amsgrad=False,
            maximize=False,
        )

    def _leave_to_keras(self, network: SlicedMLP, gradients: list[Gradients]) -> None:
        whole: dict[int, tuple[Any, Tensor]] = {}
        for layer, gradient in zip(network.layers, gradients, strict=True):
            bias = torch.zeros_like(tensor_of(layer.bias))
            bias[: layer.units] = gradient.bias
            whole[id(layer.bias)] = (layer.bias, bias)
            if gradient.kernel is None:
                continue
            kernel = torch.zeros_like(tensor_of(layer.kernel))
            for (start, stop), piece in zip(layer.spans, _split(gradient.kernel, layer), strict=True):
                kernel[start:stop, : layer.units] = piece
            whole[id(layer.kernel)] = (layer.kernel, kernel)
        self._optimizer.apply([tensor for _, tensor in whole.values()], [variable for variable, _ in whole.values()])


class _Parts:
    """What one update changes, piece by piece, and what of it has to be copied back afterwards."""

    def __init__(self) -> None:
        self.values: list[Tensor] = []
        self.gradients: list[Tensor] = []
        self.momentums: list[Tensor] = []
        self.velocities: list[Tensor] = []
        self.copied_to: list[Tensor] = []
        self.copied_from: list[Tensor] = []

    def add(self, values: Tensor, gradient: Tensor, momentum: Tensor, velocity: Tensor) -> None:
        """Add tensors of one shape."""
        self.values.append(values)
        self.gradients.append(gradient)
        self.momentums.append(momentum)
        self.velocities.append(velocity)


def _split(tensor: Tensor, layer: DenseSlice) -> Sequence[Tensor]:
    if len(layer.spans) == 1:
        return (tensor,)
    return torch.split_with_sizes(tensor, [stop - start for start, stop in layer.spans])
