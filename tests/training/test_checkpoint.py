"""A training that is stopped after any epoch and taken up again ends as if it had not been stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.search.conftest import CountingBuilder, tiny_data, tiny_space

from amber.search import JournalStore, Objective, RunDirectory, run_search
from amber.training.checkpoint import Checkpoint
from amber.training.settings import FitSettings
from amber.training.train import train_model

TRAIN, VALIDATION = tiny_data()
SETTINGS = FitSettings("val_loss", "minimize", epochs=4, batch_size=16)


class Dropping:
    """Builds a small network with dropout, so that its layers' random generators matter."""

    def __init__(self, **compile_arguments: Any) -> None:
        self.arguments = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy"} | compile_arguments

    def plan(self, tokens: Any) -> Any:
        return CountingBuilder(tiny_space()).plan((0, 0, 0))

    def __call__(self, tokens: Any) -> Any:
        inputs = keras.Input((20, 4))
        hidden = keras.layers.Dropout(0.4)(keras.layers.Flatten()(inputs))
        hidden = keras.layers.BatchNormalization(momentum=0.3)(keras.layers.Dense(5, "relu")(hidden))
        model = keras.Model(inputs, keras.layers.Dense(2, "softmax")(hidden))
        arguments = dict(self.arguments)
        if callable(arguments["optimizer"]):
            arguments["optimizer"] = arguments["optimizer"]()
        model.compile(**arguments)
        return model


class Stop(Exception):
    """A kill, where a test can place it."""


def stopped_at(builder: Any, epoch: int, checkpoint: Checkpoint, settings: FitSettings) -> None:
    def listen(now: int, epochs: int, metrics: Any) -> None:
        if now == epoch:
            raise Stop

    with pytest.raises(Stop):
        train_model(lambda: builder((0,)), TRAIN, VALIDATION, settings, 5, on_epoch=listen, checkpoint=checkpoint)


def averaging() -> Any:
    return keras.optimizers.SGD(0.1, momentum=0.9, use_ema=True, ema_momentum=0.5)


@pytest.mark.slow
@pytest.mark.parity
@pytest.mark.parametrize("optimizer", ["adam", averaging])
def test_taken_up_after_any_epoch(tmp_path: Path, optimizer: Any) -> None:
    builder = Dropping(optimizer=optimizer, metrics=["accuracy"])
    whole = train_model(lambda: builder((0,)), TRAIN, VALIDATION, SETTINGS, 5)
    checkpoint = Checkpoint(tmp_path / "checkpoints" / "0.npz", "this")
    for epoch in (2, 3, 4):  # each goes on from where the one before was stopped
        stopped_at(builder, epoch, checkpoint, SETTINGS)
    seen: list[int] = []
    again = train_model(
        lambda: builder((0,)), TRAIN, VALIDATION, SETTINGS, 5,
        on_epoch=lambda epoch, epochs, metrics: seen.append(epoch), checkpoint=checkpoint,
    )  # fmt: skip
    assert seen == [4]
    assert again.history == whole.history
    for mine, theirs in zip(again.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("best", [0, 1])
def test_best_weights_are_put_back_after_taking_up(tmp_path: Path, best: int) -> None:
    settings = FitSettings("val_loss", "minimize", epochs=9, batch_size=16, patience=2)
    optimizer = {0: lambda: keras.optimizers.SGD(-0.5), 1: lambda: keras.optimizers.SGD(LATE)}[best]
    builder = Dropping(optimizer=optimizer)
    whole = train_model(lambda: builder((0,)), TRAIN, VALIDATION, settings, 5)
    assert (whole.epoch, len(whole.history["loss"])) == (best, best + 3)
    checkpoint = Checkpoint(tmp_path / "0.npz", "this")
    for epoch in range(2, best + 4):
        stopped_at(builder, epoch, checkpoint, settings)
        assert checkpoint.path.is_file()  # its folder was there before
    again = train_model(lambda: builder((0,)), TRAIN, VALIDATION, settings, 5, checkpoint=checkpoint)
    assert (again.history, again.epoch) == (whole.history, best)
    for mine, theirs in zip(again.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@keras.saving.register_keras_serializable(package="amber_tests")
class _Late(keras.optimizers.schedules.LearningRateSchedule):
    """Learns for two epochs of three batches, then unlearns."""

    def __call__(self, step: Any) -> Any:
        return keras.ops.where(keras.ops.cast(step, "float32") < 6.0, 0.05, -0.5)


LATE = _Late()


@pytest.mark.parametrize("damage", ["other", "cut", "text", "pickle"])
def test_file_of_another_training_or_a_damaged_one_is_not_used(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    builder = Dropping()
    path = tmp_path / "0.npz"
    stopped_at(builder, 3, Checkpoint(path, "other" if damage == "other" else "this"), SETTINGS)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-200])
    elif damage == "text":
        path.write_text("nothing")
    elif damage == "pickle":
        np.savez(path, header=np.array([print], dtype=object))
    seen: list[int] = []
    train_model(
        lambda: builder((0,)), TRAIN, VALIDATION, SETTINGS, 5,
        on_epoch=lambda epoch, epochs, metrics: seen.append(epoch), checkpoint=Checkpoint(path, "this"),
    )  # fmt: skip
    assert seen == [1, 2, 3, 4]
    assert "starts over" in caplog.text


def test_callbacks_see_one_training() -> None:
    class Note(keras.callbacks.Callback):
        seen: list[str] = []

        def on_train_begin(self, logs: Any = None) -> None:
            self.seen.append("begin")

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.seen.append(str(epoch))
            if epoch == 2:
                self.model.stop_training = True

        def on_train_end(self, logs: Any = None) -> None:
            self.seen.append("end")

    note = Note()
    train_model(lambda: Dropping()((0,)), TRAIN, VALIDATION, SETTINGS, 5, callbacks=[note])
    assert note.seen == ["begin", "0", "1", "2", "end"]


@pytest.mark.slow
def test_search_takes_up_the_trial_in_flight_from_its_last_epoch(
    make_objective: Callable[..., Objective], tmp_path: Path
) -> None:
    from amber.search import SearchCallback

    objective = make_objective(epochs=4, metric="val_loss", direction="minimize")
    whole = run_search(objective, trials=3, seed=3)
    directory = RunDirectory.create(tmp_path / "run")
    epochs: list[tuple[int, int]] = []

    class Kill(SearchCallback):
        def on_epoch_end(self, number: int, epoch: int, *rest: Any) -> None:
            epochs.append((number, epoch))
            if len(epochs) == 7:
                raise KeyboardInterrupt

    common: dict[str, Any] = {"trials": 3, "seed": 3}
    assert run_search(objective, callbacks=[Kill()], store=directory, **common).stopped == "interrupted"
    assert [path.name for path in (directory.path / "checkpoints").iterdir()] == [f"{epochs[-1][0]}.npz"]
    again = run_search(objective, callbacks=[Kill()], store=JournalStore(directory, resume=True), **common)
    assert len(epochs) == 13 and epochs[7] == epochs[6]  # the one that was cut off is the only one trained twice
    assert [(t.tokens, t.score, t.epochs) for t in again.trials] == [
        (t.tokens, t.score, t.epochs) for t in whole.trials
    ]
    assert not (directory.path / "checkpoints").exists()
