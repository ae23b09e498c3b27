"""Regularised evolution: the oldest die, not the worst."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import optuna

from amber.architect import TokenLayout
from amber.errors import ConfigError
from amber.search.samplers.tokens import TokenSampler, is_maximised, tokens_by_kind, tokens_of


class RegularizedEvolutionSampler(TokenSampler):
    """Proposes a mutation of the best of a few members drawn from the most recent ones (Real et al. 2019).

    The population is the last `population_size` complete trials of the study; until it is full, proposals are
    uniform. A mutation changes one token: first what kind of token (operation, input, skip, output), then which,
    then to which other value, each uniformly. Randomness comes from the seed and the number of the trial, so the
    sampler has no state: a study that is taken up again goes on as it would have.

    Args:
        layout: the tokens.
        seed: of all choices.
        population_size: members alive.
        sample_size: members drawn, with replacement, of which the best is the parent.

    Raises:
        ConfigError: a size below one.
    """

    def __init__(self, layout: TokenLayout, seed: int, *, population_size: int = 50, sample_size: int = 15) -> None:
        super().__init__(layout, seed)
        if population_size < 1 or sample_size < 1:
            raise ConfigError(
                "population_size and sample_size must be positive. "
                f"Received: population_size={population_size!r}, sample_size={sample_size!r}"
            )
        self.seed, self.population_size, self.sample_size = int(seed), int(population_size), int(sample_size)
        self._kinds = tokens_by_kind(layout)

    def propose(self, study: optuna.Study, number: int) -> Sequence[int]:
        """A uniform sample while the population grows, then a mutation of a tournament's winner."""
        generator = np.random.default_rng([self.seed, number])
        population = self._population(study)
        if len(population) < self.population_size:
            return self.layout.sample(generator)
        drawn = generator.integers(0, len(population), self.sample_size)
        _, parent = max((population[i] for i in drawn), key=lambda member: member[0])
        return self.mutate(parent, generator)

    def mutate(self, tokens: Sequence[int], generator: np.random.Generator) -> tuple[int, ...]:
        """Return tokens of which one has another value; the same ones where none has more than one value."""
        if not self._kinds:
            return tuple(tokens)
        positions = self._kinds[generator.integers(len(self._kinds))]
        position = positions[generator.integers(len(positions))]
        shift = int(generator.integers(1, self.layout.sizes[position]))
        changed = list(tokens)
        changed[position] = (changed[position] + shift) % self.layout.sizes[position]
        return tuple(changed)

    def _population(self, study: optuna.Study) -> list[tuple[float, tuple[int, ...]]]:
        """The most recent complete trials, as (fitness, tokens)."""
        sign = 1.0 if is_maximised(study) else -1.0
        complete = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
        members = []
        for trial in complete[-self.population_size :]:
            tokens = tokens_of(trial.params, self.layout)
            if tokens is not None:
                members.append((sign * trial.value, tokens))
        return members
