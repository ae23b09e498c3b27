"""Weight regularisers and constraints of Keras variables, by torch directly."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import keras
import torch
from torch import Tensor

from amber.backend.keras_internals.variables import tensor_of


def regularizers_of(variables: Iterable[keras.Variable]) -> list[Callable[[], Tensor]]:
    """Return what each regularised variable adds to the loss, as functions without arguments."""
    return [_penalty(variable) for variable in variables if variable.regularizer is not None]


def _penalty(variable: keras.Variable) -> Callable[[], Tensor]:
    regularizer = variable.regularizer
    if type(regularizer) is keras.regularizers.L2:
        return lambda: float(regularizer.l2) * tensor_of(variable).square().sum()
    return lambda: regularizer(variable)


def constraints_of(variables: Iterable[keras.Variable]) -> list[Callable[[], None]]:
    """Return functions that put each constrained variable back into its bounds; call them without gradients."""
    return [_constrain(variable) for variable in variables if variable.constraint is not None]


def _constrain(variable: keras.Variable) -> Callable[[], None]:
    constraint = variable.constraint
    if type(constraint) is not keras.constraints.MaxNorm:
        return lambda: variable.assign(constraint(variable))

    def shorten() -> None:
        # The same formula as Keras': lengths are divided by (length + epsilon) where they are in bounds too.
        weights = tensor_of(variable)
        norms = torch.linalg.vector_norm(weights, dim=constraint.axis, keepdim=True)
        weights.mul_(norms.clamp(max=constraint.max_value).div_(norms.add(keras.config.epsilon())))

    return shorten
