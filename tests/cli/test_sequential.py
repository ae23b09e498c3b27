"""Chains in a configuration: searched, built, and every mistake named by file, line and key."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CHAIN = """\
name: chain
seed: 3
model_space:
  - - {Layer_type: conv1d, filters: 4, kernel_size: 3, activation: relu}
    - {Layer_type: maxpool1d, pool_size: 4}
  - - {Layer_type: globalmaxpool1d}
    - {Layer_type: gru, units: 3}
    - {Layer_type: identity}
builder:
  type: sequential
training:
  epochs: 1
  batch_size: 256
search:
  sampler: random
  trials: 3
final:
  epochs: 1
"""

# (text to replace, replacement, line, words that the message must hold)
MISTAKES = {
    "unknown option": (
        "type: sequential",
        "type: sequential\n  gpu: 2",
        11,
        ["key builder.gpu", "Did you mean 'gpus'?"],
    ),
    "no devices": ("type: sequential", "type: sequential\n  gpus: 0", 11, ["key builder.gpus", "0 (int)"]),
    "no names": ("type: sequential", "type: sequential\n  gpus: []", 11, ["key builder.gpus", "[] (list)"]),
    "too many devices": (
        "type: sequential",
        "type: sequential\n  gpus: 99",
        11,
        ["builder.gpus", "at most"],
    ),
    "devices by name": ("type: sequential", 'type: sequential\n  gpus: ["gpu:77"]', 11, ["builder.gpus", "'gpu:77'"]),
    "an unknown type": ("Layer_type: gru", "Layer_type: grux", 7, ["model_space[1][1]", "Did you mean 'gru'?"]),
    "an attribute missing": ("{Layer_type: gru, units: 3}", "{Layer_type: gru}", 7, ["model_space[1][1]", "units"]),
    "an input": (
        "{Layer_type: identity}",
        "{Layer_type: input, shape: [3]}",
        8,
        ["model_space[1][2]", "an input cannot be a layer"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_names_file_line_and_key(
    mistake: str, amber: Callable[..., Any], write_config: Callable[..., Path], tmp_path: Path
) -> None:
    old, new, line, words = MISTAKES[mistake]
    assert old in CHAIN
    path = write_config(CHAIN.replace(old, new, 1))
    done = amber("search", path, "-d", tmp_path / "run")
    assert done.exit_code == 2, done.output + done.stderr
    assert f"{path}, line {line}" in done.stderr
    for word in words:
        assert word in done.stderr
    assert "Received: " in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_search_passes_over_chains_that_are_no_classifiers(
    amber: Callable[..., Any], write_config: Callable[..., Path], tmp_path: Path
) -> None:
    done = amber("search", write_config(CHAIN.replace("trials: 3", "trials: 4")), "-d", tmp_path / "run", "--quiet")
    assert done.exit_code == 0, done.stderr
    trials = [json.loads(line) for line in (tmp_path / "run" / "trials.jsonl").read_text().splitlines()]
    complete = [trial["tokens"] for trial in trials if trial["status"] == "complete"]
    invalid = [trial for trial in trials if trial["status"] == "invalid"]
    assert complete and all(tokens[1] != 2 for tokens in complete)
    assert invalid and all(trial["tokens"][1] == 2 and "must flatten or pool" in trial["error"] for trial in invalid)
    assert (tmp_path / "run" / "best.keras").is_file()


def test_describe_and_build(amber: Callable[..., Any], write_config: Callable[..., Path], tmp_path: Path) -> None:
    counted = json.loads(amber("describe", write_config(CHAIN), "0,0", "--json").stdout)
    assert counted["parameters"] == 3 * 4 * 4 + 4 + 4 * 3 + 3
    built = amber("build", write_config(CHAIN), "0,0", "-o", tmp_path / "net.keras")
    assert built.exit_code == 0 and "67 parameters" in built.stdout
    refused = amber("build", write_config(CHAIN), "0,2", "-o", tmp_path / "other.keras")
    assert refused.exit_code == 2 and "(58, 3)" in refused.stderr
    assert not (tmp_path / "other.keras").exists()
