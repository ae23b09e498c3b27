"""Reward, knowledge and budget named in the configuration, and what the command shows of them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amber.experiment.configuration.reading import config_from_text

BLOCKS = """\
name: cells
data:
  source: {source}
  split: random
  blocks:
    rna: rna_1..rna_3
    protein: [protein_a, protein_b]
  outputs:
    grade: {{column: grade}}
    dose: {{column: dose, type: number}}
model_space:
  - repeat: 2
    candidates:
      - {{Layer_type: dense, units: 4, activation: relu}}
      - {{Layer_type: identity}}
builder: {{type: multi_io, with_output_blocks: false}}
training: {{epochs: 1, batch_size: 16}}
search:
  sampler: random
  trials: 2
  reward: spearman
  knowledge:
    function: block_hierarchy
    weight: 0.5
    options: {{groups: [[rna, protein]]}}
final: {{epochs: 1}}
"""


@pytest.mark.slow
def test_a_budget_and_a_reward(
    tiny: str, amber: Callable[..., Any], write_config: Callable[..., Path], tmp_path: Path
) -> None:
    text = tiny.replace("trials: 2", "trials: 2\n  reward: auroc\n  budget: {parameters: 310, flops: 23152}", 1)
    done = amber("search", write_config(text), "-d", tmp_path / "run")
    assert done.exit_code == 0, done.stderr
    trials = [json.loads(line) for line in (tmp_path / "run" / "trials.jsonl").read_text().splitlines()]
    over = [trial for trial in trials if trial["status"] == "over budget"]
    trained = [trial for trial in trials if trial["status"] == "complete"]
    assert over and len(trained) == 2
    assert all(trial["parameters"] <= 310 and trial["flops"] <= 23152 for trial in trained)
    assert all(trial["error"].endswith("allowed") and not trial["epochs"] for trial in over)
    assert all(trial["score"] == trial["metrics"]["val_auroc"] for trial in trained)
    for shown in (done.stdout, (tmp_path / "run" / "results.txt").read_text()):
        assert "val_auroc" in shown and f"{len(over)} over budget" in shown
    assert f"trial {over[0]['number']} over budget" in done.stderr
    assert "val_auroc" in (tmp_path / "run" / "best.svg").read_text()


def test_nothing_within_the_budget(
    tiny: str, amber: Callable[..., Any], write_config: Callable[..., Path], tmp_path: Path
) -> None:
    text = tiny.replace("trials: 2", "trials: 2\n  budget: {parameters: 1}", 1)
    done = amber("search", write_config(text), "-d", tmp_path / "run")
    assert done.exit_code == 2 and not (tmp_path / "run").exists()
    assert "key search.budget.parameters" in done.stderr and "as no network of the space needs less" in done.stderr


@pytest.mark.slow
def test_knowledge_of_blocks_and_two_outputs(
    amber: Callable[..., Any], write_config: Callable[..., Path], tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    with (tmp_path / "cells.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["rna_1", "rna_2", "rna_3", "protein_a", "protein_b", "grade", "dose"])
        for row in rng.normal(size=(80, 5)):
            writer.writerow([*row, "hi" if row[0] > 0 else "lo", 3 * row[3]])
    text = BLOCKS.format(source=tmp_path / "cells.csv")
    done = amber("search", write_config(text), "-d", tmp_path / "run")
    assert done.exit_code == 0, done.stderr
    best = json.loads((tmp_path / "run" / "best.json").read_text())["scores"]
    assert best["reward"] == pytest.approx(best["val_spearman"] - 0.5 * best["knowledge"])
    assert 0 <= best["knowledge"] <= 1


@pytest.mark.parametrize(
    ("lines", "metric", "direction"),
    [
        ("", "val_accuracy", "maximize"),
        ("  reward: auroc\n", "val_loss", "minimize"),
        ("  reward: auroc\n  metric: val_accuracy\n", "val_accuracy", "maximize"),
        ("  reward: null\n", "val_accuracy", "maximize"),
    ],
)
def test_trainings_with_a_reward_watch_the_loss(lines: str, metric: str, direction: str, tiny: str) -> None:
    search = config_from_text(tiny.replace("  trials: 2\n", f"  trials: 2\n{lines}", 1), "a.yaml").config.search
    assert (search.metric, search.chosen_direction) == (metric, direction)


@pytest.mark.slow
def test_report_of_a_search_with_a_reward_ranks_by_it(amber: Any, write_config: Any, tiny: str, tmp_path: Path) -> None:
    """The metric that trainings watch is a loss then, and less of it is better."""
    config = write_config(tiny.replace("trials: 2", "trials: 3\n  reward: auroc", 1))
    assert amber("search", config, "-d", tmp_path / "run", "-q").exit_code == 0
    assert amber("report", tmp_path / "run", "-o", tmp_path / "report.html").exit_code == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    best = json.loads((tmp_path / "run" / "best.json").read_text())["trial"]
    assert re.search(rf"1\. trial {best}, [^:]+: val_auroc", page) and "val_auroc to be maximized" in page
