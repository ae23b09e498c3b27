"""A plain Keras model as the `feature_model` of a feed-forward supernet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras

from amber.architect import Operation
from amber.errors import ConfigError
from amber.supernet.feature_blocks import FeatureBlocks


def as_feature_blocks(feature_model: object, inputs: Sequence[Operation], trainable: object) -> FeatureBlocks | None:
    """Return what was given as `feature_model` as FeatureBlocks.

    Args:
        feature_model: None, FeatureBlocks, or a Keras model: of one output, whose channels are the blocks one after
            another, each as large as its input operation says; or of as many outputs as there are blocks.
        inputs: the input operations of the builder.
        trainable: whether a plain model is trained too; FeatureBlocks say so themselves.

    Raises:
        ConfigError: something else, or a plain model whose outputs do not have the sizes of the input operations.
    """
    if feature_model is None or isinstance(feature_model, FeatureBlocks):
        return feature_model
    if not isinstance(feature_model, keras.Model):
        raise ConfigError(f"feature_model must be a Keras model or FeatureBlocks. Received: {feature_model!r}")
    names = [operation.get("name", f"input_{number}") for number, operation in enumerate(inputs)]
    if len(inputs) == 1:
        return FeatureBlocks(feature_model, trainable=bool(trainable), names=names)
    sizes = [_features(operation) for operation in inputs]
    joined = _joined_outputs(feature_model, sizes)
    assignment = _in_order(joined.output.shape[1:], sizes)
    return FeatureBlocks(joined, assignment, trainable=bool(trainable), names=names)


def _features(operation: Operation) -> int:
    shape = operation.get("shape")
    return int(shape[0]) if isinstance(shape, (list, tuple)) else int(shape)


def _joined_outputs(model: keras.Model, sizes: Sequence[int]) -> keras.Model:
    """Return a model of one output: its own, or all of them, flattened, side by side.

    Raises:
        ConfigError: several outputs whose features are not those of the blocks.
    """
    outputs = getattr(model, "outputs", None) or []
    if len(outputs) < 2:
        return model
    given = [None if None in output.shape[1:] else math.prod(output.shape[1:]) for output in outputs]
    if given != list(sizes):
        raise ConfigError(
            f"The outputs of the feature model have {given} features, and are the blocks in this order. "
            f"Received: input operations of {list(sizes)} features"
        )
    flat = [output if len(output.shape) == 2 else keras.layers.Flatten()(output) for output in outputs]
    return keras.Model(model.inputs[0] if len(model.inputs) == 1 else model.inputs, keras.layers.Concatenate()(flat))


def _in_order(shape: Sequence[Any], sizes: Sequence[int]) -> list[int]:
    """Return the block of each channel of a feature map whose channels belong to the blocks one after another.

    Raises:
        ConfigError: the sizes are not those of whole channels, or not all of them.
    """
    length = shape[0] if len(shape) == 2 else 1
    fits = None not in shape and len(shape) in (1, 2) and all(size % length == 0 for size in sizes)
    if not fits or sum(sizes) != math.prod(shape):
        raise ConfigError(
            "A plain feature model gives one block, or several where the input operations have the sizes of its "
            f"channels, one after another; its output has shape {tuple(shape)} (without batch). For another assignment "
            f"of channels give FeatureBlocks(model, assignment). Received: input operations of {list(sizes)} features"
        )
    return [block for block, size in enumerate(sizes) for _ in range(size // length)]
