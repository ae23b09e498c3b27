"""How fast a search trains, and how long what is left of it, and of what follows it, will take."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from amber.display import PlainRepr

# What is known before a search weighs as much as so many trainings; where a training may stop early, it is taken to
# end after this share of its epochs.
_PRIOR, _USUAL_SHARE = 4.0, 0.75


@dataclass(frozen=True)
class PlannedWork:
    """What is known of a search, and of what follows it, before anything is trained.

    Attributes:
        epochs: of a training, at most; where there are rungs, those that each rung adds. Empty: not known.
        may_stop: whether a training may stop before.
        flops: of a network of the space, on average; 0: not known.
        after_rung: for each rung, the epochs that all rungs after it train, of all their networks together.
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
    """A training that runs, or ran.

    Attributes:
        began: when.
        seconds: since then, at its end or after its last epoch.
        epochs: that it trained.
        share: of its epochs.
        flops: of the network; 0: not known.
    """

    began: float
    seconds: float = 0.0
    epochs: int = 0
    share: float = 0.0
    flops: float = 0.0


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
        # Trainings that ended: of networks drawn from the space, and of reference networks.
        self._drawn: list[_Training] = []
        self._given: list[_Training] = []
        self._best_flops = 0.0
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
            training.epochs += 1
            training.seconds = self._clock() - training.began
            training.share = min(1.0, training.epochs / max(1, epochs - epoch + training.epochs))

    def end(
        self, number: int, trained: bool, given: bool = False, flops: int | None = None, best: bool = False
    ) -> None:
        """Note that a proposal is settled.

        Args:
            number: which one.
            trained: whether it was trained.
            given: it is a reference network, as none of what is left will be: its time says nothing about theirs.
            flops: of the network; None: not known.
            best: whether it is the best so far; the last training is of the best.
        """
        training = self._running.pop(number, None) or _Training(self._started)
        training.seconds, training.flops = self._clock() - training.began, float(flops or 0)
        if trained:
            (self._given if given else self._drawn).append(training)
        if best:
            self._best_flops = training.flops

    def seconds_each(self) -> float:
        """Return the seconds from one end of a training to the next, on average."""
        return max(self._clock() - self._started, 1e-3) / max(1, self.done)

    def seconds_left(self, trainings: int) -> float | None:
        """Return an estimate of the time for what is left; None before the first epoch, and where nothing is left.

        Args:
            trainings: how many are to end yet, with those that run.
        """
        ended = self._drawn or self._given
        known = ended or [each for each in self._running.values() if each.epochs]
        work, after = self._work, _at(self._work.after_rung, self._rung)
        if not known or (trainings < 1 and not after and not work.final_epochs):
            return None
        now = self._clock()
        epochs, share = self._usual_epochs(ended)
        epoch = sum(each.seconds for each in known) / max(1, sum(each.epochs for each in known))
        usual = epoch * self._cost(ended, self._flops_to_come(ended)) * epochs
        if not epochs:  # nothing is known of them
            usual = sum(each.seconds for each in known) / len(known)
        elapsed = [now - training.began for training in self._running.values()]
        # Which share of their time the workers train; the rest is the start, and what is done between trainings.
        spent = sum(each.seconds for each in (*self._drawn, *self._given)) + sum(elapsed)
        busy = min(1.0, max(spent / (self._workers * max(now - self._started, 1e-3)), 1e-3))
        free = [self._rest(now - training.began, training.share, usual) for training in self._running.values()]
        free += [0.0] * (self._workers - len(free))
        # Whoever is free first takes the next; full rounds are as long as a training is.
        rounds, rest = divmod(max(0, trainings - len(self._running)), self._workers)
        heapq.heapify(free)
        for _ in range(rest):
            heapq.heapreplace(free, free[0] + usual)
        of_rungs = after * share * epoch / self._workers
        of_last = work.final_epochs * (_USUAL_SHARE if work.final_may_stop else 1.0) * epoch
        searching = (rounds * usual + max(free) + of_rungs) / busy
        return searching + of_last * self._cost(ended, self._best_flops or self._flops_to_come(ended))

    def _usual_epochs(self, ended: Sequence[_Training]) -> tuple[float, float]:
        """Return the epochs of a training that is to come, and which share of all that is; 0 where nothing is known."""
        limit = _at(self._work.epochs, self._rung)
        trained = sum(each.epochs for each in ended)
        if not limit:
            return trained / max(1, len(ended)), 1.0
        before = limit * (_USUAL_SHARE if self._work.may_stop else 1.0)
        usual = (_PRIOR * before + trained) / (_PRIOR + len(ended))
        return usual, min(1.0, usual / limit)

    def _flops_to_come(self, ended: Sequence[_Training]) -> float:
        """Return the FLOPs of a network that is to come."""
        return (_PRIOR * self._work.flops + sum(each.flops for each in ended)) / (_PRIOR + len(ended))

    def _cost(self, ended: Sequence[_Training], flops: float) -> float:
        """Return how much longer an epoch of a network takes than one of those so far.

        Half of the time of an average network is taken to go by its FLOPs, and half to be the same for all.
        """
        average, epochs = self._work.flops, sum(each.epochs for each in ended)
        so_far = sum(each.epochs * each.flops for each in ended) / max(1, epochs)
        return (average + flops) / (average + so_far) if average and so_far else 1.0

    @staticmethod
    def _rest(elapsed: float, share: float, usual: float) -> float:
        """Return what is left of a training: what is usual, or what its epochs say where it takes longer already."""
        if elapsed < usual or not share:
            return max(0.0, usual - elapsed)
        return elapsed * (1 - share) / share


def _at(values: Sequence[float], place: int) -> float:
    return values[place] if place < len(values) else 0.0
