"""How an executor comes to a Dask cluster, with a client that is no more than a record of what it was asked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from amber.errors import ConfigError, ExecutorError
from amber.search.executors import dask_cluster
from amber.search.executors.dask_cluster import DaskExecutor


class Client:
    """A client of a cluster with so many workers."""

    workers = 1
    made: list[Any]

    def __init__(self, **where: Any) -> None:
        self.where, self.status, self.waited, self.closed = where, "running", None, False
        self.made.append(self)

    def wait_for_workers(self, number: int, timeout: float) -> None:
        self.waited = (number, timeout)
        if number > self.workers:
            raise TimeoutError

    def subscribe_topic(self, topic: str, handler: Any) -> None:
        self.topic = topic

    def submit(self, *arguments: Any, **options: Any) -> str:
        return "future"

    def cancel(self, *arguments: Any, **options: Any) -> None: ...

    def run(self, *arguments: Any, **options: Any) -> None: ...

    def close(self, **options: Any) -> None:
        self.closed = True


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> type[Client]:
    kind = type("AClient", (Client,), {"made": []})
    monkeypatch.setattr(dask_cluster, "_distributed", lambda: SimpleNamespace(Client=kind))
    return kind


def test_one_worker_is_enough_to_begin(client: type[Client]) -> None:
    executor = DaskExecutor("tcp://host:1", connect_timeout=20)
    executor._connect()
    (made,) = client.made
    number, timeout = made.waited
    assert number == 1 and 19 < timeout <= 20 and made.where["address"] == "tcp://host:1"
    executor.close()
    assert made.closed


def test_a_cluster_without_workers_is_said(client: Any) -> None:
    client.workers = 0
    with pytest.raises(ExecutorError, match="no worker after 20 s"):
        DaskExecutor("tcp://host:1", connect_timeout=20)._connect()
    assert client.made[0].closed


def test_a_scheduler_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**where: Any) -> None:
        raise OSError("refused")

    monkeypatch.setattr(dask_cluster, "_distributed", lambda: SimpleNamespace(Client=refuse))
    with pytest.raises(ExecutorError, match="No Dask scheduler answers at s.json in 0 s: refused"):
        DaskExecutor(scheduler_file="s.json", connect_timeout=0)._connect()


def test_settings_of_a_cluster() -> None:
    assert DaskExecutor("tcp://host:1", prefetch=0, workers=1).workers == 1
    assert DaskExecutor("tcp://host:1").workers == 2  # one under way, one ahead
    for wrong in ({"prefetch": -1}, {"workers": 0}, {"scheduler_file": "s.json"}):
        with pytest.raises(ConfigError):
            DaskExecutor("tcp://host:1", **wrong)  # type: ignore[arg-type]
    with pytest.raises(ConfigError):
        DaskExecutor()
