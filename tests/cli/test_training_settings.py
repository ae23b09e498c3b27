"""What a configuration says of training reaches every training of a search."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import amber.search.one_shot as one_shot
import amber.training.callbacks as callbacks
import amber.training.train as training


@pytest.mark.slow
def test_statistics_are_estimated_anew_after_every_training(
    amber: Callable[..., Any],
    write_config: Callable[..., Path],
    tiny: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    models: list[Any] = []
    estimate = training.recalibrate

    def noted(model: Any, data: Any) -> Any:
        models.append(model)
        return estimate(model, data)

    for module in (callbacks, training):
        monkeypatch.setattr(module, "recalibrate", noted)
    text = tiny.replace("  batch_size: 256", "  batch_size: 256\n  recalibrate: true")
    done = amber("search", write_config(text), "-d", tmp_path / "run", "--quiet")
    assert done.exit_code == 0, done.output + done.stderr
    trials = [json.loads(line) for line in (tmp_path / "run" / "trials.jsonl").read_text().splitlines()]
    trained = sum(trial.get("status") == "complete" for trial in trials)
    networks = len(json.loads((tmp_path / "run" / "test.json").read_text())["networks"])
    assert trained >= 1 and networks >= 1
    # Once before the look at validation data after the only epoch, and once in the end.
    assert len(models) == 2 * (trained + networks)


@pytest.mark.slow
def test_one_shot_search_trains_with_its_own_optimizer_options(
    amber: Callable[..., Any],
    write_config: Callable[..., Path],
    tiny: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decays: list[float] = []
    run = one_shot.run_one_shot

    def noted(*arguments: Any, **more: Any) -> Any:
        decays.append(more["shared"].compile_arguments["optimizer"].weight_decay)
        return run(*arguments, **more)

    monkeypatch.setattr(one_shot, "run_one_shot", noted)
    text = tiny.replace("  batch_size: 256", "  batch_size: 256\n  optimizer: adamw").replace(
        "search:\n",
        "search:\n  strategy: one_shot\n  one_shot: {start_steps: 1, warm_up_steps: 1, steps_per_episode: 1, "
        "episodes: 1, architectures: 2, sample: 2, top_k: 1, finalist_steps: 1, "
        "optimizer_options: {weight_decay: 0.5}}\n",
    )
    text = text.replace("  sampler: random\n", "").replace("  trials: 2\n", "")
    done = amber("search", write_config(text), "-d", tmp_path / "run", "--quiet")
    assert done.exit_code == 0, done.output + done.stderr
    assert decays == [0.5]
    assert json.loads((tmp_path / "run" / "one_shot.json").read_text())["steps"] == 4
    assert (tmp_path / "run" / "best.keras").is_file()
