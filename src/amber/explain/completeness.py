"""Contributions that sum to the difference they explain."""

from __future__ import annotations

from collections.abc import Sequence

from keras import ops

from amber.types import Tensor

# Where nothing contributes and yet the outputs differ, differences of inputs share it.
_LEAST_SHARE = 1e-6


def per_example(values: object) -> Tensor:
    """Return the sum over all but the first axis."""
    return ops.sum(ops.reshape(values, (ops.shape(values)[0], -1)), axis=1)


def share_residual(multipliers: Sequence[Tensor], differences: Sequence[Tensor], target: Tensor) -> list[Tensor]:
    """Return multipliers whose contributions sum to a target for each example.

    What a numerical integral along a path misses, mostly where a rectifier or a maximum bends, is shared among the
    inputs in proportion to the size of their contributions.

    Args:
        multipliers: one tensor for each input, examples along the first axis.
        differences: of the inputs from their references, of the same shapes.
        target: what multipliers times differences shall sum to, shape (examples,).
    """
    contributions = [m * d for m, d in zip(multipliers, differences, strict=True)]
    residual = target - sum(map(per_example, contributions))
    sizes = [ops.abs(c) + _LEAST_SHARE * ops.abs(d) for c, d in zip(contributions, differences, strict=True)]
    total = sum(map(per_example, sizes))
    factor = ops.where(total > 0, residual / ops.where(total > 0, total, 1.0), 0.0)
    return [
        m + ops.reshape(factor, (-1,) + (1,) * (len(m.shape) - 1)) * ops.sign(d) * (ops.abs(m) + _LEAST_SHARE)
        for m, d in zip(multipliers, differences, strict=True)
    ]
