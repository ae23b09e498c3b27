"""The measurements of scale, on few trials: what they count, not how fast this machine is."""

from __future__ import annotations

from benchmarks.scale import measures


def test_own_time_leaves_training_out() -> None:
    found = measures.own_time(5, journal=True)
    assert found["trials"] == 5 and 0 < found["ms"] < 2000


def test_workers_are_busy_while_children_sleep() -> None:
    found = measures.processes(2, 0.3, 10)
    assert (found["workers"], found["trials"]) == (2, 10)
    assert 0.3 < found["utilisation"] <= 1 and found["wall"] >= found["counted_seconds"] > 0.5
