"""Tasks on the workers of a Dask cluster, on one or many machines.

On each Dask worker the tasks run in a process of their own (`ProcessExecutor`), so a task that crashes, hangs or runs
out of memory is a failure record and not a lost worker. A lost worker's task is started again by Dask; after a lost
scheduler, all that was under way is submitted again.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import queue
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from amber.backend import interrupts
from amber.checks import integer_at_least, positive_integer
from amber.errors import ConfigError, ExecutorError
from amber.plugins import Plugin
from amber.search.executors import payload
from amber.search.executors.base import Executor, Failure, Outcome
from amber.search.executors.limits import WorkerLimits, found_plugins, worker_settings
from amber.search.executors.processes import ProcessExecutor

logger = logging.getLogger(__name__)

# Looks in a row that find a session dropped, until its process is ended.
_ABSENT = 3
# How often workers are counted and the connection is looked at while nothing ends, seconds.
_LOOK = 1.0


class DaskExecutor(Executor):
    """Runs tasks on a Dask cluster that is there already (`dask scheduler`, `dask worker`, or dask-jobqueue).

    Every worker needs AMBER and the packages of what is trained; the data are sent to it. Give workers one thread
    (`--nthreads 1`): each trains one child at a time, however many threads it has.

    Args:
        address: of the scheduler, such as `"tcp://host:8786"`.
        scheduler_file: the JSON file that `dask scheduler --scheduler-file` writes; instead of `address`.
        workers: the most tasks at once. None: as many as the cluster has workers at any time.
        ahead: tasks that wait at each worker, so that it has the next at hand when one ends, and not only after a way
            to the driver and back. A sampler that learns knows that much less when it proposes; 0 spares it that.
        limits: of each task's process.
        patience: seconds to wait for a scheduler or a first worker, at the start and after one was lost.
        plugins: code that registers what is trained; see `ProcessExecutor`. The content of files is sent to the
            workers; packages must be installed there.

    Raises:
        ConfigError: not exactly one of `address` and `scheduler_file`, or a number out of range.
    """

    shares_files = False

    def __init__(
        self,
        address: str | None = None,
        *,
        scheduler_file: str | os.PathLike[str] | None = None,
        workers: int | None = None,
        ahead: int = 1,
        limits: WorkerLimits | None = None,
        patience: float = 300.0,
        plugins: Sequence[str | Plugin] = (),
    ) -> None:
        if (address is None) == (scheduler_file is None):
            raise ConfigError(f"Expected address or scheduler_file. Received: {address!r} and {scheduler_file!r}")
        if workers is not None:
            positive_integer(workers, "workers")
        self.limits = limits or WorkerLimits()
        self._where = {"address": address} if address else {"scheduler_file": os.fspath(scheduler_file or "")}
        self._most, self._ahead = workers, integer_at_least(ahead, "ahead", 0)
        self._patience = patience
        self._plugins = found_plugins(plugins)
        self._client: Any = None
        self._session: Any = None
        self._session_id = ""
        self._parts: list[bytes] = []
        self._settings: dict[str, Any] = {}
        self._tasks: dict[int, tuple[tuple[Any, ...], dict[str, Any], float]] = {}
        self._futures: dict[int, Any] = {}
        self._ended: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        self._count, self._counted = 1, 0.0

    @property
    def workers(self) -> int:
        """How many tasks should be under way: of each worker that the cluster has now one, and those `ahead`."""
        if time.monotonic() - self._counted > _LOOK and self._client is not None:
            with contextlib.suppress(Exception):  # looked at where tasks are waited for
                self._count = len(self._client.scheduler_info(n_workers=-1)["workers"])
            self._counted = time.monotonic()
        return max(1, self._count if self._most is None else min(self._most, self._count)) * (1 + self._ahead)

    def open(self, function: Callable[..., Any]) -> None:
        """Connects, waits for a first worker, and sends the function to the scheduler.

        Raises:
            ExecutorError: no scheduler or no worker answers, or the function cannot be pickled; Dask is not installed.
        """
        self.close()
        self._parts = [bytes(part) for part in payload.pack(function)]
        self._settings = worker_settings(self._plugins)
        self._connect()

    def submit(self, key: int, *arguments: Any, **options: Any) -> None:
        """Starts a task on a worker that is free, or lets the scheduler queue it."""
        if self._client is None:
            raise ExecutorError("The executor is not open: expected open before submit.")
        self._tasks[key] = (arguments, options, time.monotonic())
        with contextlib.suppress(Exception):  # where the scheduler is lost: submitted again with all others
            self._send(key)

    def completed(self, timeout: float | None = None) -> list[Outcome]:
        """Waits for ends; connects and submits anew where the scheduler was lost."""
        if not self._tasks:
            raise ExecutorError("No task is under way: expected open and submit before.")
        limit = None if timeout is None else time.monotonic() + timeout
        outcomes: list[Outcome] = []
        while True:
            interrupts.check()
            left = _LOOK if limit is None else limit - time.monotonic()
            with contextlib.suppress(queue.Empty):
                outcomes += self._collect(*self._ended.get(timeout=max(0.0, min(_LOOK, left))))
                while True:
                    outcomes += self._collect(*self._ended.get_nowait())
            if outcomes or left <= 0:
                return outcomes
            if self._client.status != "running" or any(key not in self._futures for key in self._tasks):
                self._reconnect()

    def close(self) -> None:
        """Drops what is under way, ends its processes on the workers, and disconnects; the cluster stays."""
        client, self._client = self._client, None
        self._tasks.clear()
        if client is None:
            return
        with contextlib.suppress(Exception):  # workers that are not there need no telling
            if client.status == "running":
                client.cancel(list(self._futures.values()), force=True)
                client.run(_end_session, self._session_id, wait=True, on_error="ignore")
        self._futures.clear()
        self._session = None
        _close(client)

    def _connect(self) -> None:
        distributed = _distributed()
        deadline = time.monotonic() + self._patience
        while True:
            interrupts.check()
            try:
                # Short tries: a scheduler that is started anew may have its old address.
                client = distributed.Client(**self._where, timeout=5, set_as_default=False)
                break
            except (OSError, TimeoutError, ValueError) as error:
                if time.monotonic() > deadline:
                    raise ExecutorError(
                        f"No Dask scheduler answers at {next(iter(self._where.values()))} in {self._patience:g} s: "
                        f"{error}"
                    ) from error
                time.sleep(0.5)
        try:
            client.wait_for_workers(1, timeout=max(1.0, deadline - time.monotonic()))
        except TimeoutError as error:
            _close(client)
            raise ExecutorError(f"The Dask cluster has no worker after {self._patience:g} s.") from error
        self._client, self._counted = client, 0.0
        self._session_id = uuid.uuid4().hex
        # A task and not scattered data: what a lost worker held, the scheduler makes again.
        session = {"id": self._session_id, "limits": self.limits, "settings": self._settings, "parts": self._parts}
        with _without_size_warning():
            self._session = client.submit(_keep, session, key=f"amber-session-{self._session_id}", pure=True)

    def _reconnect(self) -> None:
        logger.warning("The Dask scheduler was lost; %d trials are submitted again.", len(self._tasks))
        client, self._client = self._client, None
        self._futures.clear()
        if client is not None:
            _close(client)
        self._connect()
        for key in self._tasks:
            self._send(key)

    def _send(self, key: int) -> None:
        arguments, options, _ = self._tasks[key]
        future = self._client.submit(
            _work, self._session, arguments, options, key=f"amber-trial-{key}-{uuid.uuid4().hex}", pure=False
        )
        self._futures[key] = future
        future.add_done_callback(lambda ended: self._ended.put((key, ended)))

    def _collect(self, key: int, future: Any) -> list[Outcome]:
        if key not in self._futures or self._futures[key] is not future:
            return []  # of a connection that was given up
        del self._futures[key]
        if future.status in ("cancelled", "lost"):
            return []  # with the scheduler: completed submits it again
        seconds = time.monotonic() - self._tasks[key][2]
        try:
            kind, value = future.result(timeout=60)
        except Exception as error:
            if _is_killed(error):
                del self._tasks[key]
                return [Outcome(key, failure=Failure("crash", f"every worker given it died: {error}"), seconds=seconds)]
            if type(error).__name__ in ("FutureCancelledError", "CancelledError", "TimeoutError", "CommClosedError"):
                return []
            kind, value = "error", error
        del self._tasks[key]
        if kind == "value":
            return [Outcome(key, value, seconds=seconds)]
        if kind == "error":
            return [Outcome(key, error=value, seconds=seconds)]
        return [Outcome(key, failure=Failure(kind, value), seconds=seconds)]


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise ExecutorError("Dask is not installed; install it with: pip install 'amber-nas[dask]'.") from error
    return distributed


def _close(client: Any) -> None:
    with contextlib.suppress(Exception):
        client.close(timeout=2)


def _is_killed(error: Exception) -> bool:
    from distributed.scheduler import KilledWorker

    return isinstance(error, KilledWorker)


@contextlib.contextmanager
def _without_size_warning() -> Any:
    """The data are meant to travel with the task that holds them."""
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*[Ll]arge graph.*")
        yield


# What follows runs on the workers.


class _Sessions:
    """The process executor of the search that this Dask worker works for; a new search replaces the old one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._id = self._task = ""
        self._executor: ProcessExecutor | None = None

    def run(
        self, session: dict[str, Any], worker: Any, arguments: tuple[Any, ...], options: dict[str, Any]
    ) -> tuple[str, Any]:
        """Runs one task; others of this worker wait, since children of one process would share its random state."""
        task = str(worker.get_current_task())
        with self._lock:
            if self._id != session["id"] or self._executor is None:
                self.end(self._id)
                self._executor = ProcessExecutor(1, session["limits"])
                self._executor.open_packed(session["parts"], session["settings"])
                self._id = session["id"]
                threading.Thread(target=self._watch, args=(self._id, worker), name="amber-session", daemon=True).start()
            self._task = task
            executor = self._executor
            executor.submit(0, *arguments, **options)
            try:
                outcome = executor.completed()[0]
            except ExecutorError as error:  # closed under it, or no process can be started
                return "error", error
        if outcome.error is not None:
            return "error", outcome.error
        if outcome.failure is not None:
            return outcome.failure.kind, outcome.failure.message
        return "value", outcome.value

    def _watch(self, identity: str, worker: Any) -> None:
        """End the session once the scheduler has dropped it: its search was killed, or has lost the scheduler."""
        absent = 0
        while self._id == identity and absent < _ABSENT:
            time.sleep(_LOOK)
            absent = 0 if _is_wanted(worker.state.tasks, identity, self._task) else absent + 1
        self.end(identity)

    def end(self, identity: str) -> None:
        """Ends the process of a search, also in the middle of a task."""
        if self._id == identity and self._executor is not None:
            self._executor.close()
            self._executor, self._id = None, ""


_sessions = _Sessions()


def _keep(session: dict[str, Any]) -> dict[str, Any]:
    return session


def _work(session: dict[str, Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> tuple[str, Any]:
    import distributed

    _allow_children()
    return _sessions.run(session, distributed.get_worker(), arguments, options)


def _is_wanted(tasks: Mapping[str, Any], identity: str, task: str) -> bool:
    """Say whether the scheduler still wants the task that a worker is at, or what it holds of the session."""
    if task in tasks:
        return bool(tasks[task].state != "cancelled")
    return f"amber-session-{identity}" in tasks


def _end_session(identity: str) -> None:
    _sessions.end(identity)


def _allow_children() -> None:
    """Lets a worker that a Dask nanny started have processes of its own.

    Python refuses that to daemons, whose children would outlive them; an AMBER worker ends with its parent.
    """
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
