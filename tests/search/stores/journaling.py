"""A process that records one trial after another, in one fresh child for each line `DIRECTORY` on standard input.

A child prints each number once the trial is recorded; how it ended is printed in the end.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from amber.search import JournalStore, RunDirectory, Trial


def trial(number: int) -> Trial:
    """Return the trial of a number, the same in every process."""
    metrics = {f"metric_{place}": number / 7 for place in range(number % 40)}
    return Trial(number, (number % 5, 1), f"network-{number}", "complete", number / 3, metrics, 1000, 10, 0.5, 1)


def record(path: str) -> None:
    """Record until the process is killed."""
    store = JournalStore(RunDirectory.resume(Path(path)), resume=True)
    store.begin({"seed": 0}, "maximize")
    store.join(alone=True)
    number = len(store.poll())
    while True:
        store.record(trial(number))
        os.write(1, f"{number}\n".encode())
        number += 1


if __name__ == "__main__":
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                record(line.strip())
            finally:
                os._exit(1)
        os.write(1, f"pid {child}\n".encode())
        os.write(1, f"ended {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n".encode())
