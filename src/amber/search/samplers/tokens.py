"""Between the tokens of a layout and Optuna's parameters: one categorical parameter per token name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optuna

from amber.architect import TokenLayout
from amber.display import PlainRepr
from amber.errors import ConfigError

INFEASIBLE, WITHDRAWN = "infeasible", "withdrawn"
"""Attributes of Optuna's trials: of what cannot be trained, and of what was proposed and never looked at."""


def token_distributions(layout: TokenLayout) -> dict[str, optuna.distributions.CategoricalDistribution]:
    """Return the Optuna parameters of a layout: per token name one categorical of its values, in order."""
    # Tokens of one size share a distribution, so that a copy of many of them is quick.
    by_size = {size: optuna.distributions.CategoricalDistribution(tuple(range(size))) for size in set(layout.sizes)}
    return {name: by_size[size] for name, size in zip(layout.names, layout.sizes, strict=True)}


def tokens_of(params: Mapping[str, int], layout: TokenLayout) -> tuple[int, ...] | None:
    """Return the tokens that a trial's parameters say; None where one is missing."""
    if any(name not in params for name in layout.names):
        return None
    return tuple(int(params[name]) for name in layout.names)


def token_dtype(layout: TokenLayout) -> np.dtype[Any]:
    """Return the smallest type of whole numbers that holds every token, in which long rows are quickly compared."""
    return np.min_scalar_type(max(layout.sizes, default=1) - 1)


def tokens_by_kind(layout: TokenLayout) -> list[list[int]]:
    """Return the positions of tokens that have a choice, by kind: operations, inputs, skips, outputs."""
    kinds: dict[str, list[int]] = {}
    for position, (place, size) in enumerate(zip(layout.places, layout.sizes, strict=True)):
        if size > 1:
            kinds.setdefault(place.role, []).append(position)
    return list(kinds.values())


class TokenSampler(PlainRepr, optuna.samplers.BaseSampler):
    """Base of samplers that propose all tokens at once. A subclass defines `propose`.

    Args:
        layout: the tokens.
        seed: of parameters that are not tokens, which are drawn at random.

    Attributes:
        many_objectives: whether it can follow more than one score.
    """

    many_objectives = False

    def __init__(self, layout: TokenLayout, seed: int) -> None:
        self.layout = layout
        self._distributions = token_distributions(layout)
        self._independent = optuna.samplers.RandomSampler(seed=seed)

    def propose(self, study: optuna.Study, number: int) -> Sequence[int]:
        """Return the tokens of trial `number`."""
        raise NotImplementedError(f"{type(self).__name__} does not define propose().")

    def check_objectives(self, study: optuna.Study) -> None:
        """Raise ConfigError where a study has more objectives than can be followed."""
        if len(study.directions) > 1 and not self.many_objectives:
            raise ConfigError(
                f"{type(self).__name__} follows one score. Received: a study of {len(study.directions)} objectives"
            )

    def infer_relative_search_space(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial
    ) -> dict[str, optuna.distributions.BaseDistribution]:
        """All tokens, always: the layout is known from the start."""
        self.check_objectives(study)
        return dict(self._distributions)

    def sample_relative(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        search_space: dict[str, optuna.distributions.BaseDistribution],
    ) -> dict[str, object]:
        """The proposed tokens by name."""
        tokens = self.propose(study, trial.number)
        return {name: int(token) for name, token in zip(self.layout.names, tokens, strict=True)}

    def sample_independent(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        param_name: str,
        param_distribution: optuna.distributions.BaseDistribution,
    ) -> object:
        """A random value, for parameters that are not tokens."""
        return self._independent.sample_independent(study, trial, param_name, param_distribution)


def is_maximised(study: optuna.Study) -> bool:
    """Whether a study of one objective looks for the highest value."""
    return bool(study.direction == optuna.study.StudyDirection.MAXIMIZE)
