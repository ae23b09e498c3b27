"""Random networks compute and learn the same as in plain Keras."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.backend.torch.twins import assert_alike, fit_alike, is_planned, steps_of_keras, twins

from amber.architect import ModelSpace, Operation
from amber.backend.models import ChildModel
from amber.graph.graph import ComputationGraph, ComputationNode
from amber.modeler import KerasResidualCnnBuilder

FEW = settings(max_examples=12, suppress_health_check=list(HealthCheck))


def residual_builder(length: int, head: str) -> KerasResidualCnnBuilder:
    kinds = [
        {"Layer_type": "conv1d", "kernel_size": 8, "activation": "relu"},
        {"Layer_type": "conv1d", "kernel_size": 3, "activation": "leaky_relu", "dilation_rate": 2},
        {"Layer_type": "maxpool1d", "pool_size": 4},
        {"Layer_type": "avgpool1d", "pool_size": 4},
        {"Layer_type": "avgpool1d", "pool_size": 3},
        {"Layer_type": "identity"},
    ]
    return KerasResidualCnnBuilder(
        Operation("input", shape=(length, 4)),
        Operation("dense", units=3, activation="softmax"),
        fc_units=5,
        flatten_mode=head,
        model_space=ModelSpace.from_dict([[{**kind, "filters": width} for kind in kinds] for width in (3, 3, 5)]),
        model_compile_dict=None,
        dropout_rate=0,
    )


@st.composite
def dense_graphs(draw: st.DrawFn) -> ComputationGraph:
    """Dense layers that merge inputs and earlier layers in any way."""
    names = ["a", "b"]
    nodes = [ComputationNode(Operation("input", shape=(3,)), name) for name in names]
    activation = st.sampled_from(["relu", "tanh", "sigmoid", "elu", "selu", "softplus", "silu", "gelu", "linear"])
    for number in range(draw(st.integers(1, 5))):
        parents = draw(st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True))
        width = 3 if draw(st.booleans()) else draw(st.integers(1, 5))
        operation = Operation("dense", units=width, activation=draw(activation))
        nodes.append(ComputationNode(operation, f"layer_{number}", parents=parents))
        names.append(f"layer_{number}")
    last = draw(st.sampled_from(["concatenate", "add", "average", "maximum", "minimum", "multiply"]))
    for number, parent in enumerate(("a", "b", names[-1])):
        nodes.append(ComputationNode(Operation("dense", units=4), f"leg_{number}", parents=[parent]))
    nodes.append(ComputationNode(Operation(last), "merged", parents=["leg_0", "leg_1", "leg_2"]))
    nodes.append(ComputationNode(Operation("dense", units=2), "output", parents=["merged"]))
    return ComputationGraph(nodes, ["a", "b"], ["output"]).prune()


def gradients(model: Any, x: Any, y: np.ndarray) -> list[np.ndarray]:
    model.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x, training=True), torch.as_tensor(y))
    loss.backward()
    return [weight.value.grad.numpy().copy() for weight in model.trainable_weights]


def compare(pair: tuple[Any, Any], x: Any, y: np.ndarray) -> None:
    fast, plain = pair
    as_given = [torch.as_tensor(part) for part in x] if isinstance(x, list) else torch.as_tensor(x)
    scale = max(1.0, float(np.abs(plain.predict(x, verbose=0)).max()))
    for run in (lambda model: model.predict(x, verbose=0), lambda model: model(as_given).detach().numpy()):
        np.testing.assert_allclose(run(fast), run(plain), rtol=1e-5, atol=1e-6 * scale)
    for found, expected in zip(gradients(fast, as_given, y), gradients(plain, as_given, y), strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-4 * max(1e-3, np.abs(expected).max()))
    # One training forward has moved the statistics of both alike.
    for found, expected in zip(fast.non_trainable_weights, plain.non_trainable_weights, strict=True):
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(found), keras.ops.convert_to_numpy(expected), rtol=1e-4, atol=1e-5
        )
    assert is_planned(fast) and steps_of_keras(fast) == 0


@pytest.mark.slow
@FEW
@given(st.integers(0, 10**6), st.sampled_from(["gap", "gmp", "flatten"]), st.integers(9, 21))
def test_residual_networks(seed: int, head: str, length: int) -> None:
    keras.utils.set_random_seed(seed)
    builder = residual_builder(length, head)
    fast = builder.build(builder.layout.sample(seed))
    x = np.random.default_rng(seed).normal(size=(24, length, 4)).astype("float32")
    y = np.eye(3, dtype="float32")[np.arange(24) % 3]
    pair = twins(fast, optimizer=keras.optimizers.SGD(0.01))
    compare(pair, x, y)
    assert_alike(pair, fit_alike(pair, x, y, epochs=1))


@pytest.mark.slow
@FEW
@given(dense_graphs(), st.integers(0, 10**6))
def test_dense_networks(graph: ComputationGraph, seed: int) -> None:
    keras.utils.set_random_seed(seed)
    built = graph.build()
    fast = ChildModel(built.inputs, built.outputs[0])
    generator = np.random.default_rng(seed)
    x = [generator.normal(size=(24, 3)).astype("float32") for _ in fast.inputs]
    y = generator.normal(size=(24, 2)).astype("float32")
    pair = twins(fast)
    compare(pair, x, y)
    assert_alike(pair, fit_alike(pair, x, y))


def test_batch_statistics_follow_keras_formula() -> None:
    """The moving variance averages the biased variance; torch's own layer would use the unbiased one."""
    inputs = keras.Input((2,))
    layer = keras.layers.BatchNormalization(momentum=0.5)
    model = ChildModel(inputs, layer(inputs))
    model(torch.tensor([[0.0, 1.0], [2.0, 5.0]]), training=True)
    np.testing.assert_allclose(layer.moving_mean.value.detach(), [0.5, 1.5], rtol=1e-6)
    np.testing.assert_allclose(layer.moving_variance.value.detach(), [0.5 + 0.5 * 1, 0.5 + 0.5 * 4], rtol=1e-5)
