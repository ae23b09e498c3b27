"""A search with one, four and eight candidates at once on one card, each in a worker process."""

from __future__ import annotations

import time

from amber.search import Objective, SearchCallback, Trial, run_search
from amber.search.executors import ProcessExecutor, WorkerLimits
from benchmarks import networks
from benchmarks.gpu.measuring import Clock, Found, Measurement, Sizes, Skipped
from benchmarks.results import Row

_EPOCHS, _BATCH = 2, 128


class _Ends(SearchCallback):
    """When candidates ended that were trained, and what others said."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.errors: list[str] = []

    def on_trial_end(self, trial: Trial) -> None:
        if trial.status == "complete":
            self.times.append(time.perf_counter())
        elif trial.status == "failed":
            self.errors.append(trial.error or "")


def searching(sizes: Sizes, clock: Clock) -> list[Measurement]:
    """Candidates a minute, by how many train at once."""
    alone: dict[str, float] = {}

    def measurement(count: int) -> Measurement:
        return Measurement(f"search, {count} at once on the card", lambda: _search(sizes, count, alone))

    return [measurement(count) for count in sizes.candidates]


def _search(sizes: Sizes, count: int, alone: dict[str, float]) -> Found:
    """Counts while all workers train: not while they load what they need, nor when some have no more to do."""
    what, ends = f"search, {count} at once on the card", _Ends()
    x, y = networks.residual_data(sizes.searched)
    validation = networks.residual_data(_BATCH, seed=1)
    objective = Objective(networks.residual_builder(), (x, y), validation, epochs=_EPOCHS, batch_size=_BATCH,
                          metric="val_loss")  # fmt: skip
    executor = ProcessExecutor(count, WorkerLimits(devices=["0"] * count))
    run_search(objective, trials=sizes.counted + 2 * count, seed=0, executor=executor, callbacks=[ends])
    begin, end = count - 1, len(ends.times) - 1 - count
    if end <= begin:
        said = ends.errors[0] if ends.errors else "no error was recorded"
        return [Skipped(what, f"{len(ends.times)} candidates were trained, too few to count: {said}")]
    rate = 60 * (end - begin) / (ends.times[end] - ends.times[begin])
    alone.setdefault("rate", rate)
    details = {"counted": end - begin, "failed": len(ends.errors)}
    rows: Found = [Row(what, "torch", rate, "candidates/min", details=details)]
    if count > 1:
        first = sizes.candidates[0]
        rows.append(Row(f"{what}, beside {first}", "torch", rate / alone["rate"], "x"))
    return rows
