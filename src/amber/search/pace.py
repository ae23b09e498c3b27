"""How fast a search trains, and how long what is left of it, and of what follows it, will take."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from amber.display import PlainRepr

# What is known before a search weighs as much as so many trainings; where a training may stop early, it is taken to
# end after this share of its epochs, and one of the last after that; networks that a sampler comes to propose are
# taken to have so many times the FLOPs of random ones (0.97 to 1.8 in five searches).
_PRIOR, _USUAL_SHARE, _LAST_SHARE, _PREFERRED = 4.0, 0.75, 0.85, 1.3
# A training counts half as much when each worker has ended so many after it: what else the machine does changes.
_HALF_LIFE = 3.0


@dataclass(frozen=True)
class PlannedWork:
    """What is known of a search, and of what follows it, before anything is trained.

    Attributes:
        epochs: of a training, at most; where there are rungs, those that each rung adds. Empty: not known.
        may_stop: whether a training may stop before.
        flops: of a network of the space, on average; 0: not known.
        after_rung: for each rung, the epochs that all rungs after it train, of all their networks together.
        trainings_after_rung: how many trainings that are.
        final_epochs: of the last trainings together, at most, in epochs of a trial's training.
        final_trainings: how many trainings that are.
        final_may_stop: whether these may stop before.
    """

    epochs: tuple[int, ...] = ()
    may_stop: bool = True
    flops: float = 0.0
    after_rung: tuple[float, ...] = ()
    trainings_after_rung: tuple[int, ...] = ()
    final_epochs: float = 0.0
    final_trainings: int = 0
    final_may_stop: bool = True


@dataclass
class _Training:
    """A training that runs, or ran.

    Attributes:
        began: when.
        seconds: that it took so far; where it ended, without the start of its process.
        first: seconds to the end of the first epoch.
        training: seconds from there to the end of the last epoch.
        epochs: that it trained.
        share: of its epochs.
        flops: of the network; 0: not known.
    """

    began: float
    seconds: float = 0.0
    first: float = 0.0
    training: float = 0.0
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
        # When workers became free that have nothing yet, and for how long others had nothing.
        self._free: list[float] = []
        self._idle: list[float] = []

    @property
    def done(self) -> int:
        """How many trainings ended."""
        return len(self._drawn) + len(self._given)

    def begin(self, number: int) -> None:
        """Note that a training begins."""
        now = self._clock()
        if self._free:
            self._idle.append(now - self._free.pop(0))
        self._running[number] = _Training(now)
        self._workers = max(self._workers, len(self._running))

    def epoch(self, number: int, epoch: int, epochs: int) -> None:
        """Note that an epoch of a training ended; one that goes on where a rung ended does not begin with the first."""
        if number in self._running:
            training = self._running[number]
            training.epochs += 1
            training.seconds = self._clock() - training.began
            if training.epochs == 1:
                training.first = training.seconds
            training.training = training.seconds - training.first
            training.share = min(1.0, training.epochs / max(1, epochs - epoch + training.epochs))

    def end(
        self,
        number: int,
        trained: bool,
        given: bool = False,
        flops: float | None = None,
        best: bool = False,
        seconds: float | None = None,
    ) -> None:
        """Note that a proposal is settled.

        Args:
            number: which one.
            trained: whether it was trained.
            given: it is a reference network, as none of what is left will be: its time says nothing about theirs.
            flops: of the network; None: not known.
            best: whether it is the best so far; the last training is of the best.
            seconds: that the training took, where that is known; else it is since its begin.
        """
        now = self._clock()
        if number in self._running:
            self._free.append(now)
        training = self._running.pop(number, None) or _Training(self._started)
        training.seconds = now - training.began if seconds is None else seconds
        training.flops = float(flops or 0)
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
        work, after = self._work, _at(self._work.after_rung, self._rung)
        known = [*ended, *(each for each in self._running.values() if each.epochs and (each.share >= 0.5 or not ended))]
        if not known or (trainings < 1 and not after and not work.final_epochs):
            return None
        now = self._clock()
        epochs, share = self._usual_epochs(ended)
        to_come = self._flops_to_come(ended)
        epoch, beside = self._seconds_of_an_epoch(known, len(ended)), _beside_epochs(known)
        usual = epoch * self._units(to_come) * epochs + beside
        if not epochs:  # nothing is known of them
            usual = sum(each.seconds for each in known) / len(known)
        usual += sum(self._idle) / max(1, len(self._idle))
        free = [self._rest(now - training.began, training.share, usual) for training in self._running.values()]
        free += [0.0] * (self._workers - len(free))
        # Whoever is free first takes the next; full rounds are as long as a training is.
        rounds, rest = divmod(max(0, trainings - len(self._running)), self._workers)
        heapq.heapify(free)
        for _ in range(rest):
            heapq.heapreplace(free, free[0] + usual)
        of_rungs = after * share * epoch * self._units(to_come) + beside * _at(work.trainings_after_rung, self._rung)
        # The best network trains on at least as many of its epochs as others do.
        last = max(share, _LAST_SHARE) if work.final_may_stop else 1.0
        of_last = work.final_epochs * last * epoch * self._units(self._best_flops or to_come)
        searching = rounds * usual + max(free) + of_rungs / self._workers
        return searching + of_last + beside * work.final_trainings

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
        before = _PRIOR * _PREFERRED * self._work.flops
        return (before + sum(each.flops for each in ended)) / (_PRIOR + len(ended))

    def _seconds_of_an_epoch(self, known: Sequence[_Training], ended: int) -> float:
        """Return the seconds that an epoch of an average network takes; the last trainings tell most.

        Args:
            known: trainings in the order in which they ended, and then those that run.
            ended: how many of them ended.
        """
        seconds = units = 0.0
        for place, each in enumerate(known):
            weight = 0.5 ** (max(0, ended - place) / (_HALF_LIFE * self._workers))
            # A first epoch may begin with the start of a process, or with compiling.
            long = each.epochs > 1
            seconds += weight * (each.training if long else each.seconds)
            units += weight * (each.epochs - long) * self._units(each.flops)
        return seconds / max(units, 1e-9)

    def _units(self, flops: float) -> float:
        """Return how much longer an epoch takes than one of an average network.

        Half of the time of an average network is taken to go by its FLOPs, and half to be the same for all.
        """
        average = self._work.flops
        return (average + flops) / (2 * average) if average and flops else 1.0

    @staticmethod
    def _rest(elapsed: float, share: float, usual: float) -> float:
        """Return what is left of a training: what is usual, or what its epochs say where it takes longer already."""
        if elapsed < usual or not share:
            return max(0.0, usual - elapsed)
        return elapsed * (1 - share) / share


def _at(values: Sequence[float], place: int) -> float:
    return values[place] if place < len(values) else 0.0


def _beside_epochs(known: Sequence[_Training]) -> float:
    """Return the seconds of a training beside its epochs, such as compiling and recalibration.

    It is the median, the lower one of two: the first training of a process begins with its start.
    """
    beside = sorted(
        max(0.0, each.seconds - each.training * each.epochs / (each.epochs - 1)) for each in known if each.epochs > 1
    )
    return beside[(len(beside) - 1) // 2] if beside else 0.0
