"""Chooses how networks are trained, on the tasks for choosing: `python -m benchmarks.search.recipe`.

The same architectures, drawn uniformly, are trained by each recipe. What a search ends with is one of the best, so the
mean validation loss of the best third is compared, beside that of all. What the JSON file has is not trained again.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from amber.files import write_whole
from benchmarks.search.ground_truth import architectures, train_missing
from benchmarks.search.problem import Task
from benchmarks.search.real_tasks import CHOOSING

RECIPES = {
    "lr 0.003, batch 64": "batch_size: 64, learning_rate: 0.003, schedule: cosine, recalibrate: false",
    "lr 0.001, batch 64": "batch_size: 64, learning_rate: 0.001, schedule: cosine, recalibrate: false",
    "lr 0.003, batch 128": "batch_size: 128, learning_rate: 0.003, schedule: cosine, recalibrate: false",
    "lr 0.001, batch 32": "batch_size: 32, learning_rate: 0.001, schedule: cosine, recalibrate: false",
    "lr 0.003, batch 64, recalibrated": "batch_size: 64, learning_rate: 0.003, schedule: cosine, recalibrate: true",
    "lr 0.003, batch 32, recalibrated": "batch_size: 32, learning_rate: 0.003, schedule: cosine, recalibrate: true",
    "lr 0.001, batch 32, recalibrated": "batch_size: 32, learning_rate: 0.001, schedule: cosine, recalibrate: true",
    "lr 0.003, batch 16, recalibrated": "batch_size: 16, learning_rate: 0.003, schedule: cosine, recalibrate: true",
    "adamw 0.05, lr 0.003, batch 32, recalibrated": (
        "batch_size: 32, learning_rate: 0.003, schedule: cosine, optimizer: adamw, "
        "optimizer_options: {weight_decay: 0.05}, recalibrate: true"
    ),
    "averaged weights, lr 0.003, batch 32, recalibrated": (
        "batch_size: 32, learning_rate: 0.003, schedule: cosine, "
        "optimizer_options: {use_ema: true, ema_momentum: 0.99}, recalibrate: true"
    ),
    "lr 0.003, batch 32, recalibrated, warm-up": (
        "batch_size: 32, learning_rate: 0.003, schedule: cosine, warm_up: 0.1, recalibrate: true"
    ),
}
_FILE = Path("benchmarks/results/recipe.json")


def train(name: str, count: int, path: Path) -> None:
    """Trains a task's architectures by every recipe that the file does not have, and prints what came out."""
    record: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    for recipe, training in RECIPES.items():
        task = Task(name, training=training)
        scores = record.setdefault(name, {}).setdefault(recipe, {})
        started = time.process_time()
        chosen = architectures(task.builder().layout, count)
        train_missing(task, chosen, 1, scores, lambda _: write_whole(path, json.dumps(record, indent=1) + "\n"))
        losses = np.sort([each[0] for each in scores.values()])
        spent = time.process_time() - started
        best = losses[: -(-len(losses) // 3)].mean()
        print(f"{name}, {recipe}: best third {best:.4f}, all {losses.mean():.4f}, {spent:.0f} s", flush=True)


def main() -> None:
    """Reads the arguments and trains."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search.recipe")
    parser.add_argument("--tasks", nargs="+", choices=CHOOSING, default=list(CHOOSING))
    parser.add_argument("--count", type=int, default=9, help="architectures")
    parser.add_argument("--json", type=Path, default=_FILE)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name in arguments.tasks:
        train(name, arguments.count, arguments.json)


if __name__ == "__main__":
    main()
