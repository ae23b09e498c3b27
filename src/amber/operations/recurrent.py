"""A bidirectional recurrent layer, as one operation with the attributes of that layer."""

from __future__ import annotations

import keras

from amber.architect import Operation
from amber.errors import ModelSpaceError
from amber.operations.registry import OPERATIONS, make_layer

RECURRENT = ("gru", "lstm", "simple_rnn")


def bidirectional(
    layer: str = "lstm", merge_mode: str | None = "concat", name: str | None = None, **attributes: object
) -> keras.layers.Layer:
    """Return a recurrent layer in both directions, joined.

    Args:
        layer: type name of the recurrent layer: `lstm`, `gru` or `simple_rnn`.
        merge_mode: how both outputs are joined: `concat`, `sum`, `mul` or `ave`.
        name: name of the layer.
        **attributes: those of the recurrent layer (`units`, `return_sequences`, ...).

    Raises:
        ModelSpaceError: another type of layer, or an attribute that it does not take.
    """
    inner = OPERATIONS.get(layer).name if layer in OPERATIONS else None
    if inner not in RECURRENT:
        raise ModelSpaceError(f"layer must be one of {', '.join(RECURRENT)}. Received: layer={layer!r}")
    if merge_mode is None:
        raise ModelSpaceError("merge_mode must be concat, sum, mul or ave. Received: merge_mode=None")
    forward = make_layer(Operation(inner, **attributes), name=inner)
    return keras.layers.Bidirectional(forward, merge_mode=merge_mode, name=name, dtype=attributes.get("dtype"))


def recurrent_attributes() -> tuple[str, ...]:
    """Return every attribute that one of the recurrent layers takes."""
    return tuple(sorted(frozenset().union(*(OPERATIONS.get(name).accepted for name in RECURRENT))))
