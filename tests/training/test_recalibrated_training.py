"""Training whose normalisation statistics are estimated anew in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from amber.errors import ConfigError
from amber.search import Objective, retrain

ARC = (0, 0, 1)
BY_LOSS = {"metric": "val_loss", "direction": "minimize", "epochs": 2}


def statistics(model: Any) -> list[np.ndarray]:
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    return [np.array(weight) for layer in norms for weight in layer.get_weights()[2:]]


@pytest.mark.parity
def test_statistics_are_those_of_the_training_data(make_objective: Callable[..., Objective], builder: Any) -> None:
    objective = make_objective(**BY_LOSS, recalibrate=True)
    model, _ = retrain(
        builder, ARC, objective.train, objective.validation, seed=4, batch_size=16, recalibrate=True, **BY_LOSS
    )
    # The first normalisation follows the first convolution, so its statistics are those of what that gives.
    first = next(layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization))
    before = keras.Model(model.inputs, first.input).predict(objective.train[0], verbose=0)
    moments = before.mean((0, 1)), before.var((0, 1))
    for found, expected in zip(first.get_weights()[2:], moments, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    plain, _ = retrain(builder, ARC, objective.train, objective.validation, seed=4, batch_size=16, **BY_LOSS)
    if keras.config.backend() == "torch":
        for ours, theirs in zip(model.trainable_weights, plain.trainable_weights, strict=True):
            np.testing.assert_array_equal(np.array(ours.value.detach()), np.array(theirs.value.detach()))
    assert any(not np.allclose(a, b, rtol=0.01) for a, b in zip(statistics(model), statistics(plain), strict=True))


@pytest.mark.parity
def test_a_trial_is_scored_with_them(make_objective: Callable[..., Objective], builder: Any) -> None:
    objective = make_objective(**BY_LOSS, recalibrate=True)
    trial, plain = objective.evaluate(ARC, 4), make_objective(**BY_LOSS).evaluate(ARC, 4)
    model, _ = retrain(
        builder, ARC, objective.train, objective.validation, seed=4, batch_size=16, recalibrate=True, **BY_LOSS
    )
    found = model.evaluate(*objective.validation, verbose=0, return_dict=True)
    assert trial.score == pytest.approx(found["loss"], rel=1e-3)
    assert trial.metrics["val_accuracy"] == pytest.approx(found["accuracy"])
    # Of training itself what `fit` reported is told.
    assert trial.metrics["loss"] == pytest.approx(plain.metrics["loss"], rel=1e-4)
    assert plain.score is not None and abs(plain.score - found["loss"]) > 1e-4


def test_another_value_is_named(make_objective: Callable[..., Objective]) -> None:
    with pytest.raises(ConfigError, match="recalibrate must be true or false"):
        make_objective(recalibrate="yes")


def test_what_was_begun_without_the_setting_is_taken_up_and_not_with_it(
    make_objective: Callable[..., Objective],
) -> None:
    assert "recalibrate" not in make_objective().to_dict()
    assert make_objective(recalibrate=True).to_dict()["recalibrate"] is True


@pytest.mark.parity
def test_epochs_are_compared_with_them(make_objective: Callable[..., Objective], builder: Any) -> None:
    settings = {**BY_LOSS, "epochs": 4, "patience": 4}
    objective = make_objective(**settings)
    reported: dict[bool, list[float]] = {}
    for recalibrated in (False, True):
        model, history = retrain(
            builder, ARC, objective.train, objective.validation, seed=4, batch_size=16, recalibrate=recalibrated,
            **settings,
        )  # fmt: skip
        reported[recalibrated] = history["val_loss"]
    # What the best epoch reported is what the kept network has, statistics being those of all training data or of some.
    found = model.evaluate(*objective.validation, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(min(reported[True]), rel=2e-2)
    # Moving averages still lag behind in the first epoch.
    assert reported[False][0] != pytest.approx(reported[True][0], rel=1e-3)
