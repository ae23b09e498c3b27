"""What a task in a worker process comes to: a value, an error to raise, or the kind of a failure and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from amber.errors import DataError, ExecutorError
from amber.search.executors import worker


class Local(Exception):  # noqa: N818
    """An error that cannot be sent: it holds a function without a name."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first + second, lambda: None)

    def __str__(self) -> str:
        return str(self.args[0])


def ended(monkeypatch: pytest.MonkeyPatch, folder: Path, function: Any) -> tuple[str, Any]:
    """Run a task as a worker does, in this process."""
    monkeypatch.setattr(worker, "_loaded", {"function": function, "mark": folder / "mark"})
    found = worker.run((), {}, None)
    assert not (folder / "mark").exists()
    return found


def raising(error: BaseException) -> Any:
    def task() -> None:
        raise error

    return task


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (MemoryError(), "memory", "the worker process is out of memory"),
        (MemoryError("4 GiB asked\nfor"), "memory", "4 GiB asked for"),
        (SystemExit(3), "crash", "the task raised SystemExit: 3"),
    ],
)
def test_a_task_that_ends_its_worker(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: BaseException, kind: str, message: str
) -> None:
    assert ended(monkeypatch, tmp_path, raising(error)) == (kind, message)


def test_a_value_comes_back_where_it_can_be_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert ended(monkeypatch, tmp_path, lambda: 3) == ("value", 3)
    kind, error = ended(monkeypatch, tmp_path, lambda: lambda: 3)
    assert kind == "error" and isinstance(error, Exception)


def test_errors_are_raised_as_they_are_where_they_can_be_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = DataError("nothing in it", file="a.csv")
    assert ended(monkeypatch, tmp_path, raising(own)) == ("error", own)
    kind, error = ended(monkeypatch, tmp_path, raising(ValueError("no")))
    assert kind == "error" and isinstance(error, ValueError) and "In a worker process" in error.__notes__[0]
    kind, error = ended(monkeypatch, tmp_path, raising(Local("a", "b")))
    assert kind == "error" and isinstance(error, ExecutorError) and "Local: ab" in str(error)


def test_a_worker_that_could_not_load_its_function_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_loaded", {"broken": "ImportError: no module"})
    kind, error = worker.run((), {}, None)
    assert kind == "error" and "cannot load what it is to run: ImportError: no module" in str(error)
