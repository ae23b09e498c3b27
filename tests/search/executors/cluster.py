"""A Dask scheduler and workers, each a process of its own, as on several machines."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


class Cluster:
    """Starts, kills and ends the processes; the scheduler keeps its port."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.scheduler_file = directory / "scheduler.json"
        self.scheduler: Any = None
        self.workers: list[Any] = []

    def _run(self, *command: str) -> Any:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
        environment.pop("KERAS_BACKEND", None)  # another machine knows nothing of this one's
        log = (self.directory / "cluster.log").open("a")
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            env=environment,
            cwd=self.directory,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def start_scheduler(self) -> None:
        self.scheduler = self._run(
            "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard",
            "--scheduler-file", str(self.scheduler_file),
        )  # fmt: skip

    def start_worker(self, *options: str) -> None:
        self.workers.append(
            self._run(
                "distributed.cli.dask_worker",
                self.address,
                "--nthreads",
                "1",
                "--no-dashboard",
                "--memory-limit",
                "0",
                "--local-directory",
                str(self.directory),
                "--host",
                "127.0.0.1",
                *options,
            )
        )

    def kill_scheduler(self) -> None:
        self.scheduler.kill()
        self.scheduler.wait()

    def kill_worker(self, position: int) -> None:
        """Ends a worker as a machine ends that loses its power: nanny, worker and the task's process at once."""
        worker = self.workers.pop(position)
        for process in [worker.pid, *descendants(worker.pid)]:
            os.kill(process, signal.SIGKILL)
        worker.wait()

    def close(self) -> None:
        for each in [*self.workers, self.scheduler]:
            if each is not None and each.poll() is None:
                family = descendants(each.pid)
                each.terminate()
                try:
                    each.wait(10)
                except subprocess.TimeoutExpired:
                    each.kill()
                    each.wait()
                deadline = time.monotonic() + 10
                while time.monotonic() < deadline and any(Path(f"/proc/{process}").exists() for process in family):
                    time.sleep(0.1)


def descendants(process: int) -> list[int]:
    """Returns all processes under one."""
    import psutil

    return [each.pid for each in psutil.Process(process).children(recursive=True)]
