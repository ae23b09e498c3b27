"""A functional model as a list of steps, run forwards for values and backwards for multipliers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from amber.backend.keras_internals.graphs import Functional, LayerCall, calls_in_order, functional_of
from amber.errors import InvalidArchitectureError
from amber.explain.deep_lift.rules import step_of
from amber.explain.deep_lift.steps import PullBack, Step
from amber.types import Tensor


@dataclass(frozen=True)
class _Instruction:
    """One step: the names of the tensors it reads and of the one it writes."""

    step: Step
    reads: tuple[int, ...]
    writes: int


class Program:
    """The steps that one output of a functional model needs, those of models within it among them.

    Args:
        model: a functional model.
        output: position of the output.

    Raises:
        InvalidArchitectureError: a layer with several outputs, or one that masks positions.
    """

    def __init__(self, model: keras.Model, output: int = 0) -> None:
        self._inputs = tuple(map(id, model.inputs))
        self._output = id(model.outputs[output])
        instructions = [instruction for call in calls_in_order(model) for instruction in _instructions(call)]
        needed = {self._output}
        kept = []
        for each in reversed(instructions):
            if each.writes in needed:
                needed.update(each.reads)
                kept.append(each)
        self._instructions = kept[::-1]

    def __call__(self, *tensors: Any) -> tuple[Any, PullBack]:
        """Run the program as a step; see `steps`."""
        values: dict[int, Any] = dict(zip(self._inputs, tensors, strict=True))
        pulls = []
        for each in self._instructions:
            values[each.writes], pull = each.step(*[values[name] for name in each.reads])
            pulls.append((each, pull))

        def pull_all(multipliers: Any) -> list[Any]:
            found: dict[int, Any] = {self._output: multipliers}
            for each, pull in reversed(pulls):
                for name, part in zip(each.reads, pull(found.pop(each.writes)), strict=True):
                    found[name] = found[name] + part if name in found else part
            half = [tensor[: tensor.shape[0] // 2] for tensor in tensors]
            return [
                found.get(name, keras.ops.zeros_like(tensor)) for name, tensor in zip(self._inputs, half, strict=True)
            ]

        return values[self._output], pull_all


def _instructions(call: LayerCall) -> list[_Instruction]:
    layer = functional_of(call.layer) if isinstance(call.layer, keras.Sequential) else call.layer
    if isinstance(layer, keras.Model) and isinstance(layer, Functional):
        return [
            _Instruction(Program(layer, position), call.inputs, written)
            for position, written in enumerate(call.outputs)
        ]
    if len(call.outputs) != 1:
        raise InvalidArchitectureError(
            f"DeepLIFT needs layers of one output. Received: '{layer.name}' with {len(call.outputs)}; "
            "`integrated_gradients` explains any network"
        )
    if isinstance(layer, keras.layers.Masking) or getattr(layer, "mask_zero", False):
        raise InvalidArchitectureError(
            f"DeepLIFT does not follow masks. Received: the masking layer '{layer.name}'; `integrated_gradients` "
            "explains any network"
        )
    reads = tuple(dict.fromkeys(call.inputs))
    return [_Instruction(step_of(layer, _caller(layer, reads, call)), reads, call.outputs[0])]


def _caller(layer: keras.Layer, reads: Sequence[int], call_in_model: LayerCall) -> Callable[..., Tensor]:
    def call(*tensors: Any) -> Any:
        positional, named = call_in_model.arguments(dict(zip(reads, tensors, strict=True)))
        return layer(*positional, **named)

    return call
