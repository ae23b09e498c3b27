"""A search that is killed leaves no process and no data, whatever its workers were doing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from amber.search.executors.payload_folder import PayloadFolder, remove_abandoned

DRIVER = """\
import sys, time
from amber.search.executors import ProcessExecutor, WorkerLimits
from tests.search.executors.tasks import Job

class Deaf:
    may_stop = True

    def report(self, step, metrics, *, earlier=False):
        time.sleep(600)  # the worker waits for an answer

if __name__ == "__main__":
    executor = ProcessExecutor(2)
    executor.open(Job())
    print("open", flush=True)
    for number, what in enumerate(sys.argv[1:]):
        if what == "report":
            executor.submit(number, "report_from", sys.argv[1] + "-reporting", reporter=Deaf())
        else:
            executor.submit(number, *(("sleep", 600.0, what) if "/" in what else (what,)))
    print("submitted", flush=True)
    while True:
        executor.completed()
"""


def processes(mark: str) -> list[int]:
    """All that have the mark in their environment and are not waited for only."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdecimal() and mark.encode() in (folder / "environ").read_bytes():
                found += [] if b"State:\tZ" in (folder / "status").read_bytes() else [int(folder.name)]
        except OSError:
            continue
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc")
@pytest.mark.parametrize("work", ["sleep", "hang", "process", "report"])
@pytest.mark.parametrize("moment", ["at once", "starting", "working"])
def test_killed_driver_leaves_neither_processes_nor_data(tmp_path: Path, work: str, moment: str) -> None:
    script, started = tmp_path / "driver.py", tmp_path / "started"
    script.write_text(DRIVER, encoding="utf-8")
    folder = tmp_path / "temporary"
    folder.mkdir()
    mark = f"AMBER_TEST_DRIVER={tmp_path}"
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    environment["AMBER_TEST_DRIVER"] = str(tmp_path)
    tasks = [str(started), work] if work != "sleep" else [str(started), str(tmp_path / "other")]
    with subprocess.Popen([sys.executable, script, *tasks], env=environment, stdout=subprocess.PIPE) as driver:
        assert driver.stdout is not None and driver.stdout.readline() == b"open\n"
        if moment != "at once":
            driver.stdout.readline()
            time.sleep(0.3)
        deadline = time.monotonic() + 60
        while moment == "working" and not started.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        driver.kill()
        driver.wait()
        # A worker that is only just starting ends as soon as it has read what it is to be.
        deadline = time.monotonic() + (5 if moment == "working" else 20)
        while (processes(mark) or list(folder.glob("amber-workers-*"))) and time.monotonic() < deadline:
            time.sleep(0.05)
        left = processes(mark)
        for process in left:
            os.kill(process, signal.SIGKILL)
    assert not left and not list(folder.glob("amber-workers-*"))


def test_folder_of_a_process_that_is_gone_is_removed_by_the_next_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    mine = PayloadFolder()
    for name in ("amber-workers-old", "amber-workers-young", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "arrays").write_bytes(b"data")
    (tmp_path / "amber-workers-link").symlink_to(tmp_path / "other")
    for name in (mine.path.name, "amber-workers-old"):
        os.utime(tmp_path / name, (0, 0))
    remove_abandoned()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["other", "amber-workers-young", "amber-workers-link", mine.path.name]
    )
    shutil.rmtree(tmp_path / "amber-workers-young")
    mine.remove()
    assert not mine.path.exists() and (tmp_path / "other" / "arrays").exists()
