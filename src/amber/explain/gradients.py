"""Attributions from gradients: saliency, gradient x input, integrated gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Unpack

import keras
import numpy as np
from keras import ops

from amber.backend.gradients import compiled, pull_back
from amber.backend.inference import without_gradients
from amber.backend.keras_internals.graphs import input_structure
from amber.errors import ConfigError
from amber.explain.attribution import Multipliers, attribute
from amber.explain.completeness import share_residual
from amber.explain.inputs import Given
from amber.explain.references import References
from amber.explain.settings import Checked, Settings, check_settings
from amber.explain.targets import Output, Target
from amber.types import Array, Tensor


def saliency(model: keras.Model, examples: Given, output: Output = 0, **settings: Unpack[Settings]) -> Given:
    """Return the absolute gradient of an output with respect to each input.

    Simonyan, Vedaldi and Zisserman, "Deep inside convolutional networks", arXiv 1312.6034.

    Args:
        model: a functional model.
        examples: what the model reads: an array, or arrays by name of input or in their order.
        output: the number to explain: a unit of the first output, the name of an output of one unit, or a pair of both.
        **settings: `batch_size`, `both_strands` and `progress` of `Settings`.

    Returns:
        Array of the shape of the examples, or arrays in their form.

    Raises:
        ConfigError: an unknown output, or a setting that is unknown or without effect.
        DataError: examples that do not fit the model.
    """
    checked = check_settings("saliency", settings, uses=())
    return attribute(model, examples, output, "zeros", _gradients, _absolute, checked)


def gradient_times_input(
    model: keras.Model,
    examples: Given,
    output: Output = 0,
    references: References = "zeros",
    **settings: Unpack[Settings],
) -> Given:
    """Return the gradient at each input times its difference from the reference.

    Shrikumar et al., "Not just a black box", arXiv 1605.01713. With the default reference it is gradient x input.

    Args:
        model: a functional model.
        examples: what the model reads: an array, or arrays by name of input or in their order.
        output: the number to explain: a unit of the first output, the name of an output of one unit, or a pair of both.
        references: `zeros`, `mean`, `shuffles` (the mean over several dinucleotide shuffles of each), or arrays.
        **settings: those of `Settings` but `steps`.

    Returns:
        Array of the shape of the examples, or arrays in their form.

    Raises:
        ConfigError: an unknown output or name of references, or a setting that is unknown or without effect.
        DataError: examples or references that do not fit the model.
    """
    uses = ("shuffles", "seed", "hypothetical")
    checked = check_settings("gradient_times_input", settings, uses=uses, references=references)
    return attribute(model, examples, output, references, _gradients, None, checked)


def integrated_gradients(
    model: keras.Model,
    examples: Given,
    output: Output = 0,
    references: References = "zeros",
    **settings: Unpack[Settings],
) -> Given:
    """Return the mean gradient on the straight path from the reference, times the difference from it.

    Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks", arXiv 1703.01365. The contributions of an
    example sum to the difference of outputs: what the quadrature (Gauss-Legendre, `steps` points) misses is shared in
    proportion to the size of the contributions.

    Args:
        model: a functional model.
        examples: what the model reads: an array, or arrays by name of input or in their order.
        output: the number to explain: a unit of the first output, the name of an output of one unit, or a pair of both.
        references: `zeros`, `mean`, `shuffles` (the mean over several dinucleotide shuffles of each), or arrays.
        **settings: see `Settings`.

    Returns:
        Array of the shape of the examples, or arrays in their form.

    Raises:
        ConfigError: an unknown output or name of references, or a setting that is unknown or without effect.
        DataError: examples or references that do not fit the model.
    """
    uses = ("steps", "shuffles", "seed", "hypothetical")
    checked = check_settings("integrated_gradients", settings, uses=uses, references=references)
    return attribute(model, examples, output, references, _path_gradients, None, checked)


def _absolute(multipliers: Array, examples: Array, references: Array) -> Array:
    del examples, references
    return np.abs(multipliers)


def _gradients(model: keras.Model, target: Target, settings: Checked) -> Multipliers:
    del settings
    score = _score(model, target)
    gradients = compiled(lambda *tensors: pull_back(score, tensors, ops.ones_like))

    def multipliers(examples: Sequence[Any], references: Sequence[Any]) -> list[Any]:
        del references
        found: list[Any] = gradients(*examples)
        return found

    return multipliers


def _path_gradients(model: keras.Model, target: Target, settings: Checked) -> Multipliers:
    score = _score(model, target)
    count = len(model.inputs)
    points, weights = np.polynomial.legendre.leggauss(settings.steps)

    def weighted(point: Tensor, weight: Tensor, *tensors: Tensor) -> list[Tensor]:
        between = [r + point * (x - r) for x, r in zip(tensors[:count], tensors[count:], strict=True)]
        return [weight * each for each in pull_back(score, between, ops.ones_like)]

    def complete(*tensors: Tensor) -> list[Tensor]:
        total, examples, references = tensors[:count], tensors[count : 2 * count], tensors[2 * count :]
        differences = [x - r for x, r in zip(examples, references, strict=True)]
        return share_residual(total, differences, score(*examples) - score(*references))

    at_point, completed = compiled(weighted), compiled(complete)

    def multipliers(examples: Sequence[Any], references: Sequence[Any]) -> list[Any]:
        total = [ops.zeros_like(each) for each in examples]
        for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
            place, share = (ops.convert_to_tensor(np.float32(number)) for number in (point, weight))
            found: list[Any] = at_point(place, share, *examples, *references)
            total = [so_far + each for so_far, each in zip(total, found, strict=True)]
        with without_gradients():
            return list(completed(*total, *examples, *references))

    return multipliers


def _score(model: keras.Model, target: Target) -> Callable[..., Tensor]:
    """Return the function from tensors, one for each input, to the explained numbers."""
    for tensor in model.inputs:
        if not str(tensor.dtype).startswith(("float", "bfloat")):
            raise ConfigError(
                f"Gradients need inputs of floating-point numbers; `deep_lift` also explains whole numbers that an "
                f"embedding reads. Received: input '{tensor.name}' of type {tensor.dtype}"
            )
    structure = input_structure(model)

    def score(*tensors: Tensor) -> Tensor:
        return target.select(model(keras.tree.pack_sequence_as(structure, list(tensors)), training=False))

    return score
