"""The budget that `amber init` proposes is that of a free machine, whatever else runs on it now."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from amber.starting import budget as module
from amber.starting.budget import budget


def test_speed_is_of_processor_time_so_that_other_programs_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    # Passes of 4, 2, 8, 3 and 5 ms of processor time; the clock would raise.
    looks = iter(np.cumsum([0, 0.004, 1, 0.002, 1, 0.008, 1, 0.003, 1, 0.005]).tolist())
    monkeypatch.setattr(module, "time", SimpleNamespace(process_time=lambda: next(looks)))
    assert module._speed() == pytest.approx(2 * 512**3 / 0.002)


@pytest.fixture
def known_machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """One thread makes 1e11 FLOPs a second."""
    monkeypatch.setattr(module, "_speed", lambda: 1e11)
    monkeypatch.setattr(module, "threads_when_free", lambda step_flops: 1 if step_flops < 5e9 else 8)
    return monkeypatch


def test_more_examples_mean_fewer_networks_and_not_fewer_than_eight(known_machine: pytest.MonkeyPatch) -> None:
    trials = [budget(examples, 2, 10, 64, 20).trials for examples in (500, 20_000, 1_000_000)]
    assert trials[0] == 40 and 8 < trials[1] < 40 and trials[2] == 8


def test_the_search_without_the_final_training_takes_about_twenty_minutes(known_machine: pytest.MonkeyPatch) -> None:
    assert 18 < budget(20_000, 2, 10, 64, 0).minutes <= 20


def test_threads_count_where_networks_are_large_only(known_machine: pytest.MonkeyPatch) -> None:
    def minutes(megaflops: float) -> float:
        found = budget(1_000_000, megaflops, 10, 64, 0)
        return found.minutes / found.trials

    # Of a step of 5e9 FLOPs and more, eight threads share the products; a fixed cost of each step stays.
    fixed = 15_625 * 0.004 * 10 / 60
    assert minutes(27) - fixed == pytest.approx((minutes(26) - fixed) * 27 / 26 / 8)
