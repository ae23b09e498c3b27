"""Many architectures at once give what each gives alone: predictions, scores, gradients."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from keras import ops
from tests.supernet.spaces import ann_data, make_ann, make_cnn, scatter
from tests.supernet.test_selected import COMPILES, ann_builders

from amber.errors import ConfigError

pytestmark = pytest.mark.parity


def values(builder: Any) -> list[np.ndarray]:
    return [np.array(ops.convert_to_numpy(weight)) for weight in builder.supernet.weights]


def put(builder: Any, given: list[np.ndarray]) -> None:
    for weight, value in zip(builder.supernet.weights, given, strict=True):
        weight.assign(value)


def test_scores_are_those_of_each_alone() -> None:
    for options in ({}, {"l2_reg": 0.01}, {"with_output_blocks": True}):
        builder, (x, y) = make_ann(**options), ann_data(40)
        scatter(builder)
        arcs = [builder.layout.sample(seed) for seed in range(5)]
        weights = np.linspace(0.5, 2.0, 40).astype("float32")
        for sample_weight in (None, weights):
            found = builder.evaluate_many(arcs, x, y, sample_weight=sample_weight, batch_size=16, at_once=2)
            for arc, scores in zip(arcs, found, strict=True):
                alone = builder(arc).evaluate(
                    x, y, batch_size=40, sample_weight=sample_weight, verbose=0, return_dict=True
                )
                assert scores == pytest.approx(alone, rel=1e-4)


@settings(max_examples=3 if COMPILES else 25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
@pytest.mark.slow
def test_a_step_follows_the_mean_of_the_gradients(data: st.DataObject) -> None:
    builder = data.draw(ann_builders())
    scatter(builder, 2)
    x, _ = ann_data(6)
    before = values(builder)
    arcs = [builder.layout.sample(data.draw(st.integers(0, 999))) for _ in range(3)]
    y = [np.cos(output[0]) for output in builder.predict_many(arcs[:1], x)]
    target = y if len(y) > 1 else y[0]
    losses: Any = ["mse"] * len(y) if len(y) > 1 else "mse"
    steps = []
    for arc in arcs:
        put(builder, before)
        child = builder.build(arc)
        child.compile(optimizer=keras.optimizers.SGD(0.1), loss=losses)
        child.train_on_batch(x, target)
        steps.append([after - old for after, old in zip(values(builder), before, strict=True)])
    put(builder, before)
    drawn = iter(arcs * 2)
    builder.dag.model_compile_dict = None  # its metrics are for one output
    together = builder.multi_path(3, sampler=lambda: next(drawn))
    together.compile(optimizer=keras.optimizers.SGD(0.1), loss=losses)
    together.train_on_batch(x, target)
    assert together.arcs == arcs
    for old, new, *alone in zip(before, values(builder), *steps, strict=True):
        np.testing.assert_allclose(new - old, np.mean(alone, axis=0), rtol=1e-3, atol=1e-5)


def test_training_many_at_once_lowers_the_loss_and_predicts_each() -> None:
    builder, (x, y) = make_ann(controller="uniform"), ann_data()
    arcs = [builder.layout.sample(seed) for seed in range(8)]

    def mean() -> float:
        return float(np.mean([scores["loss"] for scores in builder.evaluate_many(arcs, x, y)]))

    before, model = mean(), builder.multi_path(4, seed=1)
    history = model.fit(x, y, epochs=10, batch_size=16, validation_data=(x, y), verbose=0)
    assert set(history.history) == {"loss", "mae", "val_loss", "val_mae"}
    assert mean() < before
    found = model.predict(x[:16], verbose=0)
    assert found.shape == (16, 4, 1)
    for number, arc in enumerate(model.arcs):
        np.testing.assert_allclose(found[:, number], builder(arc).predict(x[:16], verbose=0), rtol=1e-4, atol=1e-5)


def test_bad_input_is_named() -> None:
    with pytest.raises(ConfigError, match="at_once"):
        make_ann(controller="uniform").multi_path(0)
    with pytest.raises(ConfigError, match="sampler"):
        make_ann().multi_path(3)
    with pytest.raises(ConfigError, match="model_compile_dict"):
        make_ann(model_compile_dict=None).evaluate_many([], *ann_data())
    from amber.supernet.scoring import evaluate_many

    with pytest.raises(ConfigError, match="feed-forward"):
        evaluate_many(make_cnn(), [], *ann_data())
