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
        self.submitted: list[str] = []
        self.made.append(self)

    def wait_for_workers(self, number: int, timeout: float) -> None:
        self.waited = (number, timeout)
        if number > self.workers:
            raise TimeoutError

    def subscribe_topic(self, topic: str, handler: Any) -> None:
        self.topic, self.handler = topic, handler

    def submit(self, *arguments: Any, **options: Any) -> Any:
        self.submitted.append(options["key"])
        return SimpleNamespace(key=options["key"], add_done_callback=lambda called: None)

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


def test_a_report_reaches_the_trial_that_it_is_of(client: type[Client]) -> None:
    executor, heard = DaskExecutor("tcp://host:1"), []
    executor.open(len)

    def report(step: int, metrics: dict[str, float], *, earlier: bool) -> bool:
        heard.append((step, metrics, earlier))
        return False

    reporter: Any = SimpleNamespace(may_stop=False, report=report)
    executor.submit(3, reporter=reporter)
    (made,) = client.made
    session, task = made.submitted
    message = {"task": task, "step": 2, "metrics": {"val_loss": 0.5}, "earlier": False}
    message |= {"worker": "tcp://host:2", "number": 1, "waits": False}
    for one in (session.removeprefix("amber-session-"), "another"):
        made.handler((0.0, message | {"session": one}))
    assert executor.completed(timeout=0) == [] and heard == [(2, {"val_loss": 0.5}, False)]
    executor.close()


def test_settings_of_a_cluster() -> None:
    assert DaskExecutor("tcp://host:1", prefetch=0, workers=1).workers == 1
    assert DaskExecutor("tcp://host:1").workers == 2  # one under way, one ahead
    for wrong in ({"prefetch": -1}, {"workers": 0}, {"scheduler_file": "s.json"}):
        with pytest.raises(ConfigError):
            DaskExecutor("tcp://host:1", **wrong)  # type: ignore[arg-type]
    with pytest.raises(ConfigError):
        DaskExecutor()
