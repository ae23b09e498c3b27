"""What a training hears and does around each epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from amber.errors import ConfigError
from amber.training.callbacks import EpochWatcher
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
