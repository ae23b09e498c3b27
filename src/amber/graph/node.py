"""`ComputationNode`, one vertex of a network: what it is, what it costs, and how it is applied to Keras tensors.

`Network` is the protocol of a graph for measuring and building.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Protocol, get_args

import keras

from amber.architect import Operation
from amber.architect.places import NodePlace, NodeRole
from amber.checks import is_integer
from amber.display import one_line
from amber.errors import InvalidArchitectureError, ModelSpaceError
from amber.graph import plain
from amber.graph.describe import describe
from amber.graph.shape_words import plain_words
from amber.operations import OPERATIONS, make_layer
from amber.operations.merges import make_merge, merge_name
from amber.wording import shown

Shape = tuple[int | None, ...]

_ARGUMENTS = ("operation", "node_name", "merge_op", "parents", "group")


class ComputationNode:
    """A vertex of a network: one operation, its name and where its input comes from. Immutable.

    Args:
        operation: what is computed.
        node_name: unique in its graph; the name of the Keras layer.
        merge_op: how several parents are joined before a single-input operation: a registered name
            (`concatenate`, `add`, `average`, `maximum`, `multiply`) or a Keras layer class.
        parents: names of the nodes read, in order.
        group: the part of the network this node belongs to, as its place or as text. Drawings fold a group into one
            box.

    Attributes:
        place: the same as data; None where the group was given as text.

    Raises:
        ModelSpaceError: the operation is not an Operation, or the name is empty.
    """

    __slots__ = ("_group", "merge_op", "node_name", "operation", "parents", "place")

    operation: Operation
    node_name: str
    merge_op: str
    parents: tuple[str, ...]
    place: NodePlace | None
    _group: str | NodePlace

    def __init__(
        self,
        operation: Operation,
        node_name: str,
        merge_op: object = "concatenate",
        parents: Iterable[str] = (),
        group: str | NodePlace = "",
    ) -> None:
        if not isinstance(operation, Operation):
            raise ModelSpaceError(f"A node needs an Operation. Received: operation={operation!r}")
        if not isinstance(node_name, str) or not node_name:
            raise ModelSpaceError(f"A node needs a non-empty name. Received: node_name={node_name!r}")
        set_field = object.__setattr__
        set_field(self, "operation", operation)
        set_field(self, "node_name", node_name)
        set_field(self, "merge_op", merge_op if merge_op == "concatenate" else merge_name(merge_op))
        set_field(self, "parents", tuple(parents))
        set_field(self, "_group", group)
        set_field(self, "place", group if isinstance(group, NodePlace) else None)

    @property
    def name(self) -> str:
        """The same as `node_name`."""
        return self.node_name

    @property
    def group(self) -> str:
        """The part of the network that this node belongs to, as text."""
        return str(self._group)

    @property
    def layer(self) -> int:
        """The layer of the space that this node belongs to.

        Raises:
            ModelSpaceError: it belongs to none, or its group was given as text.
        """
        if self.place is None or self.place.layer is None:
            raise ModelSpaceError(
                f"Expected a node that belongs to a layer of the model space. Received: {self.node_name!r}"
            )
        return self.place.layer

    @property
    def arguments(self) -> tuple[Operation, str, str, tuple[str, ...], NodePlace | str]:
        """What makes an equal node: operation, name, merge, parents, and place or group."""
        return (self.operation, self.node_name, self.merge_op, self.parents, self.place or self.group)

    def replace(self, **changes: object) -> ComputationNode:
        """Return a new node with these fields changed."""
        fields: dict[str, Any] = dict(zip(_ARGUMENTS, self.arguments, strict=True))
        return ComputationNode(**{**fields, **changes})

    def build(self, *tensors: keras.KerasTensor) -> keras.KerasTensor:
        """Return the output tensor of this node alone, with a layer of its own.

        Args:
            *tensors: its inputs, in the order of its parents; none for an input node.

        Raises:
            InvalidArchitectureError: the operation cannot be applied to these tensors.
        """
        return node_tensor(
            self.operation,
            self.node_name,
            self.merge_op,
            tensors,
            lambda shape: make_layer(self.operation, name=self.node_name, input_shape=shape),
        )

    def to_dict(self) -> dict[str, object]:
        """Return the node as a JSON-ready dictionary."""
        return {
            "name": self.node_name,
            "operation": self.operation.to_dict(),
            "parents": list(self.parents),
            "merge_op": self.merge_op,
            "group": self.group,
            **({} if self.place is None else {"place": asdict(self.place)}),
        }

    @classmethod
    def from_dict(cls, description: Mapping[str, Any]) -> ComputationNode:
        """Read what `to_dict` wrote.

        Raises:
            ModelSpaceError: a key is missing or has a value of the wrong type.
        """
        plain.check_mapping(description, "A node", ("operation", "name"), ModelSpaceError)
        return cls(
            Operation.from_dict(description["operation"]),
            plain.name(description["name"], "name of a node", ModelSpaceError),
            plain.text(description.get("merge_op", "concatenate"), "merge_op of a node", ModelSpaceError),
            plain.texts(description.get("parents", ()), "parents of a node", ModelSpaceError),
            _group(description),
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ComputationNode):
            return NotImplemented
        return self.arguments == other.arguments

    def __hash__(self) -> int:
        return hash(self.arguments)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"A ComputationNode cannot be changed; use replace(). Received: {name}={value!r}")

    def __repr__(self) -> str:
        reads = f" <- {', '.join(self.parents)}" if self.parents else ""
        return f"<{self.node_name} [{self.operation}]{reads}>"

    def __reduce__(self) -> tuple[object, ...]:
        return ComputationNode, self.arguments


def _group(description: Mapping[str, Any]) -> str | NodePlace:
    """Return the place of a node where its description has one, else the text of its group."""
    place = description.get("place")
    if place is None:
        return plain.text(description.get("group", ""), "group of a node", ModelSpaceError)
    plain.check_mapping(place, "The place of a node", ("role", "layer"), ModelSpaceError)
    role, layer = place["role"], place["layer"]
    if role not in get_args(NodeRole) or not (layer is None or is_integer(layer)):
        raise ModelSpaceError(
            f"The place of a node must have a role and the number of a layer. Received: {shown(place)}"
        )
    return NodePlace(role, layer)


@dataclass(frozen=True, slots=True)
class NodeCost:
    """The cost of one node.

    Attributes:
        output_shape: without the batch axis.
        parameters: all weights, as Keras's `count_params()`.
        trainable_parameters: those that training changes.
        flops: 2 x multiply-adds, forward, batch 1.
    """

    output_shape: Shape
    parameters: int = 0
    trainable_parameters: int = 0
    flops: int = 0
    __repr__ = one_line


@dataclass(frozen=True, slots=True)
class GraphCost:
    """The cost of a network: totals, and each node by name."""

    parameters: int
    trainable_parameters: int
    flops: int
    nodes: dict[str, NodeCost]
    __repr__ = one_line


class Network(Protocol):
    """A network as measuring, fingerprinting and building see it; `ComputationGraph` implements it."""

    nodes: tuple[ComputationNode, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def auxiliary(self) -> dict[str, float]:
        """The intermediate outputs and the weights of their losses."""

    @property
    def cost(self) -> GraphCost:
        """The cost of the network."""

    def node(self, name: str) -> ComputationNode:
        """Return the node of this name."""


def node_tensor(
    operation: Operation,
    name: str,
    merge_op: str,
    tensors: Sequence[keras.KerasTensor],
    layer_for: Callable[[Shape], keras.Layer],
) -> keras.KerasTensor:
    """Return the output tensor of an operation.

    Args:
        operation: what is computed.
        name: of the node; the name of an input.
        merge_op: how several tensors are joined before a single-input operation.
        tensors: its inputs; none for an input operation.
        layer_for: gives the layer (a callable of tensors) from the shape of the first tensor, without batch.

    Raises:
        InvalidArchitectureError: the operation cannot be applied to these tensors.
    """
    if operation.Layer_type == "input":
        options = {key: value for key, value in operation.Layer_attributes.items() if key not in ("name", "shape")}
        return keras.Input(shape=input_shape(operation), name=name, **options)
    if not tensors:
        raise InvalidArchitectureError(f"Node '{name}' reads at least one tensor. Received: none")
    try:
        layer = layer_for(tuple(tensors[0].shape[1:]))
        if len(tensors) == 1:
            return layer(tensors[0])
        if OPERATIONS.get(operation.Layer_type).takes_list:
            return layer(list(tensors))
        return layer(make_merge(merge_op, layer_name=f"{name}_{merge_op}")(list(tensors)))
    except (ValueError, TypeError) as error:
        shapes = [tuple(tensor.shape[1:]) for tensor in tensors]
        what = f"Node '{name}' ({describe(operation)})"
        raise InvalidArchitectureError(f"{what} cannot be built on {shapes}: {plain_words(error)}") from error


@lru_cache(maxsize=4096)
def input_shape(operation: Operation) -> Shape:
    """Return the shape of an input operation, without the batch axis.

    Raises:
        ModelSpaceError: no `shape`, or one that is not a list of positive integers (or None).
    """
    shape = operation.get("shape")
    entries = (shape,) if is_integer(shape) else shape
    try:
        sizes = tuple(None if size is None else int(size) for size in entries)
    except (TypeError, ValueError) as error:
        raise ModelSpaceError(
            f"An input needs a shape such as (60, 4), without the batch axis. Received: {operation}"
        ) from error
    if not sizes or any(size is not None and size < 1 for size in sizes):
        raise ModelSpaceError(f"Every axis of an input must be positive. Received: {operation}")
    return sizes
