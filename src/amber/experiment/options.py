"""What a person says beside a configuration: what stands before it, and what becomes of the run directory."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amber.backend.randomness import check_seed
from amber.checks import boolean, checked_path, positive_integer
from amber.display import one_line
from amber.errors import ConfigError
from amber.experiment.components import NO_STORAGE
from amber.experiment.configuration.reading import Configuration
from amber.experiment.configuration.sections import Config
from amber.wording import shown

if TYPE_CHECKING:
    import keras

    from amber.plugins import Plugin
    from amber.search import SearchCallback

# What options are called in KerasTuner, Optuna and scikit-learn.
_ELSEWHERE = {
    "n_trials": "trials",
    "max_trials": "trials",
    "num_trials": "trials",
    "n_iter": "trials",
    "random_state": "seed",
    "directory": "run_directory",
    "project_name": "run_directory",
}
_KEYS_ELSEWHERE = {"objective": "metric", "timeout": "time_limit", "n_jobs": "workers"}


@dataclass(frozen=True)
class RunOptions:
    """Options that stand before a configuration; None leaves what it says.

    Attributes:
        seed: of all random numbers.
        trials: architectures to train.
        run_directory: folder of results.
        overwrite: the results of an earlier search there are replaced. They are kept in the folder `previous` until
            this search is finished.
        sampler: a registered name; another than that of the configuration has no options.
        learn_from: run directories of earlier searches that the sampler starts from; None: what it says.
        start_with: reference networks that are trained first; None: what it says.
        resume: go on with the search in the run directory, or start it where none is.
        allow_changes: beside `resume`: the settings may differ from those that the search began with.
        storage: address of a database to record the trials in; `"none"`: the run directory.
        plugins: that every worker loads.
        callbacks: called before each training of a network, candidates and final networks alike; returns the Keras
            callbacks of that training. Shared weights of a one-shot search train without epochs, and have none.
        loggers: listeners of the search, such as `amber.search.TensorBoardCallback("logs")`.

    Raises:
        ConfigError: a value of another kind, `resume` beside `overwrite`, or `allow_changes` without `resume`.
    """

    seed: int | None = None
    trials: int | None = None
    run_directory: str | os.PathLike[str] | None = None
    overwrite: bool = False
    sampler: str | None = None
    learn_from: Sequence[str | os.PathLike[str]] | None = None
    start_with: Sequence[str] | None = None
    resume: bool = False
    allow_changes: bool = False
    storage: str | None = None
    plugins: tuple[Plugin, ...] = ()
    callbacks: Callable[[], Sequence[keras.callbacks.Callback]] | None = None
    loggers: Sequence[SearchCallback] = ()
    __repr__ = one_line

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> RunOptions:
        """Return options given as keyword arguments; raise ConfigError for one that does not exist."""
        known = [each.name for each in fields(cls)]
        for name in given:
            if name not in known:
                raise ConfigError(
                    f"The options of a run are {', '.join(known)}.{_hint(name)} Received: {name}={shown(given[name])}"
                )
        return cls(**given)

    def __post_init__(self) -> None:
        self._check_values()
        if self.resume and self.overwrite:
            raise ConfigError(
                "resume goes on with a search that overwrite removes: expected one of them. Received: both",
                field=("overwrite",),
            )
        if self.allow_changes and not self.resume:
            raise ConfigError(
                "allow_changes is for a search that is taken up: expected resume beside it. Received: resume=False",
                field=("allow_changes",),
            )

    def _check_values(self) -> None:
        """Check each value by itself; what is read from a file is checked when it is read."""
        if self.seed is not None:
            object.__setattr__(self, "seed", check_seed(self.seed))
        if self.trials is not None:
            object.__setattr__(self, "trials", positive_integer(self.trials, "trials"))
        for name in ("overwrite", "resume", "allow_changes"):
            boolean(getattr(self, name), name)
        if self.run_directory is not None:
            object.__setattr__(self, "run_directory", checked_path(self.run_directory, "run_directory"))
        for name in ("sampler", "storage"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise ConfigError(f"{name} must be text. Received: {shown(value)}", field=(name,))
        for name in ("learn_from", "start_with", "plugins", "loggers"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, str) or not isinstance(value, Sequence)):
                raise ConfigError(f"{name} must be a list. Received: {shown(value)}", field=(name,))
        if self.callbacks is not None and not callable(self.callbacks):
            raise ConfigError(
                "callbacks must be a function that returns Keras callbacks, such as `lambda: [MyCallback()]`, as each "
                f"training needs its own. Received: {shown(self.callbacks)}",
                field=("callbacks",),
            )

    def applied_to(self, configuration: Configuration) -> Configuration:
        """Return the configuration as it will run.

        Raises:
            ConfigError: a number of trials for the strategy `one_shot`, which has none.
        """
        changes: dict[str, Any] = {}
        if self.seed is not None:
            changes["seed"] = self.seed
        if self.run_directory is not None:
            changes["run_directory"] = str(Path(self.run_directory))
        search: dict[str, Any] = {}
        if self.trials is not None:
            if configuration.config.search.strategy == "one_shot":
                raise ConfigError(
                    "--trials: it has no effect with the strategy one_shot; say with search.one_shot how much is "
                    f"trained. Received: {self.trials}",
                    field=("search", "trials"),
                )
            search["trials"] = self.trials
        if self.sampler is not None:
            search["sampler"] = self.sampler
            if self.sampler != configuration.config.search.sampler:
                search["sampler_options"] = {}
        if self.learn_from is not None:
            search["learn_from"] = [os.fspath(each) for each in self.learn_from]
        if self.start_with is not None:
            search["start_with"] = list(self.start_with)
        if self.storage is not None:
            search["storage"] = None if self.storage == NO_STORAGE else self.storage
        given = frozenset([*((key,) for key in changes), *(("search", key) for key in search)])
        if search:
            changes["search"] = configuration.config.search.model_copy(update=search)
        config = configuration.config.model_copy(update=changes)
        return replace(configuration, config=config, overridden=configuration.overridden | given)


def _hint(name: str) -> str:
    """Return where what an unknown option says is written; empty where that is not known."""
    if name in _ELSEWHERE:
        return f" Write `{_ELSEWHERE[name]}`."
    if name in Config.model_fields:
        return f" `{name}` is a section of a configuration: write it there, or `sections={{'{name}': ...}}`."
    key = _KEYS_ELSEWHERE.get(name, name)
    for section in ("search", "training", "final"):
        if key in Config.model_fields[section].annotation.model_fields:  # type: ignore[union-attr]
            return (
                f" `{key}` is a key of the section `{section}` of a configuration, {{'{section}': {{'{key}': ...}}}}."
            )
    return ""
