"""What is searched: the space, training and data of a configuration, and a clock for whoever searches."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from amber.data.encoding.alphabets import Alphabet
from amber.data.encoding.one_hot import one_hot_complement
from amber.experiment.components import compile_arguments, make_builder, training_steps
from amber.experiment.configuration.reading import load_config
from amber.experiment.data import load_data
from amber.experiment.presets import with_preset
from amber.experiment.task_settings import for_task
from amber.experiment.task_spec import TaskSpec
from amber.search import Objective, SamplerSettings, SearchCallback, Trial, run_search
from benchmarks.search import real_tasks
from benchmarks.search.price import Price

_HERE = Path(__file__).parent
# Of everybody's selection; the lower the better.
METRIC = "val_loss"


Examples = tuple[Any, Any]
"""Inputs and targets."""


@dataclass(frozen=True)
class ComparedTask:
    """A task of the comparison.

    Attributes:
        path: of the configuration; None: it is a real task, which is made when it is asked for.
        epochs: of every network of a search.
        final_epochs: of the network that a search found.
    """

    path: Path | None
    epochs: int = 6
    final_epochs: int = 10


TASKS = {
    "motifs": ComparedTask(_HERE / "motifs.yaml", epochs=4),
    "chain": ComparedTask(_HERE / "chain.yaml", epochs=3),
    **{name: ComparedTask(None) for name in real_tasks.NAMES},
    # Of few examples: so many epochs are some 1,000 updates.
    **dict.fromkeys(("ecoli", "core_tata"), ComparedTask(None, epochs=12, final_epochs=20)),
    "rap1": ComparedTask(None, epochs=16, final_epochs=30),
    "bsubtilis": ComparedTask(None, epochs=30, final_epochs=60),
}


@dataclass
class Task:
    """A data set with its builder; `objective` trains as every contestant does.

    Attributes:
        name: of the task.
        epochs: of every network of a search; 0: those of the task.
        preset: of the model space of a real task.
        training: of a real task, in place of the recipe.
    """

    name: str
    epochs: int = 0
    preset: str = real_tasks.PRESET
    training: str = real_tasks.RECIPE
    loaded: Any = field(init=False)
    data: Any = field(init=False)

    def __post_init__(self) -> None:
        self.epochs = self.epochs or TASKS[self.name].epochs
        loaded = load_config(TASKS[self.name].path or real_tasks.configuration(self.name, self.preset, self.training))
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
    def of_either_strand(self) -> bool:
        """Whether an example means the same on the other strand: both are trained on, and predictions their mean."""
        return self.name in real_tasks.OF_EITHER_STRAND

    @cached_property
    def searched_on(self) -> Examples:
        """What the networks of a search are trained on: some training examples of a real task, else all."""
        if TASKS[self.name].path is not None:
            return self.trained_on
        most = real_tasks.MOST_SEARCHED_ON // (2 if self.of_either_strand else 1)
        train = self.data.train
        rows = np.sort(np.random.default_rng(0).permutation(len(train))[:most])
        return self._with_other_strand(np.asarray(train.x)[rows], np.asarray(train.y)[rows])

    @cached_property
    def trained_on(self) -> Examples:
        """What the network that a search found is trained on: all training examples."""
        return self._with_other_strand(self.data.train.x, self.data.train.y)

    def _with_other_strand(self, x: Any, y: Any) -> Examples:
        if not self.of_either_strand:
            return x, y
        return np.concatenate([x, other_strand(x)]), np.concatenate([y, y])

    @property
    def steps(self) -> int:
        """Gradient steps in the training of one network of a search."""
        return training_steps(len(self.searched_on[1]), self.loaded.config.training.batch_size, self.epochs)

    def builder(self, steps: int = 0) -> Any:
        """The builder of stand-alone networks, with a learning rate that falls over one training.

        Args:
            steps: of it; 0: those of a search.
        """
        return make_builder(self.loaded, TaskSpec.of(self.data), steps=steps or self.steps)

    def shared_compile(self) -> dict[str, Any]:
        """Arguments of `compile` for weights that networks share, with a constant learning rate."""
        return compile_arguments(self.loaded, shared=True)

    def flops(self, tokens: Sequence[int]) -> float:
        """Return those of an architecture, for one example, forward."""
        return float(self.objective().prepare(tuple(tokens)).flops or 0)

    def objective(self) -> Objective:
        """Trains, and scores by the best epoch on validation data, as KerasTuner does."""
        return Objective(self.builder(), self.searched_on, self._validation, **self._settings(self.epochs))

    def final(self, event: Mapping[str, Any], seed: int) -> tuple[Any, float]:
        """Train the network that a search found on all examples; return it with its score.

        Args:
            event: of a clock: its tokens, or the name of a reference network.
            seed: of the training.

        Raises:
            RuntimeError: it could not be trained.
        """
        epochs = TASKS[self.name].final_epochs
        steps = training_steps(len(self.trained_on[1]), self.loaded.config.training.batch_size, epochs)
        kept = KeepingObjective(self.builder(steps), self.trained_on, self._validation, **self._settings(epochs))
        if "reference" in event:
            sampler = SamplerSettings("random", start_with=[event["reference"]])
            run_search(kept, trials=1, seed=seed, sampler=sampler)
        else:
            kept.evaluate(tuple(event["tokens"]), seed)
        if kept.kept is None:
            raise RuntimeError(f"{event} could not be trained.")
        return kept.kept

    @property
    def _validation(self) -> Examples:
        return self.data.validation.x, self.data.validation.y

    def _settings(self, epochs: int) -> dict[str, Any]:
        return {
            "metric": METRIC,
            "direction": "minimize",
            "epochs": epochs,
            "batch_size": self.loaded.config.training.batch_size,
            "patience": epochs,
            "recalibrate": self.loaded.config.training.recalibrate,
        }


def other_strand(x: Any) -> Any:
    """Return one-hot sequences, (examples, length, 4), as they read on the other strand."""
    return one_hot_complement(np.asarray(x), Alphabet.of("dna"))


class KeepingObjective(Objective):
    """Keeps the network that was trained last, with its score."""

    kept: tuple[Any, float] | None = None

    def value(self, model: Any, graph: Any, metrics: Mapping[str, float]) -> dict[str, float]:
        """Returns the scores of a trained network."""
        found = super().value(model, graph, metrics)
        self.kept = model, found[METRIC]
        return found


class Clock(SearchCallback):
    """Notes which network had which score after how much was trained, and ends a search when its time is up.

    A search pays the price of every epoch that it trains. Measured time would depend on what else the machine does: two
    processes on one core take twice the processor time of one.

    Args:
        seconds: that may be paid until the end.
        networks: how many networks may be trained; None: any number.
        price: of a training.
        epochs: of a whole training.

    Attributes:
        spent: seconds that were paid so far.
    """

    def __init__(
        self, seconds: float = math.inf, networks: int | None = None, price: Price | None = None, epochs: int = 1
    ) -> None:
        self.seconds, self.networks = seconds, networks
        self.spent = 0.0
        self.events: list[dict[str, Any]] = []
        self._price, self._epochs = price or Price(), epochs

    def charge(self, flops: float, epochs: float) -> None:
        """Takes the price of some epochs of a network."""
        self.spent += self._price.of(flops) * epochs / self._epochs

    def best(self, count: int) -> list[dict[str, Any]]:
        """Return the different networks with the best scores, the best first."""
        ordered = sorted(self.events, key=lambda each: float(each["score"]))
        different = {each.get("reference", tuple(each.get("tokens", ()))): each for each in reversed(ordered)}
        return sorted(different.values(), key=lambda each: float(each["score"]))[:count]

    @property
    def is_up(self) -> bool:
        """Whether the search is over."""
        return self.spent > self.seconds or (self.networks is not None and len(self.events) >= self.networks)

    def note(self, score: float, **what: Any) -> None:
        """Keeps a score, if it came in time, and what the network was."""
        if not self.is_up:
            self.events.append({"spent": round(self.spent, 2), "score": round(score, 5), **what})

    def on_trial_begin(self, number: int, tokens: tuple[int, ...]) -> None:
        """Ends the search as Ctrl-C does."""
        if self.is_up:
            raise KeyboardInterrupt

    def on_trial_end(self, trial: Trial) -> None:
        """Takes the price of a training, and notes the score of a network that was trained to the end."""
        if trial.flops is not None and trial.epochs:
            self.charge(trial.flops, trial.epochs)
        if trial.status == "complete" and trial.score is not None:
            known = {"reference": trial.reference} if trial.reference else {"tokens": list(trial.tokens)}
            self.note(trial.score, **known)
