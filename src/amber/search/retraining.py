"""Trains the chosen architecture anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from amber.search.data_checks import check_data
from amber.search.training import FitSettings, train_child


def retrain(
    builder: Any,
    arc: Any,
    train: tuple[Any, Any],
    validation: tuple[Any, Any],
    *,
    epochs: int,
    seed: int,
    batch_size: int = 32,
    patience: int | None = None,
    metric: str = "val_loss",
    direction: str = "minimize",
    fit_kwargs: Mapping[str, Any] | None = None,
    callbacks: Sequence[Any] = (),
    recalibrate: bool = False,
) -> tuple[Any, dict[str, list[float]]]:
    """Builds and trains one architecture from fresh weights.

    With the seed and settings of a trial it gives the model of that trial again (on the CPU bit for bit).

    Args:
        builder: gives a compiled model of tokens.
        arc: the tokens.
        train: features and targets.
        validation: features and targets that decide on stopping and on the best epoch.
        epochs: the most epochs.
        seed: of weights, shuffling and dropout.
        batch_size: rows of a batch.
        patience: epochs without improvement of `metric` after which training stops; the weights of the best
            epoch are put back. None: all epochs are trained and the last weights kept.
        metric: what decides, as `fit` reports it.
        direction: `"maximize"` or `"minimize"`.
        fit_kwargs: more arguments of `keras.Model.fit`.
        callbacks: Keras callbacks.
        recalibrate: whether normalisation statistics are estimated anew in the end; see `Objective`.

    Returns:
        The trained model, and what `fit` reported for every epoch.

    Raises:
        InvalidArchitectureError: the tokens describe no network.
        ConfigError: a setting out of range, or a metric that `fit` does not report (lists the known).
        DataError: data without rows, of unequal lengths, or that are no finite numbers.
        FloatingPointError: the loss is not finite.
    """
    settings = FitSettings(metric, direction, epochs, batch_size, patience, fit_kwargs, recalibrate)
    child = train_child(
        builder,
        arc,
        check_data(train, "train"),
        check_data(validation, "validation"),
        settings,
        seed,
        callbacks=callbacks,
    )
    return child.model, child.history
