"""Runs the comparison: `python -m benchmarks.search [--minutes M] [--seeds 0 1 2] [--only NAME ...]`.

Everybody trains the same networks in the same way and selects by validation accuracy; the test data is opened once,
after all searches have ended, for the best network of each.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from amber.search import retrain, trial_seed
from benchmarks.results import machine
from benchmarks.search.agreement import agreement
from benchmarks.search.contestants import CONTESTANTS
from benchmarks.search.problem import Clock, Task
from benchmarks.search.report import plot, table


def main() -> None:
    """Reads the arguments and measures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search")
    parser.add_argument("--minutes", type=float, default=5.0, help="of each search")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", nargs="*", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("--epochs", type=int, default=3, help="of every network")
    parser.add_argument("--agreement", type=int, default=20, help="architectures of Kendall's tau; 0: not measured")
    parser.add_argument("--shared-epochs", type=int, default=20, help="of the shared weights of Kendall's tau")
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/search.json"))
    arguments = parser.parse_args()
    console, task = Console(width=120), Task(arguments.epochs)
    record: dict[str, Any] = {
        "task": "splice",
        "minutes": arguments.minutes,
        "epochs": arguments.epochs,
        "machine": machine(),
        "runs": [],
    }
    for seed in arguments.seeds:
        for name in arguments.only:
            clock = Clock(60 * arguments.minutes)
            CONTESTANTS[name](task, seed, clock)
            wall, cpu = time.monotonic() - clock.wall, time.process_time() - clock.cpu
            record["runs"].append({"search": name, "seed": seed, "wall": wall, "cpu": cpu, "events": clock.events})
            best = max((each["score"] for each in clock.events), default=float("nan"))
            console.print(f"{name}, seed {seed}: best {best:.4f} of {len(clock.events)} networks")
            _write(record, arguments.json)
    if arguments.agreement:
        record["agreement"] = agreement(task, arguments.agreement, arguments.shared_epochs, arguments.seeds[0])
        _write(record, arguments.json)
    if record["runs"]:
        _test(task, record["runs"])
        console.print(table(record["runs"]))
        plot(record["runs"], arguments.json.with_suffix(".png"), 60 * arguments.minutes)
    if arguments.agreement:
        found = record["agreement"]
        console.print(
            f"Kendall's tau of shared-weight scores against training alone, {found['architectures']} "
            f"architectures: {found['kendall_tau']:.3f} (p = {found['p_value']:.3g})"
        )
    _write(record, arguments.json)


def _test(task: Task, runs: list[dict[str, Any]]) -> None:
    """Trains the best network of each search again, then opens the test data for all of them."""
    objective, models = task.objective(), []
    for run in runs:
        if run["events"]:
            best = max(run["events"], key=lambda each: each["score"])
            seed = trial_seed(run["seed"], objective.prepare(best["tokens"]).fingerprint)
            model, _ = retrain(
                objective.builder, best["tokens"], objective.train, objective.validation, epochs=task.epochs,
                seed=seed, batch_size=objective.settings.batch_size, metric=objective.metric, direction="maximize",
            )  # fmt: skip
            models.append((run, model))
    test = task.data.open_test()
    for run, model in models:
        run["test"] = float(model.evaluate(test.x, test.y, verbose=0, return_dict=True)["accuracy"])


def _write(record: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
