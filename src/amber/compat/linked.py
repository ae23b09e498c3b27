"""Nodes that know their neighbours, as the first AMBER's did: `dag.nodes` and `model.nodes` are such nodes."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from amber.errors import InvalidArchitectureError
from amber.graph.node import ComputationNode
from amber.operations import OPERATIONS
from amber.operations.merges import make_merge

if TYPE_CHECKING:
    import keras

_CHANGEABLE = frozenset({"parent", "child"})


class LinkedNode(ComputationNode):
    """A node with the nodes that it reads and those that read it; nodes may be built one after the other.

    Args:
        *arguments, **named: as of `ComputationNode`.

    Attributes:
        parent: the nodes that are read, in order; may be changed before `build`.
        child: the nodes that read this one; the same.
        merge_layer: what `build` gave the operation: the tensor of the one parent, or those of several joined.
        operation_layer: the tensor that `build` made; None before.
    """

    __slots__ = ("child", "merge_layer", "operation_layer", "parent")

    parent: list[LinkedNode]
    child: list[LinkedNode]
    merge_layer: keras.KerasTensor | None
    operation_layer: keras.KerasTensor | None

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        for name, value in (("parent", []), ("child", []), ("merge_layer", None), ("operation_layer", None)):
            object.__setattr__(self, name, value)

    __init__.__signature__ = inspect.signature(ComputationNode.__init__)  # type: ignore[attr-defined]

    @property
    def is_built(self) -> bool:
        """Whether `build` was called."""
        return self.operation_layer is not None

    def build(self, *tensors: keras.KerasTensor) -> keras.KerasTensor:
        """Return the output tensor of this node, with a layer of its own.

        Args:
            *tensors: its inputs, in the order of its parents; none: those that its parents were built as.

        Raises:
            InvalidArchitectureError: a parent was not built, or the operation cannot be applied to these tensors.
        """
        missing = [each.node_name for each in self.parent if not each.is_built]
        if missing and not tensors:
            unbuilt = ", ".join(missing)
            raise InvalidArchitectureError(f"Build the parents of '{self.node_name}' first. Received: not {unbuilt}")
        given = self._joined(tensors or [each.operation_layer for each in self.parent])
        result = super().build(*given)
        object.__setattr__(self, "merge_layer", given[0] if len(given) == 1 else None)
        object.__setattr__(self, "operation_layer", result)
        return result

    def _joined(self, tensors: Sequence[Any]) -> Sequence[Any]:
        """Return several tensors as the one that the operation reads, where it reads one."""
        if len(tensors) == 1 or not tensors or OPERATIONS.get(self.operation.Layer_type).takes_list:
            return tensors
        try:
            return [make_merge(self.merge_op, f"{self.node_name}_{self.merge_op}")(list(tensors))]
        except (ValueError, TypeError):
            return tensors  # which is refused with the name of the node

    def __setattr__(self, name: str, value: object) -> None:
        if name in _CHANGEABLE:
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)


def linked(nodes: Iterable[ComputationNode]) -> list[LinkedNode]:
    """Return nodes with their neighbours among them."""
    found = {each.node_name: LinkedNode(*each.arguments) for each in nodes}
    for node in found.values():
        for name in node.parents:
            if name in found:
                node.parent.append(found[name])
                found[name].child.append(node)
    return list(found.values())
