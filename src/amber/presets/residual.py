"""Presets of residual 1-D CNNs, whose weights one-shot search can share.

The builder `residual_cnn` searches the operation of each layer and which earlier layers are added to it. Numbers of
filters, dropout and head are the same in all its networks: they are chosen here by the data, not searched.
"""

from __future__ import annotations

import math
from typing import Any

from amber.presets.facts import DataFacts, Layer, PresetSpace
from amber.presets.layers import kernels

_REDUCTION = 4
# Positions that the last layers of a network have, about.
_LEFT = 12
# Above this length where a motif stands is seldom the same, and the maximum along all positions is enough. Dropout
# before it hid what was to be found (docs/research/defaults.md).
_POSITIONS_KEPT = 100
_WIDEST_DILATION = 512
_LONG = 2_000


def deep_residual_cnn(facts: DataFacts) -> PresetSpace:
    """Return stages of convolutions and pools with skips; between stages a sequence is a quarter as long."""
    length = facts.only_sequence("deep_residual_cnn")
    first = facts.by_examples(16, 24, 32)
    reductions = min(4, max(1, round(math.log(max(length, 2) / _LEFT, _REDUCTION))))
    layers: list[Layer] = []
    for stage in range(reductions + 1):
        filters = first + first // 2 * stage
        left = max(2, length // _REDUCTION**stage)
        layers += [_residual_layer(filters, left)] * facts.by_examples(2, 2, 3)
    return PresetSpace(layers, _builder(facts, length))


def dilated_cnn(facts: DataFacts) -> PresetSpace:
    """Return convolutions whose dilation grows from layer to layer until the receptive field covers the sequence.

    As BPNet's body: Avsec et al., Nature Genetics 53 (2021), 354-366.
    """
    length = facts.only_sequence("dilated_cnn")
    filters = facts.by_examples(16, 24, 32)
    layers = [_residual_layer(filters, length)]
    left = length
    if length > _LONG:
        filters, left = 2 * filters, length // _REDUCTION
    last = min(_WIDEST_DILATION, 2 ** max(1, math.floor(math.log2(max(left, 8) / 4))))
    for power in range(1, round(math.log2(last)) + 1):
        dilations = sorted({2 ** (power - 1), 2**power, min(last, 2 ** (power + 1))})
        dilated: Layer = [_convolution(filters, 3, dilation_rate=dilation) for dilation in dilations]
        layers.append([{"Layer_type": "identity", "filters": filters}, *dilated, _convolution(filters, 5)])
    return PresetSpace(layers, _builder(facts, length))


def _residual_layer(filters: int, length: int) -> Layer:
    return [
        {"Layer_type": "identity", "filters": filters},
        {"Layer_type": "maxpool1d", "filters": filters, "pool_size": 3},
        *(_convolution(filters, size) for size in kernels(length)),
        {"Layer_type": "avgpool1d", "filters": filters, "pool_size": 3},
    ]


def _convolution(filters: int, size: int, **more: int) -> dict[str, Any]:
    return {"Layer_type": "conv1d", "filters": filters, "kernel_size": size, **more, "activation": "relu"}


def _builder(facts: DataFacts, length: int) -> dict[str, Any]:
    return {
        "type": "residual_cnn",
        "fc_units": facts.by_examples(32, 64, 128),
        "flatten_mode": "Flatten" if length <= _POSITIONS_KEPT or facts.along else "GMP",
        "dropout_rate": 0.1 if length <= _POSITIONS_KEPT else 0.0,
        "reduction_factor": _REDUCTION,
    }
