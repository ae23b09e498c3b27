"""`search.executor` in a configuration: the same trials in worker processes, and mistakes named by line and key."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amber.experiment.components import make_executor
from amber.experiment.configuration.reading import config_from_text
from amber.search.executors import DaskExecutor, InProcessExecutor, ProcessExecutor, WorkerLimits

Amber = Callable[..., Any]
WriteConfig = Callable[..., Path]


def facts(run: Path) -> list[Any]:
    trials = [json.loads(line) for line in (run / "trials.jsonl").read_text().splitlines()]
    return sorted((each["number"], each["tokens"], each["status"], each["score"], each["seed"]) for each in trials)


def with_search(tiny: str, *lines: str) -> str:
    return tiny.replace("search:\n", "search:\n" + "".join(f"  {line}\n" for line in lines))


@pytest.mark.slow
def test_command_searches_on_worker_processes_as_in_its_own(
    amber: Amber, finished_run: Path, write_config: WriteConfig, tiny: str, tmp_path: Path
) -> None:
    text = with_search(tiny, "executor: processes", "workers: 2", "time_limit: 120", "trials_per_process: 5")
    done = amber("search", write_config(text), "-d", tmp_path / "run", "-q")
    assert done.exit_code == 0, done.output + done.stderr
    assert facts(tmp_path / "run") == facts(finished_run)
    again = amber("search", write_config(tiny), "-d", tmp_path / "run", "-q", "--resume")
    assert again.exit_code == 0, "where a search is trained may change: " + again.output + again.stderr


@pytest.mark.slow
def test_command_with_shared_weights_retrains_in_rungs(
    amber: Amber, write_config: WriteConfig, tiny: str, tmp_path: Path
) -> None:
    few = "{start_steps: 1, warm_up_steps: 1, steps_per_episode: 1, episodes: 1, architectures: 2, sample: 4, top_k: 2}"
    text = tiny.replace("  sampler: random\n", "").replace("  trials: 2\n", "")
    text = with_search(text, "strategy: one_shot", f"one_shot: {few}", "halving: {rungs: 2, factor: 2}")
    config = write_config(text.replace("epochs: 1\n  batch_size", "epochs: 2\n  batch_size"))
    done = amber("search", config, "-d", tmp_path / "run", "-q")
    assert done.exit_code == 0, done.output + done.stderr
    lines = (tmp_path / "run" / "trials.jsonl").read_text().splitlines()
    status = [json.loads(line)["status"] for line in lines]
    assert status.count("complete") == len(status) // 2 > 0 and status.count("pruned") == len(status) - len(status) // 2
    assert (tmp_path / "run" / "best.keras").is_file() and (tmp_path / "run" / "rungs" / "1").is_dir()
    again = amber("search", config, "-d", tmp_path / "run", "--resume")
    assert again.exit_code == 0 and "Nothing is left to do" in again.output


@pytest.mark.slow
def test_command_with_shared_weights_retrains_and_prunes_on_worker_processes(
    amber: Amber, write_config: WriteConfig, tiny: str, tmp_path: Path
) -> None:
    few = "{start_steps: 1, warm_up_steps: 1, steps_per_episode: 1, episodes: 1, architectures: 2, sample: 2, top_k: 1}"
    lines = ("strategy: one_shot", f"one_shot: {few}", "executor: processes", "workers: 2", "pruner: median")
    text = tiny.replace("  sampler: random\n", "").replace("  trials: 2\n", "")
    done = amber("search", write_config(with_search(text, *lines)), "-d", tmp_path / "run")
    assert done.exit_code == 0, done.output + done.stderr
    assert "shared weights in this process" in " ".join(done.output.split())
    trials = [json.loads(line) for line in (tmp_path / "run" / "trials.jsonl").read_text().splitlines()]
    assert trials and all(trial["status"] == "complete" and trial["curve"] for trial in trials)


def test_every_key_reaches_the_executor(tiny: str) -> None:
    keys = ("workers: 3", "time_limit: 60", "trials_per_process: 20", "threads: 2", "memory_limit: 500", "retries: 2")
    text = with_search(tiny, "executor: processes", *keys, 'devices: ["0", "1"]')
    made = make_executor(config_from_text(text, "a.yaml").config.search)
    assert isinstance(made, ProcessExecutor) and made.workers == 3
    assert made.limits == WorkerLimits(60, 20, 2, 500, ["0", "1"], retries=2)
    assert isinstance(make_executor(config_from_text(tiny, "a.yaml").config.search), InProcessExecutor)
    assert make_executor(config_from_text(with_search(tiny, "retries: 2"), "a.yaml").config.search).retries == 2
    for where in ("tcp://host:8786", "scheduler.json"):
        text = with_search(tiny, f"executor: {{dask: '{where}'}}", "time_limit: 60", "prefetch: 2")
        over = make_executor(config_from_text(text, "a.yaml").config.search)
        assert (
            isinstance(over, DaskExecutor) and over.limits == WorkerLimits(60) and over.workers == 3
        )  # one, and two that wait


def test_the_former_name_of_a_key_is_taken_with_a_warning(tiny: str) -> None:
    text = with_search(tiny, "executor: {dask: 'tcp://host:8786'}", "ahead: 2")
    with pytest.warns(FutureWarning, match="search.prefetch"):
        configuration = config_from_text(text, "a.yaml")
    assert configuration.config.search.prefetch == 2


@pytest.mark.parametrize(
    ("lines", "line", "message"),
    [
        (["executor: threads"], 13, "search.executor"),
        (["executor: {dusk: x}"], 13, "search.executor"),
        (["workers: 2"], 13, "search.workers"),
        (["executor: processes", "workers: 0"], 14, "search.workers"),
        (["executor: processes", "devices: []"], 14, "search.devices"),
        (["executor: processes", "prefetch: 1"], 14, "search.prefetch"),
    ],
)
def test_mistakes_are_named(
    amber: Amber, write_config: WriteConfig, tiny: str, lines: list[str], line: int, message: str
) -> None:
    start = tiny.split("search:\n")[0].count("\n") + 1
    done = amber("search", write_config(with_search(tiny, *lines)))
    assert done.exit_code != 0
    text = " ".join((done.output + done.stderr).split())
    assert f"line {start + line - 12}" in text and message in text, text
