"""Elementary steps of a network, each with the rule by which multipliers pass through it.

A step sees examples and references at once: the first half of each tensor are examples, the second their references.
It returns its output and a function that turns multipliers of the output into multipliers of the inputs. Every rule is
*complete*: for each example the multipliers of the inputs times the differences of the inputs sum to the multipliers of
the output times the differences of the output.

`linear` is the gradient; `elementwise` is the rescale rule of Shrikumar, Greenside and Kundaje, "Learning important
features through propagating activation differences", arXiv 1704.02685; `maximum` gives the difference to the place
where the larger of both maxima stands; `along_path` integrates the gradients of a step along the straight path
between reference and example (Sundararajan, Taly and Yan, arXiv 1703.01365), which for a product of two tensors shares
evenly, as Shapley values do. On elementwise functions it equals the rescale rule.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from keras import ops

from amber.backend.gradients import pull_back
from amber.explain.completeness import per_example, share_residual
from amber.types import Array, Tensor

PullBack: TypeAlias = Callable[[Any], list[Any]]
Step: TypeAlias = Callable[..., tuple[Any, PullBack]]
TensorFunction: TypeAlias = Callable[..., Any]

# Smaller differences of inputs give quotients that are mostly rounding; there the slope is the multiplier.
_LEAST_DIFFERENCE = 1e-5
_PATH_POINTS = 16
# Stands for no value at all in a maximum; infinity would make differences that are not numbers.
_LOWEST = -1e30


def examples_of(tensor: Any) -> Any:
    """Return the examples among examples and references."""
    return tensor[: tensor.shape[0] // 2]


def references_of(tensor: Any) -> Any:
    """Return the references among examples and references."""
    return tensor[tensor.shape[0] // 2 :]


def difference_of(tensor: object) -> Any:
    """Return examples minus references."""
    return examples_of(tensor) - references_of(tensor)


def linear(function: TensorFunction) -> Step:
    """Return the step of a function that is linear, up to a constant, in all its inputs together."""

    def step(*tensors: Any) -> tuple[Any, PullBack]:
        def pull(multipliers: object) -> list[Any]:
            return pull_back(function, [examples_of(each) for each in tensors], multipliers)

        return function(*tensors), pull

    return step


def elementwise(function: TensorFunction) -> Step:
    """Return the step of a function of each number alone: the rescale rule."""

    def step(tensor: Tensor) -> tuple[Tensor, PullBack]:
        output = function(tensor)

        def pull(multipliers: object) -> list[Tensor]:
            difference = difference_of(tensor)
            near = ops.abs(difference) < _LEAST_DIFFERENCE
            slope = pull_back(function, [examples_of(tensor)], ops.ones_like)[0]
            quotient = difference_of(output) / ops.where(near, 1.0, difference)
            return [multipliers * ops.where(near, slope, quotient)]

        return output, pull

    return step


def maximum(tensor: Tensor) -> tuple[Tensor, PullBack]:
    """Take the maximum along the last axis: a step.

    Where the maximum of the example is the larger one, the input in which it stands carries the whole difference; else
    the input in which the reference's stands. Multipliers lie between 0 and 1.
    """
    output = ops.max(tensor, axis=-1)

    def pull(multipliers: object) -> list[Any]:
        example, reference = examples_of(tensor), references_of(tensor)
        is_larger = examples_of(output) >= references_of(output)
        deciding = ops.where(is_larger[..., None], example, reference)
        chosen = ops.one_hot(ops.argmax(deciding, axis=-1), tensor.shape[-1], dtype=tensor.dtype)
        difference = ops.sum(chosen * (example - reference), axis=-1)
        is_zero = difference == 0
        share = ops.where(is_zero, 1.0, difference_of(output) / ops.where(is_zero, 1.0, difference))
        return [(multipliers * share)[..., None] * chosen]

    return output, pull


def masked(valid: Array) -> Step:
    """Return the step that keeps a place without a value out of a later maximum; `valid` broadcasts to the input."""

    def step(tensor: Tensor) -> tuple[Tensor, PullBack]:
        output = ops.where(valid, tensor, _LOWEST)
        return output, lambda multipliers: [ops.where(valid, multipliers, 0.0)]

    return step


def along_path(function: TensorFunction) -> Step:
    """Return the step of any function that is differentiable almost everywhere.

    The gradient is averaged over Gauss-Legendre points, all in one call; what they miss is shared in proportion to the
    size of the contributions.
    """
    points, weights = np.polynomial.legendre.leggauss(_PATH_POINTS)
    places, shares = ((points + 1) / 2).astype("float32"), (weights / 2).astype("float32")

    def step(*tensors: Any) -> tuple[Any, PullBack]:
        output = function(*tensors)

        def pull(multipliers: object) -> list[Any]:
            differences = [difference_of(each) for each in tensors]
            starts = [references_of(each) for each in tensors]
            between = [_on_path(r, d, places) for r, d in zip(starts, differences, strict=True)]
            vectors = _repeated(multipliers, shares)
            gradients = pull_back(function, between, vectors)
            means = [
                ops.sum(ops.reshape(each, (_PATH_POINTS, *start.shape)), axis=0)
                for each, start in zip(gradients, starts, strict=True)
            ]
            return share_residual(means, differences, per_example(multipliers * difference_of(output)))

        return output, pull

    return step


def looked_up(function: TensorFunction) -> Step:
    """Return the step of a table that is asked with whole numbers: one more axis, of what the table holds.

    A number carries what its row of the table contributes, and so has no slope of its own.
    """

    def step(codes: Tensor) -> tuple[Tensor, PullBack]:
        output = function(codes)

        def pull(multipliers: object) -> list[Tensor]:
            contributions = ops.sum(multipliers * difference_of(output), axis=-1)
            difference = difference_of(codes)
            is_zero = difference == 0
            return [ops.where(is_zero, 0.0, contributions / ops.where(is_zero, 1.0, difference))]

        return output, pull

    return step


def chain(*steps: Step) -> Step:
    """Return the step of several, one after the other; only the first may have several inputs."""

    def step(*tensors: Tensor) -> tuple[Tensor, PullBack]:
        pulls = []
        for each in steps:
            output, pull = each(*tensors)
            pulls.append(pull)
            tensors = (output,)

        def pull_all(multipliers: object) -> list[Any]:
            found = [multipliers]
            for pull in reversed(pulls):
                found = pull(found[0])
            return found

        return tensors[0], pull_all

    return step


def _on_path(start: Tensor, difference: Tensor, places: Array) -> Tensor:
    """Return all points of a path, one after the other along the first axis."""
    along = ops.convert_to_tensor(places.reshape(-1, *(1,) * len(start.shape)))
    return ops.reshape(start[None] + along * difference[None], (-1, *start.shape[1:]))


def _repeated(multipliers: Any, shares: Array) -> Any:
    along = ops.convert_to_tensor(shares.reshape(-1, *(1,) * len(multipliers.shape)))
    return ops.reshape(along * multipliers[None], (-1, *multipliers.shape[1:]))
