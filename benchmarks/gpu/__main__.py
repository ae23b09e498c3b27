"""Measures a graphics card: `python -m benchmarks.gpu [--json PATH] [--only PART ...]`; `make bench-gpu` does.

Each part runs in a process of its own for at most its own time, all of them for at most eight minutes. What was not
measured is listed with its reason. Where there is no card it ends with code 2; `--on-cpu` shows in small that
everything runs.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console

from benchmarks.gpu import card
from benchmarks.gpu.measuring import TINY, Clock, Sizes, Skipped, measure, read
from benchmarks.results import Row, machine, show, write

# Name -> module, function, most seconds; together less than eight minutes.
PARTS: dict[str, tuple[str, str, float]] = {
    "residual-training": ("benchmarks.gpu.training", "residual", 95.0),
    "dag-training": ("benchmarks.gpu.training", "dag", 50.0),
    "labels-training": ("benchmarks.gpu.training", "labels", 85.0),
    "supernets": ("benchmarks.gpu.sharing", "steps", 45.0),
    "many-at-once": ("benchmarks.gpu.sharing", "many", 40.0),
    "feeding": ("benchmarks.gpu.feeding", "feeding", 50.0),
    "search": ("benchmarks.gpu.searching", "searching", 95.0),
}
NO_CARD = 2


def main() -> int:
    """Reads the arguments, measures, and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/gpu.json"), help="file to write")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="run these only")
    parser.add_argument("--on-cpu", action="store_true", help="tiny sizes on the CPU: whether it runs, not how fast")
    parser.add_argument("--factor", type=float, default=1.0, help="of the time of every part, on a busy machine")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--record", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--until", type=float, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        module, function, _ = PARTS[given.part]
        made = getattr(importlib.import_module(module), function)(TINY if given.on_cpu else Sizes(), Clock(given.until))
        measure(made, given.record)
        return 0
    if not given.on_cpu and not card.is_there():
        sys.stderr.write("bench-gpu: torch sees no CUDA device. `--on-cpu` shows in small that everything runs.\n")
        return NO_CARD
    _all(given)
    return 0


def _all(given: argparse.Namespace) -> None:
    """Runs the parts in turn; the file is whole after each."""
    console, rows, skipped = Console(width=120), [], []
    before = {**machine(), "card": card.described(), "on_cpu": given.on_cpu, "time_factor": given.factor}
    console.print(", ".join(f"{key}: {value}" for key, value in before["card"].items()))
    for name in given.only:
        limit = given.factor * PARTS[name][2]
        console.print(f"measuring {name}, at most {limit:.0f} s", style="dim")
        started = time.perf_counter()
        found, missed = run_part(name, limit, on_cpu=given.on_cpu)
        rows += found
        skipped += missed
        write(rows, given.json, before, skipped=[asdict(each) for each in skipped])
        show(found, console, f"{name}, {time.perf_counter() - started:.0f} s")
        for each in missed:
            console.print(f"skipped: {each.what}: {each.why}", markup=False)
    console.print(f"written to {given.json}")


def run_part(name: str, limit: float, *, on_cpu: bool) -> tuple[list[Row], list[Skipped]]:
    """Runs a part in a process of its own, which is ended with all that it has started when its time is over."""
    environment = {**os.environ, "KERAS_BACKEND": "torch"}
    if on_cpu:
        environment["CUDA_VISIBLE_DEVICES"] = ""
    with tempfile.TemporaryDirectory() as folder:
        record, log = Path(folder) / "record", Path(folder) / "log"
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.gpu", "--part", name, "--record", str(record)]
        command += ["--until", str(time.time() + limit), *(["--on-cpu"] if on_cpu else [])]
        with log.open("wb") as stream:
            process = subprocess.Popen(command, env=environment, stdout=stream, stderr=stream, start_new_session=True)
            try:
                code: int | None = process.wait(limit)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                _end(process)
        lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
        said = lines[-1] if lines else "it said nothing"
        why = f"the {limit:.0f} s of {name} were over" if code is None else f"{name} ended {_how(code)}: {said}"
        rows, skipped = read(record, why)
        if not rows and not skipped:
            skipped = [Skipped(name, why)]
    # Goals are a card's.
    return ([replace(row, goal=None) for row in rows] if on_cpu else rows), skipped


def _how(code: int) -> str:
    return f"with code {code}" if code >= 0 else f"by signal {-code}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the session that the process leads: compilers and workers that it has started are of it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


if __name__ == "__main__":
    sys.exit(main())
