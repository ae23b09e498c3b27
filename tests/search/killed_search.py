"""A tiny search that is run in one fresh process after another.

Each line `DIRECTORY` or `DIRECTORY DATABASE` on standard input starts one.

Everything is loaded once and the processes are forked, so that killing a search fifty times takes seconds.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from amber.search import (
    DatabaseStore,
    JournalStore,
    Objective,
    RunDirectory,
    SamplerSettings,
    SearchCallback,
    StudyDatabase,
    TrialStore,
    run_search,
)
from conftest import CountingBuilder, tiny_data, tiny_space


class Epochs(SearchCallback):
    """Notes every epoch that is trained, in a file that no kill can take back."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_epoch_end(self, number: int, epoch: int, epochs: int, metrics: Mapping[str, float]) -> None:
        """Appends one line."""
        with self.path.open("a", encoding="ascii") as file:
            file.write(f"{number} {epoch}\n")


def make_objective() -> Objective:
    """Each training has five epochs."""
    train, validation = tiny_data()
    return Objective(
        CountingBuilder(tiny_space(4)), train, validation,
        metric="val_loss", direction="minimize", epochs=5, batch_size=16,
    )  # fmt: skip


def search(line: str) -> None:
    """Runs the search, or goes on with it, to its end."""
    path, _, url = line.partition(" ")
    directory = RunDirectory.resume(path)
    store: TrialStore = JournalStore(directory, resume=True)
    if url:
        store = DatabaseStore(StudyDatabase(url, Path(path).name), directory, resume=True)
    sampler, watch = SamplerSettings("tpe", {"startup_trials": 5}), Epochs(Path(f"{path}.epochs"))
    run_search(make_objective(), trials=30, seed=1, sampler=sampler, store=store, callbacks=[watch])


def serve() -> None:
    """Forks one search after another; says the process and then how it ended."""
    run_search(make_objective(), trials=2, seed=0, sampler="tpe")  # loads what is loaded on first use
    gc.freeze()  # what is loaded is not looked through again by each child
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            search(line.strip())
            os._exit(0)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    serve()
