"""Kernels of sequences give what torch's give, whatever the order of the memory, with the same gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from amber.backend.torch import sequences


def sequence(batch: int, channels: int, length: int, *, by_position: bool, whole: bool = False) -> Tensor:
    """Values of a sequence; `whole` numbers have many ties."""
    generator = torch.Generator().manual_seed(channels * length)
    shape = (batch, length, channels) if by_position else (batch, channels, length)
    values = torch.randint(-2, 3, shape, generator=generator).float()
    values = values if whole else torch.randn(shape, generator=generator)
    return (values.transpose(1, 2) if by_position else values).requires_grad_()


def both(ours: Callable[[Tensor], Tensor], theirs: Callable[[Tensor], Tensor], x: Tensor) -> None:
    """Compare results and gradients."""
    found, expected = ours(x), theirs(x)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    upstream = torch.randn(expected.shape, generator=torch.Generator().manual_seed(1))
    gradients = [torch.autograd.grad(result, x, upstream)[0] for result in (found, expected)]
    torch.testing.assert_close(*gradients, rtol=1e-5, atol=1e-5)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("by_position", [True, False])
@pytest.mark.parametrize("channels", [1, 3, 16])
@pytest.mark.parametrize(
    ("size", "stride", "padding"), [(2, 1, 0), (3, 1, 1), (4, 1, 2), (7, 1, 3), (9, 1, 0), (4, 4, 1)]
)
def test_pools_are_those_of_torch(size: int, stride: int, padding: int, channels: int, by_position: bool) -> None:
    settings: dict[str, Any] = {"ceil_mode": True, "padding": padding}
    # Numbers of few values have ties.
    for whole in (False, True):
        x = sequence(2, channels, 13, by_position=by_position, whole=whole)
        both(
            lambda x: sequences.max_pool(x, [size], (stride,), **settings),
            lambda x: functional.max_pool1d(x, size, stride, **settings),
            x,
        )
    for count in (True, False):
        both(
            lambda x, count=count: sequences.average_pool(x, size, stride, count_include_pad=count, **settings),
            lambda x, count=count: functional.avg_pool1d(x, size, stride, count_include_pad=count, **settings),
            x,
        )


@pytest.mark.parametrize("size", [1, 5])
def test_window_as_long_as_the_sequence(size: int) -> None:
    x = sequence(2, 3, size, by_position=True)
    both(lambda x: sequences.max_pool(x, size, 1), lambda x: functional.max_pool1d(x, size, 1), x)
    both(lambda x: sequences.average_pool(x, size, 1), lambda x: functional.avg_pool1d(x, size, 1), x)


@pytest.mark.parametrize("by_position", [True, False])
@pytest.mark.parametrize(
    ("stride", "padding", "dilation", "groups"), [(1, 0, 1, 1), (2, 3, 1, 1), (1, 2, 3, 1), (1, 1, 1, 2)]
)
def test_convolution_is_that_of_torch(stride: int, padding: int, dilation: int, groups: int, by_position: bool) -> None:
    x = sequence(3, 4, 20, by_position=by_position)
    kernel, bias = torch.randn(6, 4 // groups, 5), torch.randn(6)
    settings = (stride, padding, dilation, groups)
    both(
        lambda x: sequences.convolve(x, kernel, bias, *settings),
        lambda x: functional.conv1d(x, kernel, bias, *settings),
        x,
    )
    both(
        lambda x: sequences.convolve(x, kernel, None, (stride,), [padding], (dilation,), groups),
        lambda x: functional.conv1d(x, kernel, None, *settings),
        x,
    )


def test_memory_stays_in_the_order_of_keras() -> None:
    x = sequence(3, 4, 20, by_position=True)
    result = sequences.convolve(x, torch.randn(6, 4, 5), None, 1, 2, 1)
    result = sequences.max_pool(sequences.dropout(result, 0.5), 2, 2)
    assert result.transpose(1, 2).is_contiguous()


@pytest.mark.parametrize("pool", [sequences.max_pool, sequences.average_pool])
def test_pools_have_a_second_derivative(pool: Callable[..., Tensor]) -> None:
    x = torch.randn(2, 3, 8, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradgradcheck(lambda x: pool(x, 3, 1, 1).square(), (x,))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_drops_its_share_and_keeps_the_mean(rate: float) -> None:
    torch.manual_seed(0)
    x = torch.ones(64, 100, 64).transpose(1, 2).requires_grad_()
    dropped = sequences.dropout(x, rate)
    share = dropped.eq(0).float().mean().item()
    # Five standard errors of a share of 409,600 values.
    assert abs(share - rate) < 5 * (rate * (1 - rate) / x.numel()) ** 0.5
    assert dropped.max().item() == pytest.approx(1 / (1 - rate), abs=1e-3)
    dropped.sum().backward()
    assert x.grad is not None and torch.equal(x.grad, dropped)


def test_dropout_has_no_pattern_and_follows_the_seed() -> None:
    def kept(seed: int) -> Tensor:
        torch.manual_seed(seed)
        return sequences.dropout(torch.ones(32, 50, 33), 0.5).ne(0).flatten()

    first = kept(1)
    assert torch.equal(first, kept(1)) and not torch.equal(first, kept(2))
    signs = first.float().mul(2).sub(1)
    for lag in (1, 2, 3, 4, 8, 33):
        correlation = (signs[:-lag] * signs[lag:]).mean().item()
        assert abs(correlation) < 5 / first.numel() ** 0.5, lag


@pytest.mark.parametrize("rate", [1e-7, 1 - 1e-7])
def test_dropout_of_almost_nothing_or_all_is_left_to_torch(rate: float) -> None:
    result = sequences.dropout(torch.ones(1000), rate)
    assert result.isfinite().all()
