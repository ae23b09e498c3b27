"""How a model is trained, and which values of a metric are the better ones."""

from __future__ import annotations

import pytest

from amber.errors import ConfigError
from amber.search import ObjectiveSettings
from amber.search.objective_settings import settings_with
from amber.training.settings import FitSettings


@pytest.mark.parametrize("metric", ["val_loss", "val_mae", "val_output_mean_squared_error", "loss"])
def test_losses_and_errors_are_minimized(metric: str) -> None:
    assert FitSettings(metric=metric).direction == "minimize"


@pytest.mark.parametrize("metric", ["val_accuracy", "val_auc", "val_r2_score", "val_my_own"])
def test_other_metrics_are_maximized(metric: str) -> None:
    assert FitSettings(metric=metric).direction == "maximize"


def test_a_direction_that_is_given_wins() -> None:
    assert FitSettings(metric="val_loss", direction="maximize").direction == "maximize"
    with pytest.raises(ConfigError, match="direction must be 'maximize' or 'minimize'"):
        FitSettings(direction="up")


def test_another_metric_brings_its_own_direction() -> None:
    settings = ObjectiveSettings(metric="val_accuracy", epochs=3)
    changed = settings_with(settings, {"metric": "val_loss"})
    assert (changed.direction, changed.epochs) == ("minimize", 3)
    assert settings_with(settings, {"epochs": 4}).direction == "maximize"
    assert settings_with(settings, {"metric": "val_loss", "direction": "maximize"}).direction == "maximize"
