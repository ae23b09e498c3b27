"""Timing in alternation: what is compared runs in turns, so that a slow minute of the machine hits all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

Times = dict[str, list[float]]


def alternate(runs: Mapping[str, Callable[[], object]], repeats: int, warm_up: int = 1) -> Times:
    """Returns the seconds of every repeat of every function, taken in turns.

    Args:
        runs: functions by name.
        repeats: how often each is timed.
        warm_up: how often each runs before, untimed.
    """
    return alternate_clocks(runs, repeats, warm_up)[0]


def alternate_clocks(runs: Mapping[str, Callable[[], object]], repeats: int, warm_up: int = 1) -> tuple[Times, Times]:
    """Returns the seconds as `alternate` does, and those of the processors, which waiting for others does not count."""
    wall: Times = {name: [] for name in runs}
    processor: Times = {name: [] for name in runs}
    for turn in range(warm_up + repeats):
        # Every other round goes backwards, so that none always runs after the same neighbour.
        for name in runs if turn % 2 else reversed(list(runs)):
            start, used = time.perf_counter(), time.process_time()
            runs[name]()
            if turn >= warm_up:
                processor[name].append(time.process_time() - used)
                wall[name].append(time.perf_counter() - start)
    return wall, processor


def ratio(times: Times, name: str, reference: str) -> float:
    """Returns how fast `name` is beside `reference`: the median of the ratios of each turn; 1 is equally fast."""
    return statistics.median(other / own for own, other in zip(times[name], times[reference], strict=True))
