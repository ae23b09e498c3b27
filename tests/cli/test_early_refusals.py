"""What can be known without Keras is refused before it is loaded: within two seconds of work and 200 MiB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.cli.conftest import TINY

_CHANGES = {
    "metric": (("training", "metrics"), ["accuracy", "acuracy"], "training.metrics[1]"),
    "searched metric": (("search", "metric"), "val_auc", "search.metric"),
    "loss": (("training", "loss"), "mse", "training.loss"),
    "optimizer": (("training", "optimizer"), "adamm", "training.optimizer"),
    "optimizer option": (("training", "optimizer_options"), {"beta_1": 5}, "training.optimizer_options.beta_1"),
    "operation": (("model_space", 0, 0, "Layer_type"), "conv1dd", "model_space[0][0].Layer_type"),
    "attribute": (("model_space", 0, 0, "filter"), 3, "model_space[0][0].filter"),
    "width": (("model_space", 0, 0, "filters"), 10**9, "model_space[0][0].filters"),
    "reward": (("search", "reward"), "auroc2", "search.reward"),
    "pruner": (("search", "pruner"), "medain", "search.pruner"),
    "knowledge": (("search", "knowledge"), {"function": "none"}, "search.knowledge.function"),
}

# In a process of its own: what is forked from this one begins with its memory.
_MEASURED = """
import json, resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([code, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="measures processes in KiB")
@pytest.mark.parametrize("name", _CHANGES)
def test_mistake_is_refused_before_keras_is_loaded(tmp_path: Path, name: str) -> None:
    keys, value, expected = _CHANGES[name]
    config = yaml.safe_load(TINY)
    place = config
    for key in keys[:-1]:
        place = place[key] if isinstance(place, list) else place.setdefault(key, {})
    place[keys[-1]] = value
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump(config))
    words = [sys.executable, "-m", "amber.cli", "search", str(path), "-d", str(tmp_path / "run")]
    done = subprocess.run([sys.executable, "-c", _MEASURED, *words], capture_output=True, text=True)
    code, seconds, kibibytes = json.loads(done.stdout.splitlines()[-1])
    assert code == 2, done
    assert f"key {expected}:" in done.stderr
    assert seconds < 2
    assert kibibytes < 200 * 1024
    assert not (tmp_path / "run").exists()


def test_backend_that_cannot_be_had_is_no_mistake_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(TINY)
    environment = {**os.environ, "KERAS_BACKEND": "numpy"}
    words = [sys.executable, "-m", "amber.cli", "search", str(path), "-d", str(tmp_path / "run")]
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "KERAS_BACKEND" in done.stderr and "c.yaml" not in done.stderr
