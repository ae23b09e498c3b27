"""A functional Keras model as a flat list of torch kernels.

The graph is read once. Each of its nodes becomes one step: a kernel of `kernels.KERNELS`, or, for a layer that has
none, the call of the Keras layer itself. Tensors keep their channels first from one kernel to the next and are
turned back only where something reads them as Keras has them. Nested sequential and functional models are read as
part of the graph. The steps hold the layers, never values of variables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import torch
from torch import Tensor

from amber.backend.keras_internals.graphs import (
    Functional,
    functional_of,
    input_structure,
    layers_within,
    nodes_by_depth,
)
from amber.backend.keras_internals.torch_runtime import get_keras_mask, to_torch_dtype
from amber.backend.torch.conv_pool_kernels import Layout, make_inside_average
from amber.backend.torch.kernels import KERNELS, Kernel
from amber.types import TensorTree

if TYPE_CHECKING:
    from amber.backend.keras_internals.graphs import Node

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
# What layers may compute in; float16 needs losses that are scaled, which is left to Keras.
_COMPUTED_IN = ("float32", "bfloat16")
_DECISIVE = ("activation", "_kernel", "activity_regularizer", "_dtype_policy")


@dataclass(frozen=True, slots=True)
class Expected:
    """What an input must be so that nothing needs converting."""

    dtype: torch.dtype
    shape: tuple[int | None, ...]

    def fits(self, tensor: Tensor) -> bool:
        """Whether a tensor has this shape; None stands for any size."""
        shape = tensor.shape
        return len(shape) == len(self.shape) and all(
            size is None or size == other for size, other in zip(self.shape, shape, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One computation: `run` of one value, or of a list of them, gives the values of `targets`."""

    run: Callable[..., Any]
    sources: tuple[int, ...]
    targets: tuple[int, ...]
    joins: bool


class Plan:
    """The steps of one model.

    Attributes:
        layers: every layer of the model, nested ones too.
        expected: the inputs, in order.
        calls_layers: whether a step calls a Keras layer, which might add losses or draw on the call's context.
    """

    def __init__(self, model: keras.Model, kernels: Mapping[type, Kernel] = KERNELS) -> None:
        writer = _Writer(kernels)
        inputs = [writer.give(tensor, Layout.KERAS) for tensor in model.inputs]
        writer.read(model)
        outputs = [writer.slot(tensor, Layout.KERAS, tensor.dtype) for tensor in model.outputs]
        self.layers: tuple[Any, ...] = tuple(layers_within(model))
        self.expected = tuple(Expected(to_torch_dtype(tensor.dtype), tensor.shape) for tensor in model.inputs)
        self.calls_layers = writer.calls_layers
        self._input_names = [tensor.name for tensor in model.inputs]
        self._takes_lists = isinstance(input_structure(model), (list, tuple)) or len(inputs) == 1
        self._output_shapes = [(tensor.shape[1:], to_torch_dtype(tensor.dtype)) for tensor in model.outputs]
        self._signature = _signature(self.layers)
        self._inputs, self._outputs = inputs, outputs
        self._steps = tuple((step.run, step.sources, step.targets, step.joins) for step in writer.steps)
        self._slots = writer.slots

    def outline(self, inputs: list[Tensor]) -> list[Tensor] | None:
        """Return empty outputs for inputs without content, or None if their shapes do not tell.

        Keras asks for them before the first training; going through all layers for that takes longer than a step.
        """
        if len(inputs) != len(self.expected) or not all(isinstance(tensor, Tensor) for tensor in inputs):
            return None
        fitting = all(expected.fits(tensor) for expected, tensor in zip(self.expected, inputs, strict=True))
        if not fitting or any(None in shape for shape, _ in self._output_shapes):
            return None
        batch = inputs[0].shape[0]
        return [torch.empty((batch, *shape), dtype=dtype, device="meta") for shape, dtype in self._output_shapes]

    def fitting(self, x: TensorTree) -> list[Tensor] | None:
        """Return the input tensors in order, or None if Keras must first check or convert them."""
        tensors: Any = [x] if isinstance(x, Tensor) else x
        if isinstance(x, dict):
            tensors = [x[name] for name in self._input_names] if set(self._input_names) == set(x) else None
        if not isinstance(tensors, (list, tuple)) or len(tensors) != len(self.expected) or not self._takes_lists:
            return None
        for tensor, expected in zip(tensors, self.expected, strict=True):
            if type(tensor) is not Tensor or tensor.dtype is not expected.dtype or not expected.fits(tensor):
                return None
            if get_keras_mask(tensor) is not None:
                return None
        return list(tensors)

    def is_current(self) -> bool:
        """Whether every layer still is as it was when the plan was made."""
        return _signature(self.layers) == self._signature

    def __call__(self, inputs: list[Tensor], training: bool | None) -> list[Tensor]:
        """Return the outputs in order for the inputs in order."""
        values: list[Any] = [None] * self._slots
        for slot, tensor in zip(self._inputs, inputs, strict=True):
            values[slot] = tensor
        for run, sources, targets, joins in self._steps:
            if joins:
                result = run([values[slot] for slot in sources], training)
            else:
                result = run(values[sources[0]], training)
            if len(targets) == 1:
                values[targets[0]] = result
            else:
                for slot, value in zip(targets, keras.tree.flatten(result), strict=True):
                    values[slot] = value
        return [values[slot] for slot in self._outputs]


