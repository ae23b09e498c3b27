"""What runs on a Dask worker: a process of its own for the tasks of a search, and the way back for their reports."""

from __future__ import annotations

import itertools
import multiprocessing
import queue
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from amber.errors import ExecutorError
from amber.search.executors.processes import ProcessExecutor
from amber.search.executors.reports import ANSWER_LIMIT

if TYPE_CHECKING:
    import distributed

# Of the events at the scheduler that carry reports.
TOPIC = "amber-reports"
# Looks in a row that find a session dropped, until its process is ended; and seconds between them.
_ABSENT, _LOOK = 3, 1.0
# Shorter than the process waits for this one, seconds.
_ANSWER_LIMIT = ANSWER_LIMIT - 5.0


class _Sessions:
    """The process executor of the search that this Dask worker works for; a new search replaces the old one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._id = self._task = ""
        self._executor: ProcessExecutor | None = None
        self.answers: queue.SimpleQueue[tuple[int, bool]] = queue.SimpleQueue()

    def run(
        self,
        session: dict[str, Any],
        worker: Any,
        arguments: tuple[Any, ...],
        options: dict[str, Any],
        may_stop: bool | None,
    ) -> tuple[str, Any]:
        """Run one task; others of this worker wait, since children of one process would share its random state."""
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
            reporter = None if may_stop is None else _Relay(self, worker, task, may_stop)
            executor.submit(0, *arguments, reporter=reporter, **options)
            try:
                outcome = executor.completed()[0]
            except ExecutorError as error:  # closed under it, or no process can be started
                return "error", error
        if outcome.error is not None:
            return "error", outcome.error
        return "outcome", outcome

    def _watch(self, identity: str, worker: distributed.Worker) -> None:
        """End the session once the scheduler has dropped it: its search was killed, or has lost the scheduler."""
        absent = 0
        while self._id == identity and absent < _ABSENT:
            time.sleep(_LOOK)
            absent = 0 if _is_wanted(worker.state.tasks, identity, self._task) else absent + 1
        self.end(identity)

    def end(self, identity: str) -> None:
        """End the process of a search, also in the middle of a task."""
        executor = self._executor
        if self._id == identity and executor is not None:
            self._executor, self._id = None, ""
            self.answers.put((0, False))  # a report may wait for an answer that will not come
            executor.close()

    @property
    def identity(self) -> str:
        """Of the search; empty where there is none."""
        return self._id


class _Relay:
    """Reports what the process reports to the search, over the scheduler."""

    # Of all reports of this Dask worker, so that an answer that comes late is not taken for another's.
    _numbers = itertools.count(1)

    def __init__(self, sessions: _Sessions, worker: distributed.Worker, task: str, may_stop: bool) -> None:
        self._sessions, self._worker, self._task, self._may_stop = sessions, worker, task, may_stop

    @property
    def may_stop(self) -> bool:
        """Whether an answer is waited for."""
        return self._may_stop

    def report(self, step: int, metrics: Mapping[str, float], *, earlier: bool = False) -> bool:
        """Send a step to the search, and return what it answers."""
        number, waits = next(self._numbers), self._may_stop and not earlier
        message = {
            "session": self._sessions.identity,
            "task": self._task,
            "step": step,
            "metrics": dict(metrics),
            "earlier": earlier,
            "waits": waits,
            "number": number,
            "worker": self._worker.address,
        }
        self._worker.log_event(TOPIC, message)
        deadline = time.monotonic() + _ANSWER_LIMIT
        while waits:
            try:
                answered, stop = self._sessions.answers.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return False
            if answered == number:
                return stop
            if answered == 0 and not self._sessions.identity:
                return False
        return False


_sessions = _Sessions()


def keep(session: dict[str, object]) -> dict[str, object]:
    """Return what a search sends once; as a task, the scheduler keeps it where it is needed."""
    return session


def work(
    session: dict[str, object], arguments: tuple[object, ...], options: dict[str, object], may_stop: bool | None
) -> tuple[str, object]:
    """Run one task, and return ("outcome", its Outcome) or ("error", the exception).

    Args:
        session: what `keep` returned.
        arguments: of the function.
        options: of the function, by name.
        may_stop: whether what the task reports may stop it; None where it reports nothing.
    """
    import distributed

    _allow_children()
    return _sessions.run(session, distributed.get_worker(), arguments, options, may_stop)


def receive_answer(number: int, stop: bool) -> None:
    """Take what the search answers to a report of this worker."""
    _sessions.answers.put((number, stop))


def _is_wanted(tasks: Mapping[str, Any], identity: str, task: str) -> bool:
    """Say whether the scheduler still wants the task that a worker is at, or what it holds of the session."""
    if task in tasks:
        return bool(tasks[task].state != "cancelled")
    return f"amber-session-{identity}" in tasks


def end_session(identity: str) -> None:
    """End the process of a search, where this worker works for it."""
    _sessions.end(identity)


def _allow_children() -> None:
    """Let a worker that a Dask nanny started have processes of its own.

    Python refuses that to daemons, whose children would outlive them; an AMBER worker ends with its parent.
    """
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
