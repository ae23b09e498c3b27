"""One of several processes that work at a study: `python searcher.py URL FOLDER RUN TRIALS SECONDS [HEARTBEAT]`.

It pretends to train, notes each evaluation under FOLDER/notes, and says `ready` before it begins and its number of
evaluations after.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.search.executors.objectives import pretending

from amber.search import DatabaseStore, RunDirectory, StudyDatabase, run_search


def main(url: str, folder: str, run: str, trials: str, seconds: str, heartbeat: str = "15") -> None:
    """Searches to the end."""
    objective = pretending(Path(folder) / "notes", layers=3, seconds=float(seconds))
    run_search(pretending(Path(folder) / "warm", layers=3), trials=1, seed=9)
    print("ready", flush=True)
    sys.stdin.readline()
    database = StudyDatabase(url, "team", heartbeat=int(heartbeat))
    store = DatabaseStore(database, RunDirectory.resume(Path(folder) / run), resume=True)
    found = run_search(objective, trials=int(trials), seed=0, sampler="random", store=store)
    print(len(found.ranked), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
