"""Batch normalisation over a batch whose rows are on several devices."""

from __future__ import annotations

import functools
from typing import Any

import keras
import torch
import torch.distributed as dist
from torch import Tensor

from amber.backend.torch.kernels import KERNELS, Kernel, make_batch_normalization


class _WholeBatch(torch.autograd.Function):
    """The normalised rows of this device, with mean and inverse deviation of the rows of all."""

    @staticmethod
    def forward(
        context: Any, x: Tensor, weight: Tensor | None, shift: Tensor | None, epsilon: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        axes = [axis for axis in range(x.dim()) if axis != 1]
        given, x = x.dtype, x.float()
        variance, mean = torch.var_mean(x, axes, correction=0)
        count = x.numel() // x.shape[1]
        own = torch.cat([mean, variance, mean.new_tensor([count])])
        parts = [torch.empty_like(own) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, own)
        means, variances, counts = torch.stack(parts).split([len(mean), len(mean), 1], 1)
        total = counts.sum()
        share = counts / total
        mean = (share * means).sum(0)
        # The variance within the parts, and that between their means.
        variance = (share * (variances + (means - mean).square())).sum(0)
        inverse = (variance + epsilon).rsqrt()
        shape = [1, -1] + [1] * (x.dim() - 2)
        normal = (x - mean.view(shape)).mul_(inverse.view(shape))
        context.save_for_backward(normal, weight, inverse, total)
        context.axes, context.shape = axes, shape
        context.mark_non_differentiable(mean, inverse)
        y = normal if weight is None else normal * weight.view(shape)
        return (y.clone() if shift is None else y + shift.view(shape)).to(given), mean, inverse

    @staticmethod
    def backward(context: Any, gradient: Tensor, *unused: Tensor) -> tuple[Tensor | None, ...]:
        normal, weight, inverse, total = context.saved_tensors
        given, gradient = gradient.dtype, gradient.float()
        axes, shape = context.axes, context.shape
        of_shift, of_weight = gradient.sum(axes), (gradient * normal).sum(axes)
        sums = torch.cat([of_shift, of_weight])
        dist.all_reduce(sums)
        first, second = (each.view(shape) for each in (sums / total).chunk(2))
        factor = inverse if weight is None else inverse * weight
        of_x = (gradient - first - normal * second).mul_(factor.view(shape))
        needs = context.needs_input_grad
        return of_x.to(given), of_weight if needs[1] else None, of_shift if needs[2] else None, None


def normalise(x: Tensor, weight: Tensor | None, shift: Tensor | None, epsilon: float) -> tuple[Tensor, Tensor, Tensor]:
    """Normalise the rows of this device by mean and variance of the rows of all.

    Args:
        x: rows of this device, shape (rows, channels, ...).
        weight: a factor of each channel; None: 1.
        shift: added to each channel; None: 0.
        epsilon: added to the variance.

    Returns:
        The rows, and of the whole batch the mean and one over the standard deviation of each channel.
    """
    y, mean, inverse = _WholeBatch.apply(x, weight, shift, epsilon)
    return y, mean, inverse


SHARED_KERNELS: dict[type, Kernel] = {
    **KERNELS,
    keras.layers.BatchNormalization: Kernel(functools.partial(make_batch_normalization, normalise=normalise)),
}
"""The kernels of a model that is trained on several devices."""
