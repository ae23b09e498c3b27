"""Shapes, parameters and FLOPs of attention, embeddings and other operations; see `operation_shapes`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from amber.architect.shape_rule import KnownCost, Misfit, Rule, Shape, bias, same, sequence, size_of, windows


def _attention(values: Mapping[str, Any], shape: Shape) -> KnownCost | None:
    length, channels = sequence(shape)
    heads = int(values["num_heads"])
    if "key_dim" not in values and channels % heads:
        raise Misfit(
            f"its {channels} channels cannot be divided among {heads} heads; give key_dim, or another num_heads"
        )
    if values.get("use_gate") or "output_shape" in values:
        return None
    keys = int(values.get("key_dim", channels // heads))
    size = int(values.get("value_dim", keys))
    kernels = 2 * channels * heads * keys + 2 * channels * heads * size
    biases = bias(values, 2 * heads * keys + heads * size + channels)
    flops = 2 * length * kernels + 2 * length * length * heads * (keys + size)
    return KnownCost(shape, kernels + biases, flops)


def _embedding(values: Mapping[str, Any], shape: Shape) -> KnownCost:
    width = int(values["output_dim"])
    return KnownCost((*shape, width), int(values["input_dim"]) * width)


def _permuted(values: Mapping[str, Any], shape: Shape) -> KnownCost:
    axes = [int(each) for each in values["dims"]]
    if sorted(axes) != list(range(1, len(shape) + 1)):
        raise Misfit(f"its dims must be the axes 1 to {len(shape)} in another order; they are {axes}")
    return KnownCost(tuple(shape[axis - 1] for axis in axes))


def _group_normalisation(values: Mapping[str, Any], shape: Shape) -> KnownCost:
    if not shape:
        raise Misfit("it needs at least one axis")
    channels, groups = shape[-1], int(values.get("groups", 32))
    if groups != -1 and (groups > channels or channels % groups):
        raise Misfit(f"its {channels} channels cannot be divided into {groups} groups")
    return KnownCost(shape, channels * sum(bool(values.get(name, True)) for name in ("center", "scale")))


def _transposed(values: Mapping[str, Any], shape: Shape) -> KnownCost | None:
    length, channels = sequence(shape)
    if "output_padding" in values:
        return None
    filters, kernel, stride = int(values["filters"]), size_of(values["kernel_size"]), size_of(values.get("strides", 1))
    span = (kernel - 1) * size_of(values.get("dilation_rate", 1)) + 1
    more = max(span - stride, 0) if str(values.get("padding", "valid")).lower() == "valid" else 0
    product = kernel * channels * filters
    return KnownCost((length * stride + more, filters), product + bias(values, filters), 2 * length * product)


def _einsum(values: Mapping[str, Any], shape: Shape) -> None:
    """Say only whether the equation names as many axes as there are, batch included."""
    read = str(values["equation"]).split("->")[0].split(",")[0].strip()
    if "..." not in read and len(read) != len(shape) + 1:
        raise Misfit(f"its equation reads {len(read)} axes, and there are {len(shape) + 1}, that of the batch included")


def _shared_slopes(values: Mapping[str, object], shape: Shape) -> KnownCost:
    return KnownCost(shape, math.prod(shape))


def _on_sequence(values: Mapping[str, object], shape: Shape) -> KnownCost:
    return KnownCost(sequence(shape))


def _motifs(values: Mapping[str, Any], shape: Shape) -> KnownCost:
    length, channels = sequence(shape)
    filters, kernel = int(values["filters"]), size_of(values["kernel_size"])
    left = windows(length, kernel, size_of(values.get("strides", 1)), 1, values.get("padding", "valid"))
    product = kernel * channels * filters
    return KnownCost((left, filters), product + filters, 2 * left * product)


def _separable_dense(values: Mapping[str, Any], shape: Shape) -> KnownCost:
    length, channels = sequence(shape)
    units = int(values["output_dim"])
    positions = (length + 1) // 2 if values["symmetric"] else length
    return KnownCost((units,), units * (positions + channels), 2 * length * channels * units)


OTHER_RULES: dict[str, Rule] = {
    "conv1d_transpose": _transposed,
    "denovo": _motifs,
    "einsum_dense": _einsum,
    "embedding": _embedding,
    "group_normalization": _group_normalisation,
    "permute": _permuted,
    "prelu": _shared_slopes,
    "rescaling": same,
    "self_attention": _attention,
    "sfc": _separable_dense,
    "sparsek_vec": same,
    "spatial_dropout1d": _on_sequence,
}
