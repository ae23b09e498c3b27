"""Callbacks of a user are made anew for each training."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from amber.errors import ConfigError
from amber.search import run_search

MADE: list[keras.callbacks.Callback] = []


class Counting(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.epochs = 0
        MADE.append(self)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epochs += 1


def test_each_training_has_its_own(make_objective: Any) -> None:
    MADE.clear()
    objective = make_objective(metric="val_loss", epochs=2, callbacks=lambda: [Counting()])
    found = run_search(objective, trials=2, seed=0)
    assert len(found.ranked) == 2
    assert [callback.epochs for callback in MADE] == [2, 2]


def test_a_list_of_callbacks_is_refused(make_objective: Any) -> None:
    objective = make_objective(metric="val_loss", epochs=1, callbacks=[Counting()])
    with pytest.raises(ConfigError, match="a function without arguments"):
        run_search(objective, trials=1, seed=0)
