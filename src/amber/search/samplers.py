"""Samplers by name: what proposes architectures to a search.

Each is an Optuna sampler over the tokens of a layout, one categorical parameter per token name. A new one is
added with `register_sampler`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import optuna

from amber.architect import TokenLayout
from amber.errors import ConfigError
from amber.registry import Registry
from amber.search.randomness import check_seed

SamplerFactory = Callable[..., optuna.samplers.BaseSampler]
"""Called as `factory(layout, seed, **options)`."""

SAMPLERS: Registry[SamplerFactory] = Registry("sampler", ConfigError)


def register_sampler(name: str, factory: SamplerFactory, *, replace: bool = False) -> None:
    """Adds a sampler under a name (any case).

    Args:
        name: what `run_search(sampler=...)` is given.
        factory: called as `factory(layout, seed, **options)`, returns an Optuna sampler.
        replace: whether it may take the place of a registered one.

    Raises:
        ConfigError: the name is empty or taken.
    """
    SAMPLERS.register(name, factory, replace=replace)


def make_sampler(name: str, layout: TokenLayout, seed: int, **options: Any) -> optuna.samplers.BaseSampler:
    """Returns a new sampler.

    Args:
        name: a registered name, such as `"random"` or `"tpe"`.
        layout: the tokens.
        seed: of the sampler's own generator.
        **options: of that sampler.

    Raises:
        ConfigError: unknown name (lists the known ones) or options that it does not take.
    """
    factory = SAMPLERS.get(name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return factory(layout, check_seed(seed), **options)
    except TypeError as error:
        raise ConfigError(f"The sampler '{name}' cannot be made with options {options}: {error}") from error


def token_distributions(layout: TokenLayout) -> dict[str, optuna.distributions.CategoricalDistribution]:
    """Returns the Optuna parameters of a layout: per token name one categorical of its values, in order."""
    return {
        name: optuna.distributions.CategoricalDistribution(tuple(range(size)))
        for name, size in zip(layout.names, layout.sizes, strict=True)
    }


def _random(layout: TokenLayout, seed: int) -> optuna.samplers.BaseSampler:
    return optuna.samplers.RandomSampler(seed=seed)


def _tpe(
    layout: TokenLayout,
    seed: int,
    *,
    multivariate: bool = False,
    startup_trials: int = 10,
    candidates: int = 24,
) -> optuna.samplers.BaseSampler:
    # Without `multivariate` every token is modelled on its own; with it they are modelled jointly.
    return optuna.samplers.TPESampler(
        seed=seed, multivariate=multivariate, n_startup_trials=startup_trials, n_ei_candidates=candidates
    )


register_sampler("random", _random)
register_sampler("tpe", _tpe)
