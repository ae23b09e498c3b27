"""What trained models leave behind is freed, and not more often than it is worth."""

from __future__ import annotations

import gc
import pickle
import time
import weakref
from collections.abc import Callable

import pytest

from amber.search import Objective
from amber.search.cycles import CycleCollector


class Cycle:
    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The processor time, in seconds; a collection takes one of them."""
    now = [100.0]
    monkeypatch.setattr(time, "process_time", lambda: now[0])
    collect = gc.collect

    def slow() -> int:
        now[0] += 1.0
        return collect()

    monkeypatch.setattr(gc, "collect", slow)
    return now


def test_a_cycle_is_freed_once_trainings_took_ten_times_as_long(clock: list[float]) -> None:
    collector = CycleCollector()
    first = weakref.ref(Cycle())
    collector.collect()
    assert first() is None
    second = weakref.ref(Cycle())
    clock[0] += 9.0
    collector.collect()
    assert second() is not None
    clock[0] += 1.5
    collector.collect()
    assert second() is None


def test_another_process_begins_anew(clock: list[float]) -> None:
    collector = CycleCollector()
    collector.collect()
    sent = pickle.loads(pickle.dumps(collector))
    assert sent._took == 0.0 and sent._ended == clock[0]


def test_a_training_frees_what_it_leaves(
    make_objective: Callable[..., Objective], clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    monkeypatch.setattr(gc, "collect", lambda: looked.append(1))
    objective = make_objective()
    objective.evaluate(objective.layout.sample(0), 1)
    assert looked == [1]
