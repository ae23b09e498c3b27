"""Plug-ins are part of an experiment: they reach every worker, and a run remembers which it was begun with."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.cli.test_sequential import CHAIN

from amber.cli.failures import reported
from amber.errors import AmberError, ConfigError, ModelSpaceError
from amber.experiment.run_files.plugins import naming_missing
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
        [sys.executable, "-W", "ignore", "-m", "amber", *map(str, arguments)],
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


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A run directory that says that its search was begun with a plug-in."""
    run = tmp_path / "run"
    run.mkdir()
    settings = {"plugins": [{"name": "absent_lab.py", "digest": None}]}
    (run / "search.json").write_text(json.dumps({"settings": settings}), encoding="utf-8")
    return run


@pytest.mark.parametrize("error", [ConfigError("odd", field=("a",), line=3), ModelSpaceError("odd", file="c.yaml")])
def test_error_names_plugins_that_are_missing_once(begun: Path, error: AmberError) -> None:
    with pytest.raises(type(error), match=r"^odd\n.*amber --plugin absent_lab\.py") as raised:
        with naming_missing(begun), naming_missing(begun):
            raise error
    assert (raised.value.field, raised.value.file, raised.value.line) == (error.field, error.file, error.line)
    assert str(raised.value).count("--plugin") == 1


@pytest.mark.parametrize("named", ["run", "run/best.keras", "run/config.yaml"])
def test_command_that_is_given_a_run_names_its_plugins(begun: Path, named: str, capsys: Any) -> None:
    def command(source: Path, quiet: bool) -> None:
        raise ConfigError("an unknown layer")

    with pytest.raises(typer.Exit):
        reported(command)(source=begun.parent / named, quiet=True)
    assert "amber --plugin absent_lab.py" in capsys.readouterr().err


def test_layer_that_could_not_be_loaded_is_refused_with_its_line(lab: Path) -> None:
    text = PLUGIN.replace('@keras.saving.register_keras_serializable(package="lab")\n', "")
    (lab / "lab.py").write_text(text, encoding="utf-8")
    done = command("--plugin", "lab.py", "search", "here.yaml", "-d", "here", "-q", cwd=lab)
    assert done.returncode == 2 and not (lab / "here").exists()
    assert re.search(r"here\.yaml, line \d+, key model_space.*Scaled.*register_keras_serializable", done.stderr)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n\ndef f():\n    return 1 / 0\n\nf()\n", "which raises ZeroDivisionError: .* (broken.py, line 4)"),
        ("import sys\nsys.exit(3)\n", "which raises SystemExit: 3 (broken.py, line 2)"),
        ("\n\n\n\n\n\ndef f(:\n", "which raises SyntaxError: .* (broken.py, line 7)"),
        ("from .other import x\n", "import its neighbours without a dot, .* (broken.py, line 1)"),
        (
            "import keras\nfrom amber.operations import register_operation\n"
            "register_operation('dense', keras.layers.Dense)\n",
            "registered already.* (broken.py, line 3)",
        ),
    ],
    ids=["error", "exit", "syntax", "relative", "ours"],
)
def test_the_line_of_a_plugin_that_raises_is_named(text: str, said: str, tmp_path: Path, clean_modules: None) -> None:
    (tmp_path / "broken.py").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said.replace("(", r"\(").replace(")", r"\)")):
        load_plugins([str(tmp_path / "broken.py")])


@pytest.mark.parametrize("names", [("twice.py", "twice.py"), ("./twice.py", "twice"), ("twice", "twice.py")])
def test_a_plugin_that_is_named_twice_is_loaded_once(
    names: tuple[str, str], tmp_path: Path, clean_modules: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "twice.py").write_text("import sys\nsys.loaded_here = getattr(sys, 'loaded_here', 0) + 1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "loaded_here", 0, raising=False)
    assert len(load_plugins(names)) == 1 and sys.loaded_here == 1  # type: ignore[attr-defined]


def test_a_layer_that_could_not_be_loaded_is_not_built(lab: Path) -> None:
    text = PLUGIN.replace('@keras.saving.register_keras_serializable(package="lab")\n', "")
    (lab / "lab.py").write_text(text, encoding="utf-8")
    done = command("--plugin", "lab.py", "build", "here.yaml", "0,2", cwd=lab)
    assert done.returncode == 2 and "register_keras_serializable" in done.stderr, done.stderr
    assert not (lab / "model.keras").exists()
