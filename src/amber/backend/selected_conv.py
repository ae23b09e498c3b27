"""A convolution with one of several kernels of different sizes, as data says, though nothing is recompiled.

The kernel is chosen and the convolution is not: within a choice JAX differentiates convolutions slowly. TensorFlow
takes a kernel of any size; JAX needs one size, so there every kernel is padded with zeros to the largest.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import ops

from amber.types import Tensor


def convolve_selected(x: Tensor, token: object, kernels: Sequence[Tensor | None]) -> Tensor:
    """Return a convolution that keeps the length, with padding as each kernel alone would have it.

    Args:
        x: shape (batch, length, channels).
        token: integer scalar: which kernel is used.
        kernels: tensors of shape (size, channels, filters), at least one; None where the result is never read.
    """
    if keras.config.backend() == "tensorflow":
        return ops.conv(x, _choose(token, [_known(kernel, kernels, 1) for kernel in kernels]), padding="same")
    size = max(kernel.shape[0] for kernel in kernels if kernel is not None)
    padded = [_pad(_known(kernel, kernels, size), size) for kernel in kernels]
    chosen = ops.take(ops.stack(padded), token, axis=0)
    is_longer = x.shape[1] is not None and size > x.shape[1]
    # XLA has no fast convolution with a kernel longer than the sequence; a product takes a tenth of its time.
    return _multiply(x, chosen) if is_longer else ops.conv(x, chosen, padding="same")


def _choose(token: object, kernels: Sequence[Tensor]) -> Tensor:
    if len(kernels) == 1:
        return kernels[0]
    return ops.switch(token, [lambda kernel=kernel: kernel for kernel in kernels])


def _known(kernel: Tensor | None, kernels: Sequence[Tensor | None], size: int) -> Tensor:
    if kernel is not None:
        return kernel
    like = next(each for each in kernels if each is not None)
    return ops.zeros((size, *like.shape[1:]), like.dtype)


def _pad(kernel: Tensor, size: int) -> Tensor:
    """Zeros around a kernel, so that padding 'same' puts it where its own padding would."""
    extent = kernel.shape[0]
    before = (size - 1) // 2 - (extent - 1) // 2
    return ops.pad(kernel, ((before, size - extent - before), (0, 0), (0, 0)))


def _multiply(x: Tensor, kernel: Tensor) -> Tensor:
    length, (size, width_in, width_out) = x.shape[1], kernel.shape
    before = (size - 1) // 2
    padded = ops.pad(x, ((0, 0), (before, size - 1 - before), (0, 0)))
    windows = ops.concatenate([padded[:, start : start + length] for start in range(size)], axis=-1)
    return ops.matmul(windows, ops.reshape(kernel, (size * width_in, width_out)))
