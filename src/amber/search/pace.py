"""How fast a search trains, and how long what is left of it, and of what follows it, will take."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass

from amber.display import PlainRepr

# What is known before a search weighs as much as so many trainings; where a training may stop early, it is taken to
# end after this share of its epochs.
_PRIOR, _USUAL_SHARE = 2.0, 0.7


@dataclass(frozen=True)
class PlannedWork:
    """What is known of a search, and of what follows it, before anything is trained.

    Attributes:
        epochs: of a training, at most; where there are rungs of each rung, beyond the one before. Empty: not known.
        may_stop: whether a training may stop before.
        flops: of a middling network of the space; 0: not known.
        after_rung: where there are rungs, the epochs of all networks in the rungs that follow each.
        final_epochs: of the last trainings together, at most, in epochs of a trial's training.
        final_may_stop: whether these may stop before.
    """

    epochs: tuple[int, ...] = ()
    may_stop: bool = True
    flops: float = 0.0
    after_rung: tuple[float, ...] = ()
    final_epochs: float = 0.0
    final_may_stop: bool = True


@dataclass
class _Training:
    """A training that runs: since when, its last epoch and when that ended, and how many there were and will be."""

    began: float
    last: float = 0.0
    trained: int = 0
    share: float = 0.0


class Pace(PlainRepr):
    """Estimates the time left from trainings that ended and those that run, one at a time or many at once.

    A training takes its epochs, and an epoch what those so far took, more or less by the FLOPs of the network. Of
    both the first trainings tell little: where they are few, what was known before counts too.

    Args:
        clock: seconds since any moment.
        work: what is known before.
        rung: of the search, from 0.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, work: PlannedWork | None = None, rung: int = 0
    ) -> None:
        self._clock, self._work, self._rung = clock, work or PlannedWork(), rung
        self._started = clock()
        self._running: dict[int, _Training] = {}
        # Of trainings that ended: seconds, epochs and FLOPs of those drawn from the space, and of reference networks.
        self._drawn: list[tuple[float, int, float]] = []
        self._given: list[tuple[float, int, float]] = []
        self._workers = 1

    @property
    def done(self) -> int:
        """How many trainings ended."""
        return len(self._drawn) + len(self._given)

    def begin(self, number: int) -> None:
        """Note that a training begins."""
        self._running[number] = _Training(self._clock())
        self._workers = max(self._workers, len(self._running))

    def epoch(self, number: int, epoch: int, epochs: int) -> None:
        """Note that an epoch of a training ended; one that goes on where a rung ended does not begin with the first."""
        if number in self._running:
            training = self._running[number]
            training.trained += 1
            training.last = self._clock()
            training.share = min(1.0, training.trained / max(1, epochs - epoch + training.trained))

    def end(self, number: int, trained: bool, given: bool = False, flops: int | None = None) -> None:
        """Note that a proposal is settled.

        Args:
            number: which one.
            trained: whether it was trained.
            given: it is a reference network, as none of what is left will be: its time says nothing about theirs.
            flops: of the network; None: not known.
        """
        training = self._running.pop(number, None) or _Training(self._started)
        if trained:
            ended = self._given if given else self._drawn
            ended.append((self._clock() - training.began, training.trained, float(flops or 0)))

    def seconds_each(self) -> float:
        """Return the seconds from one end of a training to the next, on average."""
        return max(self._clock() - self._started, 1e-3) / max(1, self.done)

    def seconds_left(self, trainings: int) -> float | None:
        """Return an estimate of the time for what is left; None before the first epoch, and where nothing is left.

        Args:
            trainings: how many are to end yet, with those that run.
        """
        known = self._drawn or self._given or self._begun()
        after = self._work.after_rung[self._rung] if self._rung < len(self._work.after_rung) else 0.0
        if not known or (trainings < 1 and not after and not self._work.final_epochs):
            return None
        now = self._clock()
        each, epoch, share = self._usual(known)
        elapsed = [now - training.began for training in self._running.values()]
        # Which share of their time the workers train; the rest is the start, and what is done between trainings.
        spent = sum(seconds for seconds, _, _ in (*self._drawn, *self._given)) + sum(elapsed)
        busy = min(1.0, max(spent / (self._workers * max(now - self._started, 1e-3)), 1e-3))
        free = [self._rest(now - training.began, training.share, each) for training in self._running.values()]
        free += [0.0] * (self._workers - len(free))
        # Whoever is free first takes the next; full rounds are as long as a training is.
        rounds, rest = divmod(max(0, trainings - len(self._running)), self._workers)
        heapq.heapify(free)
        for _ in range(rest):
            heapq.heapreplace(free, free[0] + each)
        final = self._work.final_epochs * (share if self._work.final_may_stop else 1.0) * epoch
        searching = rounds * each + max(free) + after * share * epoch / self._workers
        return searching / busy + final

    def _begun(self) -> list[tuple[float, int, float]]:
        """Return what the trainings that run say before one has ended."""
        return [(each.last - each.began, each.trained, 0.0) for each in self._running.values() if each.trained]

    def _usual(self, known: list[tuple[float, int, float]]) -> tuple[float, float, float]:
        """Return the seconds of a training that is to come, those of one of its epochs, and its share of all epochs."""
        seconds = sum(each[0] for each in known)
        epochs = sum(each[1] for each in known)
        limit = self._work.epochs[self._rung] if self._rung < len(self._work.epochs) else 0
        if not epochs or not limit:
            return seconds / len(known), seconds / max(1, epochs), 1.0
        ended = self._drawn or self._given
        before = limit * (_USUAL_SHARE if self._work.may_stop else 1.0)
        trained = (_PRIOR * before + sum(each[1] for each in ended)) / (_PRIOR + len(ended))
        epoch = seconds / epochs * self._relative_cost(ended)
        return epoch * trained, epoch, min(1.0, trained / limit)

    def _relative_cost(self, ended: list[tuple[float, int, float]]) -> float:
        """Return how much longer than those so far an epoch of a network to come takes.

        Half of the time of a middling network is taken to go by its FLOPs, and half to be the same for all.
        """
        middling = self._work.flops
        counted = [(epochs, flops) for _, epochs, flops in ended if epochs and flops]
        if not middling or not counted:
            return 1.0
        so_far = sum(epochs * flops for epochs, flops in counted) / sum(epochs for epochs, _ in counted)
        to_come = (_PRIOR * middling + sum(flops for _, flops in counted)) / (_PRIOR + len(counted))
        return (middling + to_come) / (middling + so_far)

    @staticmethod
    def _rest(elapsed: float, share: float, usual: float) -> float:
        """Return what is left of a training: what is usual, or what its epochs say where it takes longer already."""
        if elapsed < usual or not share:
            return max(0.0, usual - elapsed)
        return elapsed * (1 - share) / share