def make_plan(model: keras.Model, kernels: Mapping[type, Kernel] = KERNELS) -> Plan | None:
    """Return the plan of a functional model, with kernels of its layers, or None if only Keras can run it.

    That is so for float16, quantised layers and masks, and where hooks watch the model.
    """
    tensors = [tensor for nodes in nodes_by_depth(model).values() for node in nodes for tensor in node.outputs]
    if any(get_keras_mask(tensor) is not None for tensor in tensors) or _is_watched(model):
        return None
    for layer in layers_within(model):
        policy = layer.dtype_policy
        is_known = policy.variable_dtype == "float32" and policy.compute_dtype in _COMPUTED_IN
        if policy.quantization_mode is not None or not (is_known or isinstance(layer, keras.layers.InputLayer)):
            return None
    return Plan(model, kernels)


class _Writer:
    """Collects steps while it reads graphs; knows in which slot, layout and dtype each Keras tensor is."""

    def __init__(self, kernels: Mapping[type, Kernel]) -> None:
        self._kernels = kernels
        self.steps: list[Step] = []
        self.slots = 0
        self.calls_layers = False
        self._places: dict[int, dict[tuple[Layout, str], int]] = {}

    def give(self, tensor: keras.KerasTensor, layout: Layout) -> int:
        """Return a new slot for a Keras tensor that is computed (again, where a nested model is called twice)."""
        self._places[id(tensor)] = {}
        return self._take(tensor, layout, tensor.dtype)

    def _take(self, tensor: keras.KerasTensor, layout: Layout, dtype: str) -> int:
        self._places[id(tensor)][layout, dtype] = slot = self.slots
        self.slots += 1
        return slot

    def slot(self, tensor: keras.KerasTensor, layout: Layout, dtype: str) -> int:
        """Return the slot of a Keras tensor in a layout and a dtype, after turning or casting it where it must be."""
        places = self._places[id(tensor)]
        if (layout, dtype) in places:
            return places[layout, dtype]
        if all(known != dtype for _, known in places):
            (given, _), source = next(iter(places.items()))
            to = to_torch_dtype(dtype)
            target = self._take(tensor, given, dtype)
            self.steps.append(Step(lambda x, training: x.to(to), (source,), (target,), False))
            if given is layout:
                return target
        first = layout is Layout.CHANNELS_FIRST
        source = places[Layout.KERAS if first else Layout.CHANNELS_FIRST, dtype]
        # Counted from the front: torch's exporter writes an axis as it is given, and ONNX knows no negative ones.
        last = len(tensor.shape) - 1
        channels, place = (last, 1) if first else (1, last)
        target = self._take(tensor, layout, dtype)
        self.steps.append(Step(lambda x, training: x.movedim(channels, place), (source,), (target,), False))
        return target

    def read(self, model: keras.Model) -> None:
        """Add the steps of a functional model whose inputs have slots."""
        for _, nodes in sorted(nodes_by_depth(model).items(), reverse=True):
            for node in nodes:
                if node.operation is not None and not node.is_input:
                    self._add(node)

    def _add(self, node: Node) -> None:
        inner, average = _nested(node), None
        if inner is not None and type(node.operation) is keras.Sequential and all(map(_is_plain, inner.layers)):
            average = make_inside_average(node.operation, node.input_tensors[0].shape)
        if average is not None:
            source = self.slot(node.input_tensors[0], Layout.CHANNELS_FIRST, node.outputs[0].dtype)
            self.steps.append(Step(average, (source,), (self.give(node.outputs[0], Layout.CHANNELS_FIRST),), False))
        elif inner is not None:
            for within, outside in zip(inner.inputs, node.input_tensors, strict=True):
                self._rename(outside, within)
            self.read(inner)
            for outside, within in zip(node.outputs, inner.outputs, strict=True):
                self._rename(within, outside)
        elif not self._add_kernel(node):
            self._add_call(node)

    def _rename(self, tensor: keras.KerasTensor, other: keras.KerasTensor) -> None:
        self._places[id(other)] = dict(self._places[id(tensor)])

    def _add_kernel(self, node: Node) -> bool:
        layer = node.operation
        kernel = self._kernels.get(type(layer))
        if kernel is None or not _is_plain(layer) or not _is_plain_call(node, kernel.joins):
            return False
        ranks = {len(tensor.shape) for tensor in node.input_tensors}
        if len(ranks) != 1:
            return False
        rank = ranks.pop()
        # Channels first as soon as one of several is so; the others are turned.
        places = [place for tensor in node.input_tensors for place, _ in self._places[id(tensor)]]
        turned = Layout.CHANNELS_FIRST in places
        layout = Layout.KERAS if rank < 3 else kernel.reads or (Layout.CHANNELS_FIRST if turned else Layout.KERAS)
        run = kernel.make(layer, layout, rank)
        if run is None:
            return False
        (output,) = node.outputs
        if any(tensor.dtype != output.dtype and not _is_float(tensor) for tensor in node.input_tensors):
            return False
        # A layer casts what it is given to the dtype that it computes in.
        sources = tuple(self.slot(tensor, layout, output.dtype) for tensor in node.input_tensors)
        gives = Layout.KERAS if len(output.shape) < 3 else kernel.gives or layout
        self.steps.append(Step(run, sources, (self.give(output, gives),), kernel.joins))
        return True

    def _add_call(self, node: Node) -> None:
        operation, arguments = node.operation, node.arguments
        tensors = list({id(tensor): tensor for tensor in node.input_tensors}.values())
        keys = [id(tensor) for tensor in tensors]
        takes_training = "training" in getattr(operation, "_call_context_args", ())

        def run(values: list[Tensor], training: bool | None) -> TensorTree:
            positional, named = arguments.fill_in(dict(zip(keys, values, strict=True)))
            if takes_training and training is not None:
                named["training"] = training
            return operation(*positional, **named)

        self.calls_layers = True
        sources = tuple(self.slot(tensor, Layout.KERAS, tensor.dtype) for tensor in tensors)
        targets = tuple(self.give(tensor, Layout.KERAS) for tensor in node.outputs)
        self.steps.append(Step(run, sources, targets, True))


