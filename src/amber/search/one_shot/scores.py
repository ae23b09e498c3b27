"""What architectures score with shared weights, and which of them may be chosen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from amber.errors import InvalidArchitectureError
from amber.search.candidate import Candidate
from amber.search.objective import Objective
from amber.search.one_shot.result import ScoredArchitecture
from amber.search.one_shot.settings import OneShotSettings
from amber.search.rewards import Budget
from amber.supernet.factory import SupernetFactory
from amber.supernet.scoring import score_architectures
from amber.types import Tokens

if TYPE_CHECKING:
    import keras


class SharedScores:
    """Scores architectures on the validation data of an objective, with normalisation statistics of their own.

    Args:
        objective: has data, metric and budget.
        builder: of children that share weights.
        settings: of the search.
        seed: of the choice of training data for the statistics.
    """

    def __init__(self, objective: Objective, builder: SupernetFactory, settings: OneShotSettings, seed: int) -> None:
        self.objective, self.builder, self.settings, self.seed = objective, builder, settings, seed

    def of(self, arcs: Any, steps: int) -> list[float]:
        """Return a score for each; one that diverged, or costs too much, has the worst there is.

        Args:
            arcs: token lists.
            steps: of the shared training so far.
        """
        too_large = [self._too_large(arc) for arc in arcs]
        found = score_architectures(
            self.builder,
            [arc for arc, large in zip(arcs, too_large, strict=True) if not large],
            *self.objective.validation,
            training_data=self.calibration(steps),
            measure=self._measure,
            batch_size=512,
        )
        scores = iter(each[self.objective.metric] for each in found)
        values = [math.nan if large else next(scores) for large in too_large]
        finite = [value for value in values if math.isfinite(value)]
        worst = (min if self.objective.direction == "maximize" else max)(finite, default=0.0)
        lost = worst if self.objective.infeasible_value is None else self.objective.infeasible_value
        return [value if math.isfinite(value) else lost for value in values]

    def calibration(self, steps: int) -> Any:
        """Return training features to estimate normalisation statistics on, others after other steps."""
        x, y = self.objective.train
        size = self.objective.settings.batch_size
        generator = np.random.default_rng([self.seed, 2, steps])
        return x[generator.permutation(len(y))[: self.settings.calibration_steps * 2 * size]]

    def ordered(self, scored: Iterable[ScoredArchitecture]) -> list[ScoredArchitecture]:
        """Return them with the best first."""
        return sorted(scored, key=lambda each: each.score, reverse=self.objective.direction == "maximize")

    def first_networks(self, scored: Sequence[ScoredArchitecture], seen: set[str]) -> list[ScoredArchitecture]:
        """Return the best `top_k` that are networks within the budget; none of those seen, which they join."""
        kept: list[ScoredArchitecture] = []
        for each in self.ordered(scored):
            if len(kept) == self.settings.top_k:
                break
            network = self._within_budget(each.tokens)
            if network is not None and network.fingerprint not in seen:
                seen.add(network.fingerprint)
                kept.append(each)
        return kept

    def largest(self, arcs: Sequence[Tokens]) -> list[tuple[int, ...]]:
        """Return the one with the most parameters of those within the budget; an empty list where none is."""
        networks = [network for network in map(self._within_budget, arcs) if network is not None]
        return [max(networks, key=lambda network: network.parameters or 0).tokens] if networks else []

    def _within_budget(self, arc: Tokens) -> Candidate | None:
        try:
            network = self.objective.prepare(arc)
        except InvalidArchitectureError:
            return None
        return network if self.objective.over_budget(network) is None else None

    def _measure(self, child: keras.Model, arc: Tokens, reported: Mapping[str, float]) -> dict[str, float]:
        graph = self.objective.builder.plan(arc) if self.objective.settings.knowledge is not None else None
        try:
            return self.objective.value(child, graph, {f"val_{name}": value for name, value in reported.items()})
        except FloatingPointError:
            return {self.objective.metric: math.nan}

    def _too_large(self, arc: Tokens) -> bool:
        """Whether it is a network that costs more than allowed; asked of the graph only where there is a limit."""
        if self.objective.budget == Budget():
            return False
        try:
            return self.objective.over_budget(self.objective.prepare(arc)) is not None
        except InvalidArchitectureError:
            return False
