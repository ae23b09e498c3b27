"""Measures: `python -m benchmarks.scale [--only PART ...] [--workers 2 8 32] [--seconds 2]`.

Nothing is trained but for `memory`; a machine of two cores simulates 32 workers, since sleeping takes no core.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.results import machine
from benchmarks.scale import measures
from benchmarks.scale.simulated import Cluster, asynchronous

PARTS = ("own-time", "processes", "dask", "memory", "simulated")
# Seconds of an epoch of the simulated clusters of 512 workers.
EPOCHS = (2.0, 10.0, 60.0, 600.0)


def main() -> None:
    """Reads the arguments and measures; each number is shown, and kept, as it is known."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 8, 32])
    parser.add_argument("--seconds", type=float, default=2.0, help="mean of a child's time")
    parser.add_argument("--rounds", type=int, default=12, help="children of each worker")
    parser.add_argument("--trials", type=int, default=300, help="of own-time and memory")
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/scale.json"))
    arguments = parser.parse_args()
    console = Console(width=120)
    record: dict[str, Any] = {"machine": machine(), "child_seconds": arguments.seconds}
    if arguments.json.is_file():
        record = {**json.loads(arguments.json.read_text("utf-8")), **record}

    def keep(part: str, name: str, values: dict[str, float]) -> None:
        record.setdefault(part, {})[name] = {key: round(value, 3) for key, value in values.items()}
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        console.print(f"{part}, {name}: " + ", ".join(f"{key} {value:.3g}" for key, value in values.items()))

    if "own-time" in arguments.only:
        for name, journal in (("in memory", False), ("with the journal", True)):
            keep("own-time", name, measures.own_time(arguments.trials, journal=journal))
    for part, measure in (("processes", measures.processes), ("dask", measures.dask)):
        if part in arguments.only:
            for count in arguments.workers:
                keep(part, f"{count} workers", measure(count, arguments.seconds, count * arguments.rounds))
    if "memory" in arguments.only:
        keep("memory", f"{arguments.trials} trials", measures.memory(arguments.trials))
    if "simulated" in arguments.only:
        for seconds in EPOCHS:
            keep("simulated", f"{seconds:g} s an epoch", asynchronous(Cluster(epoch_seconds=seconds)))


if __name__ == "__main__":
    main()
