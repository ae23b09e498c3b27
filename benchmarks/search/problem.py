"""What is searched: the space, training and data of an example, and a clock for whoever searches."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amber.cli.config import load_config
from amber.cli.problem import Problem
from amber.cli.project import load_data, make_builder, training_steps
from amber.search import Objective, SearchCallback, TrialResult

EXAMPLE = Path(__file__).parents[2] / "examples" / "splice_one_shot.yaml"


@dataclass
class Task:
    """A data set with its builder; `objective` trains as every contestant does."""

    epochs: int
    loaded: Any = field(init=False)
    data: Any = field(init=False)

    def __post_init__(self) -> None:
        self.loaded = load_config(EXAMPLE)
        self.data = load_data(self.loaded)

    def builder(self, scheduled: bool = True) -> Any:
        """The builder of stand-alone networks; a learning rate that falls over one training where `scheduled`."""
        size = self.loaded.config.training.batch_size
        steps = training_steps(len(self.data.train), size, self.epochs) if scheduled else None
        return make_builder(self.loaded, Problem.of(self.data), steps=steps)

    def objective(self) -> Objective:
        """Trains and scores on validation data."""
        training, validation = self.data.train, self.data.validation
        return Objective(
            self.builder(),
            (training.x, training.y),
            (validation.x, validation.y),
            epochs=self.epochs,
            batch_size=self.loaded.config.training.batch_size,
        )


class Clock(SearchCallback):
    """Notes when which network had which score, and ends a search of AMBER's when the time is up."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.wall, self.cpu = time.monotonic(), time.process_time()
        self.events: list[dict[str, Any]] = []

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.seconds - (time.monotonic() - self.wall)

    def note(self, score: float, tokens: Any) -> None:
        """Keeps a score, if it came in time."""
        if self.left >= 0:
            wall, cpu = time.monotonic() - self.wall, time.process_time() - self.cpu
            self.events.append({"wall": wall, "cpu": cpu, "score": score, "tokens": [int(each) for each in tokens]})

    def on_trial_begin(self, number: int, tokens: tuple[int, ...]) -> None:
        """Ends the search as Ctrl-C does."""
        if self.left < 0:
            raise KeyboardInterrupt

    def on_trial_end(self, trial: TrialResult) -> None:
        """Notes the score of a trained network."""
        if trial.status == "complete" and trial.score is not None:
            self.note(trial.score, trial.tokens)
