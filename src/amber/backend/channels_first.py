"""Sequence kernels with the channels before the positions, as torch stores them, from weights in Keras's order.

Keras keeps sequences as (batch, length, channels), so on torch each of its convolutions transposes twice, and its
normalisation is put together from moments. A network that stays in torch's order is spared both. The numbers are
those of the Keras layers: padding 'same' puts the odd position at the end, averages count only the positions
inside, and moving variances are those of the batch, not of the population.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any


def is_available() -> bool:
    """Whether the backend in use is the one these kernels are for."""
    import keras

    return str(keras.config.backend()) == "torch"


def convolve(x: Any, kernel: Any, dilation: int) -> Any:
    """Convolution with stride 1 and padding 'same'.

    Args:
        x: shape (batch, channels in, length).
        kernel: shape (size, channels in, channels out).
        dilation: steps between positions of the kernel.
    """
    from torch.nn import functional

    total = (kernel.shape[0] - 1) * dilation
    weight = kernel.permute(2, 1, 0)
    if total % 2:
        x = functional.pad(x, (total // 2, total - total // 2))
        return functional.conv1d(x, weight, dilation=dilation)
    return functional.conv1d(x, weight, padding=total // 2, dilation=dilation)


def normalise(x: Any, layer: Any, training: bool) -> Any:
    """Batch normalisation with the weights of a Keras layer, whose moving statistics learn in training."""
    import torch
    from torch.nn import functional

    gamma, beta = layer.gamma.value, layer.beta.value
    mean, variance = layer.moving_mean.value, layer.moving_variance.value
    wide = x.float()
    if not training:
        return functional.batch_norm(wide, mean, variance, gamma, beta, False, 0.0, layer.epsilon).to(x.dtype)
    # With a momentum of 1 torch leaves the batch's mean and unbiased variance in the buffers.
    seen_mean, seen_variance = torch.zeros_like(mean), torch.zeros_like(variance)
    count = x.shape[0] * x.shape[2]
    if count < 2:
        # One value has no unbiased variance.
        return _normalise_one(wide, layer).to(x.dtype)
    result = functional.batch_norm(wide, seen_mean, seen_variance, gamma, beta, True, 1.0, layer.epsilon)
    with torch.no_grad():
        share = 1.0 - layer.momentum
        mean.lerp_(seen_mean, share)
        variance.lerp_(seen_variance * ((count - 1) / count), share)
    return result.to(x.dtype)


def _normalise_one(x: Any, layer: Any) -> Any:
    import torch

    with torch.no_grad():
        share = 1.0 - layer.momentum
        layer.moving_mean.value.lerp_(x[0, :, 0], share)
        layer.moving_variance.value.mul_(layer.momentum)
    return (x - x) * layer.gamma.value[:, None] + layer.beta.value[:, None]


def max_pool(x: Any, size: int, stride: int) -> Any:
    """Maximum of `size` positions with padding 'same'."""
    from torch.nn import functional

    before, after = _padding(x.shape[-1], size, stride)
    if before != after:
        x = functional.pad(x, (before, after), value=float("-inf"))
        before = 0
    return functional.max_pool1d(x, size, stride, padding=before)


def average_pool(x: Any, size: int, stride: int) -> Any:
    """Average of the positions inside the sequence among `size`, with padding 'same'."""
    from torch.nn import functional

    before, after = _padding(x.shape[-1], size, stride)
    if before == after:
        return functional.avg_pool1d(x, size, stride, padding=before, count_include_pad=False)
    sums = functional.avg_pool1d(functional.pad(x, (before, after)), size, stride)
    counts = x.new_tensor(_counts(x.shape[-1], size, stride))
    return sums * (size / counts)


def _padding(length: int, size: int, stride: int) -> tuple[int, int]:
    total = max((-(-length // stride) - 1) * stride + size - length, 0)
    return total // 2, total - total // 2


@lru_cache(maxsize=256)
def _counts(length: int, size: int, stride: int) -> tuple[int, ...]:
    """How many positions inside the sequence each window covers."""
    before, _ = _padding(length, size, stride)
    starts = range(-before, -before + -(-length // stride) * stride, stride)
    return tuple(min(start + size, length) - max(start, 0) for start in starts)
