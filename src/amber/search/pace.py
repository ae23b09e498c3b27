"""How fast a search trains, and how long what is left will take."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable

from amber.display import PlainRepr


class Pace(PlainRepr):
    """Estimates the time left from trainings that ended and those that run, one at a time or many at once.

    Args:
        clock: seconds since any moment.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = clock()
        # Of what runs: since when, and which share of its epochs is done.
        self._running: dict[int, tuple[float, float]] = {}
        self._durations: list[float] = []
        # Of these, the trainings of networks that nobody drew from the space.
        self._given: list[float] = []
        self._workers = 1

    @property
    def done(self) -> int:
        """How many trainings ended."""
        return len(self._durations)

    def begin(self, number: int) -> None:
        """Note that a training begins."""
        self._running[number] = (self._clock(), 0.0)
        self._workers = max(self._workers, len(self._running))

    def epoch(self, number: int, epoch: int, epochs: int) -> None:
        """Note that an epoch of a training ended."""
        if number in self._running:
            self._running[number] = (self._running[number][0], min(1.0, epoch / max(1, epochs)))

    def end(self, number: int, trained: bool, given: bool = False) -> None:
        """Note that a proposal is settled.

        Args:
            number: which one.
            trained: whether it was trained.
            given: it is a reference network, as none of what is left will be: its time says nothing about theirs.
        """
        began, _ = self._running.pop(number, (self._started, 0.0))
        if trained:
            self._durations.append(self._clock() - began)
            if given:
                self._given.append(self._durations[-1])

    def seconds_each(self) -> float:
        """Return the seconds from one end of a training to the next, on average."""
        return max(self._clock() - self._started, 1e-3) / max(1, self.done)

    def seconds_left(self, trainings: int) -> float | None:
        """Return an estimate of the time for what is left; None before the first training ended.

        Args:
            trainings: how many are to end yet, with those that run.
        """
        if not self._durations or trainings < 1:
            return None
        now = self._clock()
        each = self._usual()
        elapsed = [now - began for began, _ in self._running.values()]
        # Which share of their time the workers train; the rest is the start, and what is done between trainings.
        busy = (sum(self._durations) + sum(elapsed)) / (self._workers * max(now - self._started, 1e-3))
        free = [self._rest(now - began, share, each) for began, share in self._running.values()]
        free += [0.0] * (self._workers - len(free))
        # Whoever is free first takes the next; full rounds are as long as a training is.
        rounds, rest = divmod(max(0, trainings - len(self._running)), self._workers)
        heapq.heapify(free)
        for _ in range(rest):
            heapq.heapreplace(free, free[0] + each)
        return (rounds * each + max(free)) / min(1.0, max(busy, 1e-3))

    def _usual(self) -> float:
        """Return the mean time of a training: of those that the sampler drew, once one of these ended."""
        drawn = len(self._durations) - len(self._given)
        if not drawn:
            return sum(self._durations) / len(self._durations)
        return (sum(self._durations) - sum(self._given)) / drawn

    @staticmethod
    def _rest(elapsed: float, share: float, usual: float) -> float:
        """Return what is left of a training: what is usual, or what its epochs say where it takes longer already."""
        if elapsed < usual or not share:
            return max(0.0, usual - elapsed)
        return elapsed * (1 - share) / share