def _is_float(tensor: keras.KerasTensor) -> bool:
    return to_torch_dtype(tensor.dtype).is_floating_point


def _nested(node: Node) -> keras.Model | None:
    """The functional model that a node calls, where its graph can be read as part of ours."""
    layer = node.operation
    inner = functional_of(layer)
    # By `__class__`, so that a FastFunctional, which says it is a Functional, counts too.
    if getattr(inner, "__class__", None) is not Functional or len(inner.inputs) != 1:
        return None
    if not _is_plain(layer) or not _is_plain(inner) or not _is_plain_call(node, joins=False):
        return None
    return inner if len(inner.inputs[0].shape) == len(node.input_tensors[0].shape) else None


def _is_plain_call(node: Node, joins: bool) -> bool:
    """Whether a node is `layer(tensor)`, or for a joining layer `layer([tensor, tensor, ...])`."""
    positional, named = node.arguments.args, node.arguments.kwargs
    # Keras writes the default `training=False` of a layer into the node; the model's own always replaces it.
    if len(positional) != 1 or any(value not in (None, False) for value in named.values()):
        return False
    if not joins:
        return positional[0] is node.input_tensors[0] and len(node.input_tensors) == 1
    given = positional[0]
    return isinstance(given, (list, tuple)) and len(given) == len(node.input_tensors) > 1


def _is_plain(layer: keras.Layer) -> bool:
    """Whether nothing was put on a layer that only Keras' own call would honour."""
    return (
        getattr(layer, "activity_regularizer", None) is None
        and getattr(layer, "autocast", True)
        and not getattr(layer, "lora_enabled", False)
        and "call" not in vars(layer)
        and not _is_watched(layer)
    )


def _is_watched(layer: keras.Layer) -> bool:
    state = vars(layer)
    return any(state.get(name) for name in _HOOKS)


def _signature(layers: tuple[keras.Layer, ...]) -> list[int | bool]:
    """What of each layer decides which step it became."""
    signature: list[Any] = []
    for layer in layers:
        state = vars(layer)
        signature += [id(state.get(name)) for name in _DECISIVE]
        signature += [bool(state.get("lora_enabled")), "call" in state, any(state.get(name) for name in _HOOKS)]
    return signature


def watched_globally() -> bool:
    """Whether hooks watch every torch module."""
    module = torch.nn.modules.module
    return bool(module._global_forward_hooks or module._global_forward_pre_hooks or module._global_backward_hooks)
