"""Tasks in local worker processes: one may crash, hang or run out of memory, and the others go on.

Every worker is a pebble pool of one process: its device and its place stay the same when the process is replaced,
and a pool that breaks takes no other task with it.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import multiprocessing
import os
import queue
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pebble

from amber.backend import interrupts
from amber.checks import positive_integer
from amber.errors import ExecutorError
from amber.plugins import Plugin
from amber.search.executors import payload, worker
from amber.search.executors.base import Executor, Failure, Outcome
from amber.search.executors.limits import WorkerLimits, found_plugins, worker_settings, write_plugins
from amber.search.executors.payload_folder import PayloadFolder
from amber.search.executors.reports import Received, ReportAddress, Reporter, ReportServer

logger = logging.getLogger(__name__)

# How often the workers are looked after while none of them reports, seconds.
_LOOK = 1.0
# How long a fresh process may take until it starts on its task: it loads Keras and the data first, seconds.
_START_LIMIT = 600.0
# Processes in a row that end before they start on a task, until the worker is given up.
_ATTEMPTS = 3
# How long the pool may take to say what its process died of, in seconds. It never does where the exit code is 0.
_SAY_LIMIT = 5.0
_ENDED = "the worker process ended in the middle of the trial"


class ProcessExecutor(Executor):
    """Runs tasks in worker processes of this machine.

    The processes are spawned: a script that searches with them needs `if __name__ == "__main__":` around it. They end
    with this process, even where it is killed.

    Args:
        workers: how many at once.
        limits: of each; by default one thread, and no limit of time or memory.
        plugins: code that registers what is trained, which each process loads first: names of modules or files, or
            what `amber.plugins.load_plugins` returned.

    Raises:
        ConfigError: `workers` is not a positive integer, or there is no such plug-in.
    """

    def __init__(
        self, workers: int = 2, limits: WorkerLimits | None = None, plugins: Sequence[str | Plugin] = ()
    ) -> None:
        self.limits = limits or WorkerLimits()
        self.retries = self.limits.retries
        self._count = positive_integer(workers, "workers")
        self._plugins = found_plugins(plugins)
        self._folder: PayloadFolder | None = None
        self._slots: list[_Slot] = []
        self._events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self._waiting: deque[_Task] = deque()
        self._outcomes: list[Outcome] = []
        self._reports: ReportServer | None = None
        self._numbers = itertools.count()

    @property
    def workers(self) -> int:
        """The number of worker processes."""
        return self._count

    def open(self, function: Callable[..., object]) -> None:
        """Write the function where workers read it. They start with their first task.

        Raises:
            ExecutorError: the function cannot be pickled, or there is no room for its data.
        """
        self.open_packed(payload.pack(function), worker_settings(self._plugins))

    def open_packed(self, parts: Sequence[Any], settings: dict[str, Any]) -> None:
        """As `open`, with what `payload.pack` and `limits.worker_settings` returned, perhaps elsewhere."""
        self.close()
        try:
            self._folder = PayloadFolder()
            payload.write(parts, self._folder.path)
            write_plugins(settings, self._folder.path)
        except OSError as error:
            self.close()
            raise ExecutorError(f"The data cannot be written for worker processes: {error}") from error
        self._events = queue.SimpleQueue()
        self._slots = [
            _Slot(self._folder.path, position, self.limits, settings, self._events) for position in range(self._count)
        ]

    def submit(self, key: int, *arguments: object, reporter: Reporter | None = None, **options: object) -> None:
        """Start a task on a free worker, or queue it."""
        if self._folder is None:
            raise ExecutorError("The executor is not open: expected open before submit.")
        task = _Task(key, arguments, options)
        if reporter is not None:
            task.reporter = reporter
            task.reports = self._report_server().address(str(next(self._numbers)), reporter.may_stop)
        self._waiting.append(task)
        self._start_waiting()

    def completed(self, timeout: float | None = None) -> list[Outcome]:
        """Wait for ends; replaces workers that were lost. Raises ExecutorError where no process can be started."""
        if not any(slot.task for slot in self._slots):
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
            if not self._slots:
                raise ExecutorError("The executor was closed while tasks were under way.")
            for slot in self._slots:
                slot.look_after()

    def close(self) -> None:
        """End all worker processes, the busy ones too, and removes the files they read."""
        slots, self._slots = self._slots, []
        self._waiting.clear()
        self._outcomes.clear()
        if self._reports is not None:
            self._reports.close()
            self._reports = None
        if slots:
            # Each may take seconds: a process that does not end when told so is killed.
            with ThreadPoolExecutor(len(slots)) as threads:
                list(threads.map(lambda slot: slot.stop(), slots))
        if self._folder is not None:
            self._folder.remove()
            self._folder = None

    def _take(self, event: _Event) -> None:
        """Pass a report on, or keep an outcome until it is returned; a reporter that raises loses none."""
        if isinstance(event, Received):
            self._pass_on(event)
            return
        slot, future = event
        outcome = slot.collect(future)
        if outcome is not None:
            self._outcomes.append(outcome)
            self._start_waiting()

    def _pass_on(self, report: Received) -> None:
        for slot in self._slots:
            task = slot.task
            if task and task.reporter and task.reports and task.reports.task == report.task:
                report.answer(task.reporter.report(report.step, report.metrics, earlier=report.earlier))
                return
        report.answer(False)  # of a task that has ended otherwise

    def _report_server(self) -> ReportServer:
        if self._reports is None and self._folder is not None:
            try:
                self._reports = ReportServer(self._folder.path, self._events.put)
            except OSError as error:
                raise ExecutorError(f"Worker processes cannot be listened to: {error}") from error
        if self._reports is None:
            raise ExecutorError("The executor is not open: expected open before submit.")
        return self._reports

    def _start_waiting(self) -> None:
        for slot in self._slots:
            if self._waiting and slot.task is None:
                slot.start(self._waiting.popleft())


class _Task:
    """A task under way."""

    def __init__(self, key: int, arguments: tuple[object, ...], options: dict[str, object]) -> None:
        self.key, self.arguments, self.options = key, arguments, options
        self.reporter: Reporter | None = None
        self.reports: ReportAddress | None = None
        self.submitted = time.monotonic()
        self.attempts = 0


class _Slot:
    """The place of one worker: at any time one process, with the same number and device, and at most one task."""

    def __init__(
        self,
        directory: Path,
        position: int,
        limits: WorkerLimits,
        settings: dict[str, object],
        events: queue.SimpleQueue[_Event],
    ) -> None:
        self.task: _Task | None = None
        self._mark = directory / f"worker-{position}"
        self._limits = limits
        self._initial = (directory, self._mark, limits.environment(position), limits, settings)
        self._events = events
        self._pool: pebble.ProcessPool | None = None
        self._future: Any = None
        self._started = 0.0
        self._gone_since: float | None = None

    def start(self, task: _Task) -> None:
        """Begin a task, in the process there is or a fresh one."""
        self.task = task
        self._mark.unlink(missing_ok=True)
        if self._pool is None:
            self._pool = pebble.ProcessPool(
                max_workers=1,
                max_tasks=self._limits.trials_per_process or 0,
                initializer=worker.initialise,
                initargs=self._initial,
                context=multiprocessing.get_context("spawn"),
            )
        self._started, self._gone_since = time.monotonic(), None
        # Ctrl-C in a terminal reaches every process: it is the driver that ends its workers.
        with interrupts.kept_from_children():
            self._future = self._pool.schedule(
                worker.run, args=(task.arguments, task.options, task.reports), timeout=self._limits.time_limit
            )
        self._future.add_done_callback(lambda future: self._events.put((self, future)))

    def collect(self, future: Any) -> Outcome | None:
        """Return what became of the task; None where it has to be started again, or was settled before."""
        if self.task is None or future is not self._future:
            return None
        kind, value = self._read(future)
        if kind == "lost":
            self._again(value)
            return None
        task, self.task = self.task, None
        seconds = time.monotonic() - task.submitted
        if kind == "value":
            return Outcome(task.key, value, seconds=seconds)
        if kind == "error":
            return Outcome(task.key, error=value, seconds=seconds)
        return Outcome(task.key, failure=Failure(kind, value), seconds=seconds)

    def look_after(self) -> None:
        """Notices what the pool does not: a process that ended as if all were well, and one that never starts."""
        if self.task is None or self._future.done():
            return
        if self._future.running() and self._is_gone():
            self._gone_since = self._gone_since or time.monotonic()
            if time.monotonic() - self._gone_since > _SAY_LIMIT:
                self._settle("crash", _ENDED)
        elif not self._future.running() and time.monotonic() - self._started > _START_LIMIT:
            self._settle("lost", f"no worker process was ready after {_START_LIMIT:.0f} s")

    def stop(self) -> None:
        """End the process."""
        pool, self._pool, self.task = self._pool, None, None
        if pool is not None:
            pool.stop()
            with contextlib.suppress(RuntimeError):  # told so, and killed, and yet there: nothing more can be done
                pool.join()

    def _read(self, future: Any) -> tuple[str, Any]:
        try:
            outcome: tuple[str, Any] = future.result(timeout=0)
            return outcome
        except TimeoutError:
            if self._gone_since is not None:
                return "crash", _ENDED
            return "timeout", f"the trial was ended at its time limit of {self._limits.time_limit:g} s"
        except pebble.ProcessExpired as error:
            return "crash", _death(error.exitcode)
        except BrokenProcessPool as error:
            return "lost", str(error)
        except Exception as error:
            return "error", error

    def _again(self, reason: str) -> None:
        task = self.task
        if task is None:
            return
        self._drop_pool()
        task.attempts += 1
        if task.attempts == _ATTEMPTS:
            raise ExecutorError(
                f"Worker processes end before they start to work, {_ATTEMPTS} in a row ({reason}). Their messages are "
                "on the standard error stream. A script that searches with worker processes needs "
                'if __name__ == "__main__": around what it does.'
            )
        self.start(task)

    def _settle(self, kind: str, message: str) -> None:
        """End the task from here, by a future of its own."""
        self._drop_pool()
        self._future = pebble.ProcessFuture()
        self._future.set_result((kind, message))
        self._events.put((self, self._future))

    def _drop_pool(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()
            threading.Thread(target=pool.join, name="end-worker", daemon=True).start()

    def _is_gone(self) -> bool:
        try:
            process = int(self._mark.read_text(encoding="ascii"))
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        except (OSError, ValueError):
            pass
        return False


def _death(code: int | None) -> str:
    if code is None or code >= 0:
        return f"the worker process ended with exit code {code}"
    name = signal.Signals(-code).name if -code in {each.value for each in signal.Signals} else f"signal {-code}"
    hint = " (so does the system where memory runs out)" if name == "SIGKILL" else ""
    return f"the worker process was killed by {name}{hint}"


_Event = tuple[_Slot, Any] | Received
