"""What a space of residual 1-D CNNs may hold; known without loading Keras."""

from __future__ import annotations

from typing import Any

from amber.architect.model_space import ModelSpace
from amber.architect.operation import Operation
from amber.checks import is_integer
from amber.errors import ModelSpaceError

KINDS = ("conv1d", "maxpool1d", "avgpool1d", "identity")
ACTIVATIONS = ("relu", "sigmoid", "tanh", "softmax", "elu", "leaky_relu", "linear")


def filters_of_layers(model_space: ModelSpace) -> list[int]:
    """Return the filters of each layer.

    Raises:
        ModelSpaceError: a candidate without `filters`, or different ones within a layer.
    """
    found: list[int] = []
    for layer, candidates in enumerate(model_space.layers):
        for position, operation in enumerate(candidates):
            filters = operation.get("filters")
            if not is_integer(filters) or filters < 1:
                raise ModelSpaceError(
                    f"Layer {layer}, candidate {position}: a residual CNN needs the attribute 'filters', a "
                    f"positive integer, on every candidate. Received: {operation}",
                    field=(layer, position),
                )
        counts = sorted({operation.get("filters") for operation in candidates})
        if len(counts) != 1:
            raise ModelSpaceError(
                f"Layer {layer}: every candidate must have the same 'filters'. Received: {counts}", field=(layer,)
            )
        found.append(counts[0])
    return found


def check_candidate(operation: Operation) -> None:
    """Raise ModelSpaceError where a residual CNN does not know the type or the activation of a candidate."""
    if operation.Layer_type not in KINDS:
        raise ModelSpaceError(
            f"a residual CNN is made of {', '.join(KINDS[:-1])} and {KINDS[-1]}. Received: {operation}"
        )
    activation: Any = operation.get("activation", "linear")
    if operation.Layer_type == "conv1d" and activation not in (*ACTIVATIONS, "None"):
        raise ModelSpaceError(
            f"the activation must be one of {', '.join(ACTIVATIONS)}. Received: {operation}", field=("activation",)
        )
