"""What a training sees, and when, is the same for every model and backend: compared with gradient descent in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from amber.backend.batch_order import epoch_order
from amber.backend.models import ChildModel
from amber.backend.randomness import epoch_seed
from amber.training.checkpoint import Checkpoint
from amber.training.settings import FitSettings
from amber.training.train import train_model

pytestmark = pytest.mark.parity

RATE, SEED, BATCH = 0.1, 11, 8
# 44 examples in batches of 8: five full ones and one of four.
GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(44, 3)).astype("float32")
Y = (X @ [[1.0], [-2.0], [0.5]] + GENERATOR.normal(size=(44, 1))).astype("float32")
WEIGHTS = np.linspace(0.1, 2.0, 44).astype("float32")


def compiled(model: keras.Model) -> keras.Model:
    model.compile(optimizer=keras.optimizers.SGD(RATE), loss="mse", metrics=["mae"])
    return model


def child() -> keras.Model:
    inputs = keras.Input((3,), name="x")
    return compiled(ChildModel(inputs, keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")(inputs)))


def stock() -> keras.Model:
    """A model of a user's own, which stock Keras trains."""
    return compiled(
        keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    )


def of_blocks(kind: Callable[..., keras.Model]) -> Callable[[], keras.Model]:
    def build() -> keras.Model:
        blocks = {name: keras.Input((width,), name=name) for name, width in (("a", 1), ("b", 2))}
        joined = keras.layers.Concatenate()(list(blocks.values()))
        return compiled(kind(blocks, keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")(joined)))

    return build


def expected(epochs: int, weights: np.ndarray | None = None, shuffle: Any = True) -> np.ndarray:
    """Descend in NumPy, in double precision."""
    kernel, weights = np.zeros((3, 1)), np.ones(44) if weights is None else weights
    for epoch in range(epochs):
        seed = epoch_seed(SEED, epoch) if epoch else SEED
        rows = epoch_order(seed, 44, first=epoch == 0, shuffle=shuffle, batch_size=BATCH).rows
        for start in range(0, 44, BATCH):
            here = rows[start : start + BATCH]
            error = (X[here] @ kernel - Y[here]) * weights[here, None]
            kernel = kernel - RATE * 2 / len(here) * X[here].T @ error
    return kernel


def trained(build: Callable[[], keras.Model], x: Any = X, epochs: int = 3, **options: Any) -> np.ndarray:
    settings = FitSettings("val_loss", "minimize", epochs, BATCH, fit_kwargs=options)
    found = train_model(build, (x, Y), (x, Y), settings, SEED)
    return np.asarray(found.model.get_weights()[0])


@pytest.mark.parametrize("build", [child, stock])
@pytest.mark.parametrize("shuffle", [True, False, "batch"])
def test_batches_are_ours(build: Callable[[], keras.Model], shuffle: Any) -> None:
    options = {} if shuffle is True else {"shuffle": shuffle}
    np.testing.assert_allclose(trained(build, **options), expected(3, shuffle=shuffle), rtol=1e-4, atol=1e-5)


def test_another_order_is_noticed() -> None:
    assert np.abs(expected(3) - expected(3, shuffle=False)).max() > 1e-3
    assert np.abs(expected(3) - expected(3, WEIGHTS)).max() > 1e-3


@pytest.mark.parametrize("build", [child, stock])
def test_sample_weights_follow(build: Callable[[], keras.Model]) -> None:
    found = trained(build, sample_weight=WEIGHTS)
    np.testing.assert_allclose(found, expected(3, WEIGHTS), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [ChildModel, keras.Model])
def test_dictionaries_follow(kind: Callable[..., keras.Model]) -> None:
    found = trained(of_blocks(kind), {"a": X[:, :1], "b": X[:, 1:]})
    np.testing.assert_allclose(found, expected(3), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("build", [child, stock])
def test_double_precision_and_tensors_are_the_same_examples(build: Callable[[], keras.Model]) -> None:
    np.testing.assert_allclose(trained(build, X.astype("float64")), expected(3), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(trained(build, keras.ops.convert_to_tensor(X)), expected(3), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("build", [child, stock])
def test_the_order_goes_on_after_a_checkpoint(build: Callable[[], keras.Model], tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "state", "this")
    settings = FitSettings("val_loss", "minimize", 4, BATCH)

    def stop(epoch: int, epochs: int, metrics: Any) -> None:
        if epoch == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_model(build, (X, Y), (X, Y), settings, SEED, on_epoch=stop, checkpoint=checkpoint)
    seen: list[int] = []
    found = train_model(
        build, (X, Y), (X, Y), settings, SEED, on_epoch=lambda epoch, *_: seen.append(epoch), checkpoint=checkpoint
    )
    assert seen == [3, 4]
    np.testing.assert_allclose(found.model.get_weights()[0], expected(4), rtol=1e-4, atol=1e-5)
