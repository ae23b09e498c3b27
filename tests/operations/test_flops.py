"""Floating-point operations equal what torch counts, for every operation."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from tests.operations.networks import EVERY_CASE, case_of, inputs_for, network

from amber.architect import Operation
from amber.graph.cost import measure
from amber.operations import OPERATIONS


def torch_flops(model: keras.Model, shapes: list[tuple[int, ...]]) -> int:
    """What torch counts for one sample. Fused attention, which it would not count, is taken apart."""
    if keras.config.backend() != "torch":
        pytest.fail("this test counts with torch: run it with KERAS_BACKEND=torch")
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    x = [torch.from_numpy(each) for each in inputs_for(shapes, samples=1)]
    with FlopCounterMode(display=False) as counter, torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        model(x if len(x) > 1 else x[0])
    return int(counter.get_total_flops())


def thrown_away_steps(operation: Operation) -> int:
    """Where Keras has no loop of its own for a layer on torch, it computes the first step twice to learn its shape."""
    kind = OPERATIONS.get(operation.Layer_type).name
    directions = 2 if kind == "bidirectional" else 1
    kind = OPERATIONS.get(operation.get("layer", "lstm")).name if directions == 2 else kind
    if kind == "simple_rnn" or (kind == "gru" and not operation.get("reset_after", True)):
        return directions
    return 0


@pytest.mark.parametrize(("name", "number"), EVERY_CASE, ids=[f"{name}-{k}" for name, k in EVERY_CASE])
def test_flops_equal_the_counter_of_torch(name: str, number: int) -> None:
    operation, shapes = case_of(name, number)
    graph = network(operation, shapes)
    known, counted = measure(graph).flops, torch_flops(graph.build(), shapes)
    extra = thrown_away_steps(operation)
    if extra:
        (length, _), *_ = shapes
        directions = 2 if name == "bidirectional" else 1
        counted -= counted * extra // (length * directions + extra)
    # What a user's callable makes has no formula.
    assert known == (0 if name == "callable" else counted)


def test_what_has_products_is_counted() -> None:
    products = [name for name, number in EVERY_CASE if measure(network(*case_of(name, number))).flops]
    weighty = [
        name
        for name, number in EVERY_CASE
        if any(len(weight.shape) > 1 for weight in network(*case_of(name, number)).build().weights)
    ]
    # An embedding looks up its rows, and PReLU's slopes are multiplied element by element; a layer that a
    # callable makes has no formula.
    assert set(weighty) - set(products) <= {"embedding", "prelu", "callable"}
    assert len(set(products)) >= 15


def test_numbers_of_the_documentation() -> None:
    graph = network(Operation("conv1d", filters=5, kernel_size=8), [(100, 4)])
    assert measure(graph).flops == 2 * 93 * 8 * 4 * 5
    assert measure(network(Operation("lstm", units=2), [(100, 4)])).flops == 2 * 100 * (4 + 2) * 8
    attention = network(Operation("self_attention", num_heads=2, key_dim=3), [(9, 6)])
    assert measure(attention).flops == 4 * 2 * 9 * 6 * 6 + 2 * 2 * 9 * 9 * 6
    assert np.prod([2, 12, 4, 5]) == measure(network(Operation("sfc", output_dim=5, symmetric=True), [(12, 4)])).flops
