"""The simulation of a large cluster: what must hold of it whatever its numbers are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from benchmarks.scale.simulated import Cluster, asynchronous

SMALL = Cluster(workers=16, trials=400, epoch_seconds=10.0)


def test_512_workers_are_busy_and_wait_at_no_rung() -> None:
    found = asynchronous(Cluster())
    assert found["busy"] > 0.95 and found["longest_wait"] < 1.0 and found["driver"] < 0.1
    assert found["lost"] > 0


def test_nothing_is_lost_where_nobody_dies_and_the_driver_is_asked_ahead() -> None:
    found = asynchronous(replace(SMALL, deaths_per_hour=0.0))
    assert found["busy"] == pytest.approx(1.0, abs=1e-3) and found["lost"] == 0.0


def test_deaths_cost_the_time_of_what_they_made_void() -> None:
    found = asynchronous(replace(SMALL, deaths_per_hour=10.0, epoch_seconds=60.0))
    assert 0.05 < found["lost"] < 1 - found["busy"] + 0.05


def test_a_driver_that_is_asked_too_often_keeps_workers_waiting() -> None:
    slow = asynchronous(replace(SMALL, epoch_seconds=0.005))
    assert slow["driver"] == 1.0 and slow["busy"] < 0.6 and slow["longest_wait"] > 0.002


def test_halving_trains_a_small_share_of_all_epochs() -> None:
    assert SMALL.rungs == [1, 3, 9]
    assert 1 / 27 < asynchronous(SMALL)["epochs"] < 0.2
