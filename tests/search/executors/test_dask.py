"""Searches over a real Dask scheduler and workers in other processes: whatever is lost, every trial is settled once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.search.executors.cluster import Cluster
from tests.search.executors.objectives import evaluations, make_objective, pretending
from tests.search.executors.tasks import Job
from tests.search.executors.test_processes import gone, outcomes
from tests.search.executors.test_reports import PRUNING, Counting, Raising, check_reports, ended, facts as reported
from tests.search.executors.test_searching import facts
from tests.search.test_halving import Epochs

from amber.errors import ConfigError, DataError, ExecutorError
from amber.search import RunDirectory, run_search
from amber.search.executors import DaskExecutor, WorkerLimits
from amber.search.halving import HalvingSettings, run_halving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("dask"))
    try:
        made.start_scheduler()
        made.start_worker()
        made.start_worker("--no-nanny")
        yield made
    finally:
        made.close()


def after(notes: Path, number: int, action: Callable[[], None]) -> threading.Thread:
    """Does something once so many evaluations have begun."""

    def wait() -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and len(list(notes.glob("*"))) < number:
            time.sleep(0.02)
        action()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_tasks_that_crash_or_hang_are_failures_and_their_workers_live_on(cluster: Cluster) -> None:
    limits = WorkerLimits(time_limit=3, threads=2, memory_limit=300)
    with DaskExecutor(scheduler_file=cluster.scheduler_file, limits=limits) as executor:
        executor.open(Job())
        bad = {1: ("leave", 7), 2: ("hang",), 3: ("swallow", 500), 4: ("refuse",)}
        found = outcomes(executor, [bad.get(position, ("total", 1.0)) for position in range(7)])
        assert executor.workers == 4  # one for each worker, and one ahead
        assert outcomes(executor, [("environment", ["OMP_NUM_THREADS"])])[0].value == ["2"]
    assert [each.value for each in found if each.key not in bad] == [499501.0] * 3
    assert [found[key].failure and found[key].failure.kind for key in (1, 2, 3)] == ["crash", "timeout", "memory"]
    assert isinstance(found[4].error, DataError)


def test_variables_and_data_files_of_plugins_reach_the_workers(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMBER_OF_THE_DRIVER", "here")
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "motifs.txt").write_bytes(b"TATA")
    plugin = (
        "from pathlib import Path\nAMBER_FILES = ['motifs.txt']\n"
        "FOUND = (Path(__file__).parent / AMBER_FILES[0]).read_text()\n"
    )
    (tmp_path / "lab" / "dask_lab.py").write_text(plugin, encoding="utf-8")
    with DaskExecutor(cluster.address, plugins=[str(tmp_path / "lab" / "dask_lab.py")]) as executor:
        shutil.rmtree(tmp_path / "lab")  # another machine never had it
        executor.open(Job())
        assert outcomes(executor, [("environment", ["AMBER_OF_THE_DRIVER"])])[0].value == ["here"]
        assert outcomes(executor, [("attribute", "amber_plugin_dask_lab", "FOUND")])[0].value == "TATA"


def test_real_children_score_as_they_do_in_process(cluster: Cluster) -> None:
    objective = make_objective()
    one = run_search(objective, trials=3, seed=2)
    found = run_search(objective, trials=3, seed=2, executor=DaskExecutor(cluster.address))
    assert facts(found.trials) == facts(one.trials)


def test_tasks_report_over_the_scheduler_and_are_stopped(cluster: Cluster) -> None:
    with DaskExecutor(cluster.address) as executor:
        executor.open(Job())
        check_reports(executor)
        executor.submit(4, "reported", 2, reporter=Raising())
        with pytest.raises(KeyboardInterrupt):
            ended(executor)
        assert ended(executor).value == 2
        executor.submit(5, "die_reporting", reporter=Counting())
        failure = ended(executor).failure
        assert failure is not None and "SIGKILL" in failure.message


def test_one_dask_worker_prunes_as_this_process_does(cluster: Cluster, tmp_path: Path) -> None:
    here = run_search(pretending(tmp_path / "here", layers=3, epochs=4), **PRUNING)
    directory = RunDirectory.create(tmp_path / "run")
    executor = DaskExecutor(cluster.address, workers=1, prefetch=0)
    objective = pretending(tmp_path / "there", layers=3, epochs=4)
    there = run_search(objective, executor=executor, store=directory, **PRUNING)
    assert here.counts()["pruned"]
    assert reported(there.trials) == reported(here.trials) == reported(directory.trials())


def test_a_worker_that_is_lost_while_it_reports_has_its_trial_done_by_another(cluster: Cluster, tmp_path: Path) -> None:
    objective = pretending(tmp_path / "notes", layers=3, epochs=4, pace=0.2)
    losing = after(tmp_path / "notes", 4, lambda: cluster.kill_worker(0))
    found = run_search(objective, executor=DaskExecutor(cluster.address), **PRUNING)
    losing.join()
    cluster.start_worker()
    counts = found.counts()
    assert counts["complete"] + counts["pruned"] == 14 and not counts["failed"]
    assert all(trial.epochs == 4 for trial in found.trials if trial.status == "complete")


def test_networks_go_on_from_their_checkpoints_on_whatever_worker(cluster: Cluster) -> None:
    common: dict[str, Any] = {"trials": 4, "seed": 1, "settings": HalvingSettings(2, 2)}
    here = run_halving(make_objective(epochs=2), **common)
    epochs = Epochs()
    executor = DaskExecutor(cluster.address)
    there = run_halving(make_objective(epochs=2), executor=executor, callbacks=[epochs], **common)
    assert facts(there.trials) == facts(here.trials)
    assert set(epochs.trained.values()) == {1} and epochs.trained.total() == 4 + 2


def test_close_ends_what_runs_on_the_workers(cluster: Cluster, tmp_path: Path) -> None:
    started = tmp_path / "started"
    with DaskExecutor(cluster.address) as executor:
        executor.open(Job())
        executor.submit(0, "sleep", 60.0, str(started))
        while not started.exists() or not started.read_text():
            assert executor.completed(timeout=0.1) == []
    assert gone(int(started.read_text()))


def test_a_slow_worker_takes_what_it_can_and_no_trial_is_done_twice(cluster: Cluster, tmp_path: Path) -> None:
    objective = pretending(tmp_path / "notes", layers=3, seconds=0.2)
    slow = cluster.workers[1].pid
    stopping = after(tmp_path / "notes", 4, lambda: os.kill(slow, signal.SIGSTOP))
    waking = after(tmp_path / "notes", 8, lambda: os.kill(slow, signal.SIGCONT))
    found = run_search(objective, trials=12, seed=0, sampler="random", executor=DaskExecutor(cluster.address))
    stopping.join(), waking.join()
    assert len(found.ranked) == 12
    assert len(evaluations(tmp_path / "notes")) == len(set(evaluations(tmp_path / "notes"))) == 12


def test_a_worker_that_is_lost_has_its_trial_done_by_another(cluster: Cluster, tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path / "run")
    objective = pretending(tmp_path / "notes", layers=3, seconds=0.5)
    losing = after(tmp_path / "notes", 5, lambda: cluster.kill_worker(0))
    common: dict[str, Any] = {"trials": 12, "seed": 0, "sampler": "random"}
    found = run_search(objective, store=directory, executor=DaskExecutor(cluster.address), **common)
    losing.join()
    cluster.start_worker()
    check_whole(found, directory, tmp_path, common)
    # The trial under way is done again, and with it those whose results were still with the worker that was lost: on a
    # busy machine it may have been any of the first five.
    assert 13 <= len(evaluations(tmp_path / "notes")) <= 17


def test_a_scheduler_that_is_started_anew_gets_all_trials_again(
    cluster: Cluster, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory = RunDirectory.create(tmp_path / "run")
    objective = pretending(tmp_path / "notes", layers=3, seconds=0.5)

    def restart() -> None:
        cluster.kill_scheduler()
        time.sleep(1)
        cluster.start_scheduler()
        while len(cluster.workers) < 4:  # the old ones may end with their scheduler
            cluster.start_worker()

    restarting = after(tmp_path / "notes", 5, restart)
    common: dict[str, Any] = {"trials": 12, "seed": 0, "sampler": "random"}
    found = run_search(objective, store=directory, executor=DaskExecutor(cluster.address), **common)
    restarting.join()
    assert "trials are submitted again" in caplog.text
    check_whole(found, directory, tmp_path, common)


def check_whole(found: Any, directory: RunDirectory, tmp_path: Path, common: dict[str, Any]) -> None:
    """The search found what an undisturbed one finds, and every trial was recorded once."""
    whole = run_search(pretending(tmp_path / "undisturbed", layers=3), **common)
    assert facts(found.trials) == facts(whole.trials) == facts(directory.trials())
    recorded = [trial.number for trial in directory.trials()]
    assert len(recorded) == len(set(recorded)) and set(evaluations(tmp_path / "notes")) <= set(recorded)


def test_without_a_scheduler_the_search_says_so(tmp_path: Path) -> None:
    with pytest.raises(ExecutorError, match="No Dask scheduler answers at tcp://127.0.0.1:9 in 0.1 s"):
        run_search(
            pretending(tmp_path / "notes"),
            trials=1,
            seed=0,
            executor=DaskExecutor("tcp://127.0.0.1:9", connect_timeout=0.1),
        )
    with pytest.raises(ConfigError, match="address or scheduler_file"):
        DaskExecutor()
    with pytest.raises(ConfigError, match="workers"):
        DaskExecutor("tcp://127.0.0.1:9", workers=0)
    with pytest.raises(ConfigError, match="prefetch"):
        DaskExecutor("tcp://127.0.0.1:9", prefetch=-1)


def test_the_example_for_slurm_asks_for_workers_of_one_thread(tmp_path: Path) -> None:
    script = Path(__file__).parents[3] / "examples" / "slurm_search.py"
    environment = {**os.environ, "DASK_CONFIG": str(tmp_path), "HOME": str(tmp_path)}
    command = [sys.executable, str(script), "--show", "--queue", "long", "--gpu", "--cpus", "6"]
    shown = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    for line in ("#SBATCH -p long", "#SBATCH --cpus-per-task=6", "#SBATCH --gres=gpu:1", "--nthreads 1 "):
        assert line in shown


DRIVER = """\
import sys
from amber.search.executors import DaskExecutor
from tests.search.executors.tasks import Job

if __name__ == "__main__":
    executor = DaskExecutor(sys.argv[1])
    executor.open(Job())
    executor.submit(0, "sleep", 600.0, sys.argv[2])
    executor.completed()
"""


def test_killed_driver_ends_the_processes_of_its_session(cluster: Cluster, tmp_path: Path) -> None:
    started = tmp_path / "started"
    (tmp_path / "driver.py").write_text(DRIVER, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    with subprocess.Popen(
        [sys.executable, tmp_path / "driver.py", cluster.address, started], env=environment
    ) as driver:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not (started.exists() and started.read_text()):
            time.sleep(0.05)
        driver.kill()
        driver.wait()
    process = int(started.read_text())
    deadline = time.monotonic() + 30
    while not gone(process) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert gone(process)
