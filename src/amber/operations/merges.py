"""The registry of merges, which join several tensors into one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from amber.errors import ModelSpaceError
from amber.registry import Registry

if TYPE_CHECKING:
    import keras

COMMUTATIVE = frozenset({"add", "average", "maximum", "minimum", "multiply"})

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


def merge_name(merge_op: object) -> str:
    """Return the registered name of a merge given by name or as a Keras layer class.

    An unknown layer class is registered under its own name, in lower case; where another class has that name, its
    module is put before it.

    Raises:
        ModelSpaceError: an unknown name, or something that is neither a name nor a Keras layer class.
    """
    if isinstance(merge_op, str):
        MERGES.get(merge_op)
        return merge_op.lower()
    import keras

    if not isinstance(merge_op, type) or not issubclass(merge_op, keras.layers.Layer):
        raise ModelSpaceError(
            f"merge_op must be a name ({', '.join(MERGES.names())}) or a Keras layer class. Received: {merge_op!r}"
        )
    name = merge_op.__name__.lower()
    if name in MERGES and _layer_class(name) is not merge_op:
        # Part of layer names, where dots have a meaning.
        name = re.sub(r"\W+", "_", f"{merge_op.__module__}.{merge_op.__qualname__}".lower())
    # A class defined again, as in a notebook, takes the place of its older self.
    if name not in MERGES or _layer_class(name) is not merge_op:
        MERGES.register(name, merge_op, replace=True)
    return name


def never_broadcasts(layer: keras.Layer) -> bool:
    """Say whether a layer joins tensors element by element, so that their shapes must be equal.

    Keras's own layers of that kind would broadcast a width of 1 to any other.
    """
    import keras

    joins = keras.layers.Add.__bases__[0]
    return isinstance(layer, joins) and not isinstance(layer, (keras.layers.Concatenate, keras.layers.Dot))


def make_merge(merge_op: str, layer_name: str | None = None) -> keras.Layer:
    """Return a fresh Keras layer for a registered merge."""
    return _layer_class(merge_op)(name=layer_name)


def _layer_class(merge_op: str) -> type[keras.Layer]:
    import keras

    entry = MERGES.get(merge_op)
    return getattr(keras.layers, entry) if isinstance(entry, str) else entry
