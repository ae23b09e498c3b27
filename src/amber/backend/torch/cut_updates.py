"""Updates of the selected part of shared tensors, on the slots of the Keras optimizer itself.

Weights an architecture does not use, and what the optimizer remembers of them, stay as they are: an update of whole
tensors would move them along old momentum. Adam and AdamW without decay of weights are one fused kernel over all
parts; for any other optimizer the gradients are set into zeros and Keras applies them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from amber.backend.cuts import Cut, CutNetwork
from amber.backend.torch.cut_network import Gradients, Pass, Views, ViewStore
from amber.backend.torch.updates import MANY_STEPS, corrected_rate, is_fused


class CutUpdate:
    """Updates what a network cuts out of variables.

    Args:
        optimizer: built for all of the variables.
        variables: the variables any network may cut from.
        views: of the variables.
    """

    def __init__(self, optimizer: Any, variables: Sequence[Any], views: ViewStore) -> None:
        self._optimizer, self._views, self._slots = optimizer, views, ViewStore()
        constrained = any(variable.constraint or variable.regularizer for variable in variables)
        parameters = [variable._value for variable in variables]
        self._is_fused = (
            is_fused(optimizer, parameters) and optimizer.weight_decay is None and not optimizer.amsgrad
        ) and not constrained
        self._clips = any(
            bound is not None for bound in (optimizer.clipnorm, optimizer.clipvalue, optimizer.global_clipnorm)
        )
        self._known = {id(variable) for variable in variables}
        self._steps = [torch.tensor(MANY_STEPS)] * (16 * len(parameters))

    def covers(self, network: CutNetwork) -> bool:
        """Whether everything a network cuts from is trained."""
        return all(id(cut.kernel) in self._known and id(cut.bias) in self._known for cut in network.cuts)

    def __call__(self, network: CutNetwork, done: Pass, gradients: list[Gradients]) -> None:
        """Updates every weight the network selects; call without gradients being recorded."""
        if not self._is_fused or self._clips:
            self._leave_to_keras(network, gradients)
            return
        optimizer = self._optimizer
        parts: list[list[Tensor]] = [[], [], [], []]
        copied_to: list[Tensor] = []
        copied_from: list[Tensor] = []
        for cut, kernel, gradient in zip(network.cuts, done.kernels, gradients, strict=True):
            states = self._states(cut.bias)
            _extend(parts, [states[0].first(cut.units), gradient.bias, *[s.first(cut.units) for s in states[1:]]])
            if gradient.kernel is None or kernel is None:
                continue
            states = self._states(cut.kernel)
            if cut.units == cut.kernel.shape[1]:
                self._add_rows(parts, cut, states, gradient.kernel)
                continue
            whole = [kernel if kernel.is_contiguous() else kernel.contiguous()]
            whole += [state.joined(cut).contiguous() for state in states[1:]]
            _extend(parts, [whole[0], gradient.kernel, *whole[1:]])
            for state, tensor in zip(states, whole, strict=True):
                copied_to += [state(start, stop, cut.units) for start, stop in cut.spans]
                copied_from += _split(tensor, cut)
        self._apply(parts)
        if copied_to:
            torch._foreach_copy_(copied_to, copied_from)
        optimizer._iterations._value.add_(1)

    def _states(self, variable: Any) -> tuple[Views, Views, Views]:
        """The views of a variable, its momentum and its velocity."""
        optimizer = self._optimizer
        index = optimizer._get_variable_index(variable)
        slots = self._slots
        return self._views(variable), slots(optimizer._momentums[index]), slots(optimizer._velocities[index])

    @staticmethod
    def _add_rows(parts: list[list[Tensor]], cut: Cut, states: Sequence[Views], gradient: Tensor) -> None:
        for (start, stop), piece in zip(cut.spans, _split(gradient, cut), strict=True):
            values, *slots = [state(start, stop, cut.units) for state in states]
            _extend(parts, [values, piece, *slots])

    def _apply(self, parts: list[list[Tensor]]) -> None:
        optimizer, count = self._optimizer, len(parts[0])
        if len(self._steps) < count:
            self._steps = self._steps[:1] * count
        values, gradients, momentums, velocities = parts
        torch._fused_adam_(
            values,
            gradients,
            momentums,
            velocities,
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

    def _leave_to_keras(self, network: CutNetwork, gradients: list[Gradients]) -> None:
        whole: dict[int, tuple[Any, Tensor]] = {}
        for cut, gradient in zip(network.cuts, gradients, strict=True):
            bias = torch.zeros_like(cut.bias._value)
            bias[: cut.units] = gradient.bias
            whole[id(cut.bias)] = (cut.bias, bias)
            if gradient.kernel is None:
                continue
            kernel = torch.zeros_like(cut.kernel._value)
            for (start, stop), piece in zip(cut.spans, _split(gradient.kernel, cut), strict=True):
                kernel[start:stop, : cut.units] = piece
            whole[id(cut.kernel)] = (cut.kernel, kernel)
        self._optimizer.apply([tensor for _, tensor in whole.values()], [variable for variable, _ in whole.values()])


def _extend(parts: list[list[Tensor]], tensors: Sequence[Tensor]) -> None:
    for part, tensor in zip(parts, tensors, strict=True):
        part.append(tensor)


def _split(tensor: Tensor, cut: Cut) -> Sequence[Tensor]:
    if len(cut.spans) == 1:
        return (tensor,)
    return torch.split_with_sizes(tensor, [stop - start for start, stop in cut.spans])
