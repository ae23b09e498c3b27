"""A model that predicts the mean of both strands of its sequences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from amber.types import Tensor


@dataclass(frozen=True)
class ProfileShape:
    """How the units of an output are a profile along the sequence.

    Attributes:
        bins: along the sequence; the units of a bin stand together.
        partners: for each channel the place of the one that it becomes on the other strand.
    """

    bins: int
    partners: tuple[int, ...]


def both_strands(
    model: keras.Model,
    turned: Mapping[str, Sequence[int]],
    profiles: Sequence[ProfileShape | None],
    compile_arguments: Mapping[str, Any],
) -> keras.Model:
    """Return a model that predicts the mean of what a model predicts for the examples and for their other strands.

    It is made of layers and operations of Keras, so that what is saved loads without this package.

    Args:
        model: a functional model; it becomes part of the result and shares its weights.
        turned: name of an input along the sequence, `(length, channels)` -> for each channel the place of its partner
            on the other strand. Other inputs are the same on both.
        profiles: for each output, how it lies along the sequence; None: it does not, as classes and plain numbers.
        compile_arguments: of `keras.Model.compile`.
    """
    inputs = [keras.Input(tuple(each.shape[1:]), name=each.name, dtype=each.dtype) for each in model.inputs]
    network = keras.Model(model.inputs, model.outputs, name="either_strand")
    other = [_turned(each, turned[each.name]) if each.name in turned else each for each in inputs]
    forward, reverse = (keras.tree.flatten(network(_alone(each))) for each in (inputs, other))
    outputs = [
        keras.layers.Average(name=name)([one, two if profile is None else _profile_turned(two, profile)])
        for name, one, two, profile in zip(model.output_names, forward, reverse, profiles, strict=True)
    ]
    result = keras.Model(_alone(inputs), _alone(outputs), name="both_strands")
    result.compile(**compile_arguments)
    return result


def _turned(values: Tensor, partners: Sequence[int]) -> Tensor:
    """Return values along the other strand: positions from the end, channels of their partners."""
    backwards = ops.flip(values, axis=1)
    order = list(partners)
    if order == sorted(order):
        return backwards
    if order == sorted(order, reverse=True):
        return ops.flip(backwards, axis=2)
    # Not `take`, which torch cannot write as ONNX.
    return ops.concatenate([backwards[..., partner : partner + 1] for partner in order], axis=-1)


def _profile_turned(values: Tensor, profile: ProfileShape) -> Tensor:
    units = int(values.shape[-1])
    shaped = ops.reshape(values, (-1, profile.bins, units // profile.bins))
    return ops.reshape(_turned(shaped, profile.partners), (-1, units))


def _alone(values: list[Any]) -> Any:
    """Return the only value, or all of several."""
    return values[0] if len(values) == 1 else values
