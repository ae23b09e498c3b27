"""What the tests let workers do. Imported by worker processes, so it is light."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from amber.errors import DataError
from amber.search.trial import Trial


class Job:
    """A task with some data, whose argument says what it does."""

    def __init__(self, rows: int = 1000) -> None:
        self.data = np.arange(rows, dtype="float64")

    def __call__(self, what: str, *arguments: Any, **options: Any) -> Any:
        return getattr(self, what)(*arguments, **options)

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

    def attribute(self, module: str, name: str) -> Any:
        return getattr(sys.modules[module], name)

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

    def reported(self, steps: int, seconds: float = 0.0, *, reporter: Any) -> int:
        """Report so many steps, or until told to stop; return how many it were."""
        for step in range(1, steps + 1):
            time.sleep(seconds)
            if reporter.report(step, {"value": float(step), "undefined": float("nan")}, earlier=step == 1):
                return step
        return steps

    def die_reporting(self, *, reporter: Any) -> None:
        reporter.report(1, {"value": 1.0})
        os.kill(os.getpid(), signal.SIGKILL)

    def report_from(self, started: str, *, reporter: Any) -> None:
        Path(started).write_text(str(os.getpid()), encoding="ascii")
        while True:
            reporter.report(1, {"value": 1.0})

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
        what: `seconds` to sleep; `leave` and `hang`: what token sums, modulo 5, end or stop the process; `epochs` to
            report, the worse the score the worse; `kill`: the trials that end the process the first time that they
            have reported two epochs.
    """

    def __init__(self, notes: Path, what: dict[str, Any]) -> None:
        self.notes, self.what = notes, what

    def evaluate(
        self, arc: Any, seed: int, *, number: int, candidate: Any, reporter: Any = None, **others: Any
    ) -> Trial:
        started, tokens = time.perf_counter(), tuple(arc)
        (self.notes / f"{number}-{os.getpid()}-{time.monotonic_ns()}").touch()
        time.sleep(self.what.get("seconds", 0.0))
        if sum(tokens) % 5 == self.what.get("leave", -1):
            os._exit(1)
        if sum(tokens) % 5 == self.what.get("hang", -1):
            time.sleep(120)
        score = sum(token * 4.0**-position for position, token in enumerate(tokens))
        curve: list[float] = []
        stopped = False
        while not stopped and len(curve) < self.what.get("epochs", 0):
            time.sleep(self.what.get("pace", 0.0))
            curve.append(score / (1 + len(curve)))
            stopped = reporter is not None and reporter.report(len(curve), {"val_loss": curve[-1]})
            if len(curve) == 2 and number in self.what.get("kill", ()) and self._times(number) == 1:
                os.kill(os.getpid(), signal.SIGKILL)
        seconds = time.perf_counter() - started
        status, message = ("pruned", f"after epoch {len(curve)}") if stopped else ("complete", None)
        return Trial(
            number,
            tokens,
            candidate.fingerprint,
            status,
            None if stopped else score,
            parameters=candidate.parameters,
            seconds=seconds,
            seed=seed,
            error=message,
            epochs=len(curve),
            curve=tuple(curve) if reporter is not None and reporter.may_stop else (),
        )

    def _times(self, number: int) -> int:
        """Return how often a trial was begun."""
        return len(list(self.notes.glob(f"{number}-*")))
