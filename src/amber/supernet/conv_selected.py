"""A convolutional architecture given as a tensor: weights are selected, operations are not.

The kernels of a layer's candidates are padded with zeros to one size and the chosen one is picked, so that each
layer is one convolution and one normalisation, whatever the tokens. Only operations without weights (activations,
pools, the identity) are computed for each candidate and then chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from amber.architect import Operation
from amber.backend.selected_conv import convolve_selected
from amber.graph.node import ComputationNode
from amber.supernet.base import dropped
from amber.supernet.conv_bank import PlainLayers
from amber.supernet.conv_branch import Branch, ConvPart
from amber.types import Tensor, TensorTree


@dataclass(frozen=True)
class ConvSelection:
    """Computes the output of an architecture given as a tensor; an executor of `conv_plan.follow`.

    Args:
        layers: those with choices.
        compute: computes a node that no token decides on, of its input and the training flag.
        arc: integer tensor of shape (tokens,).
        training: whether batch statistics and dropout are used.
        dropout: dropout layers of each layer, the flattened features and the dense layer, or None.
    """

    layers: Sequence[SelectedLayer]
    compute: Callable[[ComputationNode, Any, Any], Any]
    arc: Any
    training: Any
    dropout: Sequence[Any]

    def apply(self, node: ComputationNode, x: TensorTree) -> Any:
        """Return the output of a node."""
        return self.compute(node, x, self.training)

    def choose(self, part: ConvPart, x: TensorTree) -> Any:
        """Return the output of the chosen candidate."""
        return self.layers[part.number].run(self.arc[part.token], x, self.training)

    def add(self, part: ConvPart, x: Any, earlier: Sequence[Any]) -> Any:
        """Return the sum with the chosen earlier layers."""
        for tensor, token in zip(earlier, part.skips, strict=True):
            x = _add_if(ops.equal(self.arc[token], 1), x, tensor)
        return x

    def drop(self, position: int, x: TensorTree) -> Any:
        """Return the output of a dropout layer."""
        return dropped(self.dropout, position, x, self.training)


class SelectedLayer:
    """One layer: picks kernel and normalisation by a token, then what the candidate does with the result.

    Args:
        branches: its candidates.
        bank: layers with weights, by node name.
        plain: gives the layer of an operation without weights, for the shape of its input.
    """

    def __init__(self, branches: Sequence[Branch], bank: dict[str, Any], plain: PlainLayers) -> None:
        self._branches, self._bank, self._plain = branches, bank, plain
        self._convolves = any(branch.conv is not None for branch in branches)
        self._groups = list(dict.fromkeys(_group(branch) for branch in branches))
        self._group_of = np.array([self._groups.index(_group(branch)) for branch in branches], "int32")

    def run(self, token: object, x: Any, training: Any) -> Any:
        """Return the output of the candidate that a token, an integer scalar, chooses."""
        mixed = raw = None
        if self._convolves:
            raw = convolve_selected(x, token, self._kernels(x.dtype))
            mixed = self._normalise(token, raw, training)
        group = ops.take(ops.convert_to_tensor(self._group_of), token)
        outcomes = [
            self._outcome(each, {"identity": x, "projection": raw}.get(each[0], mixed)) for each in self._groups
        ]
        return ops.switch(group, outcomes) if len(outcomes) > 1 else outcomes[0]()

    def _outcome(self, group: _Group, x: object) -> Callable[[], Any]:
        """Compute what the candidates of a group do with their convolution, or with the input."""
        _, activation, pooling = group

        def compute() -> Any:
            given = keras.activations.get(activation)(x)
            return given if pooling is None else self._plain(pooling, given.shape)(given)

        return compute

    def _kernels(self, dtype: Any) -> list[Any | None]:
        """Return the kernel of each candidate, with its dilation written out as zeros."""
        return [
            None
            if branch.conv is None
            else _dilate(ops.cast(ops.convert_to_tensor(self._bank[branch.conv].kernel), dtype), branch)
            for branch in self._branches
        ]

    def _normalise(self, token: object, x: Any, training: Any) -> Any:
        """Normalise with the chosen candidate's weights; only its statistics are updated."""
        layers = [None if branch.norm is None else self._bank[branch.norm] for branch in self._branches]
        if not any(layer is not None for layer in layers):
            return x
        wide = ops.cast(x, "float32")
        if training:
            mean, variance = ops.moments(wide, axes=[0, 1])
            for candidate, layer in enumerate(layers):
                if layer is not None:
                    self._learn(layer, ops.equal(token, candidate), mean, variance)
        else:
            mean = self._pick(token, layers, "moving_mean", 0.0)
            variance = self._pick(token, layers, "moving_variance", 1.0)
        scale = self._pick(token, layers, "gamma", 1.0)
        offset = self._pick(token, layers, "beta", 0.0) + self._pick(token, layers, "shared_bias", 0.0)
        epsilon = next(layer.epsilon for layer in layers if layer is not None)
        normalised = ops.batch_normalization(
            wide, mean=mean, variance=variance, axis=-1, offset=offset, scale=scale, epsilon=epsilon
        )
        return ops.cast(normalised, x.dtype)

    @staticmethod
    def _learn(layer: keras.Layer, chosen: Tensor, mean: Tensor, variance: Tensor) -> None:
        share = ops.where(chosen, 1.0 - layer.momentum, 0.0)
        for moving, value in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
            before = ops.convert_to_tensor(moving)
            moving.assign(before + share * (ops.cast(ops.stop_gradient(value), before.dtype) - before))

    @staticmethod
    def _pick(token: object, layers: list[Any], name: str, otherwise: float) -> Any:
        width = next(layer.gamma.shape for layer in layers if layer is not None)
        rows = []
        for layer in layers:
            weight = getattr(layer, name, None)
            value = ops.full(width, otherwise) if weight is None else ops.convert_to_tensor(weight)
            rows.append(ops.broadcast_to(ops.cast(value, "float32"), width))
        return ops.take(ops.stack(rows), token, axis=0)


def _add_if(chosen: Tensor, x: Tensor, tensor: Tensor) -> Tensor:
    """A choice, not a product: what is not chosen may be anything, and must not matter."""
    return ops.cond(chosen, lambda: x + tensor, lambda: x)


_Group = tuple[str, str, Operation | None]


def _group(branch: Branch) -> _Group:
    """Return what follows the normalised convolution, or the input; candidates with the same steps share a group."""
    return (branch.kind, branch.activation, branch.pooling)


def _dilate(kernel: Tensor, branch: Branch) -> Tensor:
    if branch.dilation == 1:
        return kernel
    size, width_in, width_out = kernel.shape
    spread = ops.concatenate(
        [ops.expand_dims(kernel, 1), ops.zeros((size, branch.dilation - 1, width_in, width_out), kernel.dtype)], axis=1
    )
    return ops.reshape(spread, (size * branch.dilation, width_in, width_out))[: (size - 1) * branch.dilation + 1]
