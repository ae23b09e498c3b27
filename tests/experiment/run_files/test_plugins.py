"""Plug-ins are part of an experiment: they reach every worker, and a run remembers which it was begun with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.test_sequential import CHAIN

from amber.errors import ConfigError
from amber.plugins import find_plugin, load_plugins

# An operation with a layer of its own, and a reward.
PLUGIN = """\
import keras
import numpy as np
from amber.operations import register_operation
from amber.search.rewards import register_reward


@keras.saving.register_keras_serializable(package="lab")
class Scaled(keras.layers.Layer):
    def __init__(self, factor=1.0, **options):
        super().__init__(**options)
        self.factor = factor

    def call(self, x):
        return x * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def nearness(true, predicted):
    return 1.0 - float(np.mean(np.abs(true - predicted)))


register_operation("scaled", Scaled)
register_reward("nearness", nearness, worst=0.0)
"""


def command(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "amber.cli", *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, check=False,
        env={**os.environ, "KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def scores(run: Path) -> list[object]:
    trials = [json.loads(line) for line in (run / "trials.jsonl").read_text().splitlines()]
    assert all(each["status"] != "failed" for each in trials), trials
    return sorted((each["number"], each["tokens"], each["status"], each["score"]) for each in trials)


def configuration(*lines: str) -> str:
    text = CHAIN.replace("{Layer_type: identity}", "{Layer_type: scaled, factor: 0.5}")
    return text.replace("search:\n", "search:\n  reward: nearness\n" + "".join(f"  {line}\n" for line in lines))


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    (tmp_path / "lab.py").write_text(PLUGIN, encoding="utf-8")
    (tmp_path / "here.yaml").write_text(configuration(), encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_plugins_reach_worker_processes_and_are_remembered(lab: Path) -> None:
    done = command("--plugin", "lab.py", "search", "here.yaml", "-d", "here", "-q", cwd=lab)
    assert done.returncode == 0, done.stderr
    (lab / "processes.yaml").write_text(configuration("executor: processes", "workers: 2"), encoding="utf-8")
    done = command("--plugin", "lab.py", "search", "processes.yaml", "-d", "processes", "-q", cwd=lab)
    assert done.returncode == 0, done.stderr
    assert scores(lab / "processes") == scores(lab / "here")
    # Taken up without it: refused, and the plug-in named; it is not taken from the run directory, nor from its folder.
    for words in (("search", "here.yaml", "-d", "here", "--resume"), ("describe", "here"), ("report", "here")):
        done = command(*words, cwd=lab)
        assert done.returncode == 2 and "amber --plugin lab.py" in done.stderr, done.stderr
    (lab / "lab.py").write_text(PLUGIN.replace("1.0 -", "2.0 -"), encoding="utf-8")
    again = ("--plugin", "lab.py", "search", "here.yaml", "-d", "here", "--resume")
    done = command(*again, cwd=lab)
    assert done.returncode == 2 and "plug-ins" in done.stderr and "--allow-changes" in done.stderr
    (lab / "lab.py").write_text(PLUGIN, encoding="utf-8")
    (lab / "elsewhere").mkdir()
    (lab / "lab.py").rename(lab / "elsewhere" / "lab.py")
    done = command("--plugin", "elsewhere/lab.py", *again[2:], cwd=lab)
    assert done.returncode == 0 and "Nothing is left to do" in done.stdout, done.stderr


@pytest.mark.slow
def test_plugins_reach_the_workers_of_a_dask_cluster(lab: Path) -> None:
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True, local_directory=str(lab)
    )
    with cluster:
        text = configuration(f"executor: {{dask: '{cluster.scheduler_address}'}}", "workers: 2")
        (lab / "dask.yaml").write_text(text, encoding="utf-8")
        done = command("--plugin", lab / "lab.py", "search", lab / "dask.yaml", "-d", "dask", "-q", cwd=lab)
    assert done.returncode == 0, done.stderr
    done = command("--plugin", "lab.py", "search", "here.yaml", "-d", "here", "-q", cwd=lab)
    assert done.returncode == 0, done.stderr
    assert scores(lab / "dask") == scores(lab / "here")


@pytest.fixture
def clean_modules() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("amber_plugin_"):
            del sys.modules[name]


def test_plugin_is_loaded_from_what_it_carries(tmp_path: Path, clean_modules: None) -> None:
    path = tmp_path / "carried.py"
    path.write_text("VALUE = [1]\n", encoding="utf-8")
    plugin = find_plugin(str(path))
    path.unlink()  # as on another machine
    plugin.load()
    sys.modules[plugin.module].VALUE.append(2)
    plugin.load()
    assert sys.modules[plugin.module].VALUE == [1, 2]  # not run twice


def test_two_files_of_one_name_are_refused(tmp_path: Path, clean_modules: None) -> None:
    for folder, text in (("a", "x = 1\n"), ("b", "x = 2\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.py").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="two files of one name"):
        load_plugins([str(tmp_path / "a" / "same.py"), str(tmp_path / "b" / "same.py")])


@pytest.mark.parametrize("text", ["raise RuntimeError('mine')\n", "def f(:\n", "\udcff"])
def test_plugin_that_cannot_be_loaded_is_named(tmp_path: Path, text: str, clean_modules: None) -> None:
    path = tmp_path / "broken.py"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError, match=r"--plugin: .*broken\.py"):
        load_plugins([str(path)])
    assert "amber_plugin_broken" not in sys.modules
