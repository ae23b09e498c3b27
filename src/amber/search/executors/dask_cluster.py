"""Tasks on the workers of a Dask cluster, on one or many machines.

On each Dask worker the tasks run in a process of their own (`ProcessExecutor`), so a task that crashes, hangs or runs
out of memory is a failure record and not a lost worker. A lost worker's task is started again by Dask; after a lost
scheduler, all that was under way is submitted again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

from amber.backend import interrupts
from amber.checks import integer_at_least, positive_integer
from amber.errors import ConfigError, ExecutorError
from amber.plugins import Plugin
from amber.search.executors import payload
from amber.search.executors.base import Executor, Failure, Outcome
from amber.search.executors.dask_worker import TOPIC, end_session, keep, receive_answer, work
from amber.search.executors.limits import WorkerLimits, found_plugins, worker_settings
from amber.search.executors.reports import Received, Reporter

if TYPE_CHECKING:
    import distributed

logger = logging.getLogger(__name__)

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
        prefetch: tasks that wait at each worker, so that it has the next at hand when one ends, and not only after a
            way to the driver and back. A sampler that learns knows that much less when it proposes; 0 spares it that.
        limits: of each task's process.
        connect_timeout: seconds to wait for a scheduler or a first worker, at the start and after one was lost.
        plugins: code that registers what is trained; see `ProcessExecutor`. The content of files, and of the data
            files that they name in `AMBER_FILES`, is sent to the workers; packages must be installed there.

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
        prefetch: int = 1,
        limits: WorkerLimits | None = None,
        connect_timeout: float = 300.0,
        plugins: Sequence[str | Plugin] = (),
    ) -> None:
        if (address is None) == (scheduler_file is None):
            raise ConfigError(f"Expected address or scheduler_file. Received: {address!r} and {scheduler_file!r}")
        if workers is not None:
            positive_integer(workers, "workers")
        self.limits = limits or WorkerLimits()
        self.retries = self.limits.retries
        self._where = {"address": address} if address else {"scheduler_file": os.fspath(scheduler_file or "")}
        self._most, self._prefetch = workers, integer_at_least(prefetch, "prefetch", 0)
        self._connect_timeout = connect_timeout
        self._plugins = found_plugins(plugins)
        self._client: Any = None
        self._session: Any = None
        self._session_id = ""
        self._parts: list[bytes] = []
        self._settings: dict[str, Any] = {}
        self._tasks: dict[int, _Task] = {}
        self._futures: dict[int, Any] = {}
        self._events: queue.SimpleQueue[tuple[int, Any] | Received] = queue.SimpleQueue()
        self._outcomes: list[Outcome] = []
        self._count, self._counted = 1, 0.0

    @property
    def workers(self) -> int:
        """How many tasks should be under way: of each worker that the cluster has now one, and those of `prefetch`."""
        if time.monotonic() - self._counted > _LOOK and self._client is not None:
            with contextlib.suppress(Exception):  # looked at where tasks are waited for
                self._count = len(self._client.scheduler_info(n_workers=-1)["workers"])
            self._counted = time.monotonic()
        return max(1, self._count if self._most is None else min(self._most, self._count)) * (1 + self._prefetch)

    def open(self, function: Callable[..., object]) -> None:
        """Connect, waits for a first worker, and sends the function to the scheduler.

        Raises:
            ExecutorError: no scheduler or no worker answers, or the function cannot be pickled; Dask is not installed.
        """
        self.close()
        self._parts = [bytes(part) for part in payload.pack(function)]
        self._settings = worker_settings(self._plugins)
        self._connect()

    def submit(self, key: int, *arguments: object, reporter: Reporter | None = None, **options: object) -> None:
        """Start a task on a worker that is free, or let the scheduler queue it."""
        if self._client is None:
            raise ExecutorError("The executor is not open: expected open before submit.")
        self._tasks[key] = _Task(arguments, options, reporter)
        with contextlib.suppress(Exception):  # where the scheduler is lost: submitted again with all others
            self._send(key)

    def completed(self, timeout: float | None = None) -> list[Outcome]:
        """Wait for ends; connects and submits again where the scheduler was lost."""
        if not self._tasks:
            raise ExecutorError("No task is under way: expected open and submit before.")
        limit = None if timeout is None else time.monotonic() + timeout
        while True:
            interrupts.check()
            left = _LOOK if limit is None else limit - time.monotonic()
            with contextlib.suppress(queue.Empty):
                self._take(self._events.get(timeout=max(0.0, min(_LOOK, left))))
                while True:
                    self._take(self._events.get_nowait())
            if self._outcomes or left <= 0:
                outcomes, self._outcomes = self._outcomes, []
                return outcomes
            if self._client.status != "running" or any(key not in self._futures for key in self._tasks):
                self._reconnect()

    def close(self) -> None:
        """Drop what is under way, ends its processes on the workers, and disconnects; the cluster stays."""
        client, self._client = self._client, None
        self._tasks.clear()
        self._outcomes.clear()
        if client is None:
            return
        with contextlib.suppress(Exception):  # workers that are not there need no telling
            if client.status == "running":
                client.cancel(list(self._futures.values()), force=True)
                client.run(end_session, self._session_id, wait=True, on_error="ignore")
        self._futures.clear()
        self._session = None
        _close(client)

    def _connect(self) -> None:
        distributed = _distributed()
        deadline = time.monotonic() + self._connect_timeout
        while True:
            interrupts.check()
            try:
                # Short tries: a scheduler that is restarted may have its old address.
                client = distributed.Client(**self._where, timeout=5, set_as_default=False)
                break
            except (OSError, TimeoutError, ValueError) as error:
                if time.monotonic() > deadline:
                    raise ExecutorError(
                        f"No Dask scheduler answers at {next(iter(self._where.values()))} in "
                        f"{self._connect_timeout:g} s: {error}"
                    ) from error
                time.sleep(0.5)
        try:
            client.wait_for_workers(1, timeout=max(1.0, deadline - time.monotonic()))
        except TimeoutError as error:
            _close(client)
            raise ExecutorError(f"The Dask cluster has no worker after {self._connect_timeout:g} s.") from error
        self._client, self._counted = client, 0.0
        self._session_id = uuid.uuid4().hex
        # A task and not scattered data: what a lost worker held, the scheduler makes again.
        session = {"id": self._session_id, "limits": self.limits, "settings": self._settings, "parts": self._parts}
        client.subscribe_topic(TOPIC, self._hear)
        with _without_size_warning():
            self._session = client.submit(keep, session, key=f"amber-session-{self._session_id}", pure=True)

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
        task = self._tasks[key]
        may_stop = None if task.reporter is None else task.reporter.may_stop
        future = self._client.submit(
            work,
            self._session,
            task.arguments,
            task.options,
            may_stop,
            key=f"amber-trial-{key}-{uuid.uuid4().hex}",
            pure=False,
        )
        self._futures[key] = future
        future.add_done_callback(lambda ended: self._events.put((key, ended)))

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        """Keep a report of a worker until `completed` is called; called by Dask, in a thread of its own."""
        message = event[1]
        if message["session"] != self._session_id:
            return  # of another search on this cluster
        client, place, number = self._client, message["worker"], message["number"]

        async def send(stop: bool) -> None:
            with contextlib.suppress(Exception):  # a worker that is lost needs no answer
                await client.run(receive_answer, number, stop, workers=[place], on_error="ignore")

        def answer(stop: bool) -> None:
            if message["waits"]:
                client.loop.add_callback(send, stop)

        report = Received(message["task"], message["step"], message["metrics"], message["earlier"], answer)
        self._events.put(report)

    def _take(self, event: tuple[int, Any] | Received) -> None:
        """Pass a report on, or keep an outcome until it is returned; a reporter that raises loses none."""
        if isinstance(event, Received):
            key = next((key for key, future in self._futures.items() if future.key == event.task), None)
            reporter = None if key is None else self._tasks[key].reporter
            stop = reporter is not None and reporter.report(event.step, event.metrics, earlier=event.earlier)
            event.answer(stop)
        else:
            self._outcomes += self._collect(*event)

    def _collect(self, key: int, future: distributed.Future) -> list[Outcome]:
        if key not in self._futures or self._futures[key] is not future:
            return []  # of a connection that was given up
        del self._futures[key]
        if future.status in ("cancelled", "lost"):
            return []  # with the scheduler: completed submits it again
        seconds = time.monotonic() - self._tasks[key].submitted
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
        if kind == "error":
            return [Outcome(key, error=value, seconds=seconds)]
        return [replace(value, key=key, seconds=seconds)]


class _Task:
    """A task under way, as it was submitted."""

    def __init__(self, arguments: tuple[object, ...], options: dict[str, object], reporter: Reporter | None) -> None:
        self.arguments, self.options, self.reporter = arguments, options, reporter
        self.submitted = time.monotonic()


def _distributed() -> ModuleType:
    try:
        import distributed
    except ImportError as error:
        raise ExecutorError("Dask is not installed; install it with: pip install 'amber-nas[dask]'.") from error
    module: ModuleType = distributed
    return module


def _close(client: distributed.Client) -> None:
    with contextlib.suppress(Exception):
        client.close(timeout=2)


def _is_killed(error: Exception) -> bool:
    from distributed.scheduler import KilledWorker

    return isinstance(error, KilledWorker)


@contextlib.contextmanager
def _without_size_warning() -> Iterator[None]:
    """The data are meant to travel with the task that holds them."""
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*[Ll]arge graph.*")
        yield
