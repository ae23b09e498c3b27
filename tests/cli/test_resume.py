"""`amber search --resume`: the same command goes on where it was stopped, with the same configuration."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Amber = Callable[..., Any]
WriteConfig = Callable[..., Path]


def facts(run: Path) -> list[Any]:
    trials = [json.loads(line) for line in (run / "trials.jsonl").read_text().splitlines()]
    return [(each["number"], each["tokens"], each["status"], each["score"]) for each in trials]


@pytest.fixture(scope="module")
def copied(finished_run: Path) -> Callable[[Path], Path]:
    """Copies what a search killed after its first trials leaves."""

    def copy(target: Path) -> Path:
        target.mkdir()
        for name in ("search.json", "config.yaml"):
            (target / name).write_bytes((finished_run / name).read_bytes())
        first = (finished_run / "trials.jsonl").read_bytes().splitlines(keepends=True)[0]
        (target / "trials.jsonl").write_bytes(first + b'{"number": 1, "tok')
        return target

    return copy


@pytest.mark.slow
def test_resumed_run_has_the_trials_the_best_and_the_scores_of_an_undisturbed_one(
    amber: Amber, finished_run: Path, copied: Callable[[Path], Path], write_config: WriteConfig, tmp_path: Path
) -> None:
    run = copied(tmp_path / "run")
    done = amber("search", write_config(), "-d", run, "--resume")
    assert done.exit_code == 0, done.output + done.stderr
    assert facts(run) == facts(finished_run)
    assert "Taken up after 1 proposals, 1 trained" in done.stderr
    for name in ("best.json", "test.json"):
        records = [json.loads((each / name).read_text()) for each in (run, finished_run)]
        for record in records:
            record.pop("seconds", None)
            record.pop("config", None)
        if name == "test.json":
            assert records[0] == records[1]
        else:
            assert records[0]["tokens"] == records[1]["tokens"] and records[0]["final"] == records[1]["final"]
    assert not list(run.glob("*.tmp"))


@pytest.mark.slow
def test_search_can_be_made_longer_and_its_final_training_changed(
    amber: Amber, copied: Callable[[Path], Path], write_config: WriteConfig, tiny: str, tmp_path: Path
) -> None:
    run = copied(tmp_path / "run")
    longer = tiny.replace("trials: 2", "trials: 3").replace("final:\n  epochs: 1", "final:\n  epochs: 2")
    done = amber("search", write_config(longer), "-d", run, "--resume", "-q")
    assert done.exit_code == 0, done.output + done.stderr
    assert sum(status == "complete" for _, _, status, _ in facts(run)) == 3
    assert json.loads((run / "best.json").read_text())["final"]["epochs"] == [2, 2]


@pytest.mark.slow
def test_changed_configuration_is_refused_by_line_and_key_unless_allowed(
    amber: Amber, copied: Callable[[Path], Path], write_config: WriteConfig, tiny: str, tmp_path: Path
) -> None:
    run = copied(tmp_path / "run")
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    changed = tiny.replace("batch_size: 256", "batch_size: 512").replace("kernel_size: 4", "kernel_size: 5")
    config = write_config(changed)
    refused = amber("search", config, "-d", run, "--resume", "-q")
    assert refused.exit_code == 2
    assert f"{config}, line 16, key training.batch_size: the search in {run} began with 256. Received: 512" in (
        refused.stderr
    )
    assert "line 9, key model_space[1].candidates[1].kernel_size: " in refused.stderr
    assert "began with 4. Received: 5" in refused.stderr and "--allow-changes" in refused.stderr
    # Refused when it is resolved: nothing is written, a line that was cut short is still there.
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before
    allowed = amber("search", write_config(tiny.replace("256", "512")), "-d", run, "--resume", "--allow-changes", "-q")
    assert allowed.exit_code == 0, allowed.stderr
    assert json.loads((run / "search.json").read_text())["settings"]["training"]["batch_size"] == 512


def test_run_directory_with_trials_needs_a_word(
    amber: Amber, copied: Callable[[Path], Path], write_config: WriteConfig, tmp_path: Path
) -> None:
    run = copied(tmp_path / "run")
    refused = amber("search", write_config(), "-d", run)
    assert refused.exit_code == 2
    assert "holds a search with 1 trials" in refused.stderr
    assert all(option in refused.stderr for option in ("--resume", "--overwrite", "--run-directory"))
    assert amber("search", write_config(), "-d", run, "--resume", "--overwrite").exit_code == 2
    assert amber("search", write_config(), "-d", run, "--allow-changes").exit_code == 2


@pytest.mark.slow
def test_resume_starts_a_search_where_none_is(amber: Amber, write_config: WriteConfig, tmp_path: Path) -> None:
    done = amber("search", write_config(), "-d", tmp_path / "new", "--resume", "-q")
    assert done.exit_code == 0, done.stderr
    assert len(facts(tmp_path / "new")) >= 2


@pytest.mark.slow
def test_pruner_of_the_configuration(amber: Amber, write_config: WriteConfig, tiny: str, tmp_path: Path) -> None:
    text = tiny.replace("  epochs: 1\n  batch_size", "  epochs: 2\n  batch_size").replace(
        "  trials: 2\n", "  trials: 3\n  metric: val_loss\n  pruner: threshold\n  pruner_options: {upper: 1.0e-6}\n"
    )
    done = amber("search", write_config(text), "-d", tmp_path / "run")
    assert done.exit_code == 1 and "without a trained architecture" in done.stderr  # each is pruned
    assert {status for _, _, status, _ in facts(tmp_path / "run")} <= {"pruned", "duplicate"}
    assert "] trial 0 pruned" in done.stderr and "after epoch 1, with val_loss" in done.stderr
    refused = amber("search", write_config(text.replace("threshold", "medain")), "-d", tmp_path / "other")
    assert refused.exit_code == 2 and "key search.pruner" in refused.stderr and "median" in refused.stderr
