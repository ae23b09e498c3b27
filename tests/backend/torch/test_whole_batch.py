"""Normalisation over several devices, in a group of one: what torch's own kernel gives, in every precision."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
import torch.distributed as dist

from amber.backend.torch.whole_batch import normalise


@pytest.fixture
def group() -> Iterator[None]:
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
def test_a_group_of_one_normalises_as_torch_does(group: None, dtype: torch.dtype, tolerance: float) -> None:
    generator = torch.Generator().manual_seed(0)
    rows, above = (torch.randn(6, 4, 9, generator=generator).to(dtype) for _ in range(2))
    found = []
    for function in (normalise, lambda *given: torch.native_batch_norm(*given[:3], None, None, True, 0.0, given[3])):
        x = rows.clone().requires_grad_()
        weight, shift = torch.full((4,), 1.5, requires_grad=True), torch.full((4,), 0.5, requires_grad=True)
        y, mean, inverse = function(x, weight, shift, 1e-3)
        y.backward(above)
        assert y.dtype == x.grad.dtype == dtype and mean.dtype == inverse.dtype == weight.grad.dtype == torch.float32
        found.append([each.detach().float() for each in (y, mean, inverse, x.grad, weight.grad, shift.grad)])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=tolerance, atol=tolerance * float(other.abs().max()))
