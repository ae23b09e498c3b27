"""Children run as they were traced; what a user has set of TensorFlow holds before, after and beside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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


def test_children_are_trained_as_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = small_model()
    child = ChildModel(plain.inputs, plain.outputs)
    child.compile(**COMPILE)
    calls: list[Any] = []
    calling = type(child)._calling

    @contextmanager
    def noted() -> Iterator[None]:
        with calling(child):
            calls.append(rewriting_off())
            yield

    monkeypatch.setattr(type(child), "_calling", lambda model: noted())
    x, y = small_data(44)
    child.fit(x, y, batch_size=8, epochs=2, verbose=0, validation_data=(x, y))
    assert len(calls) >= 4 and all(calls) and not rewriting_off()
