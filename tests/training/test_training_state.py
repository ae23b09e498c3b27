"""How far a training is, told epoch by epoch: which was best, when it ends, which weights are put back."""

from __future__ import annotations

from typing import Any

import pytest

from amber.errors import ConfigError
from amber.training.settings import FitSettings
from amber.training.training_state import TrainingState

NAN = float("nan")


class Weights:
    """A model whose weights are the number of the epoch after which they were."""

    def __init__(self) -> None:
        self.now = -1

    def get_weights(self) -> list[Any]:
        return [self.now]

    def set_weights(self, weights: list[Any]) -> None:
        (self.now,) = weights


def trained(values: list[float], **settings: Any) -> tuple[TrainingState, Any]:
    """The state after epochs with these values of the metric; it ends where the state says so."""
    state = TrainingState(FitSettings(**{"epochs": len(values), **settings}))
    model: Any = Weights()
    for epoch, value in enumerate(values):
        if state.ended:
            break
        model.now = epoch
        state.add({"val_accuracy": [value], "loss": [1.0]}, model)
    return state, model


@pytest.mark.parametrize(
    ("direction", "values", "best"),
    [
        ("maximize", [0.1, 0.3, 0.2], 1),
        ("minimize", [0.1, 0.3, 0.2], 0),
        ("minimize", [0.3, 0.2, 0.1], 2),
        ("maximize", [0.3, 0.3, 0.3], 0),  # as good is not better
        ("minimize", [0.3, 0.3, 0.3], 0),
        ("maximize", [NAN, 0.2, 0.1], 1),
        ("maximize", [0.2, NAN, 0.1], 0),
        ("minimize", [0.2, float("inf"), NAN], 0),
        ("maximize", [NAN, NAN, NAN], 0),
    ],
)
def test_the_best_epoch_and_its_weights(direction: str, values: list[float], best: int) -> None:
    state, model = trained(values, direction=direction, patience=5)
    assert (state.best_epoch, state.scored_epoch, state.epochs) == (best, best, 3)
    state.put_best_back(model)
    assert model.now == best


def test_an_epoch_counts_whichever_metrics_were_reported() -> None:
    state, model = trained([0.1])
    state.add({"val_accuracy": [0.2], "loss": [1.0], "learning_rate": [0.5]}, model)
    assert state.epochs == 2


def test_the_order_of_arguments_makes_no_other_setting() -> None:
    chosen = {"sample_weight": [1.0], "class_weight": {0: 1.0}}
    for given in (chosen, dict(reversed(chosen.items()))):
        assert FitSettings(fit_kwargs=given).to_dict()["fit_kwargs"] == ["class_weight", "sample_weight"]


def test_without_patience_the_last_epoch_counts() -> None:
    state, model = trained([0.3, 0.2, 0.1])
    assert (state.scored_epoch, state.best_weights) == (2, None)
    state.put_best_back(model)
    assert model.now == 2


@pytest.mark.parametrize(
    ("values", "patience", "epochs"),
    [
        ([0.3, 0.2, 0.1, 0.0], None, 4),
        ([0.3, 0.2, 0.1, 0.0], 1, 2),
        ([0.3, 0.2, 0.1, 0.0], 2, 3),
        ([0.3, 0.2, 0.4, 0.0], 2, 4),
        ([0.3, 0.4, 0.5, 0.6], 1, 4),
    ],
)
def test_it_ends_after_so_many_epochs_without_a_better_one(
    values: list[float], patience: int | None, epochs: int
) -> None:
    state, _ = trained([*values, 9.0], patience=patience, epochs=4)
    assert state.ended and state.epochs == epochs and len(state.history["loss"]) == epochs


def test_it_ends_where_it_was_stopped() -> None:
    state, _ = trained([0.1], epochs=5)
    assert not state.ended
    state.stopped = True
    assert state.ended
    assert TrainingState(FitSettings()).epochs == 0


def test_what_the_settings_of_a_run_say_where_nothing_was_set() -> None:
    # Files of runs hold these; a run that is taken up compares them.
    assert FitSettings().to_dict() == {
        "metric": "val_accuracy",
        "direction": "maximize",
        "epochs": 10,
        "batch_size": 32,
        "patience": None,
        "fit_kwargs": [],
    }
    assert FitSettings(recalibrate=True, fit_kwargs={"verbose": 0}).to_dict() == {
        **FitSettings().to_dict(),
        "fit_kwargs": ["verbose"],
        "recalibrate": True,
    }


@pytest.mark.parametrize(
    "settings",
    [
        {"metric": ""},
        {"metric": None},
        {"direction": "max"},
        {"epochs": 0},
        {"batch_size": 0},
        {"patience": 0},
        {"recalibrate": 1},
        {"fit_kwargs": {"callbacks": []}},
    ],
)
def test_settings_out_of_range(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        FitSettings(**settings)
