"""Samplers by name: what proposes architectures to a search.

Each is an Optuna sampler over the tokens of a layout, one categorical parameter per token name, and so drives every
builder. A new one is added with `register_sampler`.

| name | what it is |
|---|---|
| `random` | uniform |
| `tpe` | Optuna's tree-structured Parzen estimator |
| `evolution` | regularised evolution |
| `nsga2` | NSGA-II: the score against parameters, FLOPs or latency |
| `controller` | a recurrent policy trained by reinforcement |
| `surrogate` | a Gaussian process of the score, and the most expected improvement |
"""

from __future__ import annotations

import difflib
import inspect
import warnings
from collections.abc import Callable, Iterable, Sequence

import optuna

from amber.architect import TokenLayout
from amber.backend.randomness import check_seed
from amber.checks import integer_at_least, positive_integer
from amber.errors import ConfigError
from amber.known_names import CONTROLLER_OPTIONS
from amber.registry import Registry
from amber.search.samplers.recorded import MULTIVARIATE, recorded_options
from amber.search.samplers.tokens import TokenSampler, token_distributions, tokens_of

__all__ = [
    "SAMPLERS",
    "SamplerFactory",
    "TokenSampler",
    "check_sampler_options",
    "make_sampler",
    "recorded_options",
    "register_sampler",
    "token_distributions",
    "tokens_of",
]

SamplerFactory = Callable[..., optuna.samplers.BaseSampler]
"""Called as `factory(layout, seed, **options)`."""

SAMPLERS: Registry[SamplerFactory] = Registry("sampler", ConfigError)


def register_sampler(name: str, factory: SamplerFactory, *, replace: bool = False) -> None:
    """Add a sampler under a name (any case).

    Args:
        name: what `run_search(sampler=...)` is given.
        factory: called as `factory(layout, seed, **options)`, returns an Optuna sampler.
        replace: whether it may take the place of a registered one.

    Raises:
        ConfigError: the name is empty or taken.
    """
    SAMPLERS.register(name, factory, replace=replace)


def make_sampler(name: str, layout: TokenLayout, seed: int, **options: object) -> optuna.samplers.BaseSampler:
    """Return a new sampler.

    Args:
        name: a registered name, such as `"tpe"` or `"controller"`.
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
        raise ConfigError(f"The sampler '{name}' cannot be made: {error}. Received: options {options}") from error


def check_sampler_options(name: str, options: Iterable[str]) -> None:
    """Check the names of a sampler's options without making it.

    Args:
        name: a registered name.
        options: names of options. Those of a factory that takes any, with `**options`, are not checked.

    Raises:
        ConfigError: unknown sampler, or an option that it does not take (lists those that it does).
    """
    factory = SAMPLERS.get(name)
    parameters = inspect.signature(factory).parameters.values()
    known = {each.name for each in parameters if each.kind is each.KEYWORD_ONLY}
    if factory is _controller:
        known |= CONTROLLER_OPTIONS.keys()
    elif any(each.kind is each.VAR_KEYWORD for each in parameters):
        return
    for option in options:
        if option not in known:
            close = difflib.get_close_matches(str(option), known, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            expected = f"one of {', '.join(sorted(known))}" if known else "no options"
            raise ConfigError(f"The sampler '{name}' takes {expected}.{hint} Received: {option!r}")


def _random(layout: TokenLayout, seed: int) -> optuna.samplers.BaseSampler:
    return optuna.samplers.RandomSampler(seed=seed)


def _tpe(
    layout: TokenLayout,
    seed: int,
    *,
    multivariate: bool = MULTIVARIATE,
    startup_trials: int = 10,
    candidates: int = 24,
) -> optuna.samplers.BaseSampler:
    # Without `multivariate` every token is modelled on its own; with it they are modelled jointly.
    # Optuna would find out at the first trial, or the eleventh.
    if not isinstance(multivariate, bool):
        raise ConfigError(f"multivariate must be true or false. Received: {multivariate!r}", field=("multivariate",))
    return optuna.samplers.TPESampler(
        seed=seed,
        multivariate=multivariate,
        n_startup_trials=integer_at_least(startup_trials, "startup_trials", 0),
        n_ei_candidates=positive_integer(candidates, "candidates"),
    )


def _evolution(
    layout: TokenLayout, seed: int, *, population_size: int = 50, sample_size: int = 15
) -> optuna.samplers.BaseSampler:
    from amber.search.samplers.evolution import RegularizedEvolutionSampler

    return RegularizedEvolutionSampler(layout, seed, population_size=population_size, sample_size=sample_size)


def _nsga2(
    layout: TokenLayout,
    seed: int,
    *,
    against: str | Sequence[str] | None = "parameters",
    population_size: int = 30,
    mutation_probability: float | None = None,
    crossover_probability: float = 0.9,
) -> optuna.samplers.BaseSampler:
    # A mutation probability of None is one token in each child, on average.
    from amber.search.samplers.pareto import NSGA2Sampler

    return NSGA2Sampler(
        against=against,
        seed=seed,
        population_size=population_size,
        mutation_prob=mutation_probability,
        crossover_prob=crossover_probability,
    )


def _surrogate(
    layout: TokenLayout,
    seed: int,
    *,
    startup_trials: int = 6,
    candidates: int = 300,
    against: str | Sequence[str] | None = None,
    features: Callable[[tuple[int, ...]], Sequence[float]] | None = None,
    cost_exponent: float = 0.0,
) -> optuna.samplers.BaseSampler:
    # Loads SciPy's solvers.
    from amber.search.samplers.surrogate import SurrogateSampler

    return SurrogateSampler(
        layout,
        seed,
        startup_trials=startup_trials,
        candidates=candidates,
        against=against,
        features=features,
        cost_exponent=cost_exponent,
    )


def _controller(layout: TokenLayout, seed: int, *, episode: int = 10, **options: object) -> optuna.samplers.BaseSampler:
    # The other options are the controller's. Loads Keras.
    from amber.search.samplers.controller import ControllerSampler, controller_for

    return ControllerSampler(controller_for(layout, seed, **options), episode=episode, seed=seed)


register_sampler("random", _random)
register_sampler("tpe", _tpe)
register_sampler("evolution", _evolution)
register_sampler("nsga2", _nsga2)
register_sampler("controller", _controller)
register_sampler("surrogate", _surrogate)
