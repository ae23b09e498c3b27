"""What a training hears and does around each epoch."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from amber.errors import ConfigError
from amber.training.callbacks import EpochWatcher, hears_of_ends
from amber.training.settings import FitSettings


def watcher(heard: list[Any] | None = None, **settings: Any) -> EpochWatcher:
    listener = None if heard is None else lambda *told: heard.append(told)
    return EpochWatcher(FitSettings(**{"metric": "val_loss", "epochs": 7, **settings}), 5, np.zeros((4, 2)), listener)


def test_every_epoch_but_the_first_is_seeded_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[int] = []
    monkeypatch.setattr("keras.utils.set_random_seed", seeds.append)
    one = watcher()
    for epoch in (0, 1, 2, 1):
        one.on_epoch_begin(epoch)
    assert len(seeds) == 3 and seeds[0] == seeds[2] != seeds[1]


def test_what_was_restored_is_restored_once() -> None:
    one, calls = watcher(), []
    one.restore = lambda: calls.append("restored")
    one.on_epoch_begin(0)
    one.on_epoch_begin(0)
    assert calls == ["restored"] and one.restore is None


def test_a_listener_hears_epochs_from_1() -> None:
    heard: list[Any] = []
    watcher(heard).on_epoch_end(0, {"val_loss": 1, "loss": np.float32(0.5)})
    watcher(heard).on_epoch_end(6, {"val_loss": 2.0})
    watcher().on_epoch_end(0, {"val_loss": 1.0})
    assert heard == [(1, 7, {"val_loss": 1.0, "loss": 0.5}), (7, 7, {"val_loss": 2.0})]


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), -float("inf")])
def test_a_loss_that_is_not_finite_ends_the_training(loss: float) -> None:
    heard: list[Any] = []
    with pytest.raises(FloatingPointError, match=f"the loss is {loss} after epoch 3"):
        watcher(heard).on_epoch_end(2, {"val_loss": 1.0, "loss": loss})
    assert heard == []


def test_a_metric_that_is_not_reported_is_named() -> None:
    with pytest.raises(ConfigError, match="one of what fit reports: loss, val_auc. Received: 'val_loss'"):
        watcher().on_epoch_end(0, {"loss": 1.0, "val_auc": 0.5})


class Begins(keras.callbacks.Callback):
    """Does something as training begins."""

    def on_train_begin(self, logs: Any = None) -> None:
        self.begun = True


@pytest.mark.parametrize(
    ("callback", "hears"),
    [
        (keras.callbacks.Callback(), False),
        (keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None), False),
        (keras.callbacks.LambdaCallback(on_train_begin=lambda logs: None), True),
        (keras.callbacks.LambdaCallback(on_train_end=lambda logs: None), True),
        (keras.callbacks.EarlyStopping(), True),
        (Begins(), True),
    ],
)
def test_which_callbacks_do_something_as_a_training_begins_or_ends(
    callback: keras.callbacks.Callback, hears: bool
) -> None:
    assert hears_of_ends(callback) == hears


@pytest.mark.parametrize("count", [1, 100, 511, 512, 513, 1023, 1024, 5000])
def test_statistics_are_recalibrated_on_examples_from_everywhere(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[np.ndarray] = []
    monkeypatch.setattr("amber.training.callbacks.recalibrate", lambda model, examples: taken.append(examples["x"]))
    for recalibrates in (True, False):
        one = EpochWatcher(FitSettings(recalibrate=recalibrates), 0, {"x": np.arange(count)}, None)
        one.on_test_begin()
    (rows,) = taken
    assert len(rows) == min(512, -(-count // max(1, count // 512))) and rows[0] == 0
    assert set(np.diff(rows)) <= {max(1, count // 512)}
