"""What a space of residual 1-D CNNs that share weights may hold; known without loading Keras."""

from __future__ import annotations

from amber.architect.model_space import ModelSpace
from amber.architect.operation import Operation
from amber.architect.operation_table import RENAMED, known_operations
from amber.architect.places import at_candidate
from amber.architect.residual_space import ACTIVATIONS, KINDS
from amber.checks import is_integer
from amber.errors import ModelSpaceError

# What a shared convolution reads of a candidate; padding is always 'same'.
_READ = frozenset({"filters", "kernel_size", "activation", "dilation_rate", "padding", "strides", "name"})


def check_shared_space(space: ModelSpace, *, with_skips: bool = True) -> None:
    """Check every layer and candidate of a space.

    Args:
        space: each layer with the same filters on all of its candidates.
        with_skips: whether layers add earlier ones, which need equal lengths.

    Raises:
        ModelSpaceError: the first that weights cannot be shared of; its `field` is layer and candidate, or the layer.
    """
    for layer, candidates in enumerate(space.layers):
        check_pool_strides(space, layer, with_skips=with_skips)
        for position, operation in enumerate(candidates):
            with at_candidate(layer, position):
                check_shared_candidate(operation)


def check_shared_candidate(operation: Operation) -> None:
    """Raise ModelSpaceError where a candidate has a type, attribute or value that shared weights do not have."""
    kind = operation.Layer_type
    if kind not in KINDS:
        raise ModelSpaceError(
            f"a convolutional supernet is made of conv1d, maxpool1d, avgpool1d and identity. Received: {operation}"
        )
    if kind == "conv1d":
        _check_convolution(operation)
    elif kind != "identity":
        size_of(operation.get("pool_size", 2), operation)
        size_of(operation.get("strides") or 1, operation)


def _check_convolution(operation: Operation) -> None:
    ignored = known_operations()["conv1d"].ignores
    given = {RENAMED.get(name, name): name for name in operation.Layer_attributes if name not in ignored}
    unread = sorted(given.keys() - _READ)
    if unread:
        raise ModelSpaceError(
            f"a convolutional supernet would ignore {', '.join(unread)}. Received: {operation}",
            field=(given[unread[0]],),
        )
    if size_of(operation.get("strides", 1), operation) != 1:
        raise ModelSpaceError(
            f"a convolution keeps the length: strides must be 1. Received: {operation}", field=("strides",)
        )
    size_of(operation.get("kernel_size"), operation)
    size_of(operation.get("dilation_rate") or operation.get("dilation") or 1, operation)
    activation_of(operation)


def activation_of(operation: Operation) -> str:
    """Return the activation of a convolution; raises ModelSpaceError for one that shared weights do not know."""
    given = operation.get("activation", "linear") or "linear"
    activation = given.lower() if isinstance(given, str) else given
    if activation not in ACTIVATIONS:
        raise ModelSpaceError(
            f"the activation must be one of {', '.join(ACTIVATIONS)}. Received: {operation}", field=("activation",)
        )
    return str(activation)


def size_of(value: object, operation: Operation) -> int:
    """Return a size, stride or dilation, given as a number or a list of one; raises ModelSpaceError for another."""
    number = value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value
    if not is_integer(number) or number < 1:
        raise ModelSpaceError(f"sizes, strides and dilation must be positive integers. Received: {operation}")
    return number


def check_pool_strides(space: ModelSpace, layer: int, *, with_skips: bool) -> None:
    """Raise ModelSpaceError where the pools of a layer shorten what others leave as it is; its `field` is the layer."""
    candidates = space.layers[layer]
    strides = [op.get("strides", 1) or 1 for op in candidates if op.Layer_type.endswith("pool1d")]
    different = sorted({str(stride) for stride in strides})
    if len(different) > 1:
        raise ModelSpaceError(
            f"Layer {layer}: all pools of a layer have the same strides. Received: {', '.join(different)}",
            field=(layer,),
        )
    if strides and strides[0] != 1 and len(strides) < len(candidates):
        raise ModelSpaceError(
            f"Layer {layer}: strides other than 1 need every candidate to be a pool, because the others keep "
            f"the length. Received: strides={strides[0]!r} beside {len(candidates) - len(strides)} others",
            field=(layer,),
        )
    if strides and strides[0] != 1 and layer and with_skips:
        raise ModelSpaceError(
            f"Layer {layer}: with skip connections only the pools of layer 0 may have strides other than 1, "
            f"because sums need equal lengths. Received: strides={strides[0]!r}",
            field=(layer,),
        )
