"""Train the same architectures several times: what samplers and shared weights are measured against.

`python -m benchmarks.search.ground_truth chain` trains every architecture of that task's space three times;
`... motifs --count 100` a uniform sample. What the JSON file has is not trained again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import kendalltau

from amber.architect import TokenLayout
from amber.files import write_whole
from amber.search import trial_seed
from benchmarks.results import machine
from benchmarks.search.problem import TASKS, Task

_HERE = Path(__file__).parent.parent / "results"

Scores = dict[str, list[float]]
"""Of trainings, by the tokens of the architecture."""


def architectures(layout: TokenLayout, count: int) -> list[tuple[int, ...]]:
    """Return all architectures of a small space, or so many that are drawn uniformly, each once; count 0: all."""
    sizes = list(layout.sizes)
    if not count or count >= math.prod(sizes):
        return list(itertools.product(*map(range, sizes)))
    generator = np.random.default_rng(0)
    found: dict[tuple[int, ...], None] = {}
    while len(found) < count:
        found[tuple(map(int, layout.sample(generator)))] = None
    return list(found)


def truth_file(task: str) -> Path:
    """Return where the ground truth of a task is kept."""
    return _HERE / f"ground_truth_{task}.json"


def train_missing(
    task: Task, chosen: Sequence[tuple[int, ...]], repeats: int, scores: Scores, after_each: Callable[[float], None]
) -> None:
    """Train architectures until each has so many scores, which are added to those that are there.

    Repeats are the outer loop, so that a run that was interrupted has whole repeats.

    Args:
        task: how they are trained.
        chosen: their tokens.
        repeats: trainings of each.
        scores: by tokens, in the order of repeats.
        after_each: is told the processor seconds of every training.
    """
    objective = task.objective()
    for repeat in range(repeats):
        for tokens in chosen:
            mine = scores.setdefault(" ".join(map(str, tokens)), [])
            if len(mine) > repeat:
                continue
            started = time.process_time()
            candidate = objective.prepare(tokens)
            trial = objective.evaluate(tokens, trial_seed(1000 + repeat, candidate.fingerprint), candidate=candidate)
            if trial.score is None:
                raise RuntimeError(f"{tokens}: {trial.error}")
            mine.append(trial.score)
            after_each(time.process_time() - started)


def train_all(task: Task, count: int, repeats: int, path: Path) -> dict[str, Any]:
    """Train what is missing in a file, and return all: scores by architecture, in the order of repeats."""
    record: dict[str, Any] = {"task": task.name, "epochs": task.epochs, "machine": machine(), "scores": {}}
    if path.exists():
        record = json.loads(path.read_text())
    chosen = architectures(task.builder().layout, count)
    train_missing(task, chosen, repeats, record["scores"], lambda _: write_whole(path, json.dumps(record) + "\n"))
    return record


def test_retest(scores: np.ndarray, draws: int = 1000) -> tuple[float, float, float]:
    """Return the mean Kendall's tau between two trainings of the same architectures, and its 95 % interval.

    Args:
        scores: (architectures, repeats).
        draws: of the bootstrap over architectures.
    """
    return with_interval(lambda rows: _mean_tau(scores[rows]), len(scores), draws)


def with_interval(statistic: Any, count: int, draws: int = 1000) -> tuple[float, float, float]:
    """Return a statistic of all architectures, and its 95 % interval over architectures drawn with replacement."""
    generator = np.random.default_rng(0)
    drawn = [statistic(generator.integers(0, count, count)) for _ in range(draws)]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return float(statistic(np.arange(count))), float(low), float(high)


def _mean_tau(scores: np.ndarray) -> float:
    pairs = itertools.combinations(range(scores.shape[1]), 2)
    return float(np.mean([kendalltau(scores[:, one], scores[:, other]).statistic for one, other in pairs]))


def main() -> None:
    """Reads the arguments, trains, and prints the agreement of repeats."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search.ground_truth")
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--count", type=int, default=0, help="architectures, uniformly drawn; 0: all of the space")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    path = arguments.json or truth_file(arguments.task)
    record = train_all(Task(arguments.task), arguments.count, arguments.repeats, path)
    scores = np.array([each for each in record["scores"].values() if len(each) >= arguments.repeats])
    tau, low, high = test_retest(scores)
    print(f"{arguments.task}: test-retest tau {tau:.2f} ({low:.2f} to {high:.2f}) of {len(scores)} architectures")


if __name__ == "__main__":
    main()
