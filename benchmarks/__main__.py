"""Runs the measurements, prints one table and writes JSON: `python -m benchmarks [--json PATH] [--only NAME ...]`.

A measurement is a function without arguments that returns rows; it joins `MEASUREMENTS`. Each runs in a process of
its own for every backend listed with it.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from benchmarks.results import Row, machine, show, write

ALL = ("torch", "jax", "tensorflow")
# Name -> module, function, backends. What needs no backend runs on torch.
MEASUREMENTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "naming": ("benchmarks.starting", "naming", ("torch",)),
    "residual-start": ("benchmarks.starting", "residual_start", ALL),
    "residual-training": ("benchmarks.training", "residual_training", ALL),
    "dag-start": ("benchmarks.starting", "dag_start", ALL),
    "dag-training": ("benchmarks.training", "dag_training", ALL),
    "ann-supernet": ("benchmarks.supernets", "ann_training", ALL),
    "conv-supernet": ("benchmarks.supernets", "conv_training", ALL),
    "supernet-scoring": ("benchmarks.supernets", "scoring", ("torch",)),
    "many-at-once": ("benchmarks.supernets", "many_at_once", ("torch", "jax")),
    "memory": ("benchmarks.memory", "memory", ("torch", "jax")),
}


def main() -> None:
    """Reads the arguments and measures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/latest.json"), help="file to write")
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, help="run these only")
    parser.add_argument("--backends", nargs="+", choices=ALL, default=ALL, help="run on these only")
    parser.add_argument("--threads", type=int, help="of torch; fewer than cores where the machine is shared")
    parser.add_argument("--rows", choices=MEASUREMENTS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.rows:
        module, function, _ = MEASUREMENTS[arguments.rows]
        rows = getattr(importlib.import_module(module), function)()
        sys.stdout.write(json.dumps([asdict(row) for row in rows]) + "\n")
        return
    console = Console()
    before = {**machine(), "threads": arguments.threads}
    rows = []
    for name in arguments.only or MEASUREMENTS:
        for backend in MEASUREMENTS[name][2]:
            if backend in arguments.backends:
                console.print(f"measuring {name} on {backend}", style="dim")
                rows += _measure(name, backend, arguments.threads)
                write(rows, arguments.json, before)
    show(rows, console)
    console.print(f"written to {arguments.json}")


def _measure(name: str, backend: str, threads: int | None) -> list[Row]:
    """Runs one measurement in a process of its own."""
    command = [sys.executable, "-m", "benchmarks", "--rows", name]
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"}
    if threads is not None:
        environment["OMP_NUM_THREADS"] = str(threads)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return [Row(**row) for row in json.loads(done.stdout.splitlines()[-1])]


if __name__ == "__main__":
    main()
