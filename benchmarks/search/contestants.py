"""The ways to search. Each is given a task, a seed, and a clock to note its scores on."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras_tuner
import numpy as np

from amber.modeler.references import REFERENCES
from amber.search import SamplerSettings, run_search, seeded, trial_seed
from amber.search.halving import HalvingSettings, run_halving
from amber.search.one_shot import OneShotSettings, SharedTraining, run_one_shot
from benchmarks.search.ground_truth import architectures
from benchmarks.search.problem import METRIC, Clock, Task
from benchmarks.search.real_tasks import PRESET

Search = Callable[[Task, int, Clock], None]
MANY = 10_000


@dataclass(frozen=True)
class Contestant:
    """A way to search.

    Attributes:
        search: it.
        preset: the space of a real task that it searches; one-shot search needs one whose networks share weights.
        whole: whether it is not ended when the time is up, as it trains a certain number of networks.
        beside: another contestant, as many of whose networks it trains, in whatever time.
    """

    search: Search
    preset: str = PRESET
    whole: bool = False
    beside: str | None = None


class _TimeIsUpError(Exception):
    """Ends a search of KerasTuner's."""


def trials(sampler: str, **options: Any) -> Search:
    """A search by trials with one of AMBER's samplers."""

    def search(task: Task, seed: int, clock: Clock) -> None:
        run_search(
            task.objective(),
            trials=MANY,
            seed=seed,
            sampler=SamplerSettings(sampler, options),
            callbacks=(clock,),
        )

    return search


def halving(task: Task, seed: int, clock: Clock) -> None:
    """Trials of the default sampler, which go on after an epoch or two only where they are among the best so far."""
    run_halving(
        task.objective(),
        trials=MANY,
        seed=seed,
        settings=HalvingSettings(asynchronous=True),
        sampler="surrogate",
        callbacks=(clock,),
    )


def one_shot(inherit_weights: bool) -> Search:
    """A search with shared weights, trained for the steps of eleven networks, whose best go on after a short training.

    It is repeated until the time is up.
    """

    def search(task: Task, seed: int, clock: Clock) -> None:
        settings = OneShotSettings(
            start_steps=task.steps // 2,
            warm_up_steps=10 * task.steps,
            steps_per_episode=max(1, task.steps // 10),
            episodes=5,
            architectures=5,
            sample=32,
            top_k=8,
            finalist_steps=0,
            inherit_weights=inherit_weights,
            halving=HalvingSettings(rungs=2, factor=4),
        )
        # Of another architecture at each step.
        flops = float(np.mean([task.flops(tokens) for tokens in architectures(task.builder().layout, 32)]))
        for repetition in range(MANY):
            clock.charge(flops, task.epochs * settings.planned_steps / task.steps)
            run_one_shot(
                task.objective(),
                seed=seed + MANY * repetition,
                settings=settings,
                shared=SharedTraining(task.shared_compile()),
                callbacks=(clock,),
            )
            if clock.is_up:
                break

    return search


def keras_tuner_with(kind: str) -> Search:
    """A search with KerasTuner: one choice per token, the same networks, trainings and scores.

    Hyperband has epochs of its own, which it goes on with, so it trains by KerasTuner's own means.
    """

    def search(task: Task, seed: int, clock: Clock) -> None:
        base = {
            "random": keras_tuner.RandomSearch,
            "bayesian": keras_tuner.BayesianOptimization,
            "hyperband": keras_tuner.Hyperband,
        }[kind]
        # Hyperband asks for the most epochs, and ends after its brackets.
        own = {"max_epochs": task.epochs, "hyperband_iterations": MANY} if kind == "hyperband" else {"max_trials": MANY}
        objective, builder = task.objective(), task.builder()
        names, sizes = builder.layout.names, builder.layout.sizes

        def build(hp: Any) -> Any:
            return builder([hp.Choice(name, list(range(size))) for name, size in zip(names, sizes, strict=True)])

        def tokens_of(trial: Any) -> list[int]:
            return [trial.hyperparameters.get(name) for name in names]

        class Timed(base):  # type: ignore[misc,valid-type]
            def run_trial(self, trial: Any, *arguments: Any, **keywords: Any) -> Any:
                candidate = objective.prepare(tokens_of(trial))
                if kind == "hyperband":
                    values = trial.hyperparameters.values
                    clock.charge(candidate.flops or 0, values["tuner/epochs"] - values["tuner/initial_epoch"])
                    return super().run_trial(trial, *arguments, **keywords)
                clock.charge(candidate.flops or 0, task.epochs)
                found = objective.evaluate(
                    candidate.tokens, trial_seed(seed, candidate.fingerprint), candidate=candidate
                )
                if found.score is None:
                    raise keras_tuner.errors.FailedTrialError(str(found.error))
                return {METRIC: found.score}

            def on_trial_end(self, trial: Any) -> None:
                super().on_trial_end(trial)
                found = self.oracle.get_trial(trial.trial_id)
                if found.score is not None:
                    clock.note(float(found.score), tokens=tokens_of(found))
                if clock.is_up:
                    raise _TimeIsUpError

        with tempfile.TemporaryDirectory() as folder, seeded(seed), contextlib.suppress(_TimeIsUpError):
            tuner = Timed(build, objective=METRIC, seed=seed, directory=folder, **own)
            tuner.search(
                *objective.train,
                epochs=task.epochs,
                batch_size=objective.settings.batch_size,
                validation_data=objective.validation,
                verbose=0,
            )

    return search


def references(task: Task, seed: int, clock: Clock) -> None:
    """The networks of the literature, each trained once with the same recipe, however long that takes."""
    names = sorted(REFERENCES.names())
    run_search(
        task.objective(),
        trials=len(names),
        seed=seed,
        sampler=SamplerSettings("random", start_with=names),
        callbacks=(clock,),
    )


SEARCHED = "surrogate"
RANDOM = "random, as many networks"
REFERENCE = "reference networks"
CONTESTANTS: dict[str, Contestant] = {
    SEARCHED: Contestant(trials("surrogate")),
    REFERENCE: Contestant(references, whole=True),
    "keras-tuner bayesian": Contestant(keras_tuner_with("bayesian")),
    "keras-tuner random": Contestant(keras_tuner_with("random")),
    RANDOM: Contestant(trials("random"), beside=SEARCHED),
    "keras-tuner hyperband": Contestant(keras_tuner_with("hyperband")),
    "surrogate, halving": Contestant(halving),
    "one-shot, inherited": Contestant(one_shot(inherit_weights=True), preset="deep_residual_cnn"),
    "surrogate, cnn_context": Contestant(trials("surrogate"), preset="cnn_context"),
}
"""In the order of what a comparison tells first."""
