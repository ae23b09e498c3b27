"""What the tests let workers do. Imported by worker processes, so it is light."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np

from amber.errors import DataError
from amber.search.trial import TrialResult


class Job:
    """A task with some data, whose argument says what it does."""

    def __init__(self, rows: int = 1000) -> None:
        self.data = np.arange(rows, dtype="float64")

    def __call__(self, what: str, *arguments: Any) -> Any:
        return getattr(self, what)(*arguments)

    def total(self, plus: float) -> float:
        return float(self.data.sum()) + plus

    def overwrite(self) -> float:
        self.data += 1
        return float(self.data[0])

    def process(self, seconds: float = 0.0) -> int:
        time.sleep(seconds)
        return os.getpid()

    def sleep(self, seconds: float, started: str) -> None:
        Path(started).write_text(str(os.getpid()), encoding="ascii")
        time.sleep(seconds)

    def environment(self, names: list[str]) -> list[str | None]:
        return [os.environ.get(name) for name in names]

    def leave(self, code: int) -> None:
        os._exit(code)

    def kill(self, number: int) -> None:
        os.kill(os.getpid(), number)
        time.sleep(30)

    def segfault(self) -> None:
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
        ctypes.string_at(0)

    def hang(self) -> None:
        """In C, where Python's signal handlers do not run."""
        ctypes.PyDLL(None).sleep(60)

    def swallow(self, mebibytes: int) -> int:
        return len(np.ones(mebibytes * 2**17).tobytes())

    def refuse(self) -> None:
        raise DataError("the file is missing")

    def exit(self) -> None:
        raise SystemExit(3)

    def unpicklable(self) -> Any:
        return lambda: None

    def unpicklable_error(self) -> None:
        raise LocalError(lambda: None)


class NeedsFile:
    """Loads its data from a file wherever it arrives."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.data = np.load(self.path)

    def __call__(self) -> float:
        return float(self.data.sum())


class LocalError(Exception):
    """Holds what cannot be sent."""


class Trainer:
    """Scores an architecture by its tokens, and notes every evaluation in a directory.

    Args:
        notes: the directory.
        what: `seconds` to sleep; `leave` and `hang`: what token sums, modulo 5, end or stop the process.
    """

    def __init__(self, notes: Path, what: dict[str, Any]) -> None:
        self.notes, self.what = notes, what

    def evaluate(self, arc: Any, seed: int, *, number: int, candidate: Any, **others: Any) -> TrialResult:
        started, tokens = time.perf_counter(), tuple(arc)
        (self.notes / f"{number}-{os.getpid()}-{time.monotonic_ns()}").touch()
        time.sleep(self.what.get("seconds", 0.0))
        if sum(tokens) % 5 == self.what.get("leave", -1):
            os._exit(1)
        if sum(tokens) % 5 == self.what.get("hang", -1):
            time.sleep(120)
        score = sum(token * 4.0**-position for position, token in enumerate(tokens))
        seconds = time.perf_counter() - started
        return TrialResult(number, tokens, candidate.fingerprint, "complete", score, {}, None, None, seconds, seed)
