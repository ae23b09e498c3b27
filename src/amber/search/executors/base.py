"""What every executor promises: tasks go in with a number, and each comes out once, as a value or as a failure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from amber.search.executors.reports import Reporter


@dataclass(frozen=True)
class Failure:
    """Why a task has no value: it took its worker with it, or used it up.

    Attributes:
        kind: "crash" (the interpreter ended, or was killed), "memory" (it ran out of memory) or "timeout" (it ran
            past its time limit, and was ended).
        message: the same for a reader, with exit code or signal, or the limit.
    """

    kind: str
    message: str

    def __str__(self) -> str:
        return f"{_NAMES[self.kind]}: {self.message}"


_NAMES = {"crash": "WorkerCrashed", "memory": "MemoryError", "timeout": "TimeLimitExceeded"}


@dataclass(frozen=True)
class Outcome:
    """What became of one task: exactly one of a value, an error that it raised, and a failure.

    Attributes:
        key: the number that it was submitted with.
        value: what the function returned.
        error: the exception that the function raised.
        failure: set where its worker did not come back with either.
        seconds: wall-clock time from its submission to its end.
    """

    key: int
    value: Any = None
    error: BaseException | None = None
    failure: Failure | None = None
    seconds: float = 0.0


class Executor(ABC):
    """Runs one function many times, on `workers` workers at once.

    `open` gives the function to the workers, once; `submit` starts tasks; `completed` waits for ends; `close` ends the
    workers whatever they do. An executor may be opened again after it was closed. Use it as a context manager around
    `open`, so that it is closed however the search ends.

    Attributes:
        in_process: whether the function runs in this process, so that it may be given what cannot be sent to another.
        shares_files: whether tasks may write beside this process's files, such as checkpoints.
        retries: how often whoever submits tasks should submit one again that failed.
    """

    in_process: bool = False
    shares_files: bool = True
    retries: int = 0

    @property
    @abstractmethod
    def workers(self) -> int:
        """How many tasks should be under way, so that every worker has one; may change between calls."""

    @abstractmethod
    def open(self, function: Callable[..., object]) -> None:
        """Gets ready to run `function`, which must be picklable where workers are other processes.

        Raises:
            ExecutorError: workers cannot be reached or started.
        """

    @abstractmethod
    def submit(self, key: int, *arguments: object, reporter: Reporter | None = None, **options: object) -> None:
        """Start `function(*arguments, **options)`, or queue it.

        Args:
            key: of the outcome; must not be under way.
            *arguments: of the function.
            reporter: what the task reports to. The function is then given a `reporter` of its own, whose reports
                arrive at this one while `completed` is called, in the thread that calls it.
            **options: of the function.
        """

    @abstractmethod
    def completed(self, timeout: float | None = None) -> list[Outcome]:
        """Wait until a task has ended and return all that have, in the order of their ends.

        Args:
            timeout: seconds to wait; an empty list is returned where none has ended by then. None: no limit.

        Raises:
            ExecutorError: workers are lost and cannot be replaced, or no task is under way.
            Exception: what a reporter raised.
        """

    @abstractmethod
    def close(self) -> None:
        """Drop all tasks under way and ends the workers; does nothing where it is closed already."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
