"""Data that a user gives in batches train as the arrays they are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest

from amber.backend.given_batches import arrays_of_batches
from amber.errors import DataError
from amber.training.data_checks import check_data

pytestmark = pytest.mark.parity

RNG = np.random.default_rng(0)
X = {"a": RNG.random((23, 4), dtype=np.float32), "b": RNG.random((23, 2), dtype=np.float32)}
Y = RNG.integers(0, 3, 23)
ROWS = [slice(first, first + 5) for first in range(0, 23, 5)]


def batch(rows: slice) -> tuple[dict[str, np.ndarray], np.ndarray]:
    return {name: each[rows] for name, each in X.items()}, Y[rows]


class Numbered(keras.utils.PyDataset):
    def __len__(self) -> int:
        return len(ROWS)

    def __getitem__(self, number: int) -> Any:
        return batch(ROWS[number])


def generator() -> Iterator[Any]:
    yield from map(batch, ROWS)


def data_loader() -> Any:
    import torch

    class Pairs(torch.utils.data.Dataset[Any]):
        def __len__(self) -> int:
            return 23

        def __getitem__(self, row: int) -> Any:
            return {name: each[row] for name, each in X.items()}, Y[row]

    return torch.utils.data.DataLoader(Pairs(), batch_size=5)


def of_tensorflow() -> Any:
    import tensorflow

    return tensorflow.data.Dataset.from_tensor_slices((X, Y)).batch(5)


# The libraries of other backends need not be there.
OF_BACKEND = {"torch": [data_loader], "tensorflow": [of_tensorflow]}.get(keras.config.backend(), [])


@pytest.mark.parametrize("make", [lambda: Numbered(), lambda: generator, *OF_BACKEND])
def test_batches_are_the_arrays_they_are_made_of(make: Callable[[], Any]) -> None:
    features, targets = check_data(make(), "train")
    assert set(features) == {"a", "b"} and isinstance(targets, np.ndarray)
    assert all(np.array_equal(features[name], X[name]) for name in X)
    assert np.array_equal(targets, Y) and targets.dtype == Y.dtype


def test_they_are_trained_on() -> None:
    from amber.backend.models import ChildModel
    from amber.training.settings import FitSettings
    from amber.training.train import train_model

    def build() -> keras.Model:
        a, b = keras.Input((4,), name="a"), keras.Input((2,), name="b")
        model = ChildModel([a, b], keras.layers.Dense(3, "softmax")(keras.layers.Concatenate()([a, b])))
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    settings = FitSettings("val_loss", "minimize", 2, 4)
    found = [
        train_model(build, check_data(data, "train"), check_data(data, "validation"), settings, seed=1).history
        for data in (generator, (X, Y))
    ]
    assert found[0]["val_loss"] == pytest.approx(found[1]["val_loss"], rel=1e-6)


def broken(*batches: Any) -> Callable[[], Iterator[Any]]:
    return lambda: iter(batches)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (broken(), "train: expected at least one batch"),
        (broken((X["a"], Y, Y)), "batch 0: expected a pair .*Received: tuple of length 3"),
        (broken((X["a"], Y[:4])), r"batch 0: expected equally many rows in each of 2 arrays"),
        (broken((X["a"], Y), (X["b"], Y)), r"batch 1: expected rows of shape \(4,\) and type float32"),
    ],
)
def test_what_is_not_batches_of_one_kind_is_named(data: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        arrays_of_batches(data, "train")


def test_a_data_set_without_end_is_refused() -> None:
    class Endless(Numbered):
        @property
        def num_batches(self) -> None:
            return None

    with pytest.raises(DataError, match="validation: expected batches that end"):
        arrays_of_batches(Endless(), "validation")
