"""Samplers and pruners chosen by name, with their options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import optuna

from amber.architect import TokenLayout
from amber.errors import ConfigError
from amber.search.pruners import make_pruner
from amber.search.samplers import make_sampler, recorded_options


@dataclass(frozen=True)
class SamplerSettings:
    """A sampler given by name.

    Attributes:
        name: a registered name, such as `"tpe"`; see `amber.search.register_sampler`.
        options: of that sampler, such as `{"startup_trials": 20}`.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PrunerSettings:
    """A pruner given by name.

    Attributes:
        name: a registered name, such as `"median"`; see `amber.search.pruning`.
        options: of that pruner, such as `{"n_startup_trials": 5}`.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


def named_pruner(name: str | None, options: Mapping[str, object]) -> PrunerSettings | None:
    """Return the settings of a pruner that a configuration may name, or None.

    Raises:
        ConfigError: there are options but no name.
    """
    if name is None and options:
        raise ConfigError(f"pruner_options belong to a pruner given by name. Received: {dict(options)}, for None")
    return None if name is None else PrunerSettings(name, options)


SamplerChoice: TypeAlias = str | SamplerSettings | optuna.samplers.BaseSampler
PrunerChoice: TypeAlias = str | PrunerSettings | optuna.pruners.BasePruner | None


def chosen_sampler(
    choice: SamplerChoice, layout: TokenLayout, seed: int
) -> tuple[optuna.samplers.BaseSampler, SamplerSettings]:
    """Return the sampler, and what is recorded of it: its name, and all options with defaults where it was named.

    Args:
        choice: what a study was given.
        layout: the tokens.
        seed: of the sampler.

    Raises:
        ConfigError: an unknown name, options that the sampler does not take, or something else than a sampler.
    """
    if isinstance(choice, optuna.samplers.BaseSampler):
        return choice, SamplerSettings(type(choice).__name__)
    named = SamplerSettings(choice) if isinstance(choice, str) else choice
    if not isinstance(named, SamplerSettings):
        raise ConfigError(
            f"sampler must be a registered name, SamplerSettings or an Optuna sampler. Received: {choice!r}"
        )
    recorded = SamplerSettings(named.name, recorded_options(named.name, named.options))
    return make_sampler(named.name, layout, seed, **named.options), recorded


def chosen_pruner(choice: PrunerChoice, epochs: int) -> tuple[optuna.pruners.BasePruner | None, PrunerSettings | None]:
    """Return the pruner, and what is recorded of it; None and None where there is none.

    Args:
        choice: what a study was given.
        epochs: the most epochs of a trial.

    Raises:
        ConfigError: an unknown name, options that the pruner does not take, or something else than a pruner.
    """
    if choice is None:
        return None, None
    if isinstance(choice, optuna.pruners.BasePruner):
        return choice, PrunerSettings(type(choice).__name__)
    named = PrunerSettings(choice) if isinstance(choice, str) else choice
    if not isinstance(named, PrunerSettings):
        raise ConfigError(
            f"pruner must be a registered name, PrunerSettings, an Optuna pruner or None. Received: {choice!r}"
        )
    return make_pruner(named.name, epochs, **named.options), named
