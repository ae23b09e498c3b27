"""`ComputationNode`, one vertex of a network, and `Network`, what those see of a graph that count and build it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from amber.architect import Operation
from amber.errors import ModelSpaceError
from amber.graph import plain
from amber.graph.layers import node_tensor
from amber.operations import make_layer
from amber.operations.merges import merge_name

if TYPE_CHECKING:
    import keras


class ComputationNode:
    """A vertex of a network: one operation, its name and where its input comes from. Immutable.

    Args:
        operation: what is computed.
        node_name: unique in its graph; the name of the Keras layer.
        merge_op: how several parents are joined before a single-input operation: a registered name
            (`concatenate`, `add`, `average`, `maximum`, `multiply`) or a Keras layer class.
        parents: names of the nodes read, in order.
        group: the layer of the space this node belongs to. Drawings fold a group into one box.

    Raises:
        ModelSpaceError: the operation is not an Operation, or the name is empty.
    """

    __slots__ = ("group", "merge_op", "node_name", "operation", "parents")

    operation: Operation
    node_name: str
    merge_op: str
    parents: tuple[str, ...]
    group: str

    def __init__(
        self,
        operation: Operation,
        node_name: str,
        merge_op: object = "concatenate",
        parents: Iterable[str] = (),
        group: str = "",
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
        set_field(self, "group", group)

    @property
    def name(self) -> str:
        """The same as `node_name`."""
        return self.node_name

    def replace(self, **changes: object) -> ComputationNode:
        """Return a new node with these fields changed."""
        fields = {field: getattr(self, field) for field in ComputationNode.__slots__}
        return ComputationNode(**{**fields, **changes})

    def build(self, *tensors: keras.KerasTensor) -> keras.KerasTensor:
        """Return the output tensor of this node alone, with a layer of its own.

        Args:
            *tensors: what it reads, in the order of its parents; for an input, nothing.

        Raises:
            InvalidArchitectureError: the operation cannot follow these tensors.
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
            plain.text(description.get("group", ""), "group of a node", ModelSpaceError),
        )

    def _key(self) -> tuple[object, ...]:
        return (self.operation, self.node_name, self.merge_op, self.parents, self.group)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ComputationNode):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"A ComputationNode cannot be changed; use replace(). Received: {name}={value!r}")

    def __repr__(self) -> str:
        reads = f" <- {', '.join(self.parents)}" if self.parents else ""
        return f"<{self.node_name} [{self.operation}]{reads}>"

    def __reduce__(self) -> tuple[object, ...]:
        return ComputationNode, (self.operation, self.node_name, self.merge_op, self.parents, self.group)


class Network(Protocol):
    """A network as its counting, naming and building see it; `ComputationGraph` is one, and calls them itself."""

    nodes: tuple[ComputationNode, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def auxiliary(self) -> dict[str, float]:
        """The intermediate outputs and the weights of their losses."""

    def node(self, name: str) -> ComputationNode:
        """Return the node of this name."""
