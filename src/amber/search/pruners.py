"""Optuna's pruners by name: what gives bad trials up early. Loads no Keras; `amber.search.pruning` asks them.

| name | what is stopped |
|---|---|
| `median` | what is worse than the median of earlier trials at the same epoch |
| `percentile` | the same with another percentile |
| `successive_halving` | all but the best share at each rung of epochs (Li et al. 2020, ASHA) |
| `asha` | the same with rungs that end at the last epoch, where nothing is stopped; see `amber.search.asha` |
| `hyperband` | the same in several brackets (Li et al. 2018) |
| `threshold` | what is below or above a bound |
"""

from __future__ import annotations

import difflib
import inspect
import warnings
from collections.abc import Callable, Iterable

import optuna

from amber.errors import ConfigError
from amber.registry import Registry
from amber.search.asha import AshaPruner
from amber.wording import shown

PrunerFactory = Callable[..., optuna.pruners.BasePruner]
"""Called as `factory(epochs, **options)`, with the most epochs of a trial."""

PRUNERS: Registry[PrunerFactory] = Registry("pruner", ConfigError)


def register_pruner(name: str, factory: PrunerFactory, *, replace: bool = False) -> None:
    """Add a pruner under a name (any case).

    Args:
        name: what `run_search(pruner=...)` is given.
        factory: called as `factory(epochs, **options)`, returns an Optuna pruner.
        replace: whether it may take the place of a registered one.

    Raises:
        ConfigError: the name is empty or taken.
    """
    PRUNERS.register(name, factory, replace=replace)


def make_pruner(name: str, epochs: int, **options: object) -> optuna.pruners.BasePruner:
    """Return a new pruner.

    Args:
        name: a registered name, such as `"median"`.
        epochs: the most epochs of a trial.
        **options: of the Optuna pruner, such as `n_startup_trials=5`.

    Raises:
        ConfigError: unknown name (lists the known ones), or options that it does not take.
    """
    factory = PRUNERS.get(name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return factory(epochs, **options)
    except (TypeError, ValueError) as error:
        reason = str(error).rstrip(".")
        raise ConfigError(f"The pruner '{name}' cannot be made: {reason}. Received: options {options}") from error


def check_pruner_options(name: str, options: Iterable[str]) -> None:
    """Check the names of a pruner's options without making it.

    Args:
        name: a registered name.
        options: names of options. Those of a pruner that somebody registered are not checked.

    Raises:
        ConfigError: unknown pruner, or an option that it does not take (lists those that it does); its `field` is it.
    """
    pruner = _OPTUNAS.get(name.strip().lower())
    if PRUNERS.get(name) is not _FACTORIES.get(name.strip().lower()) or pruner is None:
        return
    known = sorted(set(inspect.signature(pruner).parameters) - {"self"})
    for option in options:
        if option not in known:
            close = difflib.get_close_matches(option, known, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            raise ConfigError(
                f"The pruner '{name}' takes {', '.join(known)}.{hint} Received: {shown(option)}", field=(option,)
            )


_OPTUNAS: dict[str, type[optuna.pruners.BasePruner]] = {
    "median": optuna.pruners.MedianPruner,
    "percentile": optuna.pruners.PercentilePruner,
    "successive_halving": optuna.pruners.SuccessiveHalvingPruner,
    "hyperband": optuna.pruners.HyperbandPruner,
    "threshold": optuna.pruners.ThresholdPruner,
}


def _factory(pruner: type[optuna.pruners.BasePruner]) -> PrunerFactory:
    def make(epochs: int, **options: object) -> optuna.pruners.BasePruner:
        if pruner is optuna.pruners.HyperbandPruner:
            options = {**options, "max_resource": options.get("max_resource") or epochs}
        return pruner(**options)

    return make


_FACTORIES = {name: _factory(pruner) for name, pruner in _OPTUNAS.items()}
for _name, _make in _FACTORIES.items():
    register_pruner(_name, _make)
register_pruner("asha", AshaPruner)
