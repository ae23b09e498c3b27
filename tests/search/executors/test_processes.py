"""Worker processes: what a task does to its own process reaches no other task, and every task ends exactly once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pebble.pool.process import PoolManager
from tests.search.executors.tasks import Job, NeedsFile

from amber.errors import ConfigError, DataError, ExecutorError
from amber.search.executors import Executor, InProcessExecutor, Outcome, ProcessExecutor, WorkerLimits


def outcomes(executor: Executor, tasks: list[tuple[Any, ...]]) -> list[Outcome]:
    """Submits all tasks and waits for their ends; they are in the order of their numbers."""
    for key, arguments in enumerate(tasks):
        executor.submit(key, *arguments)
    found: list[Outcome] = []
    deadline = time.monotonic() + 120
    while len(found) < len(tasks) and time.monotonic() < deadline:
        found += executor.completed(timeout=5)
    assert sorted(each.key for each in found) == list(range(len(tasks)))
    return sorted(found, key=lambda each: each.key)


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def gone(process: int, seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while alive(process) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not alive(process)


@pytest.fixture(scope="module")
def two() -> Iterator[ProcessExecutor]:
    limits = WorkerLimits(time_limit=4, threads=3, memory_limit=300, devices=["5", "7"])
    with ProcessExecutor(2, limits) as executor:
        executor.open(Job())
        yield executor


@pytest.mark.slow
def test_whatever_a_task_does_the_others_end_well(two: ProcessExecutor) -> None:
    good = ("total", 1.0)
    bad = {
        1: ("leave", 7),
        3: ("segfault",),
        5: ("hang",),
        7: ("swallow", 500),
        9: ("kill", int(signal.SIGKILL)),
        11: ("exit",),
        13: ("leave", 0),
    }
    found = outcomes(two, [bad.get(position, good) for position in range(15)])
    assert all(each.value == 499501.0 for each in found if each.key not in bad)
    failures = {key: found[key].failure for key in bad}
    assert {key: each and each.kind for key, each in failures.items()} == {
        1: "crash", 3: "crash", 5: "timeout", 7: "memory", 9: "crash", 11: "crash", 13: "crash"
    }  # fmt: skip
    assert str(failures[1]) == "WorkerCrashed: the worker process ended with exit code 7"
    assert "SIGSEGV" in str(failures[3]) and "SIGKILL" in str(failures[9]) and "SystemExit: 3" in str(failures[11])
    assert str(failures[5]) == "TimeLimitExceeded: the trial was ended at its time limit of 4 s"
    assert str(failures[7]).startswith("MemoryError: ")


@pytest.mark.slow
def test_a_pool_that_is_slow_to_say_what_its_process_died_of_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    said = PoolManager.handle_worker_expiration

    def late(manager: PoolManager, expiration: tuple[int, int]) -> None:
        time.sleep(2.5)  # the process is gone and is looked for every second
        said(manager, expiration)

    monkeypatch.setattr(PoolManager, "handle_worker_expiration", late)
    with ProcessExecutor(1) as executor:
        executor.open(Job())
        (killed,) = outcomes(executor, [("kill", int(signal.SIGKILL))])
    assert killed.failure is not None and "SIGKILL" in killed.failure.message


def test_errors_come_back_as_they_are(two: ProcessExecutor) -> None:
    refused, unsendable, value = outcomes(two, [("refuse",), ("unpicklable_error",), ("unpicklable",)])
    assert isinstance(refused.error, DataError) and str(refused.error) == "the file is missing"
    assert isinstance(unsendable.error, ExecutorError) and "LocalError" in str(unsendable.error)
    assert value.error is not None and "pickle" in str(value.error)


def test_workers_have_their_threads_and_devices(two: ProcessExecutor) -> None:
    names = ["CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS"]
    found = outcomes(two, [("environment", names)] * 2)
    assert sorted(each.value for each in found) == [["5", "3"], ["7", "3"]]


def test_arrays_are_shared_and_what_one_worker_writes_the_others_do_not_see(two: ProcessExecutor) -> None:
    job = Job()
    two.open(job)
    first, second = outcomes(two, [("overwrite",), ("overwrite",)])
    assert first.value == second.value == 1.0 and job.data[0] == 0.0


def test_an_idle_worker_that_dies_is_replaced(two: ProcessExecutor) -> None:
    two.open(Job())
    before = {each.value for each in outcomes(two, [("process", 0.5)] * 2)}
    for process in before:
        os.kill(process, signal.SIGKILL)
    after = {each.value for each in outcomes(two, [("process", 0.5)] * 2)}
    assert len(before) == len(after) == 2 and not before & after


def test_a_fresh_process_after_so_many_trials() -> None:
    with ProcessExecutor(1, WorkerLimits(trials_per_process=2)) as executor:
        executor.open(Job())
        found = [each.value for each in outcomes(executor, [("process",)] * 5)]
    assert found[0] == found[1] != found[2] == found[3] != found[4]


def test_close_ends_busy_workers_and_removes_their_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    started = tmp_path / "started"
    with ProcessExecutor(1) as executor:
        executor.open(Job())
        executor.submit(0, "sleep", 60.0, str(started))
        while not started.exists() or not started.read_text():
            assert executor.completed(timeout=0.1) == []
        assert len(list(tmp_path.glob("amber-workers-*"))) == 1
    assert gone(int(started.read_text())) and not list(tmp_path.glob("amber-workers-*"))
    with pytest.raises(ExecutorError, match="not open"):
        executor.submit(1, "total", 0.0)


PARENT = """
import sys
from amber.search.executors import ProcessExecutor
from tests.search.executors.tasks import Job, NeedsFile
{guard}
    with ProcessExecutor(1) as executor:
        executor.open(Job())
        executor.submit(0, "sleep", 60.0, sys.argv[1])
        executor.completed()
