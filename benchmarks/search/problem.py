"""What is searched: the space, training and data of a configuration, and a clock for whoever searches."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """A task of the comparison: the configuration, epochs of every network, and seconds of every search.

    The seconds were 46 to 60 of KerasTuner's trials on one core of the reference machine while both were busy; those of
    real tasks are a guess. A path of None is that of a real task, which is made when it is asked for.
    """

    path: Path | None
    epochs: int
    seconds: float


TASKS = {
    "splice": ComparedTask(_HERE / "splice.yaml", epochs=6, seconds=180.0),
    "motifs": ComparedTask(_HERE / "motifs.yaml", epochs=4, seconds=120.0),
    "chain": ComparedTask(_HERE / "chain.yaml", epochs=3, seconds=60.0),
    **{name: ComparedTask(None, epochs=6, seconds=900.0) for name in real_tasks.NAMES},
}


@dataclass
class Task:
    """A data set with its builder; `objective` trains as every contestant does."""

    name: str
    epochs: int = 0
    loaded: Any = field(init=False)
    data: Any = field(init=False)

    def __post_init__(self) -> None:
        self.epochs = self.epochs or TASKS[self.name].epochs
        loaded = load_config(TASKS[self.name].path or real_tasks.configuration(self.name))
        self.data = load_data(loaded)
        self.loaded = for_task(with_preset(loaded, self.data), TaskSpec.of(self.data))

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
    """Keeps the best network that was found, with the weights of its best epoch; a callback for KerasTuner."""

    def __init__(self) -> None:
        super().__init__()
        self.score = math.inf
        self.kept: tuple[Any, list[Any]] | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Keeper:
        """KerasTuner copies callbacks; what is found belongs here."""
        return self

    def offer(self, model: Any, score: float) -> None:
        """Takes a network, as it is now, if it is better."""
        if score < self.score:
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
    """Notes when which network had which score, and ends a search of AMBER's when the time is up.

    Args:
        seconds: until the end.
        by: `"wall"`; or `"cpu"`, the time that this process has computed, which is the same on a core of its own and
            stays fair where others compute too.
    """

    def __init__(self, seconds: float, by: str = "wall") -> None:
        self.seconds, self.by = seconds, by
        self._wall, self._cpu = time.monotonic(), time.process_time()
        self.events: list[dict[str, Any]] = []

    def spent(self) -> dict[str, float]:
        """Seconds so far, by either clock."""
        return {"wall": time.monotonic() - self._wall, "cpu": time.process_time() - self._cpu}

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.seconds - self.spent()[self.by]

    def note(self, score: float, tokens: Any) -> None:
        """Keeps a score, if it came in time."""
        if self.left >= 0:
            self.events.append({**self.spent(), "score": score, "tokens": [int(each) for each in tokens]})

    def on_trial_begin(self, number: int, tokens: tuple[int, ...]) -> None:
        """Ends the search as Ctrl-C does."""
        if self.left < 0:
            raise KeyboardInterrupt

    def on_trial_end(self, trial: Trial) -> None:
        """Notes the score of a trained network."""
        if trial.status == "complete" and trial.score is not None:
            self.note(trial.score, trial.tokens)
