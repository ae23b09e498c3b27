"""Samplers and pruners chosen by name, with their options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

import optuna

from amber.display import one_line
from amber.errors import ConfigError
from amber.search.earlier_runs import LearnFrom, read_earlier, teach
from amber.search.objective import Objective, prepared
from amber.search.pruners import make_pruner
from amber.search.samplers import make_sampler, recorded_options
from amber.search.samplers.training_costs import FLOPs


@dataclass(frozen=True)
class SamplerSettings:
    """A sampler given by name.

    Attributes:
        name: a registered name, such as `"tpe"`; see `amber.search.register_sampler`.
        options: of that sampler, such as `{"startup_trials": 20}`.
        learn_from: run directories of earlier searches that it starts from; only `"surrogate"` does. What they hold
            is recorded with the search, which can be resumed only while they hold the same.
        start_with: names of reference networks, such as `"deepbind"`, that are trained before the sampler is asked,
            counted among the trials, and may be the best; see `amber.modeler.references`. No pruner gives them up.
    """

    __repr__ = one_line

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    learn_from: Sequence[LearnFrom] = ()
    start_with: Sequence[str] = ()


@dataclass(frozen=True)
class PrunerSettings:
    """A pruner given by name.

    Attributes:
        name: a registered name, such as `"median"`; see `amber.search.pruning`.
        options: of that pruner, such as `{"n_startup_trials": 5}`.
    """

    __repr__ = one_line

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


@runtime_checkable
class CostAware(Protocol):
    """A sampler that weighs what a training costs."""

    def know_costs(self, flops: FLOPs) -> None:
        """Learn what trainings cost from architectures that are planned."""


SamplerChoice: TypeAlias = str | SamplerSettings | optuna.samplers.BaseSampler
PrunerChoice: TypeAlias = str | PrunerSettings | optuna.pruners.BasePruner | None


def chosen_sampler(
    choice: SamplerChoice, objective: Objective, seed: int
) -> tuple[optuna.samplers.BaseSampler, SamplerSettings]:
    """Return the sampler, and what is recorded of it: its name, and all options with defaults where it was named.

    Args:
        choice: what a study was given.
        objective: whose architectures are proposed.
        seed: of the sampler.

    Raises:
        ConfigError: an unknown name, options that the sampler does not take, something else than a sampler, or one that
            cannot learn from earlier searches where it should.
        StorageError: an earlier search cannot be read.
    """
    if isinstance(choice, optuna.samplers.BaseSampler):
        # Those of ours that are not a user's choice say themselves what is recorded of them.
        own = getattr(choice, "settings", None)
        return choice, own if isinstance(own, SamplerSettings) else SamplerSettings(type(choice).__name__)
    named = SamplerSettings(choice) if isinstance(choice, str) else choice
    if not isinstance(named, SamplerSettings):
        raise ConfigError(
            f"sampler must be a registered name, SamplerSettings or an Optuna sampler. Received: {choice!r}"
        )
    earlier = read_earlier(named.learn_from, objective)
    sampler = make_sampler(named.name, objective.layout, seed, **named.options)
    teach(sampler, earlier, objective, named.name)
    if isinstance(sampler, CostAware):
        sampler.know_costs(lambda tokens: prepared(objective, tokens, 0).flops)
    return sampler, SamplerSettings(
        named.name, recorded_options(named.name, named.options), earlier, tuple(named.start_with)
    )


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
