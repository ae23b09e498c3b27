"""Loggers tell MLflow and Weights & Biases what a search reports.

The real packages are run where they are installed; what records the calls stands in for them everywhere.
"""

from __future__ import annotations

import json
import struct
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from amber.errors import ConfigError
from amber.search import SearchCallback, SearchResult, Trial
from amber.search.loggers import MLflowLogger, WandbLogger

GOOD = Trial(0, (1,), "f", "complete", score=0.5, parameters=10, seconds=2.0)
BETTER = Trial(1, (2,), "g", "complete", score=0.25, parameters=20, seconds=3.0)
FAILED = Trial(2, (3,), "h", "failed", error="no")


def a_search(logger: SearchCallback, stopped: str = "finished") -> None:
    logger.on_search_begin(3, "val_loss", "minimize")
    logger.on_epoch_end(0, 1, 2, {"val_loss": 0.75, "loss": float("nan")})
    for trial in (GOOD, BETTER, FAILED):
        logger.on_trial_end(trial)
    logger.on_search_end(SearchResult((BETTER, GOOD, FAILED), "val_loss", "minimize", 0, stopped))


class Client:
    """The part of mlflow.MlflowClient that is used."""

    def __init__(self, tracking_uri: str) -> None:
        self.uri, self.metrics, self.params = tracking_uri, [], {}
        self.made: list[str] = []
        self.ended: list[tuple[str, str]] = []

    def get_experiment_by_name(self, name: str) -> Any:
        return SimpleNamespace(experiment_id="7") if name in self.made else None

    def create_experiment(self, name: str) -> str:
        self.made.append(name)
        return "7"

    def create_run(self, experiment: str) -> Any:
        return SimpleNamespace(info=SimpleNamespace(run_id=f"run of {experiment}"))

    def log_param(self, run: str, name: str, value: object) -> None:
        self.params[name] = value

    def log_metric(self, run: str, name: str, value: float, step: int) -> None:
        self.metrics.append((run, name, value, step))

    def set_terminated(self, run: str, status: str) -> None:
        self.ended.append((run, status))


def module(monkeypatch: pytest.MonkeyPatch, name: str, **members: object) -> None:
    made = ModuleType(name)
    vars(made).update(members)
    monkeypatch.setitem(sys.modules, name, made)


def test_mlflow_is_told_of_trials_and_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    module(monkeypatch, "mlflow", MlflowClient=Client)
    logger = MLflowLogger("sqlite:///here.db", "splice")
    a_search(logger)
    client = logger._client
    assert client.uri == "sqlite:///here.db" and client.made == ["splice"]
    assert client.params == {"trials": 3, "metric": "val_loss", "direction": "minimize"}
    told = {(name, step): value for _, name, value, step in client.metrics}
    assert told["trial-0/val_loss", 1] == 0.75 and ("trial-0/loss", 1) not in told
    assert told["val_loss", 1] == 0.25 and told["best_val_loss", 0] == 0.5 and told["best_val_loss", 1] == 0.25
    assert told["parameters", 1] == 20 and not any(step == 2 for _, step in told)
    assert client.ended == [("run of 7", "FINISHED")]


def wandb_rows(path: Path) -> list[dict[str, float]]:
    """Read the rows of a run: after 7 bytes records with a checksum (4 bytes), length (2) and type (1), in blocks."""
    from wandb.proto.wandb_internal_pb2 import Record

    data, place, part, rows = path.read_bytes(), 7, b"", []
    while place + 7 <= len(data):
        if 32768 - place % 32768 < 7:
            place += 32768 - place % 32768
            continue
        length, kind = struct.unpack("<HB", data[place + 4 : place + 7])
        part += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # whole, or the last of several
            record = Record.FromString(part)
            part = b""
            if record.WhichOneof("record_type") == "history":
                items = record.history.item
                rows.append({each.key or "/".join(each.nested_key): json.loads(each.value_json) for each in items})
    return rows


def test_wandb_stays_offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    begun: list[dict[str, Any]] = []
    logged: list[dict[str, float]] = []
    ended: list[int] = []
    steps: list[tuple[str, str]] = []

    def init(**given: Any) -> Any:
        begun.append(given)
        return SimpleNamespace(
            log=logged.append,
            define_metric=lambda name, step_metric: steps.append((name, step_metric)),
            finish=lambda exit_code: ended.append(exit_code),
        )

    module(monkeypatch, "wandb", init=init)
    a_search(WandbLogger(tmp_path / "logs", "splice"))
    assert begun[0]["mode"] == "offline" and begun[0]["dir"] == str(tmp_path / "logs")
    assert (tmp_path / "logs").is_dir()
    assert logged[0] == {"trial-0/val_loss": 0.75, "step": 1}
    assert logged[-1]["val_loss"] == 0.25 and ended == [0]
    assert steps == [("*", "step")]


@pytest.mark.parametrize(("logger", "package"), [(MLflowLogger, "mlflow"), (WandbLogger, "wandb")])
def test_a_missing_package_is_named(logger: Any, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=rf"amber-nas\[{package}\]"):
        logger()


# Where the real packages are not installed there are no such tests: a skipped one would count as failed.
if find_spec("mlflow"):

    @pytest.mark.slow
    @pytest.mark.parametrize(("stopped", "status"), [("finished", "FINISHED"), ("interrupted", "KILLED")])
    def test_mlflow_keeps_what_it_is_told(stopped: str, status: str, tmp_path: Path) -> None:
        import mlflow

        uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
        a_search(MLflowLogger(uri, "splice"), stopped)
        client = mlflow.MlflowClient(uri)
        (run,) = client.search_runs([client.get_experiment_by_name("splice").experiment_id])
        assert run.data.params == {"trials": "3", "metric": "val_loss", "direction": "minimize"}
        assert run.info.status == status
        told = {
            name: {each.step: each.value for each in client.get_metric_history(run.info.run_id, name)}
            for name in run.data.metrics
        }
        assert told["val_loss"] == {0: 0.5, 1: 0.25} and told["best_val_loss"] == {0: 0.5, 1: 0.25}
        assert told["trial-0/val_loss"] == {1: 0.75} and "trial-0/loss" not in told


if find_spec("wandb"):

    @pytest.mark.slow
    def test_wandb_keeps_what_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WANDB_SILENT", "true")
        a_search(WandbLogger(tmp_path / "logs", "splice"))
        (path,) = (tmp_path / "logs" / "wandb").glob("offline-run-*/*.wandb")
        rows = wandb_rows(path)
        assert [row["val_loss"] for row in rows if "val_loss" in row] == [0.5, 0.25]
        assert [(row["step"], row["best_val_loss"]) for row in rows if "parameters" in row] == [(0, 0.5), (1, 0.25)]
        assert rows[0]["trial-0/val_loss"] == 0.75 and rows[0]["step"] == 1
