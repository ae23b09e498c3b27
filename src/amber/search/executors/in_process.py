"""Tasks run where they are asked for, one after another: no isolation, nothing copied."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from amber.checks import integer_at_least
from amber.errors import ExecutorError
from amber.search.executors.base import Executor, Outcome
from amber.search.executors.reports import Reporter


class InProcessExecutor(Executor):
    """Runs each task in `completed`, in the process and thread that calls it.

    There is no time limit, and a task that ends the interpreter ends the search; see `ProcessExecutor` for both.
    Errors are raised from `completed` as they are.

    Args:
        retries: how often a search trains a candidate again that failed.

    Raises:
        ConfigError: `retries` is not a number from 0.
    """

    in_process = True
    workers = 1

    def __init__(self, retries: int = 0) -> None:
        self.retries = integer_at_least(retries, "retries", 0)
        self._function: Callable[..., Any] | None = None
        self._queue: deque[tuple[int, tuple[Any, ...], dict[str, Any]]] = deque()

    def open(self, function: Callable[..., Any]) -> None:
        """Keep the function."""
        self._function = function

    def submit(self, key: int, *arguments: object, reporter: Reporter | None = None, **options: object) -> None:
        """Queue a task, which is given the reporter itself."""
        reporting = {} if reporter is None else {"reporter": reporter}
        self._queue.append((key, arguments, {**options, **reporting}))

    def completed(self, timeout: float | None = None) -> list[Outcome]:
        """Run the next task; `timeout` has no meaning here."""
        if self._function is None or not self._queue:
            raise ExecutorError("No task is under way: expected open and submit before.")
        key, arguments, options = self._queue.popleft()
        started = time.perf_counter()
        value = self._function(*arguments, **options)
        return [Outcome(key, value, seconds=time.perf_counter() - started)]

    def close(self) -> None:
        """Forget the function and what is queued."""
        self._function = None
        self._queue.clear()
