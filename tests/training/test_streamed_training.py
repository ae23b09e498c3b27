"""What is read in batches trains, scores and recalibrates as arrays in memory do."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from amber.backend.batch_order import in_batches, predict
from amber.backend.models import ChildModel
from amber.data.batches.augmentation import Augmentation
from amber.data.batches.streamed import PackedLabels, streamed_inputs
from amber.data.encoding.alphabets import Alphabet
from amber.data.examples import ArrayExamples, NumbersInput, SequenceInput
from amber.training.settings import FitSettings
from amber.training.train import batches_of, train_epoch, train_model

pytestmark = pytest.mark.parity

RNG = np.random.default_rng(0)
KINDS = {"dna": SequenceInput(Alphabet.of("dna"), 20), "age": NumbersInput(2)}
EXAMPLES = ArrayExamples(
    {"dna": RNG.integers(0, 4, (150, 20), dtype=np.uint8), "age": RNG.random((150, 2), dtype=np.float32)}, KINDS
)
LABELS = PackedLabels.of(RNG.integers(0, 2, (150, 3)))
TRAIN, VALIDATION = np.arange(100), np.arange(100, 150)


def build(kind: type[keras.Model]) -> keras.Model:
    dna, age = keras.Input((20, 4), name="dna"), keras.Input((2,), name="age")
    hidden = keras.layers.BatchNormalization()(keras.layers.Conv1D(4, 3)(dna))
    hidden = keras.layers.Concatenate()([keras.layers.Flatten()(hidden), age])
    outputs = keras.layers.Dense(3, activation="sigmoid")(keras.layers.Dropout(0.3)(hidden))
    model = kind([dna, age], outputs)
    model.compile("adam", "binary_crossentropy", metrics=["binary_accuracy"])
    return model


def streamed(rows: np.ndarray, augmentation: Augmentation | None = None) -> tuple[dict[str, Any], Any]:
    return streamed_inputs(EXAMPLES, rows, augmentation=augmentation), LABELS.part(rows)


def held(rows: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
    x, y = streamed(rows)
    return {name: np.array(each) for name, each in x.items()}, np.array(y)


@pytest.mark.parametrize("kind", [ChildModel, keras.Model])
@pytest.mark.parametrize("recalibrate", [False, True])
def test_training_from_batches_is_training_from_memory(
    kind: type[keras.Model], recalibrate: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = FitSettings("val_loss", "minimize", 2, 32, recalibrate=recalibrate)
    found = [
        train_model(lambda: build(kind), train, validation, settings, seed=3)
        for train, validation in ((streamed(TRAIN), streamed(VALIDATION)), (held(TRAIN), held(VALIDATION)))
    ]
    for name, values in found[1].history.items():
        assert found[0].history[name] == pytest.approx(values, rel=1e-5)
    assert found[0].metrics() == pytest.approx(found[1].metrics(), rel=1e-5)
    assert capsys.readouterr().out == ""  # training is silent


def test_augmentation_changes_the_training_and_is_the_same_each_time() -> None:
    settings = FitSettings("val_loss", "minimize", 2, 32)
    turned = streamed(TRAIN, Augmentation(True, 2))
    losses = [
        train_model(lambda: build(ChildModel), train, streamed(VALIDATION), settings, seed=3).history["loss"]
        for train in (turned, turned, streamed(TRAIN))
    ]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize("kind", [ChildModel, keras.Model])
def test_predictions_and_scores_of_batches_are_those_of_arrays(kind: type[keras.Model]) -> None:
    model = build(kind)
    x, y = held(VALIDATION)
    assert predict(model, streamed(VALIDATION)[0], 16) == pytest.approx(predict(model, x, 16), rel=1e-5)
    expected = model.evaluate(x, y, verbose=0)
    assert model.evaluate(in_batches(streamed(VALIDATION), 16), verbose=0) == pytest.approx(expected, rel=1e-4)


def test_a_model_of_ours_takes_streamed_arrays_in_place_of_arrays() -> None:
    model = build(ChildModel)
    x, y = streamed(VALIDATION)
    dense, labels = held(VALIDATION)
    expected = model.evaluate(dense, labels, batch_size=16, verbose=0)
    assert model.evaluate(x, y, batch_size=16, verbose=0) == pytest.approx(expected, rel=1e-5)
    assert model.predict(x, batch_size=16, verbose=0) == pytest.approx(model.predict(dense, verbose=0), rel=1e-5)
    history = model.fit(x, y, batch_size=16, epochs=2, verbose=0, validation_data=(x, y)).history
    assert len(history["val_loss"]) == 2


def test_chosen_examples_of_shared_training_are_read_in_batches() -> None:
    rows = np.random.default_rng(1).integers(0, 100, 64)
    found = []
    for train in (streamed(TRAIN), held(TRAIN)):
        keras.utils.set_random_seed(0)
        batches = batches_of(train, rows, 16)
        found.append(train_epoch(build(ChildModel), batches)["loss"])
    assert found[0] == pytest.approx(found[1], rel=1e-5)
