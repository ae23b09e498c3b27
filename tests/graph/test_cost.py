"""Costs without building equal what Keras and torch count on the built model."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from tests.modeler.conftest import make_residual_builder

from amber.architect import Operation
from amber.errors import InvalidArchitectureError
from amber.graph.cost import measure, measure_operation
from amber.modeler import ComputationGraph, ComputationNode, KerasResidualCnnBuilder


def single(operation: Operation, shape: tuple[int, ...]) -> ComputationGraph:
    nodes = [
        ComputationNode(Operation("input", shape=shape), "x"),
        ComputationNode(operation, "out", parents=("x",)),
    ]
    return ComputationGraph(nodes, ["x"], ["out"])


COUNTED = [
    (Operation("dense", units=5), (7,)),
    (Operation("dense", units=5, use_bias=False), (6, 7)),
    (Operation("conv1d", filters=5, kernel_size=3), (12, 4)),
    (Operation("conv1d", filters=6, kernel_size=4, padding="same", strides=2), (13, 4)),
    (Operation("conv1d", filters=6, kernel_size=3, dilation_rate=2, groups=2), (12, 4)),
    (Operation("conv2d", filters=5, kernel_size=(3, 2)), (8, 9, 4)),
]
UNCOUNTED = [
    (Operation("batch_normalization"), (12, 4)),
    (Operation("maxpool1d", pool_size=3), (12, 4)),
    (Operation("avgpool1d", pool_size=4, strides=1, padding="same"), (12, 4)),
    (Operation("avgpool2d", pool_size=2, strides=1, padding="same"), (5, 6, 2)),
    (Operation("globalavgpool1d"), (12, 4)),
    (Operation("flatten"), (12, 4)),
    (Operation("lstm", units=3), (12, 4)),
    (Operation("dropout", rate=0.1), (7,)),
    (Operation("leaky_relu"), (7,)),
]


@pytest.mark.parametrize(("operation", "shape"), COUNTED + UNCOUNTED, ids=str)
def test_parameters_and_shapes(operation: Operation, shape: tuple[int, ...]) -> None:
    graph = single(operation, shape)
    cost, model = measure(graph), graph.build()
    assert cost.parameters == model.count_params()
    assert cost.trainable_parameters == sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert cost.nodes["out"].output_shape == tuple(model.output_shape[1:])


@pytest.mark.parametrize(("operation", "shape"), COUNTED, ids=str)
def test_flops_equal_the_counter_of_torch(operation: Operation, shape: tuple[int, ...]) -> None:
    graph = single(operation, shape)
    assert measure(graph).flops == torch_flops(graph.build())


@pytest.mark.parametrize("seed", range(4))
def test_flops_of_residual_networks(seed: int) -> None:
    builder = make_residual_builder([4, 4, 8])
    arc = builder.layout.sample(seed)
    assert builder.measure(arc).flops == torch_flops(builder.build(arc))


def torch_flops(model: keras.Model) -> int:
    if keras.config.backend() != "torch":
        pytest.fail("this test counts with torch: run it with KERAS_BACKEND=torch")
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    x = torch.zeros((1, *model.input_shape[1:]), device="cpu")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(x)
    return int(counter.get_total_flops())


@pytest.mark.parity
@pytest.mark.parametrize(("size", "stride", "length"), [(4, 1, 12), (2, 2, 7), (3, 2, 8), (4, 4, 10), (5, 1, 3)])
def test_same_average_pooling_counts_only_what_is_inside(size: int, stride: int, length: int) -> None:
    operation = Operation("avgpool1d", pool_size=size, strides=stride, padding="same")
    x = np.random.default_rng(0).normal(size=(2, length, 3)).astype("float32")
    mine = single(operation, (length, 3)).build().predict(x, verbose=0)
    outputs = -(-length // stride)
    before = max((outputs - 1) * stride + size - length, 0) // 2
    windows = [slice(max(k * stride - before, 0), k * stride - before + size) for k in range(outputs)]
    np.testing.assert_allclose(mine, np.stack([x[:, w].mean(axis=1) for w in windows], axis=1), atol=1e-6)


def test_measuring_needs_no_weights(residual_builder: KerasResidualCnnBuilder) -> None:
    huge = Operation("dense", units=10**6)
    assert measure(single(huge, (10**6,))).parameters == 10**12 + 10**6


@pytest.mark.parity
@pytest.mark.parametrize(
    "operation",
    [Operation("maxpool1d", pool_size=99), Operation("conv1d", filters=2, kernel_size=99, padding="valid")],
    ids=str,
)
def test_what_does_not_fit_is_said_in_one_line_without_terminal_codes(operation: Operation) -> None:
    with pytest.raises(InvalidArchitectureError) as caught:
        measure_operation(operation, ((60, 4),), node_name="L0")
    message = str(caught.value)
    assert message.startswith("Node 'L0' (") and "cannot be built on (60, 4)" in message
    assert message.isprintable() and "Exception encountered" not in message and "Arguments received" not in message
