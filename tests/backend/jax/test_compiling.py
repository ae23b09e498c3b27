"""Steps that are compiled in less time do what Keras's do, and are compiled as often as needed."""

from __future__ import annotations

from typing import Any

import jax
import keras
import numpy as np
import pytest
from jax import monitoring
from tests.backend.torch.twins import assert_alike, fit_alike, small_data, small_model, twins

from amber.backend.jax import CompiledFunctional, compiling
from amber.backend.jax.compiling import QUICK, QUICKEST, compiled
from amber.training.recalibration import recalibrate

pytestmark = pytest.mark.parity


def test_an_epoch_with_a_smaller_last_batch_ends_as_with_keras() -> None:
    pair = twins(small_model(lambda x: keras.layers.Dropout(0.2, seed=1)(x)))
    assert isinstance(pair[0], CompiledFunctional)
    x, y = small_data(44)
    assert_alike(pair, fit_alike(pair, x, y, shuffle=False, epochs=3, validation_data=(x[:9], y[:9])))
    np.testing.assert_allclose(
        pair[0].predict(x, batch_size=16, verbose=0), pair[1].predict(x, batch_size=16, verbose=0), rtol=2e-3, atol=2e-4
    )


def test_steps_are_keras_own_where_keras_does_not_compile_one_batch() -> None:
    x, y = small_data(16)
    for options in ({"run_eagerly": True}, {"jit_compile": False}, {"steps_per_execution": 2}):
        pair = twins(small_model(), **options)
        assert_alike(pair, fit_alike(pair, x, y, shuffle=False, epochs=1))


def test_only_steps_of_networks_with_positions_are_compiled_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[Any] = []

    def noted(function: Any, options: Any, donated: int | None = 0) -> Any:
        used.append(options)
        return compiled(function, options, donated)

    monkeypatch.setattr("amber.backend.jax.model.compiled", noted)
    vectors = keras.Input((3,))
    dense = CompiledFunctional(vectors, keras.layers.Dense(1)(vectors))
    for model, options, x in ((dense, {}, np.ones((4, 3))), (small_model(), QUICK, small_data(4)[0])):
        y = np.zeros(4)
        model.compile(loss="mse")
        model.fit(x, y, validation_data=(x, y), verbose=0)
        model.predict(x, verbose=0)
        assert used == [options] * 3
        used.clear()


def test_options_that_this_xla_does_not_know_are_left_out() -> None:
    assert compiling._are_known(tuple(QUICK.items())) and compiling._are_known(tuple(QUICKEST.items()))
    unknown: dict[str, bool | int] = {"xla_no_such_flag": True}
    assert not compiling._are_known(tuple(unknown.items()))
    assert float(compiled(lambda value: value * 2, unknown, donated=None)(1.5)) == 3.0


def test_recalibrated_statistics_are_those_of_passes_one_by_one() -> None:
    model, plain = twins(small_model(lambda x: keras.layers.Dropout(0.5, seed=1)(x)))
    x, _ = small_data(50)
    before = [np.asarray(weight) for weight in model.trainable_weights]
    for each in (model, plain):
        recalibrate(each, x, batch_size=20)
    for found, expected in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    for weight, value in zip(model.trainable_weights, before, strict=True):
        np.testing.assert_array_equal(np.asarray(weight), value)
    norm = next(layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization))
    assert norm.momentum == 0.99


def test_recalibration_compiles_a_function_for_each_shape_of_batch() -> None:
    names: list[str] = []

    def listen(event: str, seconds: float, **about: Any) -> None:
        if event.endswith("backend_compile_duration"):
            names.append(str(about.get("fun_name")))

    model = small_model()
    x, _ = small_data(50)
    monitoring.register_event_duration_secs_listener(listen)
    try:
        recalibrate(model, x, batch_size=20)
    finally:
        monitoring.unregister_event_duration_listener(listen)
    assert len([name for name in names if "run" in name]) == 2  # 17 rows, and 16
    assert jax.default_backend() != "cpu" or len(names) < 12
