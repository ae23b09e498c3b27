"""Planning, measuring and fingerprinting draw from no global random generator, nor leave one changed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
from keras.src.random.seed_generator import global_seed_generator

from amber.architect import ModelSpace, Operation
from amber.graph import cost
from amber.modeler import KerasModelBuilder, KerasResidualCnnBuilder, register_operation
from amber.operations.registry import OPERATIONS

pytestmark = pytest.mark.parity


class Restless(keras.layers.Layer):
    """A user's layer that draws from every generator while it is made, built and called."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        _draw()

    def build(self, shape: Any) -> None:
        _draw()

    def call(self, inputs: Any) -> Any:
        _draw()
        return inputs


def _draw() -> None:
    random.random()
    np.random.random()  # noqa: NPY002
    if keras.config.backend() == "torch":
        import torch

        torch.rand(())


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    """Without what was measured before, and with an operation of a user's."""
    kept = dict(vars(OPERATIONS))
    register_operation("restless", Restless, search_only=("filters",), replace=True)
    cost._measure.cache_clear()
    yield
    cost._measure.cache_clear()
    vars(OPERATIONS).update(kept)


def states() -> list[Any]:
    seeds = global_seed_generator()  # made first: it takes its seed from Python's
    numpy_state = np.random.get_state()  # noqa: NPY002
    found: list[Any] = [random.getstate(), numpy_state[1].tolist(), numpy_state[2]]  # type: ignore[index,call-overload]
    found.append(np.asarray(keras.ops.convert_to_numpy(seeds.state)).tolist())
    if keras.config.backend() == "torch":
        import torch

        found.append(torch.get_rng_state().tolist())
    return found


def candidates() -> list[dict[str, Any]]:
    return [
        {"Layer_type": "conv1d", "filters": 4, "kernel_size": 3, "activation": "relu", "padding": "same"},
        {"Layer_type": "maxpool1d", "filters": 4, "pool_size": 2, "padding": "same"},
        {"Layer_type": "identity", "filters": 4},
    ]


def residual() -> Any:
    return KerasResidualCnnBuilder(
        Operation("input", shape=(20, 4)),
        Operation("dense", units=2, activation="softmax"),
        fc_units=3,
        flatten_mode="Flatten",
        model_compile_dict=None,
        model_space=ModelSpace.from_dict([candidates()] * 3),
        dropout_rate=0.2,
    )


def chain() -> Any:
    layers = [
        *[[{"Layer_type": "dense", "units": units} for units in (2, 3)], [{"Layer_type": "dropout", "rate": 0.5}]],
        [{"Layer_type": "restless"}, {"Layer_type": "gaussian_noise", "stddev": 0.5}],
    ]
    return KerasModelBuilder(
        Operation("input", shape=(4,)), Operation("dense", units=1), None, ModelSpace.from_dict(layers)
    )


@pytest.mark.parametrize("make", [residual, chain])
def test_every_generator_is_as_it_was(make: Any) -> None:
    keras.utils.set_random_seed(3)
    generator = np.random.default_rng(0)
    builder = make()
    arcs = [builder.layout.sample(generator) for _ in range(6)]
    before = states()
    for arc in arcs:
        graph = builder.plan(arc)
        assert cost.measure(graph).parameters >= 0 and graph.fingerprint()
        assert states() == before


@pytest.mark.parametrize("make", [residual, chain])
def test_a_network_has_the_same_weights_whether_it_was_measured_or_not(make: Any) -> None:
    builder = make()
    arc = builder.layout.sample(np.random.default_rng(1))

    def weights(*, measured: bool) -> list[Any]:
        cost._measure.cache_clear()
        if measured:
            cost.measure(builder.plan(arc))
        keras.utils.set_random_seed(5)
        return list(builder.build(arc).get_weights())

    for ours, theirs in zip(weights(measured=True), weights(measured=False), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_restless_layer_is_noticed_without_the_scope() -> None:
    before = states()
    Restless()
    assert states() != before
