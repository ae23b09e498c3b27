"""Convolutions, pools, normalisation and dropout of sequences, as a CPU computes them fastest.

A sequence is (batch, channels, positions), as torch writes it. On a CPU its memory keeps all channels of a position
together, which is the order Keras has: so nothing is copied between the two, and the kernels of images, which have
such an order (`torch.channels_last`), read an image of height 1. On other devices, torch's kernels of sequences run.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

# Whether the kernels of images that read one position after another are built into this torch.
_READS_IMAGES = torch.backends.mkldnn.is_available()


def convolve(
    x: Tensor, kernel: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any, groups: int = 1
) -> Tensor:
    """Convolve as `torch.nn.functional.conv1d` does."""
    if not (x.is_cpu and _READS_IMAGES):
        return functional.conv1d(x, kernel, bias, stride, padding, dilation, groups)
    image = x.unsqueeze(2).contiguous(memory_format=torch.channels_last)
    result = functional.conv2d(
        image, kernel.unsqueeze(2), bias, (1, _one(stride)), (0, _one(padding)), (1, _one(dilation)), groups
    )
    return result.squeeze(2)


def max_pool(x: Tensor, size: Any, stride: Any, padding: Any = 0, ceil_mode: bool = False) -> Tensor:
    """Pool as `torch.nn.functional.max_pool1d` does."""
    if not (x.is_cpu and _READS_IMAGES):
        return functional.max_pool1d(x, size, stride, padding, 1, ceil_mode)
    size, stride, padding = _one(size), _one(stride), _one(padding)
    # Torch's kernel notes where each maximum is if gradients are wanted, and takes ten times as long.
    if stride == 1 and size > 1 and x.requires_grad and torch.is_grad_enabled():
        return _windows(_SlidingMaximum, x, size, padding, -torch.inf)
    return functional.max_pool2d(x.unsqueeze(2), (1, size), (1, stride), (0, padding), 1, ceil_mode).squeeze(2)


def average_pool(
    x: Tensor, size: Any, stride: Any, padding: Any = 0, ceil_mode: bool = False, count_include_pad: bool = True
) -> Tensor:
    """Pool as `torch.nn.functional.avg_pool1d` does."""
    if not (x.is_cpu and _READS_IMAGES):
        return functional.avg_pool1d(x, size, stride, padding, ceil_mode, count_include_pad)
    size, stride, padding = _one(size), _one(stride), _one(padding)
    if stride == 1 and size > 1 and x.requires_grad and torch.is_grad_enabled():
        # Sums of sums, each rounded, would lose too much in bfloat16.
        wide = x.float() if x.dtype == torch.bfloat16 else x
        sums = _windows(_SlidingSum, wide, size, padding, 0.0)
        # One over the number of positions that each window averages, of which `outside` at either end do not count.
        windows, outside = sums.shape[2], 0 if count_include_pad else padding
        starts = torch.arange(windows) - outside
        counted = (starts + size).clamp_max(x.shape[2] if outside else windows + size) - starts.clamp_min(0)
        return (sums * counted.to(wide.dtype).reciprocal()).to(x.dtype)
    image = x.unsqueeze(2)
    pads = (0, padding)
    return functional.avg_pool2d(image, (1, size), (1, stride), pads, ceil_mode, count_include_pad).squeeze(2)


def as_image(x: Tensor) -> Tensor:
    """Return a sequence as an image of height 1, for kernels that read one position after another; else as it is."""
    return x.unsqueeze(2) if x.dim() == 3 and x.is_cpu and _READS_IMAGES else x


def by_position(gradient: Tensor) -> Tensor:
    """Return the gradient of an image with all channels of a position together, as kernels read it fastest.

    That of a mean over positions comes otherwise, and normalisation then takes four to six times as long to go back.
    """
    return gradient.contiguous(memory_format=torch.channels_last)


def pad(x: Tensor, sizes: list[int], mode: str = "constant") -> Tensor:
    """Pad as `torch.nn.functional.pad` does, without a change of the memory's order."""
    if x.dim() != 3 or len(sizes) != 2 or mode != "constant" or not (x.is_cpu and _READS_IMAGES):
        return functional.pad(x, sizes, mode)
    return functional.pad(x.transpose(1, 2), (0, 0, *sizes)).transpose(1, 2)


