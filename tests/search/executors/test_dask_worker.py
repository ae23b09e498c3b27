"""What a Dask worker keeps of a search from task to task: one process for it, replaced for the next search."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from amber.search.executors import Outcome, dask_worker


class Executor:
    """Stands for the process of a search; notes what was asked of it."""

    made: list[Any]

    def __init__(self, workers: int, limits: Any) -> None:
        self.notes: list[Any] = []
        self.made.append(self)

    def open_packed(self, parts: Any, settings: Any) -> None:
        self.notes.append(("open", parts))

    def submit(self, key: int, *arguments: Any, **options: Any) -> None:
        self.notes.append(("submit", arguments))

    def completed(self) -> list[Outcome]:
        return [Outcome(0, value=self.notes[-1][1])]

    def close(self) -> None:
        self.notes.append("close")


def test_a_search_has_one_process_until_the_next_search(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = type("AnExecutor", (Executor,), {"made": []})
    monkeypatch.setattr(dask_worker, "ProcessExecutor", kind)
    monkeypatch.setattr(dask_worker._Sessions, "_watch", lambda self, identity, worker: None)
    sessions, worker = dask_worker._Sessions(), SimpleNamespace(get_current_task=lambda: "task")
    for identity, argument in (("one", 1), ("one", 2), ("two", 3)):
        session = {"id": identity, "limits": None, "parts": identity, "settings": {}}
        said, outcome = sessions.run(session, worker, (argument,), {}, None)
        assert (said, outcome.value, sessions.identity) == ("outcome", (argument,), identity)
    assert [each.notes for each in kind.made] == [
        [("open", "one"), ("submit", (1,)), ("submit", (2,)), "close"],
        [("open", "two"), ("submit", (3,))],
    ]