"""


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script, started = tmp_path / "script.py", tmp_path / "started"
    script.write_text(PARENT.format(guard="if __name__ == '__main__':"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    with subprocess.Popen([sys.executable, str(script), str(started)], env=environment) as parent:
        while not started.exists() or not started.read_text():
            assert parent.poll() is None
            time.sleep(0.05)
        os.kill(parent.pid, signal.SIGKILL)
    assert gone(int(started.read_text()))


def test_a_script_without_a_guard_is_told_so(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(PARENT.format(guard="if True:"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    done = subprocess.run(
        [sys.executable, str(script), "unused"], env=environment, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 1 and "ExecutorError: Worker processes end before they start to work" in done.stderr


def test_data_that_a_worker_cannot_find_are_named(two: ProcessExecutor, tmp_path: Path) -> None:
    two.open(NeedsFile(str(tmp_path / "absent.npy")))
    (found,) = outcomes(two, [()])
    assert isinstance(found.error, ExecutorError)
    assert "cannot load what it is to run: FileNotFoundError" in str(found.error) and "absent.npy" in str(found.error)


def test_what_cannot_be_sent_is_named() -> None:
    with ProcessExecutor(1) as executor, pytest.raises(ExecutorError, match=r"must be picklable.*generator"):
        values = (each for each in range(3))
        executor.open(lambda: next(values))


@pytest.mark.parametrize(
    "settings",
    [{"time_limit": 0}, {"threads": True}, {"trials_per_process": 1.5}, {"memory_limit": -1}, {"devices": "0"}],
)
def test_limits_are_checked(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        WorkerLimits(**settings)
    with pytest.raises(ConfigError, match="workers"):
        ProcessExecutor(0)


def test_in_process_runs_in_order_and_raises_as_it_is() -> None:
    with InProcessExecutor() as executor:
        executor.open(Job())
        found = outcomes(executor, [("total", 0.0), ("process",)])
        assert [each.value for each in found] == [499500.0, os.getpid()]
        executor.submit(2, "refuse")
        with pytest.raises(DataError):
            executor.completed()
        with pytest.raises(ExecutorError):
            executor.completed()
