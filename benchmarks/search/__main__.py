"""Runs the comparison: `python -m benchmarks.search [--tasks splice motifs] [--seeds 0 1 2] [--only NAME ...]`.

Everybody trains the same networks in the same way, on one thread, and selects by validation loss; the test data is
opened once, after all searches have ended, for the best network of each. With `--keep` a comparison can be made in
parts: what the JSON file has is not measured again, and `--run-only` leaves out the report, which a last call makes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from benchmarks.results import machine
from benchmarks.search.agreement import agreement
from benchmarks.search.contestants import CONTESTANTS
from benchmarks.search.ground_truth import test_retest, train_all
from benchmarks.search.problem import TASKS, Clock, Keeper, Task
from benchmarks.search.report import Row, agreement_line, beside_random, markdown, plot, scores_table, speed_table


def main() -> None:
    """Reads the arguments and measures."""
    arguments = _arguments()
    torch.set_num_threads(1)
    console = Console(width=140)
    record = _read(arguments)
    for task in (Task(name, arguments.epochs) for name in arguments.tasks):
        if not _tells_apart(task, record, arguments, console):
            continue
        for seed in arguments.seeds:
            for name in arguments.only:
                if not _has(record, task.name, name, seed) and (task.shares_weights or "one-shot" not in name):
                    record["runs"].append(_run(task, name, seed, arguments, console))
                    _write(record, arguments.json)
        if arguments.agreement and task.shares_weights and task.name not in record["agreement"]:
            longer = Task(task.name, arguments.agreement_epochs)
            found = agreement(longer, arguments.agreement, arguments.shared_epochs, arguments.seeds[0])
            record["agreement"][task.name] = found
            _write(record, arguments.json)
            console.print(agreement_line(found))
    if not arguments.run_only:
        _report(record, arguments, console)


def _tells_apart(task: Task, record: dict[str, Any], arguments: argparse.Namespace, console: Console) -> bool:
    """Say whether two trainings agree on which of some architectures are better, and print how far they do."""
    if not arguments.retest:
        return True
    retests = record.setdefault("retests", {})
    if task.name not in retests:
        arguments.models.mkdir(parents=True, exist_ok=True)
        path = arguments.models / f"retest {task.name}, {task.epochs} epochs.json"
        scores = train_all(task, arguments.retest, 2, path)["scores"].values()
        retests[task.name] = test_retest(np.array([each[:2] for each in scores]))
        _write(record, arguments.json)
    tau, low, high = retests[task.name]
    used = tau >= arguments.least_tau
    console.print(
        f"{task.name}: test-retest tau {tau:.2f} ({low:.2f} to {high:.2f}) of {arguments.retest} architectures"
        f"{'' if used else f', below {arguments.least_tau}: it tells architectures not apart, and is not used'}"
    )
    return bool(used)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=["splice", "motifs"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", nargs="*", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("--minutes", type=float, help="of each search; by default those of the task")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu: where the machine is shared")
    parser.add_argument("--epochs", type=int, default=0, help="of every network; by default those of the task")
    parser.add_argument("--retest", type=int, default=40, help="architectures trained twice first; 0: none")
    parser.add_argument("--least-tau", type=float, default=0.5, help="of these; a task with less is not used")
    parser.add_argument("--agreement", type=int, default=20, help="architectures of Kendall's tau; 0: not measured")
    parser.add_argument("--agreement-epochs", type=int, default=10, help="of each of them, trained alone")
    parser.add_argument("--shared-epochs", type=int, default=20, help="of the shared weights of Kendall's tau")
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/search.json"))
    parser.add_argument("--models", type=Path, default=Path("build/search"), help="folder of the best networks")
    parser.add_argument(
        "--page", type=Path, default=Path("docs/research/search_benchmark.md"), help="with the plot beside it"
    )
    parser.add_argument("--keep", action="store_true", help="what the JSON file has, and measure the rest")
    parser.add_argument("--run-only", action="store_true", help="no test scores, tables, plot or page")
    return parser.parse_args()


def _run(task: Task, name: str, seed: int, arguments: argparse.Namespace, console: Console) -> dict[str, Any]:
    clock = Clock(60 * arguments.minutes if arguments.minutes else TASKS[task.name].seconds, arguments.clock)
    keeper = Keeper()
    CONTESTANTS[name](task, seed, clock, keeper)
    best = min((each["score"] for each in clock.events), default=float("nan"))
    arguments.models.mkdir(parents=True, exist_ok=True)
    model = arguments.models / f"{task.name}, {name}, {seed}.keras"
    keeper.best().save(model)
    console.print(f"{task.name}, {name}, seed {seed}: best {best:.4f} of {len(clock.events)} networks")
    return {
        "task": task.name,
        "search": name,
        "seed": seed,
        "epochs": task.epochs,
        "seconds": clock.seconds,
        **clock.spent(),
        "load": machine()["load"],
        "model": str(model),
        "events": clock.events,
    }


def _report(record: dict[str, Any], arguments: argparse.Namespace, console: Console) -> None:
    """Opens the test data, prints the tables, and writes plot and page."""
    for name in dict.fromkeys(run["task"] for run in record["runs"]):
        own = [run for run in record["runs"] if run["task"] == name]
        _test(Task(name, own[0]["epochs"]), [run for run in own if run["events"] and "test" not in run])
        _write(record, arguments.json)
        console.print(_printed(scores_table(own), name))
        console.print(_printed(beside_random(own), f"{name}: beside as many random networks"))
        console.print(_printed(speed_table(own, record["clock"]), f"{name}: time to KerasTuner's best of 50 trials"))
    for found in record["agreement"].values():
        console.print(agreement_line(found))
    if record["runs"]:
        picture = arguments.page.with_suffix(".png")
        plot(record["runs"], picture, record["clock"])
        arguments.page.write_text(markdown(record, picture.name))


def _printed(rows: list[Row], title: str) -> Table:
    shown = Table(*rows[0], title=title)
    for row in rows[1:]:
        shown.add_row(*row)
    return shown


def _test(task: Task, runs: list[dict[str, Any]]) -> None:
    """Opens the test data for the networks of all searches."""
    models = [(run, keras.models.load_model(run["model"])) for run in runs]
    if models:
        test = task.data.open_test()
        for run, model in models:
            found = model.evaluate(test.x, test.y, verbose=0, return_dict=True)
            run["test"] = float(found.get("accuracy", found["loss"]))  # of several labels the loss


def _read(arguments: argparse.Namespace) -> dict[str, Any]:
    if arguments.json.exists() and arguments.keep:
        record: dict[str, Any] = json.loads(arguments.json.read_text())
        if record["clock"] != arguments.clock:
            raise SystemExit(
                f"{arguments.json} is measured by the clock '{record['clock']}': give that one, or another file"
            )
        return record
    return {"clock": arguments.clock, "machine": machine(), "runs": [], "agreement": {}}


def _has(record: dict[str, Any], task: str, search: str, seed: int) -> bool:
    return any((run["task"], run["search"], run["seed"]) == (task, search, seed) for run in record["runs"])


def _write(record: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
