"""How a search trains and scores architectures, as one value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import keras

from amber.checks import positive_integer
from amber.display import one_line
from amber.errors import ConfigError
from amber.search.rewards.budget import Budget
from amber.search.rewards.knowledge import Knowledge
from amber.search.rewards.reward import Reward
from amber.training.settings import FitOptions, FitSettings


@dataclass(frozen=True)
class ObjectiveSettings(FitSettings):
    """How architectures are trained, as FitSettings, and how they are scored.

    Args:
        reward: a Reward or the name of one, such as `"auroc"`: the score of a search in place of the metric, which
            then only decides when training stops.
        knowledge: what is known of good networks, as a term of the score; see `make_knowledge`.
        budget: the most that a network may cost; one beyond it gets the status "over budget" and is not trained.
        latency_batch: examples of a batch whose prediction is timed before a network is trained, for `Trial.latency` in
            milliseconds; None: none is timed.
        callbacks: called before each training; returns the Keras callbacks of that training alone. It travels to worker
            processes, so it must not hold open files or connections.

    Raises:
        ConfigError: a value out of range, or an argument of `fit` that is set by training itself.
    """

    __repr__ = one_line

    reward: str | Reward | None = None
    knowledge: Knowledge | None = None
    budget: Budget = field(default_factory=Budget)
    latency_batch: int | None = None
    callbacks: Callable[[], Sequence[keras.callbacks.Callback]] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.latency_batch is not None:
            positive_integer(self.latency_batch, "latency_batch")
        elif (self.budget or Budget()).latency is not None:
            raise ConfigError("budget.latency needs latency_batch, how many examples a batch has. Received: none")


class ObjectiveOptions(FitOptions, total=False):
    """The fields of ObjectiveSettings, as `Objective` takes them by name."""

    reward: str | Reward | None
    knowledge: Knowledge | None
    budget: Budget | None
    latency_batch: int | None
    callbacks: Callable[[], Sequence[keras.callbacks.Callback]] | None


def settings_with(settings: ObjectiveSettings | None, options: ObjectiveOptions) -> ObjectiveSettings:
    """Return settings with some fields replaced; None of a budget is no limit."""
    if settings is not None and not isinstance(settings, ObjectiveSettings):
        raise ConfigError(
            "The fourth argument of Objective is its settings, ObjectiveSettings(...); give metric, epochs and the "
            f"like by name. Received: {settings!r}"
        )
    unknown = sorted(set(options) - {each.name for each in fields(ObjectiveSettings)})
    if unknown:
        known = ", ".join(each.name for each in fields(ObjectiveSettings))
        raise ConfigError(f"The settings of an objective are {known}. Received: {unknown[0]!r}")
    given: dict[str, Any] = {**(vars(settings) if settings else {}), **options}
    if "metric" in options and "direction" not in options:
        given.pop("direction", None)  # of another metric
    return ObjectiveSettings(**{**given, "budget": given.get("budget") or Budget()})
