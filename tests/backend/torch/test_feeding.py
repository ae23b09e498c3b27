"""Batches that a thread reads ahead."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Iterator

import keras
import numpy as np
import pytest

from amber.backend.models import ChildModel
from amber.backend.torch.feeding import _read_ahead


def _readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "amber-batches"]


def test_batches_come_in_order_and_the_reader_ends() -> None:
    batches = [np.full(2, number) for number in range(20)]
    assert [batch[0] for batch in _read_ahead(iter(batches))] == list(range(20))
    assert not _readers()


class PatientQueue(queue.Queue[object]):
    """Whoever puts something into it waits for a place, however long that takes."""

    def put(self, item: object, block: bool = True, timeout: float | None = None) -> None:
        super().put(item)


def test_a_reader_that_waits_for_a_place_is_given_one_when_no_more_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue, "Queue", PatientQueue)
    endless = _read_ahead(np.full(2, number) for number in itertools.count())
    assert next(endless)[0] == 0
    closing = threading.Thread(target=endless.close, daemon=True)
    closing.start()
    closing.join(60)
    assert not closing.is_alive() and not _readers()


def test_an_error_of_the_reader_is_raised_where_batches_are_asked_for() -> None:
    def broken() -> Iterator[np.ndarray]:
        yield np.zeros(1)
        raise OSError("the file is gone")

    batches = _read_ahead(broken())
    next(batches)
    with pytest.raises(OSError, match="gone"):
        next(batches)
    assert not _readers()


def test_views_that_run_backwards_are_read_as_they_are() -> None:
    """A reverse complement is one: `x[:, ::-1, ::-1]`."""
    generator = np.random.default_rng(0)
    x, y = generator.random((20, 8, 4), dtype=np.float32)[:, ::-1, ::-1], generator.random((20, 1))[::-1]
    given = keras.Input((8, 4))
    model = ChildModel(given, keras.layers.Dense(1)(keras.layers.Flatten()(given)))
    model.compile("adam", "mse")
    assert np.allclose(model.predict(x, verbose=0), model.predict(x.copy(), verbose=0), atol=1e-6)
    assert model.evaluate(x, y, verbose=0) == pytest.approx(model.evaluate(x.copy(), y.copy(), verbose=0))
    assert model.fit(x, y, verbose=0).history["loss"]
