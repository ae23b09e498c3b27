"""What is searched: the space, training and data of a configuration, and a clock for whoever searches."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import keras

from amber.experiment.components import compile_arguments, make_builder, training_steps
from amber.experiment.configuration.reading import load_config
from amber.experiment.data import load_data
from amber.experiment.presets import with_preset
from amber.experiment.task_settings import for_task
from amber.experiment.task_spec import TaskSpec
from amber.search import Objective, SearchCallback, Trial
from benchmarks.search import real_tasks

_HERE = Path(__file__).parent
# Of everybody's selection; the lower the better.
METRIC = "val_loss"


@dataclass(frozen=True)
class ComparedTask:
    """A task of the comparison: the configuration, and the epochs of every network.

    A path of None is that of a real task, which is made when it is asked for.
    """

    path: Path | None
    epochs: int


TASKS = {
    "motifs": ComparedTask(_HERE / "motifs.yaml", epochs=4),
    "chain": ComparedTask(_HERE / "chain.yaml", epochs=3),
    **{name: ComparedTask(None, epochs=5) for name in real_tasks.NAMES},
    # After 5 epochs two trainings agreed with a tau of 0.49, after 12 with 0.76.
    "core_tata": ComparedTask(None, epochs=12),
}


@dataclass
class Task:
    """A data set with its builder; `objective` trains as every contestant does.

    Attributes:
        name: of the task.
        epochs: of every network; 0: those of the task.
        preset: of the model space of a real task.
    """

    name: str
    epochs: int = 0
    preset: str = real_tasks.PRESET
    loaded: Any = field(init=False)
    data: Any = field(init=False)

    def __post_init__(self) -> None:
        self.epochs = self.epochs or TASKS[self.name].epochs
        loaded = load_config(TASKS[self.name].path or real_tasks.configuration(self.name, self.preset))
        self.data = load_data(loaded)
        self.loaded = for_task(with_preset(loaded, self.data), TaskSpec.of(self.data))

    @cached_property
    def test(self) -> Any:
        """The test part, opened when it is first asked for; whoever searches never asks."""
        return self.data.open_test()

    @property
    def shares_weights(self) -> bool:
        """Whether one-shot search can share weights in this space."""
        return bool(self.loaded.builder_type == "residual_cnn")

    @property
    def steps(self) -> int:
        """Gradient steps in the training of one network."""
        return training_steps(len(self.data.train), self.loaded.config.training.batch_size, self.epochs)

    def builder(self) -> Any:
        """The builder of stand-alone networks, with a learning rate that falls over one training."""
        return make_builder(self.loaded, TaskSpec.of(self.data), steps=self.steps)

    def shared_compile(self) -> dict[str, Any]:
        """Arguments of `compile` for weights that networks share, with a constant learning rate."""
        return compile_arguments(self.loaded, shared=True)

    def objective(self, keeper: Keeper | None = None) -> Objective:
        """Trains, and scores by the best epoch on validation data, as KerasTuner does; the best goes to a keeper."""
        training, validation = self.data.train, self.data.validation
        return KeepingObjective(
            self.builder(),
            (training.x, training.y),
            (validation.x, validation.y),
            keeper=keeper or Keeper(),
            metric=METRIC,
            direction="minimize",
            epochs=self.epochs,
            batch_size=self.loaded.config.training.batch_size,
            patience=self.epochs,
        )


class Keeper(keras.callbacks.Callback):
    """Keeps the best network that was found in time, with the weights of its best epoch; a callback for KerasTuner.

    Args:
        clock: of the search; None: there is no end.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__()
        self.score = math.inf
        self.kept: tuple[Any, list[Any]] | None = None
        self._clock = clock

    def __deepcopy__(self, memo: dict[int, Any]) -> Keeper:
        """KerasTuner copies callbacks; what is found belongs here."""
        return self

    def offer(self, model: Any, score: float) -> None:
        """Takes a network, as it is now, if it is better and in time."""
        if score < self.score and not (self._clock and self._clock.is_up):
            self.score, self.kept = score, (model, model.get_weights())

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Takes the network as it is after the epoch."""
        self.offer(self.model, float(logs[METRIC]))

    def best(self) -> Any:
        """Returns the best network."""
        if self.kept is None:
            raise ValueError("No network was trained.")
        model, weights = self.kept
        model.set_weights(weights)
        return model


class KeepingObjective(Objective):
    """Shows every network that was trained alone to a keeper."""

    def __init__(self, *arguments: Any, keeper: Keeper, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._keeper = keeper

    def value(self, model: Any, graph: Any, metrics: Mapping[str, float]) -> dict[str, float]:
        """Returns the scores of a trained network."""
        found = super().value(model, graph, metrics)
        if not hasattr(model, "supernet"):
            self._keeper.offer(model, found[METRIC])
        return found


class Clock(SearchCallback):
    """Notes which network had which score after how much processor time, and ends a search when its time is up.

    Processor time is what the process of the search computed: on a core of its own it is the time that passes, and it
    stays fair where others compute too.

    Args:
        seconds: of processor time until the end.
        networks: how many networks may be trained; None: any number.
    """

    def __init__(self, seconds: float = math.inf, networks: int | None = None) -> None:
        self.seconds, self.networks = seconds, networks
        self._start = time.process_time()
        self.events: list[dict[str, Any]] = []

    @property
    def spent(self) -> float:
        """Seconds of processor time so far."""
        return time.process_time() - self._start

    @property
    def is_up(self) -> bool:
        """Whether the search is over."""
        return self.spent > self.seconds or (self.networks is not None and len(self.events) >= self.networks)

    def note(self, score: float, **what: Any) -> None:
        """Keeps a score, if it came in time; what the network was only where it is better than all before."""
        if not self.is_up:
            better = score < min((each["score"] for each in self.events), default=math.inf)
            self.events.append({"cpu": round(self.spent, 2), "score": round(score, 5), **(what if better else {})})

    def on_trial_begin(self, number: int, tokens: tuple[int, ...]) -> None:
        """Ends the search as Ctrl-C does."""
        if self.is_up:
            raise KeyboardInterrupt

    def on_trial_end(self, trial: Trial) -> None:
        """Notes the score of a trained network."""
        if trial.status == "complete" and trial.score is not None:
            known = {"reference": trial.reference} if trial.reference else {"tokens": list(trial.tokens)}
            self.note(trial.score, **known)
