"""Children run as they were traced; what a user has set of TensorFlow holds before, after and beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import pytest
import tensorflow as tf
from tests.backend.torch.twins import COMPILE, small_data, small_model

from amber.backend.models import ChildModel
from amber.backend.tensorflow.as_traced import as_traced

pytestmark = pytest.mark.parity


def rewriting_off() -> Any:
    return tf.config.optimizer.get_experimental_options()["disable_meta_optimizer"]


@pytest.fixture(autouse=True)
def _options() -> Iterator[None]:
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


def test_graphs_are_rewritten_again_afterwards() -> None:
    assert not rewriting_off()
    with pytest.raises(KeyError), as_traced():
        assert rewriting_off()
        raise KeyError
    assert not rewriting_off()
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    with as_traced():
        assert rewriting_off()
    assert rewriting_off()


def vectors() -> Any:
    inputs = keras.Input((12,), name="x")
    return ChildModel(inputs, keras.layers.Dense(1)(inputs))


@pytest.mark.parametrize(
    ("made", "batches", "traced"),
    [(small_model, False, True), (small_model, True, True), (vectors, False, True), (vectors, True, False)],
)
def test_only_single_steps_of_networks_of_vectors_are_rewritten(
    made: Callable[[], Any], batches: bool, traced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = made()
    child.compile(**COMPILE)
    calls: list[Any] = []
    calling = type(child)._calling

    @contextmanager
    def noted(model: Any, is_iterated: bool) -> Iterator[None]:
        with calling(model, is_iterated):
            calls.append(rewriting_off())
            yield

    monkeypatch.setattr(type(child), "_calling", noted)
    x, y = small_data(44)
    x = x if made is small_model else x[:, :, 0]
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(8) if batches else x
    options = {} if batches else {"y": y, "batch_size": 8}
    child.fit(data, **options, epochs=2, verbose=0, validation_data=data if batches else (x, y))
    assert len(calls) >= 4 and set(calls) == {traced} and not rewriting_off()
