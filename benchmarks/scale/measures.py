"""The measurements; each returns a dictionary of numbers for the record."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from amber.search import RunDirectory, SearchCallback, Trial, run_search
from amber.search.executors import DaskExecutor, Executor, ProcessExecutor, WorkerLimits
from benchmarks.scale.problem import simulated, small


def own_time(trials: int, *, journal: bool) -> dict[str, float]:
    """Milliseconds that a trial takes beside its training: proposing, planning, counting, telling, writing.

    Children take no time here. `last` is the mean over the last tenth of the trials, where the files are longest.
    """

    class Clock(SearchCallback):
        times: list[float] = []

        def on_trial_end(self, trial: Trial) -> None:
            self.times.append(time.perf_counter())

    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        directory = RunDirectory.create(Path(folder) / "run") if journal else None
        objective = simulated(0.0)
        # The first plan of a process loads what all use; a search of more than a minute does not notice it.
        run_search(objective, trials=1, seed=1, sampler="random")
        started = time.perf_counter()
        run_search(objective, trials=trials, seed=0, sampler="random", store=directory, callbacks=[clock])
        spent = time.perf_counter() - started
    tenth = max(1, trials // 10)
    last = (clock.times[-1] - clock.times[-1 - tenth]) / tenth
    return {"trials": trials, "ms": 1000 * spent / trials, "ms_last": 1000 * last}


def utilisation(executor: Executor, workers: int, seconds: float, trials: int) -> dict[str, float]:
    """How much of the workers' time children take, with a run directory.

    Counted from when every worker has begun until the first has nothing more to do: starting processes, and waiting for
    the last children, are no matter of scale. `wall` is everything.
    """
    with tempfile.TemporaryDirectory() as folder:
        directory = RunDirectory.create(Path(folder) / "run")
        started, before = time.perf_counter(), time.process_time()
        found = run_search(
            simulated(seconds), trials=trials, seed=0, sampler="random", store=directory, executor=executor
        )
        wall, driver = time.perf_counter() - started, time.process_time() - before
    spans = defaultdict(list)
    for trial in found.ranked:
        spans[trial.metrics["worker"]].append((trial.metrics["started"], trial.metrics["ended"]))
    first = max(min(each)[0] for each in spans.values())
    last = min(max(each)[1] for each in spans.values())
    busy = sum(max(0.0, min(end, last) - max(start, first)) for each in spans.values() for start, end in each)
    return {
        "workers": len(spans),
        "trials": len(found.ranked),
        "utilisation": busy / (len(spans) * (last - first)),
        "counted_seconds": last - first,
        "wall": wall,
        "driver_cpu_ms": 1000 * driver / trials,
    }


def processes(workers: int, seconds: float, trials: int) -> dict[str, float]:
    """`utilisation` with worker processes of this machine."""
    return utilisation(ProcessExecutor(workers), workers, seconds, trials)


def dask(workers: int, seconds: float, trials: int) -> dict[str, float]:
    """`utilisation` with a Dask scheduler and workers in processes of their own on this machine."""
    with _cluster(workers) as scheduler_file:
        return utilisation(DaskExecutor(scheduler_file=scheduler_file), workers, seconds, trials)


def memory(trials: int, workers: int = 2, trials_per_process: int | None = None) -> dict[str, float]:
    """MiB resident in this process and its workers after 10 trials and after all, with small real children."""
    here = psutil.Process()

    class Watch(SearchCallback):
        done = 0
        resident: dict[int, float] = {}

        def on_trial_end(self, trial: Trial) -> None:
            self.done += trial.status == "complete"
            if self.done in (10, 50, 100, 200, trials) and self.done not in self.resident:
                self.resident[self.done] = sum(_resident(each) for each in [here, *here.children(recursive=True)])

    watch = Watch()
    limits = WorkerLimits(trials_per_process=trials_per_process)
    with tempfile.TemporaryDirectory() as folder:
        directory = RunDirectory.create(Path(folder) / "run")
        executor = ProcessExecutor(workers, limits)
        run_search(
            small(), trials=trials, seed=0, sampler="random", store=directory, executor=executor, callbacks=[watch]
        )
    grown = watch.resident[trials] - watch.resident[10]
    return {**{f"after_{count}": value for count, value in watch.resident.items()}, "grown": grown}


def _resident(process: Any) -> float:
    with contextlib.suppress(psutil.NoSuchProcess):
        return float(process.memory_info().rss) / 2**20
    return 0.0


@contextlib.contextmanager
def _cluster(workers: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        scheduler_file = Path(folder) / "scheduler.json"
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path]), "OMP_NUM_THREADS": "1"}
        # Dask looks at what each worker does a hundred times a second, which is little on a core of its own.
        environment["DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED"] = "false"
        log = (Path(folder) / "log").open("w")

        def run(*command: str) -> Any:
            return subprocess.Popen(
                [sys.executable, "-m", *command], env=environment, stdout=log, stderr=log, cwd=folder
            )

        where = ("--scheduler-file", str(scheduler_file), "--no-dashboard")
        scheduler = run("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", *where)
        while not scheduler_file.is_file() or not scheduler_file.stat().st_size:
            time.sleep(0.1)
        sizes = ("--nworkers", str(workers), "--nthreads", "1", "--memory-limit", "0", "--local-directory", folder)
        worker = run("distributed.cli.dask_worker", *where, *sizes)
        try:
            yield scheduler_file
        finally:
            for each in (worker, scheduler):
                each.terminate()
                each.wait(60)
            log.close()
