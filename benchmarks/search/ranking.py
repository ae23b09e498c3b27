"""How well shared weights rank architectures: `python -m benchmarks.search.ranking motifs [--shared-epochs 20]`.

The ground truth is the mean of the trainings that `benchmarks.search.ground_truth motifs --count 100` recorded. Beside
Kendall's tau of the scores with shared weights stand its ceiling (one training against the mean of the others), what
costs nothing (parameters, FLOPs), short trainings from the shared weights and from scratch, and predictors fitted on 32
of the trainings, with and without these scores, and judged on the other architectures; each with a 95 % interval over
architectures. Scores that cost time are kept in a JSON file, and not measured again.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import torch
from scipy.stats import kendalltau

from amber.files import write_whole
from amber.search import Objective, seeded, trial_seed
from amber.search.one_shot import shared_builder
from amber.search.one_shot.weight_inheritance import with_inherited_weights
from amber.search.samplers.gaussian_process import Describer, GaussianProcess
from amber.search.samplers.ranks import normal_scores
from amber.search.samplers.space_features import SpaceFeatures
from amber.supernet.factory import SupernetFactory
from amber.supernet.scoring import score_architectures
from benchmarks.search.ground_truth import test_retest, truth_file, with_interval
from benchmarks.search.problem import METRIC, TASKS, Task

Tokens = tuple[int, ...]
FITTED, SPLITS = 32, 20


class Shared:
    """Shared weights of a task, trained on uniformly drawn architectures, and what they say of architectures.

    The learning rate rises over the first tenth of the epochs, and falls along a cosine, as it does for networks alone.

    Args:
        task: whose space it is.
        epochs: of the shared training.
        seed: of it.
    """

    def __init__(self, task: Task, epochs: int, seed: int) -> None:
        self._objective, self._seed = task.objective(), seed
        size = self._objective.settings.batch_size
        with seeded(seed):
            self._factory: SupernetFactory = shared_builder(self._objective.builder, task.shared_compile(), size)
            model = self._factory(sampler="uniform", seed=seed)
            rate = float(model.optimizer.learning_rate)

            def falling(epoch: int, _: float) -> float:
                return rate * min(1.0, 10 * (epoch + 1) / epochs, 0.5 + 0.5 * math.cos(math.pi * epoch / epochs))

            scheduler = keras.callbacks.LearningRateScheduler(falling)
            model.fit(*self._objective.train, batch_size=size, epochs=epochs, callbacks=[scheduler], verbose=0)
        rows = np.random.default_rng(seed).permutation(len(self._objective.train[1]))[: 8 * size]
        self._calibration = self._objective.train[0][rows]

    def scores(self, arcs: Sequence[Tokens]) -> list[float]:
        """Return the validation loss of each architecture with the shared weights as they are."""
        with seeded(self._seed):
            found = score_architectures(
                self._factory, arcs, *self._objective.validation, training_data=self._calibration, batch_size=512
            )
        return [each[METRIC.removeprefix("val_")] for each in found]

    def inheriting(self, objective: Objective) -> Objective:
        """Return an objective whose networks begin with the shared weights."""
        return with_inherited_weights(objective, self._factory.supernet, self._calibration)


def trained(objective: Objective, arcs: Sequence[Tokens], seed: int) -> list[float]:
    """Return the validation loss of each architecture after the training of an objective."""
    found = []
    for arc in arcs:
        trial = objective.evaluate(arc, trial_seed(seed, objective.prepare(arc).fingerprint))
        found.append(math.nan if trial.score is None else trial.score)
    return found


def predictor_tau(
    task: Task, arcs: Sequence[Tokens], one: np.ndarray, truth: np.ndarray, more: Sequence[np.ndarray] = ()
) -> tuple[float, float, float]:
    """Return the mean tau of processes, each fitted on 32 architectures and judged on the others, and its interval.

    Args:
        task: whose tokens and features describe architectures.
        arcs: the architectures.
        one: the score of one training of each, which is what is fitted.
        truth: what is judged by.
        more: scores of all architectures that the process is told beside tokens and features.
    """
    builder = task.builder()
    tokens = np.array(arcs)
    described = np.hstack(
        [SpaceFeatures(builder.model_space, builder.layout)(tokens), *(each[:, None] for each in more)]
    )
    by_tokens = dict(zip(map(tuple, tokens.tolist()), described, strict=True))
    describe = Describer(builder.layout, lambda each: by_tokens[each])
    generator, found, judged = np.random.default_rng(0), [], []
    for _ in range(SPLITS):
        order = generator.permutation(len(truth))
        fitted, others = order[:FITTED], order[FITTED:]
        known = describe(tokens[fitted])
        process = GaussianProcess(describe, known, normal_scores(-one[fitted]))
        expected = process.given(known, normal_scores(-one[fitted])).mean(describe(tokens[others]))
        found.append(_tau(-expected, truth[others]))
        judged.append((-expected, truth[others]))
    # Of each split, architectures drawn with replacement.
    drawn = [
        np.mean([_tau(each[rows], other[rows]) for each, other in judged])
        for rows in (generator.integers(0, len(judged[0][0]), len(judged[0][0])) for _ in range(100))
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(np.mean(found)), float(low), float(high)


def measured(task: Task, arcs: Sequence[Tokens], path: Path, shared_epochs: int, seed: int) -> dict[str, np.ndarray]:
    """Return scores by what they are of; what a file has is not measured again, with 0 epochs nothing is."""
    record: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {"scores": {}, "cpu": {}}
    short = Task(task.name, epochs=1)
    shared: list[Shared] = []

    def weights() -> Shared:
        if not shared:
            shared.append(Shared(task, shared_epochs, seed))
        return shared[0]

    named = f"shared weights of {shared_epochs} epochs, seed {seed}"
    kinds: dict[str, Callable[[], list[float]]] = {
        named: lambda: weights().scores(arcs),
        f"{named}, and 1 epoch alone": lambda: trained(weights().inheriting(short.objective()), arcs, seed),
        "1 epoch from scratch": lambda: trained(short.objective(), arcs, seed),
    }
    for name, measure in kinds.items() if shared_epochs else ():
        if len(record["scores"].get(name, ())) != len(arcs):
            started = time.process_time()
            record["scores"][name] = [round(each, 5) for each in measure()]
            record["cpu"][name] = round(time.process_time() - started, 1)
            record["architectures"] = [list(each) for each in arcs]
            write_whole(path, json.dumps(record) + "\n")
            print(f"{name}: {record['cpu'][name]:.0f} s of processor time", flush=True)
    return {name: np.array(scores) for name, scores in record["scores"].items() if len(scores) == len(arcs)}


def _tau(one: np.ndarray, other: np.ndarray) -> float:
    return float(kendalltau(one, other).statistic)


def _line(title: str, found: tuple[float, float, float]) -> str:
    tau, low, high = found
    return f"| {title} | {tau:.2f} ({low:.2f} to {high:.2f}) |"


def main() -> None:
    """Reads the arguments, trains, and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search.ranking")
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--truth", type=Path, help="by default what benchmarks.search.ground_truth wrote")
    parser.add_argument("--shared-epochs", type=int, default=20, help="of the shared weights; 0: what the file has")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="where scores are kept; by default beside the ground truth")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    truth_path = arguments.truth or truth_file(arguments.task)
    record = json.loads(truth_path.read_text())["scores"]
    repeats = min(len(each) for each in record.values())
    arcs: list[Tokens] = [tuple(map(int, key.split())) for key in record]
    scores, task = np.array([each[:repeats] for each in record.values()]), Task(arguments.task)
    truth, count = scores.mean(axis=1), len(arcs)
    path = arguments.json or truth_path.with_name(f"ranking_{arguments.task}.json")
    found = measured(task, arcs, path, arguments.shared_epochs, arguments.seed)
    print(f"{arguments.task}: {count} architectures, {repeats} trainings each")
    print("| what ranks | Kendall's tau with the mean of the trainings |\n|---|---|")
    if repeats > 1:
        print(_line("another training (two single ones)", test_retest(scores)))
        rest = np.delete(scores, 0, axis=1).mean(axis=1)
        ceiling = with_interval(lambda rows: _tau(scores[rows, 0], rest[rows]), count)
        print(_line("ceiling (one training, the mean of the others)", ceiling))
    costs: list[Any] = [task.builder().plan(tokens).cost for tokens in arcs]
    # The larger a network, the lower its loss, if anything.
    free = {name: -np.array([getattr(each, name) for each in costs], float) for name in ("parameters", "flops")}
    for name, values in {**free, **found}.items():
        print(_line(name, with_interval(lambda rows, values=values: _tau(values[rows], truth[rows]), count)))
    title = f"predictor of {FITTED} trainings"
    print(_line(title, predictor_tau(task, arcs, scores[:, 0], truth)), flush=True)
    for name, values in found.items():
        print(_line(f"{title} and {name}", predictor_tau(task, arcs, scores[:, 0], truth, [values])), flush=True)


if __name__ == "__main__":
    main()
