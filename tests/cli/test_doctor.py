"""`amber doctor` as a process: a sound installation, and ones that are not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from amber.backend.asked import AskedBackend, BackendState
from amber.cli import diagnosis


def doctor(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key not in ("KERAS_BACKEND", "AMBER_DATA_DIR")}
    return subprocess.run(
        [sys.executable, "-m", "amber", "doctor"],
        cwd=folder,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_every_installed_backend_computes(tmp_path: Path) -> None:
    done = doctor(tmp_path, AMBER_DATA_DIR="nowhere", OMP_NUM_THREADS="1")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if line[:1].strip() and " " in line)
    assert lines["torch"].startswith("2.") and "computes on" in lines["torch"]
    assert "computes on" in lines["jax"] and "computes on" in lines["tensorflow"]
    assert lines["backend"] == "torch (the first installed of torch, jax, tensorflow)"
    assert "OMP_NUM_THREADS=1" in lines["processors"] and "genomics" in lines["extras"]
    assert "! It is not a folder: unset it, or make it one." in done.stdout and "Searches can run." in done.stdout


@pytest.mark.slow
def test_a_backend_that_is_none_is_severe(tmp_path: Path) -> None:
    # A package of that name that cannot be loaded stands before the true one.
    (tmp_path / "jax").mkdir()
    (tmp_path / "jax" / "__init__.py").write_text("raise ImportError('libcuda is too old')\n")
    done = doctor(tmp_path, KERAS_BACKEND="jax", PYTHONPATH=os.pathsep.join([str(tmp_path), *sys.path[1:]]))
    assert done.returncode == 1
    assert "! It cannot be used." in done.stdout and "libcuda is too old" in done.stdout
    assert "Searches cannot run until they are fixed." in done.stdout


def test_no_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "BACKENDS", ())
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    monkeypatch.setattr(diagnosis, "choice", lambda: (_ for _ in ()).throw(diagnosis.ConfigError("none is installed")))
    said: list[str] = []
    (found,) = diagnosis._backends(said.append)
    assert found.problem == "none is installed" and found.is_severe and said == ["Loading no backend"]


def test_versions_that_do_not_fit_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"keras": "3.9.0", "numpy": "2.4.6", "optuna": None}
    monkeypatch.setattr(diagnosis, "version", versions.get)
    needed = [
        "keras<3.17,>=3.15",
        "numpy>=1.26",
        "optuna>=4",
        'pysam>=9; extra == "genomics"',
        'x; python_version < "3"',
    ]
    assert diagnosis._unmet(needed[:3]) == ["keras<3.17,>=3.15 (3.9.0)", "optuna>=4 (missing)"]
    assert diagnosis._unmet(needed[3:]) == ["pysam>=9 (missing)"]
    assert diagnosis._is_of_extra(needed[3], "genomics") and not diagnosis._is_of_extra(needed[3], "gen")


def test_a_machine_that_is_small_or_busy_is_remarked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "load", lambda: 9.0)
    monkeypatch.setattr(diagnosis, "usable_processors", lambda: 2)
    monkeypatch.setattr(diagnosis, "machine_memory", lambda: 1024**3)
    processors, memory = diagnosis._machine()
    assert processors.said.startswith("2 processors, load 9.0") and "takes longer" in str(processors.problem)
    assert memory.said == "1.0 GiB" and memory.problem == "Searches need some 2 GiB." and not memory.is_severe


def test_a_backend_that_gives_no_answer_in_time_is_not_called_unusable() -> None:
    found = diagnosis._described(BackendState("torch", problem="no answer within 600 seconds", is_late=True), True)
    assert found.problem is not None and found.problem.startswith("Nothing is known of it; look again when")
    assert found.problem.endswith("Received: no answer within 600 seconds") and not found.is_severe


def test_what_was_asked_ends_with_the_one_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[AskedBackend] = []

    class Slow(AskedBackend):
        def __init__(self, name: str) -> None:
            super().__init__(name)
            started.append(self)

        def answer(self) -> BackendState:
            raise KeyboardInterrupt

    monkeypatch.setattr(diagnosis, "AskedBackend", Slow)
    monkeypatch.setattr(diagnosis, "is_installed", lambda name: name != "jax")
    with pytest.raises(KeyboardInterrupt):
        list(diagnosis.diagnose(lambda said: None))
    assert [each.name for each in started] == ["torch", "tensorflow"]
    assert all(each.process.poll() == -signal.SIGKILL for each in started)
