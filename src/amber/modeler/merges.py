"""How several tensors become one: the registry of merges."""

from __future__ import annotations

from typing import Any

from amber.errors import ModelSpaceError
from amber.registry import Registry

ELEMENT_WISE = frozenset({"add", "average", "maximum", "minimum", "multiply"})
COMMUTATIVE = ELEMENT_WISE

MERGES: Registry[str | type] = Registry("merge", ModelSpaceError)
for _name, _layer in {
    "concatenate": "Concatenate",
    "add": "Add",
    "average": "Average",
    "maximum": "Maximum",
    "minimum": "Minimum",
    "multiply": "Multiply",
}.items():
    MERGES.register(_name, _layer)


def merge_name(merge_op: Any) -> str:
    """Returns the registered name of a merge given by name or as a Keras layer class.

    A layer class that is not known yet is registered under its own name, in lower case.

    Raises:
        ModelSpaceError: an unknown name, or something that is neither a name nor a class.
    """
    if isinstance(merge_op, str):
        MERGES.get(merge_op)
        return merge_op.lower()
    if not isinstance(merge_op, type):
        raise ModelSpaceError(
            f"merge_op must be a name ({', '.join(MERGES.names())}) or a layer class. Received: {merge_op!r}"
        )
    name = merge_op.__name__.lower()
    if name not in MERGES:
        MERGES.register(name, merge_op)
    return name


def make_merge(merge_op: str, layer_name: str | None = None) -> Any:
    """Returns a fresh Keras layer for a registered merge."""
    import keras

    entry = MERGES.get(merge_op)
    layer_class = getattr(keras.layers, entry) if isinstance(entry, str) else entry
    return layer_class(name=layer_name)
