"""The threads of `amber search`: what is chosen for a configuration, and that it is said."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from amber.backend import threads
from amber.errors import DataError
from amber.experiment.configuration.reading import config_from_text
from amber.experiment.task_spec import TaskSpec
from amber.experiment.threads import set_threads, set_threads_for_run, step_flops
from amber.experiment.trained.files import KnownNetwork

SPLICE = (Path(__file__).parents[2] / "examples" / "splice.yaml").read_text(encoding="utf-8")


def problem(*shape: int) -> TaskSpec:
    return TaskSpec({"input": shape}, {"output": ("a", "b")})


def space(*layers: dict[str, Any]) -> str:
    values = yaml.safe_load(SPLICE)
    values["model_space"] = [{"candidates": [layer, {**layer}]} for layer in layers]
    values["builder"] = {"type": "sequential"}
    return yaml.safe_dump(values)


def test_estimate_is_of_the_order_of_the_network() -> None:
    layers = (
        {"Layer_type": "conv1d", "filters": 8, "kernel_size": 5},
        {"Layer_type": "flatten"},
        {"Layer_type": "dense", "units": 16},
    )
    expected = 3 * 64 * (2 * 100 * 4 * 8 * 5 + 2 * 100 * 8 * 16)
    assert step_flops(config_from_text(space(*layers), "a.yaml"), problem(100, 4)) == expected


def test_example_has_small_networks_and_long_sequences_large_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    used: list[int] = []
    monkeypatch.setattr("amber.experiment.threads.use_threads", used.append)
    monkeypatch.setattr(threads, "usable_processors", lambda: 4)
    monkeypatch.setattr(threads, "load", lambda: 0.0)
    loaded = config_from_text(SPLICE, "a.yaml")
    small, large = set_threads(loaded, problem(60, 4)), set_threads(loaded, problem(100_000, 4))
    assert small is not None and small.threads == 1 and small.reason.startswith("small networks")
    assert large is not None and large.threads == 4
    assert used == [1, 4]


def test_configuration_decides_also_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []
    monkeypatch.setattr("amber.experiment.threads.use_threads", used.append)
    text = SPLICE.replace("  sampler: tpe\n", "  sampler: tpe\n  threads: 3\n")
    found = set_threads(config_from_text(text, "a.yaml"), problem(60, 4))
    assert found is not None and (found.threads, found.reason, used) == (3, "search.threads", [3])


def test_other_processes_have_threads_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []
    monkeypatch.setattr("amber.experiment.threads.use_threads", used.append)
    text = SPLICE.replace("  sampler: tpe\n", "  sampler: tpe\n  executor: processes\n  threads: 3\n")
    # This one trains the final model, on as many as suit it.
    assert set_threads(config_from_text(text, "a.yaml"), problem(60, 4)).reason != "search.threads" and len(used) == 1


@pytest.mark.slow
def test_threads_are_said(amber: Any, write_config: Callable[..., Path], tmp_path: Path) -> None:
    done = amber("search", write_config(), "-d", tmp_path / "run", "--trials", "1")
    assert re.search(r"CPU, 1 thread \((OMP_NUM_THREADS|small networks; .+)\)", " ".join(done.stdout.split()))


@pytest.mark.parametrize(("flops", "expected"), [(2_000_000, 1), (2_000_000_000, 4), (None, 4), ("many", 4)])
def test_work_with_a_trained_network_takes_as_many_as_suit_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, flops: object, expected: int
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    used: list[int] = []
    monkeypatch.setattr("amber.experiment.threads.use_threads", used.append)
    known = KnownNetwork(tmp_path / "best.keras")
    known.record = None if flops is None else {"flops": flops}
    monkeypatch.setattr(threads, "usable_processors", lambda: 4)
    monkeypatch.setattr(threads, "load", lambda: 0.0)
    assert set_threads_for_run(known).threads == expected and used == [expected]


@pytest.mark.parametrize(
    "command",
    [
        "evaluate run",
        "explain run",
        "variants run calls.vcf --genome g.fa",
        "predict run d.csv",
        "design run",
        "train d.yaml --from run -o new",
    ],
)
def test_every_command_that_uses_a_network_chooses_threads(
    command: str, amber: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def chosen(source: KnownNetwork) -> None:
        raise DataError(f"threads for {source}")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("amber.experiment.before_keras.explained.check_explained", lambda *_: None)
    monkeypatch.setattr("amber.cli.options.is_missing", lambda path: False)
    monkeypatch.setattr("amber.experiment.threads.set_threads_for_run", chosen)
    assert "threads for run" in amber(*command.split()).stderr
