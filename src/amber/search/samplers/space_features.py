"""Numbers that mean the same in every space, such as depth and receptive field, read off tokens without planning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from amber.architect import ModelSpace, Operation, TokenLayout
from amber.checks import is_number

_FAMILIES = ("conv", "maxpool", "avgpool", "dense", "recurrent", "attention", "identity", "other")
_BEGINNINGS = {
    "conv": "conv",
    "separable": "conv",
    "depthwise": "conv",
    "maxpool": "maxpool",
    "globalmax": "maxpool",
    "avgpool": "avgpool",
    "globalavg": "avgpool",
    "dense": "dense",
    "lstm": "recurrent",
    "gru": "recurrent",
    "bidirectional": "recurrent",
    "simple_rnn": "recurrent",
    "attention": "attention",
    "multi_head": "attention",
    "identity": "identity",
}


class SpaceFeatures:
    """Describes architectures of one space so that those of other spaces can be compared with them.

    Args:
        space: the operations of each layer.
        layout: its tokens.
    """

    def __init__(self, space: ModelSpace, layout: TokenLayout) -> None:
        layers = space.layers
        places = list(enumerate(layout.places))
        self._ops = [
            (at, layers[place.layer]) for at, place in places if place.role == "op" and place.layer < len(layers)
        ]
        self._tables = [np.array([_of_operation(each) for each in candidates]) for _, candidates in self._ops]
        self._skips = [at for at, place in places if place.role == "skip"]
        self._inputs = [at for at, place in places if place.role == "input"]

    def __call__(self, tokens: np.ndarray) -> np.ndarray:
        """Return (n, features) of (n, tokens): counts of kinds, width, depth, receptive field, pooling, skips."""
        count = len(tokens)
        total = np.zeros((count, len(_FAMILIES)))
        width, depth = np.zeros(count), np.zeros(count)
        field, jump = np.ones(count), np.ones(count)
        for (at, _), table in zip(self._ops, self._tables, strict=True):
            chosen = table[tokens[:, at]]
            total += chosen[:, : len(_FAMILIES)]
            active = 1 - chosen[:, _FAMILIES.index("identity")]
            width += chosen[:, -3]
            depth += active
            field += chosen[:, -2] * jump
            jump *= chosen[:, -1]
        bits = [tokens[:, at].mean(axis=1) if at else np.zeros(count) for at in (self._skips, self._inputs)]
        more = [width / np.maximum(depth, 1), depth, np.log2(field), np.log2(jump), *bits]
        return np.concatenate([total, np.array(more).T], axis=1)


def _of_operation(operation: Operation) -> list[float]:
    """Return which family it is of, log2 of its width, what it adds to the receptive field, and its stride."""
    kind = operation.Layer_type
    family = next((name for start, name in _BEGINNINGS.items() if kind.startswith(start)), "other")
    width = max(_number(operation, ("filters", "units"), 1), 1)
    size = _number(operation, ("kernel_size", "pool_size"), 1)
    stride = _number(operation, ("strides",), size if "pool" in family else 1)
    reach = (size - 1) * _number(operation, ("dilation_rate",), 1)
    return [*(float(family == each) for each in _FAMILIES), float(np.log2(width)), max(reach, 0), max(stride, 1)]


def _number(operation: Operation, names: Sequence[str], default: float) -> float:
    """Return the first attribute that is a number, or the first number of one that is a list."""
    for name in names:
        value: Any = operation.get(name)
        value = value[0] if isinstance(value, (list, tuple)) and value else value
        if is_number(value):
            return float(value)
    return default
