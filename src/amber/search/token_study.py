"""Optuna's study of a search, whose trials get all of their tokens at once."""

from __future__ import annotations

from collections.abc import Sequence

import optuna

from amber.architect import TokenLayout
from amber.search.samplers import token_distributions
from amber.search.samplers.tokens import TokenSampler
from amber.types import Tokens

# Hyperband draws the bracket of a trial from the name, so the name is always the same.
_NAME = "amber"


class TokenStudy:
    """A study in memory, asked for architectures.

    Optuna sets the parameters of a trial one by one, and copies those that are set for each: with 96 residual layers,
    which are 4,656 tokens, this takes longer than to choose them.

    Args:
        layout: the tokens.
        sampler: proposes them.
        pruner: ends trainings; None: none is ended.
        directions: of the objectives.

    Attributes:
        optuna: the study itself.
    """

    def __init__(
        self,
        layout: TokenLayout,
        sampler: optuna.samplers.BaseSampler,
        pruner: optuna.pruners.BasePruner | None,
        directions: Sequence[str],
    ) -> None:
        self._names, self._distributions = layout.names, token_distributions(layout)
        self._storage = optuna.storages.InMemoryStorage()
        self.optuna = optuna.create_study(
            storage=self._storage,
            directions=list(directions),
            sampler=sampler,
            pruner=pruner or optuna.pruners.NopPruner(),
            study_name=_NAME,
        )
        # Hyperband shows a sampler the trials of one bracket only, which Optuna sees to where it asks the sampler.
        self._at_once = isinstance(sampler, TokenSampler) and not isinstance(pruner, optuna.pruners.HyperbandPruner)

    def ask(self) -> tuple[optuna.trial.Trial, tuple[int, ...]]:
        """Return a new trial, and the tokens that the sampler proposes for it."""
        sampler = self.optuna.sampler
        if self._at_once and isinstance(sampler, TokenSampler):
            sampler.check_objectives(self.optuna)
            proposed = sampler.propose(self.optuna, len(self.optuna.get_trials(deepcopy=False)))
            tokens = tuple(int(token) for token in proposed)
            return self.begin(tokens), tokens
        asked = self.optuna.ask(fixed_distributions=self._distributions)
        params = asked.params  # a copy, each time
        return asked, tuple(int(params[name]) for name in self._names)

    def begin(self, tokens: Tokens) -> optuna.trial.Trial:
        """Return a new trial of given tokens, of which the sampler knows nothing until it is told.

        Raises:
            ValueError: a token that the layout does not have.
        """
        params = dict(zip(self._names, map(int, tokens), strict=True))
        running = optuna.trial.create_trial(
            state=optuna.trial.TrialState.RUNNING, params=params, distributions=self._distributions
        )
        study = self._storage.get_study_id_from_name(_NAME)
        return optuna.trial.Trial(self.optuna, self._storage.create_new_trial(study, running))
