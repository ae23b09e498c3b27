"""The time left of simulated searches, beside the time that they then took."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable

import numpy as np
import pytest

from amber.search.pace import Pace, PlannedWork


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def left_after_a_fifth(durations: list[float], workers: int, start: float, between: float) -> tuple[float, float]:
    """Return the estimate after a fifth of a simulated search, and the time that it then took.

    Args:
        durations: seconds of each training; each has ten epochs.
        workers: trainings at once.
        start: seconds before the first.
        between: seconds between the end of one and the beginning of the next.
    """
    clock = Clock()
    pace, ended, estimate, at = Pace(clock), 0, None, 0.0
    waiting = list(enumerate(durations))
    events: list[tuple[float, int, int]] = []

    def begin(moment: float) -> None:
        number, seconds = waiting.pop(0)
        heapq.heappush(events, (moment, number, 0))
        for epoch in range(1, 11):
            heapq.heappush(events, (moment + seconds * epoch / 10, number, epoch))

    for _ in range(workers):
        begin(clock.now + start)
    while events:
        clock.now, number, epoch = heapq.heappop(events)
        if epoch == 0:
            pace.begin(number)
            continue
        pace.epoch(number, epoch, 10)
        if epoch == 10:
            pace.end(number, trained=True)
            ended += 1
            if waiting:
                begin(clock.now + between)
            if ended == math.ceil(len(durations) / 5):
                estimate, at = pace.seconds_left(len(durations) - ended), clock.now
    assert estimate is not None
    return estimate, clock.now - at


@pytest.mark.parametrize("workers", [1, 2, 8])
@pytest.mark.parametrize("trials", [10, 40])
def test_equal_trainings_are_foretold(trials: int, workers: int) -> None:
    estimate, took = left_after_a_fifth([60.0] * trials, workers, 0.0, 0.1)
    assert estimate == pytest.approx(took, rel=0.05)


@pytest.mark.parametrize("between", [0.0, 6.0])
def test_time_between_trainings_counts(between: float) -> None:
    estimate, took = left_after_a_fifth([10.0] * 20, 1, 2.0, between)
    assert estimate == pytest.approx(took, rel=0.1)


@pytest.mark.parametrize("workers", [1, 4])
def test_unequal_trainings_are_within_30_percent_nearly_always(workers: int) -> None:
    rng = np.random.default_rng(0)
    misses = []
    for _ in range(100):
        durations = list(rng.lognormal(3, 0.4, 30))
        estimate, took = left_after_a_fifth(durations, workers, 3.0, 0.2)
        misses.append(abs(estimate / took - 1))
    assert np.mean(np.array(misses) < 0.3) > 0.85 and np.median(misses) < 0.15


def paced(steps: list[tuple[float, Callable[[Pace], None]]]) -> float | None:
    clock = Clock()
    pace = Pace(clock)
    for seconds, step in steps:
        clock.now += seconds
        step(pace)
    return pace.seconds_left(2)


def test_a_training_that_takes_long_is_judged_by_its_epochs() -> None:
    ended = [(0.0, lambda pace: pace.begin(0)), (10.0, lambda pace: pace.end(0, True))]
    slow = [
        (0.0, lambda pace: pace.begin(1)),
        *[(20.0, lambda pace, done=done: pace.epoch(1, done, 10)) for done in (1, 2)],
    ]
    # 10 s for the one that waits, and 8 epochs of 20 s for the one that runs.
    assert paced([*ended, *slow]) == pytest.approx(10 + 160)
    # Without news of epochs it may end at any moment.
    assert paced([*ended, (0.0, lambda pace: pace.begin(1)), (40.0, lambda pace: None)]) == pytest.approx(10)


def test_reference_networks_say_nothing_about_those_that_are_drawn() -> None:
    # As `amber search` of the yeast example, whose first network is a small one from the literature.
    reference = [(0.0, lambda pace: pace.begin(0)), (8.0, lambda pace: pace.end(0, True, given=True))]
    drawn = [(0.0, lambda pace: pace.begin(1)), (20.0, lambda pace: pace.end(1, True))]
    assert paced([*reference, *drawn]) == pytest.approx(2 * 20)
    # Before one that was drawn has ended, it is all that is known.
    assert paced(reference) == pytest.approx(2 * 8)


def test_nothing_is_said_before_the_first_and_after_the_last_training() -> None:
    assert paced([(1.0, lambda pace: pace.begin(0))]) is None
    # A proposal that is not trained tells nothing.
    assert paced([(1.0, lambda pace: pace.end(0, False))]) is None
    pace = Pace(Clock())
    pace.begin(0)
    pace.end(0, True)
    assert pace.seconds_left(0) is None and pace.done == 1


def left_of(clock: Clock, pace: Pace, trials: list[tuple[int, float, int]], wanted: int) -> float | None:
    """Return the time left after trainings, each of so many epochs of so many seconds and of so many FLOPs."""
    for number, (epochs, seconds, flops) in enumerate(trials):
        pace.begin(number)
        for epoch in range(1, epochs + 1):
            clock.now += seconds
            pace.epoch(number, epoch, 60)
        pace.end(number, True, flops=flops)
    return pace.seconds_left(wanted - len(trials))


def test_the_last_training_counts() -> None:
    clock = Clock()
    pace = Pace(clock, PlannedWork(epochs=(10,), may_stop=False, final_epochs=8 * 15, final_may_stop=False))
    assert left_of(clock, pace, [(10, 2.0, 0)] * 2, 10) == pytest.approx(8 * 20 + 8 * 15 * 2)
    # It is all that is left when the last trial has ended.
    assert pace.seconds_left(0) == pytest.approx(8 * 15 * 2)


def test_trainings_that_may_stop_early_are_not_taken_to_stop_as_the_first_did() -> None:
    clock = Clock()
    pace = Pace(clock, PlannedWork(epochs=(60,), final_epochs=90))
    first = left_of(clock, pace, [(15, 1.0, 0)], 11)
    # 10 trainings of the mean of 15 and four times 45 epochs, and 0.85 of the last one's 90 epochs.
    assert first == pytest.approx(10 * (15 + 4 * 45) / 5 + 90 * 0.85)
    pace = Pace(clock := Clock(), PlannedWork(epochs=(60,)))
    later = left_of(clock, pace, [(15, 1.0, 0)] * 100, 110)
    assert later == pytest.approx(10 * 15, rel=0.1)


def test_networks_to_come_are_as_large_as_the_space_says_where_few_are_known() -> None:
    estimates = []
    for flops in (10**6, 10**7):
        pace = Pace(clock := Clock(), PlannedWork(epochs=(10,), may_stop=False, flops=5.5e6))
        estimates.append(left_of(clock, pace, [(10, 1.0, flops)], 2))
    small, large = estimates
    assert small is not None and large is not None and small > 10 > large
    # The last training is one of the best.
    pace = Pace(clock := Clock(), PlannedWork((10,), False, 5.5e6, final_epochs=100, final_may_stop=False))
    pace.begin(0)
    for epoch in range(1, 11):
        clock.now += 1
        pace.epoch(0, epoch, 10)
    pace.end(0, True, flops=10**6, best=True)
    assert pace.seconds_left(0) == pytest.approx(100)
    # After many of the same size the rest is as those were.
    pace = Pace(clock := Clock(), PlannedWork(epochs=(10,), may_stop=False, flops=5.5e6))
    assert left_of(clock, pace, [(10, 1.0, 10**6)] * 100, 101) == pytest.approx(10, rel=0.05)


def test_first_epochs_tell_of_the_rest_before_a_training_has_ended() -> None:
    pace = Pace(clock := Clock(), PlannedWork(epochs=(10,), may_stop=False, final_epochs=20, final_may_stop=False))
    pace.begin(0)
    assert pace.seconds_left(3) is None
    clock.now += 3
    pace.epoch(0, 1, 10)
    assert pace.seconds_left(3) == pytest.approx(3 * (30 + 20 - 1))


def test_rungs_to_come_count_and_continued_trainings_do_not_begin_anew() -> None:
    # 9 networks to epoch 2, of which 3 go on to 6; then one is trained for 12 epochs.
    work = PlannedWork(epochs=(2, 4), may_stop=False, after_rung=(12.0, 0.0), final_epochs=12, final_may_stop=False)
    pace = Pace(clock := Clock(), work)
    for number in range(3):
        pace.begin(number)
        for epoch in (1, 2):
            clock.now += 5
            pace.epoch(number, epoch, 2)
        pace.end(number, True)
    assert pace.seconds_left(6) == pytest.approx((6 * 2 + 12 + 12) * 5)
    pace = Pace(clock := Clock(), work, rung=1)
    pace.begin(0)
    for epoch in (3, 4):
        clock.now += 5
        pace.epoch(0, epoch, 6)
    assert pace.seconds_left(3) == pytest.approx((2 + 2 * 4 + 12) * 5)


def test_a_machine_that_became_faster_is_believed_after_a_few_trainings() -> None:
    work = PlannedWork(epochs=(10,), may_stop=False)
    pace = Pace(clock := Clock(), work)
    # Four trainings while others used the machine, and as many at half the time as make it certain.
    assert left_of(clock, pace, [(10, 2.0, 0)] * 4 + [(10, 1.0, 0)] * 8, 22) == pytest.approx(10 * 10, rel=0.25)
    pace = Pace(clock := Clock(), work)
    mean = 10 * 10 * (4 * 2 + 8) / 12
    assert (left_of(clock, pace, [(10, 1.0, 0)] * 8 + [(10, 2.0, 0)] * 4, 22) or 0) > 1.1 * mean


def test_the_start_of_worker_processes_is_not_expected_again() -> None:
    pace = Pace(clock := Clock(), PlannedWork(epochs=(10,), may_stop=False))
    for number in (0, 1):
        pace.begin(number)
    clock.now += 20  # their processes start
    for epoch in range(1, 11):
        clock.now += 1
        for number in (0, 1):
            pace.epoch(number, epoch, 10)
    for number in (0, 1):
        pace.end(number, True, seconds=10.0)
    assert pace.seconds_left(8) == pytest.approx(4 * 10)


def test_what_each_training_takes_beside_its_epochs_counts_for_each() -> None:
    work = PlannedWork(
        epochs=(5,), may_stop=False, after_rung=(30.0, 0.0), trainings_after_rung=(3, 0), final_epochs=20,
        final_trainings=2, final_may_stop=False,
    )  # fmt: skip
    pace = Pace(clock := Clock(), work)
    for number in range(2):
        pace.begin(number)
        clock.now += 3  # it is built
        for epoch in range(1, 6):
            clock.now += 1
            pace.epoch(number, epoch, 5)
        clock.now += 2  # it is evaluated
        pace.end(number, True)
    assert pace.seconds_left(4) == pytest.approx(4 * (5 + 5) + 30 + 3 * 5 + 20 + 2 * 5)