def dropout(x: Tensor, rate: float) -> Tensor:
    """Set a share of the values to 0 and scale up the rest, from 16 random bits for each.

    The share is `rate` to within 1 / 65,536.
    """
    dropped = round(rate * 65536)
    if x.device.type != "cpu" or x.dtype not in (torch.float32, torch.bfloat16) or not 0 < dropped < 65536:
        return functional.dropout(x, rate, True)
    kept = torch.empty_like(x)
    bits = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(-(2**63), None).view(torch.int16)
    torch.ge(bits.as_strided(kept.shape, kept.stride()), dropped - 32768, out=kept)
    scale = 65536 / (65536 - dropped)
    # In bfloat16 the scale itself would be rounded, and all values be too large or too small.
    return x * kept.mul_(scale) if x.dtype == torch.float32 else (x * kept).mul_(scale)


def _one(value: Any) -> int:
    """A setting of the one axis, which may be given as a sequence."""
    return value if isinstance(value, int) else value[0]


def _windows(function: Any, x: Tensor, size: int, padding: int, value: float) -> Tensor:
    """Apply a function of (batch, positions, channels) to every window, after padding."""
    by_position = functional.pad(x.transpose(1, 2), (0, 0, padding, padding), value=value)
    return function.apply(by_position.contiguous(), size).transpose(1, 2)


def _rows(values: Tensor, shape: torch.Size, size: int) -> Tensor:
    """The windows within each sequence, of all windows in the memory of `shape`, which also cross its ends."""
    batch, positions, channels = shape
    return values.as_strided((batch, positions - size + 1, channels), (positions * channels, channels, 1))


def _of_all(gradient: Tensor, shape: torch.Size, size: int) -> Tensor:
    """Gradients of all windows in the memory of `shape`; those of windows across its ends are 0."""
    _, positions, channels = shape
    full = gradient.new_empty(shape)
    full[:, : positions - size + 1] = gradient
    full[:, positions - size + 1 :] = 0
    return full.view(-1)[: full.numel() - (size - 1) * channels]


class _SlidingMaximum(torch.autograd.Function):
    """The maximum of every window, of maxima of two halves each; the earlier of equal values gets the gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, size: int) -> Tensor:
        values, halves = x.view(-1), []
        # How far apart the maxima lie that are compared, step by step, until each is of `size` positions.
        shifts, joined = [], 1
        while joined < size:
            shifts.append(min(joined, size - joined) * x.shape[2])
            joined += min(joined, size - joined)
            halves.append(values)
            values = torch.maximum(values[: -shifts[-1]], values[shifts[-1] :])
        ctx.save_for_backward(*halves)
        ctx.shape, ctx.size, ctx.shifts = x.shape, size, shifts
        return _rows(values, x.shape, size)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        values = _of_all(gradient, ctx.shape, ctx.size)
        for shift, half in zip(reversed(ctx.shifts), reversed(ctx.saved_tensors), strict=True):
            is_first = torch.ge(half[:-shift], half[shift:], out=half.new_empty(values.shape))
            first = is_first * values
            before = functional.pad(first, (0, shift))
            before[shift:] += values - first
            values = before
        return values.view(ctx.shape), None


class _SlidingSum(torch.autograd.Function):
    """The sum of every window."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, size: int) -> Tensor:
        ctx.shape, ctx.size = x.shape, size
        return _rows(_sums(x.view(-1), size, x.shape[2]), x.shape, size)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        channels = ctx.shape[2]
        around = (ctx.size - 1) * channels
        of_windows = functional.pad(_of_all(gradient, ctx.shape, ctx.size), (around, around))
        return _sums(of_windows, ctx.size, channels).view(ctx.shape), None


def _sums(values: Tensor, size: int, channels: int) -> Tensor:
    """Sums of `size` values that lie `channels` apart, from sums of 1, 2, 4, ... of them."""
    count = values.numel() - (size - 1) * channels
    total, summed, width = None, 0, 1
    while True:
        if size & width:
            part = values[summed * channels :][:count]
            total = part if total is None else total + part
            summed += width
        if summed == size:
            return total
        values = values[: -width * channels] + values[width * channels :]
        width *= 2
