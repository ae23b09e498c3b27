"""Ends commands at random moments of every phase, and prints what was lost.

`python -m tests.endure [--tries 20] [--signal SIGINT] [--backends torch,jax,tensorflow] [--phases search,final]`.
Exit code 1 where anything was lost.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from tests.endure.runs import PHASES

_ENDED = {"SIGINT": "exit 130", "SIGTERM": "exit 143", "SIGKILL": "killed"}
_ROW = "{:12} {:11} {:>5} {:>9} {:>9} {:>6} {:>7} {:>8}"


def main() -> int:
    """Run all tries, backend after backend, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--signal", choices=_ENDED, default="SIGINT")
    parser.add_argument("--backends", default="torch,jax,tensorflow")
    parser.add_argument("--phases", default=",".join(PHASES))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(_ROW.format("phase", "backend", "tries", _ENDED[options.signal], "slowest s", "files", "trials", "orphans"))
    failed = False
    for backend in options.backends.split(","):
        found: dict[str, list[dict[str, Any]]] = {}
        for line in attempts(backend, options):
            found.setdefault(line["phase"], []).append(line)
            if line["said"]:
                print(json.dumps(line, indent=1), file=sys.stderr, flush=True)
            if len(found[line["phase"]]) == options.tries:
                failed |= show(line["phase"], backend, found[line["phase"]])
        failed |= sum(map(len, found.values())) < options.tries * len(options.phases.split(","))
    return int(failed)


def attempts(backend: str, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Run the tries of one backend in a process of its own."""
    environment = {**os.environ, "KERAS_BACKEND": backend, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "tests.endure.attempts", options.phases, str(options.tries)]
    command += [str(options.seed), options.signal]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            if line.startswith("{"):
                yield json.loads(line)


def show(phase: str, backend: str, lines: list[dict[str, Any]]) -> bool:
    """Print a row, and return whether anything was lost."""
    right, slowest = sum(line["right"] for line in lines), max(line["seconds"] for line in lines)
    lost = [sum(bool(line[name]) for line in lines) for name in ("files", "trials", "orphans")]
    print(_ROW.format(phase, backend, len(lines), right, f"{slowest:.1f}", *lost), flush=True)
    return right < len(lines) or any(lost)


if __name__ == "__main__":
    sys.exit(main())
