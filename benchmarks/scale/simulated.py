"""A search on hundreds of workers, simulated event by event: nothing trains, and no process is started.

One driver answers workers in turn, with the times that were measured (docs/scale.md). A child's epochs take log-normal
times, workers die at random and are replaced, and what a dead worker trained is begun anew. Children are halved
asynchronously (Li et al., arXiv 1810.05934): at a rung a child goes on if it is among the best share of all that have
reached the rung by then, and waits for no other.
"""

from __future__ import annotations

import bisect
import heapq
import math
from dataclasses import dataclass, field

import numpy as np

# Seconds of the driver: to settle a trial and propose the next, and to answer a report.
TRIAL_SECONDS, REPORT_SECONDS = 0.012, 0.002


@dataclass(frozen=True)
class Cluster:
    """What is simulated.

    Attributes:
        workers: how many.
        trials: of the search.
        epochs: the most of a child.
        epoch_seconds: mean of an epoch.
        spread: standard deviation of the logarithm of a child's speed.
        deaths_per_hour: share of the workers that die in an hour.
        replacing_seconds: until a dead worker is replaced and has loaded its data.
        share: one of so many goes on at a rung; rungs are at 1, `share`, `share` squared, ... epochs.
        ahead: whether a trial waits at each worker, so that it need not wait for the driver.
        seed: of times, deaths and scores.
    """

    workers: int = 512
    trials: int = 8_192
    epochs: int = 27
    epoch_seconds: float = 60.0
    spread: float = 0.5
    deaths_per_hour: float = 0.02
    replacing_seconds: float = 120.0
    share: int = 3
    ahead: bool = True
    seed: int = 0

    @property
    def rungs(self) -> list[int]:
        """The epochs after which children are compared."""
        return [self.share**each for each in range(math.ceil(math.log(self.epochs, self.share)))]


@dataclass
class _Driver:
    """Answers one after another."""

    free: float = 0.0
    busy: float = 0.0

    def answer(self, now: float, seconds: float) -> float:
        """Return when an answer to a question asked now is there."""
        self.free = max(self.free, now) + seconds
        self.busy += seconds
        return self.free


@dataclass
class _Rungs:
    """The scores that have been reported at each rung."""

    share: int
    scores: dict[int, list[float]] = field(default_factory=dict)

    def goes_on(self, rung: int, score: float) -> bool:
        """Say whether a child is among the best share of those that have come to a rung; the more, the better."""
        known = self.scores.setdefault(rung, [])
        bisect.insort(known, score)
        return len(known) - bisect.bisect_left(known, score) <= max(1, len(known) // self.share)


@dataclass
class _Child:
    """A child at a worker: the time of each epoch, its final score, and when it began."""

    seconds: float
    quality: float
    began: float


def asynchronous(cluster: Cluster) -> dict[str, float]:
    """Return what became of a search with asynchronous halving.

    Returns:
        `busy`: share of the workers' time in which they train what counts, until one finds no further trial; `lost`:
        share in training that a death made void; `driver`: share of the driver's time; `longest_wait`: seconds that
        a child waited at a rung at most; `hours`; `epochs`: those of all children, a share of the most.
    """
    random, driver, rungs = np.random.default_rng(cluster.seed), _Driver(), _Rungs(cluster.share)
    events: list[tuple[float, int, int, int]] = []  # time, worker, life of the worker, epoch that ends then
    children: dict[int, _Child] = {}
    lives = [0] * cluster.workers
    deaths: list[tuple[float, int]] = []
    begun, void, useful, waited, epochs, end = 0, 0.0, 0.0, 0.0, 0, math.inf

    def begin(worker: int, now: float) -> None:
        nonlocal begun, end
        if begun >= cluster.trials:
            end = min(end, now)
            return
        begun += 1
        asked = driver.answer(now, TRIAL_SECONDS)
        start = now if cluster.ahead else asked
        speed = cluster.epoch_seconds * math.exp(cluster.spread * random.normal() - cluster.spread**2 / 2)
        children[worker] = _Child(speed, random.normal(), start)
        heapq.heappush(events, (start + speed, worker, lives[worker], 1))

    def die(worker: int, now: float) -> None:
        """Schedule the next death of a worker."""
        if cluster.deaths_per_hour:
            heapq.heappush(deaths, (now + random.exponential(3600 / cluster.deaths_per_hour), worker))

    for worker in range(cluster.workers):
        begin(worker, 0.0)
        die(worker, 0.0)
    while events and end == math.inf:
        if deaths and deaths[0][0] < events[0][0]:
            now, worker = heapq.heappop(deaths)
            lives[worker] += 1
            child = children[worker]
            void += max(0.0, now - child.began)
            child.began = now + cluster.replacing_seconds
            heapq.heappush(events, (child.began + child.seconds, worker, lives[worker], 1))
            die(worker, child.began)
            continue
        now, worker, life, epoch = heapq.heappop(events)
        if life != lives[worker]:
            continue  # the worker died in this epoch
        child, epochs = children[worker], epochs + 1
        answered = now
        goes_on = epoch < cluster.epochs
        if goes_on and epoch in cluster.rungs:
            answered = driver.answer(now, REPORT_SECONDS)
            waited = max(waited, answered - now)
            # A network that is trained for longer is told apart better.
            goes_on = rungs.goes_on(epoch, child.quality + random.normal() / epoch)
        if goes_on:
            heapq.heappush(events, (answered + child.seconds, worker, life, epoch + 1))
        else:
            useful += epoch * child.seconds
            del children[worker]
            begin(worker, answered)
    under_way = sum(max(0.0, end - child.began) for child in children.values())
    whole = cluster.workers * end
    return {
        "busy": (useful + under_way) / whole,
        "lost": void / whole,
        "driver": min(1.0, driver.busy / end),
        "longest_wait": waited,
        "hours": end / 3600,
        "epochs": epochs / (begun * cluster.epochs),
    }
