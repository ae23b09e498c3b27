"""Runs the comparison of searches: `python -m benchmarks.search [--tasks ecoli tf_0] [--seeds 0 1 2] [--only ...]`.

Everybody trains networks in the same way, on one thread, and selects by validation loss; whoever searches pays for each
epoch by the FLOPs of its network, and may pay the same in all. The three best networks of each are trained once more,
on all examples, and the test data are opened for the one that then has the best validation loss. What the JSON file
has is not measured again, so the comparison can be made in parts, an interrupted run loses one search at most, and the
order is that of what it tells first: test-retest of all tasks, then the searches, one seed after the other. `--tables`
prints what the file has.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch

from benchmarks.search.contestants import CONTESTANTS
from benchmarks.search.ground_truth import architectures, train_missing
from benchmarks.search.problem import TASKS, Clock, Task
from benchmarks.search.real_tasks import PRESET, REPORTING
from benchmarks.search.record import Record
from benchmarks.search.report import LINEAR, page
from benchmarks.search.tested import constant_loss, linear_model, network_predictions, tested

Planned = tuple[str, str, int]
# Networks of each contestant that are trained on all examples. A score is partly luck, and the best of many is lucky.
FINALISTS = 3


def planned(tasks: Sequence[str], only: Sequence[str], seeds: Sequence[int]) -> Iterator[Planned]:
    """Yield task, contestant and seed of every search, in the order of what they tell first."""
    waves = [only[start : start + 2] for start in range(0, len(only), 2)]
    for seed in seeds:
        for wave in waves:
            for task in tasks:
                for name in wave:
                    if seed == seeds[0] or name != LINEAR:
                        yield task, name, seed


@cache
def _task(name: str, epochs: int, preset: str) -> Task:
    return Task(name, epochs, preset)


def main() -> None:
    """Reads the arguments and measures, or prints."""
    arguments = _arguments()
    record = Record(arguments.json)
    if arguments.tables:
        print(page(record))
        return
    torch.set_num_threads(1)
    used = [name for name in arguments.tasks if _tells_apart(name, record, arguments)]
    for task, name, seed in planned(used, arguments.only, arguments.seeds):
        if record.run_of(task, name, seed) is None:
            run = _linear(task, arguments) if name == LINEAR else _run(task, name, seed, record, arguments)
            if run is not None:
                record.add(run)
                shown = {key: run[key] for key in ("validation", "spent", "cpu") if key in run}
                print(f"{task}, {name}, seed {seed}: {shown}", flush=True)


def _tells_apart(name: str, record: Record, arguments: argparse.Namespace) -> bool:
    """Say whether two trainings agree on which of some architectures are better, and print how far they do."""
    retest = record.retest(name)
    task = _task(name, arguments.epochs, PRESET)
    size = {"epochs": task.epochs, "trained": len(task.searched_on[1])}
    if {key: retest.setdefault(key, value) for key, value in size.items()} != size:
        raise SystemExit(f"{arguments.json} has {name} in another size than {size}: give another file")
    chosen = architectures(task.builder().layout, arguments.retest)

    def note(seconds: float) -> None:
        retest["cpu"].append(round(seconds, 2))
        record.write()

    train_missing(task, chosen, 2, retest["scores"], note)
    tau, low, high, count = record.tau(name)
    retest.setdefault("constant", round(constant_loss(task), 5))
    record.price(name, task.flops)
    used = tau >= arguments.least_tau and record.best(name) < retest["constant"]
    verdict = "" if used else f"; not {arguments.least_tau}, or none is better than a constant, so it is not used"
    print(
        f"{name}: test-retest tau {tau:.2f} ({low:.2f} to {high:.2f}) of {count} architectures, "
        f"{record.seconds(name):.0f} s for a search{verdict}",
        flush=True,
    )
    return used


def _run(task_name: str, name: str, seed: int, record: Record, arguments: argparse.Namespace) -> dict[str, Any] | None:
    """Return what a search found, tested; None where it waits for another."""
    contestant = CONTESTANTS[name]
    seconds, networks = arguments.seconds or record.seconds(task_name), None
    if contestant.beside is not None:
        other = record.run_of(task_name, contestant.beside, seed)
        if other is None:
            return None
        networks = len(other["events"])
    task = _task(task_name, arguments.epochs, contestant.preset)
    price = record.price(task_name, _task(task_name, arguments.epochs, PRESET).flops)
    unlimited = contestant.whole or networks is not None
    clock = Clock(math.inf if unlimited else seconds, networks, price, task.epochs)
    started = time.process_time()
    contestant.search(task, seed, clock)
    measured = round(time.process_time() - started, 1)
    finalists = clock.best(FINALISTS)
    if not finalists:
        return None
    trained = [task.final(each, seed) for each in finalists]
    network, score = min(trained, key=lambda each: each[1])
    return {
        "task": task_name,
        "search": name,
        "seed": seed,
        "seconds": seconds,
        "spent": round(clock.spent, 1),
        "cpu": measured,
        "ended": time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime()),
        "validation": finalists[0]["score"],
        "finalists": [round(each[1], 5) for each in trained],
        "final_validation": round(score, 5),
        "parameters": network.count_params(),
        "test": tested(task, network_predictions(task, network)),
        "events": clock.events,
    }


def _linear(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    task = _task(name, arguments.epochs, PRESET)
    predicted, how = linear_model(task)
    return {"task": name, "search": LINEAR, "seed": arguments.seeds[0], **how, "test": tested(task, predicted)}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(REPORTING))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    known = [LINEAR, *CONTESTANTS]
    parser.add_argument("--only", nargs="*", choices=known, default=known)
    parser.add_argument("--seconds", type=float, help="that a search may pay; by default those of 55 mean trainings")
    parser.add_argument("--epochs", type=int, default=0, help="of every network; by default those of the task")
    parser.add_argument("--retest", type=int, default=20, help="architectures that are trained twice first")
    parser.add_argument("--least-tau", type=float, default=0.5, help="of these; a task with less is not used")
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/comparison.json"))
    parser.add_argument("--tables", action="store_true", help="print the tables of what the file has, as Markdown")
    return parser.parse_args()


if __name__ == "__main__":
    main()
