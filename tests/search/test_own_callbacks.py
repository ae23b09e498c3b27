"""Callbacks of a user are made anew for each training."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from amber.errors import ConfigError
from amber.search import run_search
from amber.search.one_shot import OneShotSettings, run_one_shot

MADE: list[keras.callbacks.Callback] = []


class Counting(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.epochs = 0
        MADE.append(self)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epochs += 1


@pytest.mark.slow
def test_each_training_has_its_own(make_objective: Any) -> None:
    MADE.clear()
    objective = make_objective(metric="val_loss", epochs=2, callbacks=lambda: [Counting()])
    found = run_search(objective, trials=2, seed=0)
    assert len(found.ranked) == 2
    assert [callback.epochs for callback in MADE] == [2, 2]


def test_retraining_after_shared_training_has_its_own(make_objective: Any) -> None:
    MADE.clear()
    objective = make_objective(metric="val_loss", direction="minimize", callbacks=lambda: [Counting()])
    few = {"start_steps": 0, "warm_up_steps": 1, "steps_per_episode": 1, "episodes": 1, "finalist_steps": 1}
    settings = OneShotSettings(**few, architectures=2, sample=2, top_k=1, calibration_steps=1)
    found = run_one_shot(objective, seed=0, settings=settings)
    assert [callback.epochs for callback in MADE] == [1] * len(found.search.ranked) and MADE


def test_a_list_of_callbacks_is_refused(make_objective: Any) -> None:
    objective = make_objective(metric="val_loss", epochs=1, callbacks=[Counting()])
    with pytest.raises(ConfigError, match="a function without arguments"):
        run_search(objective, trials=1, seed=0)
