"""A model of the score as sampler: what is expected to improve most on the best is proposed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import optuna
from scipy.special import log_ndtr, ndtr
from scipy.stats import rankdata

from amber.architect import TokenLayout
from amber.checks import finite_number_at_least, positive_integer
from amber.search.costs import checked_costs
from amber.search.samplers.earlier import EarlierPredictions, EarlierTrials
from amber.search.samplers.gaussian_process import (
    Described,
    Describer,
    Features,
    GaussianProcess,
    Posterior,
)
from amber.search.samplers.ranks import best_and_latest, best_and_spread, normal_scores
from amber.search.samplers.space_features import SpaceFeatures
from amber.search.samplers.tokens import TokenSampler, token_dtype, tokens_by_kind
from amber.search.samplers.told import StudyReader, Told
from amber.search.samplers.training_costs import FLOPs, TrainingCosts, planned_costs

# Trials that the model is conditioned on, and that its weights are fitted on: the time of a proposal is bounded.
_KEPT, _FITTED = 200, 128
# The weights are refitted whenever there are so many times more trials.
_GROWTH = 1.2
# Parents of candidates, rounds of mutations of the most promising, and how many of these, with how many children.
_PARENTS, _ROUNDS, _PROMISING, _CHILDREN = 10, 3, 5, 60
# A change is followed by another with this probability.
_FURTHER = 0.35
# Of the generator that draws what is planned, beside those of trials, which have the numbers of these.
_COSTS_STREAM = 2**31


Trend: TypeAlias = Callable[[np.ndarray], np.ndarray]
"""Called with (n, tokens), returns (n,) values."""


class SurrogateSampler(TokenSampler):
    """Proposes where a Gaussian process expects the most improvement.

    The process models the rank of a trial among all, so neither scale nor outliers of a score matter. Candidates are
    random architectures, and mutations and crossings of the best; none is proposed twice, or while it is being
    trained. What is being trained counts as known, but for its score. A second process learns which architectures are
    feasible, where some are not. With several objectives, each proposal weighs them at random (Knowles 2006). What
    earlier searches predict is the mean that the process departs from, as far as the trials so far agree with it.

    Everything follows from the seed, the number of the trial and the trials of the study, so a study that is taken up
    again goes on as it would have.

    Where `cost_exponent` is above zero and FLOPs are known, the expected improvement is divided by the FLOPs to this
    power, as expected improvement per second is by the time (Snoek et al. 2012): what is cheap is tried sooner.

    Args:
        layout: the tokens.
        seed: of all choices.
        startup_trials: trials with a score, drawn uniformly, before the model is asked.
        candidates: architectures that the model looks at first.
        against: "parameters", "flops" or "latency", or several of them: objectives beside the score, to be minimised.
            None: the score alone.
        features: numbers that describe an architecture beside its tokens and their counts, such as its depth.
        cost_exponent: how much the cost of a training counts; 0: not at all.

    Attributes:
        against: names of what the score is weighed against; `run_search` reads it.

    Raises:
        ConfigError: a number below one, a negative exponent, or an unknown cost.
    """

    many_objectives = True

    def __init__(
        self,
        layout: TokenLayout,
        seed: int,
        *,
        startup_trials: int = 6,
        candidates: int = 300,
        against: str | Sequence[str] | None = None,
        features: Features | None = None,
        cost_exponent: float = 0.0,
    ) -> None:
        super().__init__(layout, seed)
        self.seed = int(seed)
        self.startup_trials = positive_integer(startup_trials, "startup_trials")
        self.candidates = positive_integer(candidates, "candidates")
        self.against = checked_costs(against)
        self.cost_exponent = finite_number_at_least(cost_exponent, "cost_exponent", 0)
        self._describe = Describer(layout, features)
        self._reader = StudyReader(layout)
        self._sizes, self._dtype = np.array(layout.sizes), token_dtype(layout)
        self._chances = _mutation_chances(layout)
        self._fitted: dict[str, tuple[bytes, GaussianProcess]] = {}
        self._earlier: EarlierPredictions | None = None
        self._costs: TrainingCosts | None = None

    def learn_from(self, earlier: Sequence[EarlierTrials], features: SpaceFeatures | None = None) -> None:
        """Start from the trials of earlier searches.

        Half of the first proposals are what these predict to be best, the others stay random.

        Args:
            earlier: their trials.
            features: of this space, for searches of other spaces; None: these are left out.
        """
        predictions = EarlierPredictions(earlier, self.layout, features)
        self._earlier = predictions if len(predictions) else None

    def know_costs(self, flops: FLOPs) -> None:
        """Learn what trainings cost, of random architectures that are planned, where that counts."""
        if self.cost_exponent:
            generator = np.random.default_rng([self.seed, _COSTS_STREAM])
            self._costs = planned_costs(self._describe, flops, lambda count: self._random(generator, count))

    def propose(self, study: optuna.Study, number: int) -> Sequence[int]:
        """Return the candidate of the highest expected improvement; a uniform sample where little is known."""
        generator = np.random.default_rng([self.seed, number])
        told = self._reader.read(study)
        if len(told.numbers) < self.startup_trials or not self._chances.any():
            if self._earlier is None or number % 2:
                return self._unseen(generator, told.taken)
            return self._predicted_best(self._earlier, generator, told.taken)
        merit = self._merit(told, generator)
        mutants = self.children(merit.parents, 2 * self.candidates // 3 + 1, generator)
        shortlist = _Shortlist(told.taken)
        once_good = [] if self._earlier is None else [self._earlier.best.astype(self._dtype)]
        first = np.concatenate([mutants, self._random(generator, self.candidates // 3 + 1), *once_good])
        shortlist.consider(first, merit)
        for _ in range(_ROUNDS - 1):
            promising = shortlist.best(_PROMISING)
            if len(promising):
                shortlist.consider(self.children(promising, _CHILDREN, generator), merit)
        best = shortlist.best(1)
        return tuple(best[0].tolist()) if len(best) else self._unseen(generator, told.taken)

    def children(self, parents: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
        """Return mutations of parents, a third of them crossed with another first.

        Args:
            parents: (p, tokens).
            count: children.
            generator: of all choices.
        """
        rows = parents[generator.integers(len(parents), size=count)].copy()
        crossed = count // 3
        others = parents[generator.integers(len(parents), size=crossed)]
        rows[:crossed] = np.where(generator.random(others.shape) < 0.5, rows[:crossed], others)
        changing = np.arange(count)
        while len(changing):
            positions = generator.choice(len(self._sizes), size=len(changing), p=self._chances)
            sizes = self._sizes[positions]
            rows[changing, positions] = (rows[changing, positions] + generator.integers(1, sizes)) % sizes
            changing = changing[generator.random(len(changing)) < _FURTHER]
        return rows

    def _random(self, generator: np.random.Generator, count: int) -> np.ndarray:
        return generator.integers(0, self._sizes, size=(count, len(self._sizes))).astype(self._dtype)

    def _unseen(self, generator: np.random.Generator, taken: set[bytes]) -> tuple[int, ...]:
        """Return a uniform sample that is not taken, where a few hundred draws find one."""
        rows = self._random(generator, 300)
        new = (row for row in rows if row.tobytes() not in taken)
        return tuple(next(new, rows[0]).tolist())

    def _predicted_best(
        self, earlier: EarlierPredictions, generator: np.random.Generator, taken: set[bytes]
    ) -> tuple[int, ...]:
        """Return what earlier searches predict to be best, of their best and of random architectures."""
        shortlist = _Shortlist(taken)
        rows = np.concatenate([earlier.best.astype(self._dtype), self._random(generator, self.candidates)])
        shortlist.consider(rows, lambda each: np.asarray(earlier(each) @ earlier.likeness))
        best = shortlist.best(1)
        return tuple(best[0].tolist()) if len(best) else self._unseen(generator, taken)

    def _merit(self, told: Told, generator: np.random.Generator) -> _Merit:
        goals = told.standing.shape[1]
        count = _milestone(len(told.numbers), self.startup_trials)
        scores = _scores(told.standing[:count], np.full(goals, 1 / goals))
        fitted = best_and_spread(scores, _FITTED)
        process = self._fit(
            "score", told.tokens[:count][fitted], self._departure(told.tokens[:count][fitted], scores[fitted])[0]
        )
        scores = _scores(told.standing, generator.dirichlet(np.ones(goals)) if goals > 1 else np.ones(1))
        kept = best_and_latest(scores, _KEPT)
        known = told.tokens[kept]
        # There is nothing to find out about the score of what is infeasible: it counts as if it were on its way.
        joined = np.concatenate([known, told.pending, told.infeasible[-_KEPT // 4 :]])
        departure, trend = self._departure(known, scores[kept])
        posterior = process.given(self._describe(joined), departure)
        means = posterior.known + trend(known)
        parents = known[np.argsort(-means, kind="stable")[:_PARENTS]]
        return _Merit(
            self._describe, posterior, trend, float(means.max()), parents, self._feasibility(told), self._log_price
        )

    def _log_price(self, described: Described) -> np.ndarray | float:
        """Return the logarithm of what the improvement by an architecture is divided by."""
        return 0.0 if self._costs is None else self.cost_exponent * self._costs(described)

    def _departure(self, tokens: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, Trend]:
        """Return how far scores, as normal quantiles, are from what earlier searches predict, and that prediction."""
        found, earlier = normal_scores(scores), self._earlier
        if earlier is None:
            return found, _no_trend
        predicted = earlier(tokens)
        trust, centre = earlier.trust(predicted, found), predicted.mean(axis=0)

        def trend(rows: np.ndarray) -> np.ndarray:
            return np.asarray((earlier(rows) - centre) @ trust)

        return found - (predicted - centre) @ trust, trend

    def _feasibility(self, told: Told) -> _Feasibility | None:
        """Return what says how likely an architecture is feasible; None where all were."""
        if not len(told.infeasible):
            return None
        groups = told.tokens[-_KEPT // 2 :], told.infeasible[-_KEPT // 2 :]
        tokens = np.concatenate(groups)
        labels = np.repeat([1.0, 0.0], [len(each) for each in groups])
        scores = (labels - labels.mean()) / labels.std()
        count = _milestone(len(labels), self.startup_trials)
        # In a fixed order that mixes both, so that any beginning of it holds some of each.
        mixed = np.argsort(np.concatenate([(np.arange(len(each)) + 0.5) / len(each) for each in groups]), kind="stable")
        fitted = mixed[: min(count, _FITTED)]
        process = self._fit("feasible", tokens[fitted], scores[fitted])
        posterior = process.given(self._describe(tokens), scores)
        return _Feasibility(posterior, float(labels.mean()), float(labels.std()))

    def _fit(self, what: str, tokens: np.ndarray, scores: np.ndarray) -> GaussianProcess:
        """Return the process that fits scores; what was fitted last is kept."""
        key = tokens.tobytes() + scores.tobytes()
        if self._fitted.get(what, (b"",))[0] != key:
            self._fitted[what] = key, GaussianProcess(self._describe, self._describe(tokens), scores)
        return self._fitted[what][1]


class _Feasibility(NamedTuple):
    """A process that learnt which architectures can be trained, from labels of 0 and 1.

    Attributes:
        posterior: of standardised labels.
        mean: of the labels.
        spread: their standard deviation.
    """

    posterior: Posterior
    mean: float
    spread: float

    def log_chance(self, described: Described) -> np.ndarray:
        """Return the logarithm of the probability that the label of each architecture is above a half."""
        mean, deviation = self.posterior.mean_and_deviation(described)
        return np.asarray(log_ndtr((self.mean + self.spread * mean - 0.5) / (self.spread * deviation)))


class _Merit(NamedTuple):
    """What a candidate is worth: the logarithm of its expected improvement, and of its chance to be feasible, twice.

    Attributes:
        describe: makes numbers of tokens.
        posterior: of the score, less the trend.
        trend: what earlier searches predict.
        best: highest expected score of what is known.
        parents: of candidates: the best that are known.
        feasibility: of architectures; None where all are.
        log_price: of architectures: the logarithm of what their improvement is divided by.
    """

    describe: Describer
    posterior: Posterior
    trend: Trend
    best: float
    parents: np.ndarray
    feasibility: _Feasibility | None
    log_price: Callable[[Described], np.ndarray | float]

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        described = self.describe(rows)
        mean, deviation = self.posterior.mean_and_deviation(described)
        by = (mean + self.trend(rows) - self.best) / deviation
        worth = np.log(deviation) + log_improvement(by) - self.log_price(described)
        return np.asarray(worth if self.feasibility is None else worth + 2 * self.feasibility.log_chance(described))


class _Shortlist:
    """Candidates that were looked at, the best first.

    Args:
        taken: what is not to be proposed, as bytes.
    """

    def __init__(self, taken: set[bytes]) -> None:
        self._seen = set(taken)
        self._rows: list[np.ndarray] = []
        self._worth: list[float] = []

    def consider(self, rows: np.ndarray, merit: _Merit | Trend) -> None:
        """Take in the candidates that were not seen before."""
        new = []
        for number, row in enumerate(rows):
            if (key := row.tobytes()) not in self._seen:
                self._seen.add(key)
                new.append(number)
        if new:
            self._rows += list(rows[new])
            self._worth += merit(rows[new]).tolist()

    def best(self, count: int) -> np.ndarray:
        """Return the best candidates, (count, tokens) or fewer."""
        order = np.argsort(-np.array(self._worth), kind="stable")[:count]
        return np.array([self._rows[number] for number in order])


def log_improvement(by: np.ndarray) -> np.ndarray:
    """Return the logarithm of the expected excess over 0 of a normal variable of mean `by` and variance one.

    Far below zero, where the difference of its two terms is lost to rounding, its expansion takes their place.
    """
    near = np.maximum(by, -6.0)
    exact = np.log(near * ndtr(near) + np.exp(-(near**2) / 2) / np.sqrt(2 * np.pi))
    far = np.minimum(by, -6.0)
    return np.asarray(np.where(by > -6.0, exact, -(far**2) / 2 - 2 * np.log(-far) - np.log(2 * np.pi) / 2))


def _no_trend(rows: np.ndarray) -> np.ndarray:
    return np.zeros(len(rows))


def _mutation_chances(layout: TokenLayout) -> np.ndarray:
    """Return how likely each token is mutated: half by kind and then token, half any token that has a choice."""
    kinds = tokens_by_kind(layout)
    chances = np.zeros(len(layout))
    choices = sum(map(len, kinds))
    for kind in kinds:
        chances[kind] = 0.5 / (len(kinds) * len(kind)) + 0.5 / choices
    return chances


def _scores(standing: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return one score each, higher is better: the ranks of all objectives, weighed (augmented Chebyshev)."""
    shortfall = (1 - rankdata(standing, axis=0) / len(standing)) * weights
    return np.asarray(-(shortfall.max(axis=1) + 0.05 * shortfall.sum(axis=1)))


def _milestone(count: int, first: int) -> int:
    """Return the highest of a growing series of numbers of trials that is not above `count`."""
    reached = first
    while (following := max(reached + 2, int(reached * _GROWTH))) <= count:
        reached = following
    return min(reached, count)
