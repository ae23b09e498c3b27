"""`fit` of a child model does what plain Keras does with the same data, whatever it is asked for."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from tests.backend.torch.twins import assert_alike, fit_alike, small_data, small_model, twins

from amber.backend.models import ChildModel

pytestmark = pytest.mark.parity


class Watcher(keras.callbacks.Callback):
    """Asks to be called after every batch."""

    def __init__(self) -> None:
        super().__init__()
        self.batches = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.batches += 1


# 44 samples in batches of 8: five full ones and one of four.
@pytest.mark.parametrize(
    "options", [{}, {"validation_split": 0.25}, {"weighted": True}, {"steps_per_epoch": 3}], ids=str
)
def test_histories_and_weights_are_those_of_keras(options: dict[str, Any]) -> None:
    pair = twins(small_model())
    x, y = small_data(44)
    if options.pop("weighted", False):
        options["sample_weight"] = np.linspace(0.1, 2.0, len(y)).astype("float32")
    assert_alike(pair, fit_alike(pair, x, y, shuffle=False, epochs=3, **options))


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: keras.optimizers.AdamW(1e-2, weight_decay=0.1, clipnorm=0.5),
        lambda: keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(1e-2, 5, 0.5)),
        lambda: keras.optimizers.Adam(amsgrad=True),
    ],
    ids=["adamw", "schedule", "amsgrad"],
)
def test_optimizers_are_those_of_keras(optimizer: Any) -> None:
    pair = twins(small_model(), optimizer=optimizer())
    assert_alike(pair, fit_alike(pair, *small_data(44), shuffle=False))
    assert int(pair[0].optimizer.iterations) == int(pair[1].optimizer.iterations) == 12


def test_a_callback_that_watches_batches_sees_each() -> None:
    model, _ = twins(small_model())
    x, y = small_data(44)
    model.fit(x, y, batch_size=8, verbose=0)
    watcher = Watcher()
    model.fit(x, y, batch_size=8, epochs=2, verbose=0, callbacks=[watcher])
    assert watcher.batches == 12


@pytest.mark.parametrize("shuffle", [True, "batch"])
def test_a_shuffled_epoch_has_every_sample_once(shuffle: Any) -> None:
    # Nothing is learnt, so that the loss of an epoch does not depend on the order.
    model = keras.Sequential([keras.layers.Dense(1)])
    model.build((None, 3))
    child = ChildModel(model.inputs, model.outputs)
    child.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse")
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(44, 3)).astype("float32"), generator.normal(size=(44, 1)).astype("float32")
    losses = [
        loss
        for order in (False, shuffle)
        for loss in child.fit(x, y, batch_size=8, epochs=2, shuffle=order, verbose=0).history["loss"]
    ]
    np.testing.assert_allclose(losses, losses[0], rtol=1e-5)
