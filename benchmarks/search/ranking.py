"""How well shared weights rank architectures: `python -m benchmarks.search.ranking motifs [--shared-epochs 20]`.

The ground truth is the mean of the trainings that `benchmarks.search.ground_truth motifs --count 100` recorded. Beside
Kendall's tau of the scores with shared weights stand its ceiling (one training against the mean of the others), what
costs nothing (parameters, FLOPs), and a linear model of tokens and graph features fitted on 32 of the trainings and
judged on the others; each with a 95 % interval over architectures.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import torch
from scipy.stats import kendalltau

from amber.files import write_whole
from amber.search import seeded
from amber.search.one_shot import shared_builder
from amber.search.samplers.space_features import SpaceFeatures
from amber.supernet.scoring import score_architectures
from benchmarks.search.ground_truth import test_retest, truth_file, with_interval
from benchmarks.search.problem import METRIC, TASKS, Task

Tokens = tuple[int, ...]
_FITTED, _SPLITS, _RIDGE = 32, 20, 3.0


def shared_scores(task: Task, arcs: Sequence[Tokens], epochs: int, seed: int) -> np.ndarray:
    """Train shared weights on uniformly drawn architectures and return the validation loss of each architecture."""
    objective = task.objective()
    size = objective.settings.batch_size
    with seeded(seed):
        shared = shared_builder(objective.builder, task.shared_compile(), size)
        model = shared(sampler="uniform", seed=seed)
        rate = float(model.optimizer.learning_rate)

        def falling(epoch: int, _: float) -> float:
            return rate * min(1.0, 10 * (epoch + 1) / epochs, 0.5 + 0.5 * math.cos(math.pi * epoch / epochs))

        scheduler = keras.callbacks.LearningRateScheduler(falling)
        model.fit(*objective.train, batch_size=size, epochs=epochs, callbacks=[scheduler], verbose=0)
        rows = np.random.default_rng(seed).permutation(len(objective.train[1]))[: 8 * size]
        calibration = objective.train[0][rows]
        found = score_architectures(shared, arcs, *objective.validation, training_data=calibration, batch_size=512)
    return np.array([each[METRIC.removeprefix("val_")] for each in found])


def predictor_tau(features: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean tau of ridge regressions, each fitted on 32 architectures and judged on the others."""
    generator, found = np.random.default_rng(0), []
    for _ in range(_SPLITS):
        order = generator.permutation(len(truth))
        fitted, judged = order[:_FITTED], order[_FITTED:]
        centre, spread = features[fitted].mean(axis=0), features[fitted].std(axis=0)
        spread[spread == 0] = np.inf
        known = (features[fitted] - centre) / spread
        target = truth[fitted] - truth[fitted].mean()
        weights = np.linalg.solve(known.T @ known + _RIDGE * np.eye(known.shape[1]), known.T @ target)
        found.append(_tau((features[judged] - centre) / spread @ weights, truth[judged]))
    return float(np.mean(found))


def _tau(one: np.ndarray, other: np.ndarray) -> float:
    return float(kendalltau(one, other).statistic)


def _line(title: str, values: np.ndarray, truth: np.ndarray) -> str:
    tau, low, high = with_interval(lambda rows: _tau(values[rows], truth[rows]), len(truth))
    return f"| {title} | {tau:.2f} ({low:.2f} to {high:.2f}) |"


def main() -> None:
    """Reads the arguments, trains shared weights, and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search.ranking")
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--truth", type=Path, help="by default what benchmarks.search.ground_truth wrote")
    parser.add_argument("--shared-epochs", type=int, default=20, help="of the shared weights; 0: none are trained")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="where the scores go")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    record = json.loads((arguments.truth or truth_file(arguments.task)).read_text())["scores"]
    repeats = max(len(each) for each in record.values())
    rows: dict[Tokens, list[float]] = {
        tuple(map(int, key.split())): each for key, each in record.items() if len(each) == repeats
    }
    arcs, scores = list(rows), np.array(list(rows.values()))
    truth, task = scores.mean(axis=1), Task(arguments.task)
    print(f"{arguments.task}: {len(arcs)} architectures, {repeats} trainings each")
    print("| what ranks | Kendall's tau with the mean of the trainings |\n|---|---|")
    if repeats > 1:
        tau, low, high = test_retest(scores)
        print(f"| another training (two single ones) | {tau:.2f} ({low:.2f} to {high:.2f}) |")
        rest = np.delete(scores, 0, axis=1).mean(axis=1)
        tau, low, high = with_interval(lambda chosen: _tau(scores[chosen, 0], rest[chosen]), len(arcs))
        print(f"| ceiling (one training, the mean of the others) | {tau:.2f} ({low:.2f} to {high:.2f}) |")
    builder = task.builder()
    costs: list[Any] = [builder.plan(tokens).cost for tokens in arcs]
    for name in ("parameters", "flops"):
        # The larger a network, the lower its loss, if anything.
        print(_line(name, -np.array([getattr(each, name) for each in costs], float), truth))
    tokens = np.array(arcs)
    features = SpaceFeatures(builder.model_space, builder.layout)(tokens)
    chosen = [(tokens == value).astype(float) for value in range(1, int(tokens.max()) + 1)]
    print(
        f"| linear model of {_FITTED} trainings | {predictor_tau(np.hstack([features, *chosen]), truth):.2f} |",
        flush=True,
    )
    if arguments.shared_epochs:
        started = time.process_time()
        found = shared_scores(task, arcs, arguments.shared_epochs, arguments.seed)
        print(
            _line(
                f"shared weights, {arguments.shared_epochs} epochs, {time.process_time() - started:.0f} s", found, truth
            )
        )
        if arguments.json:
            write_whole(arguments.json, json.dumps({"architectures": arcs, "shared": found.tolist()}) + "\n")


if __name__ == "__main__":
    main()
