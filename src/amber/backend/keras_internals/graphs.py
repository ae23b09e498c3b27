"""Nodes, structure and layers of a functional model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

import keras

from amber.types import Tensor, TensorTree

if TYPE_CHECKING:
    from io import BytesIO

try:
    from keras.src.models.functional import Functional
except ImportError:  # Keras has moved it; it is still what `keras.Model(inputs, outputs)` gives
    Functional = type(keras.Model(*2 * [keras.Input((1,), name="input")], name="functional"))

__all__ = [
    "Arguments",
    "Functional",
    "LayerCall",
    "Node",
    "PlainFunctional",
    "calls_in_order",
    "functional_of",
    "inbound_nodes",
    "input_structure",
    "layer_count",
    "layers_within",
    "mark_as_called",
    "nodes_by_depth",
    "output_structure",
    "reshapes",
    "standardized_inputs",
]


class PlainFunctional(Functional):
    """`keras.Model(inputs, outputs)` that looks like a Functional from outside.

    `model.__class__` is Keras's Functional, which is what saving, cloning and printing look at: a saved model names no
    class of AMBER and loads where AMBER is not installed, as a plain Functional. (`type(model)` tells the truth.) A
    subclass may override what a user calls; `saved_as = None` gives it an identity of its own.

    Attributes:
        saved_as: the class that `model.__class__` names, and as which it is saved; None for its own.
    """

    saved_as: type | None = Functional

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self).saved_as or type(self)

    def _standardize_inputs(self, inputs: TensorTree) -> list[Tensor]:
        """Return the inputs as a flat list; the only one by its name or in a list is itself, where Keras would warn."""
        only: Any = input_structure(self)
        if not keras.tree.is_nested(only):
            if isinstance(inputs, Mapping) and list(inputs) == [only.name]:
                inputs = inputs[only.name]
            elif isinstance(inputs, list | tuple) and len(inputs) == 1:
                inputs = inputs[0]
        found: list[Tensor] = super()._standardize_inputs(inputs)
        return found

    @classmethod
    def _unpickle_model(cls, file: BytesIO) -> keras.Model:
        model = Functional._unpickle_model(file)
        if type(model) is Functional:
            model.__class__ = cls
        return model


class Node(Protocol):
    """One call of a layer in a functional model."""

    operation: keras.Operation
    input_tensors: Sequence[keras.KerasTensor]
    outputs: Sequence[keras.KerasTensor]
    arguments: Arguments
    is_input: bool


class Arguments(Protocol):
    """The arguments of a call, with tensors without content where it is given tensors."""

    args: tuple[object, ...]
    kwargs: dict[str, object]

    def fill_in(self, tensors: dict[int, Tensor]) -> tuple[tuple[object, ...], dict[str, object]]:
        """Return the arguments with these tensors, by the identity of those that they stand for."""


nodes_by_depth: Callable[[keras.Model], Mapping[int, Sequence[Node]]] = attrgetter("_nodes_by_depth")
"""Return the nodes of a functional model; the deepest come first in computation."""

inbound_nodes: Callable[[keras.Layer], Sequence[Node]] = attrgetter("_inbound_nodes")
"""Return the calls of a layer."""

reshapes: Callable[[keras.Layer], bool] = attrgetter("_reshape_required")
"""Say whether a merging layer changes the shapes of what it joins."""

input_structure: Callable[[keras.Model], TensorTree] = attrgetter("_inputs_struct")
"""Return the inputs of a functional model in the structure that it was made with."""

output_structure: Callable[[keras.Model], TensorTree] = attrgetter("_outputs_struct")
"""Return the outputs of a functional model in the structure that it was made with."""


def layers_within(model: keras.Model) -> Iterator[keras.Layer]:
    """Return the model itself and every layer in it, at any depth."""
    if hasattr(model, "_flatten_layers"):
        return iter(model._flatten_layers())
    return _nested(model)


def layer_count(model: keras.Model) -> int:
    """Return how many layers a model tracks itself; `model.layers` collects them again at each access."""
    return len(model._layers)


def _nested(layer: keras.Layer) -> Iterator[keras.Layer]:
    yield layer
    for each in getattr(layer, "layers", ()):
        yield from _nested(each)


def functional_of(layer: keras.Layer) -> keras.Layer:
    """Return the functional model inside a Sequential; any other layer as it is."""
    return layer._functional if type(layer) is keras.Sequential else layer


def standardized_inputs(model: keras.Model, inputs: TensorTree) -> list[Tensor]:
    """Return inputs as a flat list of tensors, checked and converted as the model's call would."""
    found: list[Any] = model._standardize_inputs(inputs)
    return found


def mark_as_called(model: keras.Model) -> None:
    """Let a functional model, which is complete without a call, be exported although it was never called."""
    model._called = True


@dataclass(frozen=True)
class LayerCall:
    """One call of a layer within a functional model.

    Attributes:
        layer: what is called: a layer, a model, or an operation of `keras.ops`.
        inputs: identities of the symbolic tensors that it reads, in order.
        outputs: identities of those that it returns, in order.
        input_shapes: of what it reads, without the axis of examples.
        output_shapes: of what it returns, likewise.
        arguments: gives the arguments of the call, positional and named, from tensors by identity.
    """

    layer: Any
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    input_shapes: tuple[tuple[int | None, ...], ...]
    output_shapes: tuple[tuple[int | None, ...], ...]
    arguments: Callable[[dict[int, Tensor]], tuple[tuple[object, ...], dict[str, object]]]


def calls_in_order(model: keras.Model) -> list[LayerCall]:
    """Return the calls of a functional model in the order of computation, without those of its inputs."""
    by_depth = nodes_by_depth(model)
    return [
        LayerCall(
            node.operation,
            tuple(map(id, node.input_tensors)),
            tuple(map(id, node.outputs)),
            tuple(tuple(tensor.shape[1:]) for tensor in node.input_tensors),
            tuple(tuple(tensor.shape[1:]) for tensor in node.outputs),
            node.arguments.fill_in,
        )
        for depth in sorted(by_depth, reverse=True)
        for node in by_depth[depth]
        if node.operation is not None and not node.is_input
    ]
