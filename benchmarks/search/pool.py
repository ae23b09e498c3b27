"""Compares ways to propose by processor time: `python -m benchmarks.search.pool arabidopsis [--count 160]`.

Architectures of a task for choosing, drawn uniformly, are trained once; what the JSON file has is not trained again. A
replayed search proposes from these only, and pays what each training took. What it has found after so many median
trainings is printed.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import torch

from amber.architect import TokenLayout
from amber.files import write_whole
from amber.search import trial_seed
from amber.search.samplers import token_distributions, tokens_of
from amber.search.samplers.surrogate import SurrogateSampler
from amber.search.samplers.training_costs import FLOPs
from benchmarks.search.ground_truth import architectures
from benchmarks.search.problem import METRIC, Task
from benchmarks.search.real_tasks import CHOOSING

Tokens = tuple[int, ...]
Trained = dict[str, dict[str, Any]]
"""By tokens: `score`, `cpu` in seconds, `flops`, and `curve`, the score after each epoch."""

SAMPLERS: dict[str, dict[str, Any]] = {
    "random": {"startup_trials": 10_000},
    "surrogate": {"cost_exponent": 0.0},
    "surrogate, cost_exponent 0.25": {"cost_exponent": 0.25},
    "surrogate, cost_exponent 0.5": {"cost_exponent": 0.5},
    "surrogate, cost_exponent 1": {"cost_exponent": 1.0},
}
LOOKS = (8, 12, 16, 24, 32, 48)
_FILE = Path("benchmarks/results/pool.json")


class Listening:
    """Notes the score after each epoch.

    Attributes:
        curve: the scores so far.
    """

    may_stop = False

    def __init__(self) -> None:
        self.curve: list[float] = []

    def report(self, step: int, metrics: Mapping[str, float], *, earlier: bool = False) -> bool:
        """Notes a score."""
        self.curve.append(round(metrics[METRIC], 5))
        return False


def train(task: Task, count: int, trained: Trained, path: Path, record: dict[str, Trained]) -> None:
    """Trains architectures that are not there yet, and writes the file after each."""
    objective = task.objective()
    for tokens in architectures(objective.layout, count):
        key = " ".join(map(str, tokens))
        if key in trained:
            continue
        candidate, heard, started = objective.prepare(tokens), Listening(), time.process_time()
        seed = trial_seed(1000, candidate.fingerprint)
        trial = objective.evaluate(tokens, seed, candidate=candidate, reporter=heard)
        if trial.score is None:
            raise RuntimeError(f"{tokens}: {trial.error}")
        trained[key] = {
            "score": round(trial.score, 5),
            "cpu": round(time.process_time() - started, 2),
            "flops": candidate.flops,
            "curve": heard.curve,
        }
        write_whole(path, json.dumps(record, indent=1) + "\n")


class PoolSampler(SurrogateSampler):
    """The surrogate sampler, choosing from some architectures only.

    Args:
        layout: the tokens.
        seed: of all choices.
        pool: (n, tokens).
        **options: of the sampler.
    """

    def __init__(self, layout: TokenLayout, seed: int, pool: np.ndarray, **options: Any) -> None:
        super().__init__(layout, seed, **options)
        self._pool = pool.astype(self._dtype)

    def propose(self, study: optuna.Study, number: int) -> Sequence[int]:
        """Return what is expected to improve most of what is left."""
        generator, told = np.random.default_rng([self.seed, number]), self._reader.read(study)
        left = np.array([row for row in self._pool if row.tobytes() not in told.taken])
        if len(told.numbers) < self.startup_trials:
            return tuple(left[generator.integers(len(left))].tolist())
        return tuple(left[np.argmax(self._merit(told, generator)(left))].tolist())


def replay(
    trained: dict[Tokens, dict[str, Any]], layout: TokenLayout, flops: FLOPs, options: dict[str, Any], seed: int
) -> list[float]:
    """Return the best score of a search after the time of so many median trainings as `LOOKS` says."""
    sampler = PoolSampler(layout, seed, np.array(list(trained)), **options)
    sampler.know_costs(flops)
    study = optuna.create_study(direction="minimize", sampler=sampler)
    median, spent, course = np.median([each["cpu"] for each in trained.values()]), 0.0, []
    while len(course) < len(trained) and spent < LOOKS[-1] * median:
        asked = study.ask(fixed_distributions=token_distributions(layout))
        found = trained[tokens_of(asked.params, layout) or ()]
        spent += found["cpu"]
        course.append((spent / median, found["score"]))
        study.tell(asked, found["score"])
    return [min((score for at, score in course if at <= look), default=course[0][1]) for look in LOOKS]


def main() -> None:
    """Reads the arguments, trains, and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search.pool")
    parser.add_argument("task", choices=CHOOSING)
    parser.add_argument("--count", type=int, default=160, help="architectures; 0: only those that the file has")
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--json", type=Path, default=_FILE)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    record: dict[str, Trained] = json.loads(arguments.json.read_text()) if arguments.json.exists() else {}
    task, trained = Task(arguments.task), record.setdefault(arguments.task, {})
    if arguments.count:
        train(task, arguments.count, trained, arguments.json, record)
    pool = {tuple(map(int, key.split())): each for key, each in trained.items()}
    scores, seconds = (np.array([each[what] for each in pool.values()]) for what in ("score", "cpu"))
    print(
        f"{arguments.task}: {len(pool)} architectures, scores {scores.min():.4f} to {scores.max():.4f}, "
        f"{seconds.min():.1f} to {seconds.max():.1f} s, median {np.median(seconds):.1f} s\n"
        f"| sampler | mean of {arguments.seeds}: best after {' / '.join(map(str, LOOKS))} median trainings |\n|---|---|"
    )
    objective = task.objective()
    for name, options in SAMPLERS.items():
        runs = np.array(
            [
                replay(pool, objective.layout, lambda tokens: objective.prepare(tokens).flops, options, seed)
                for seed in range(arguments.seeds)
            ]
        )
        errors = runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
        cells = [f"{mean:.4f} ± {error:.4f}" for mean, error in zip(runs.mean(axis=0), errors, strict=True)]
        print(f"| {name} | {' / '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
