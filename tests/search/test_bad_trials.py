"""One bad trial ends itself: whatever is raised in it, however it is worded, and whatever processes it leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest
from tests.search.conftest import COMPILE, CountingBuilder, tiny_data

from amber.architect import ModelSpace, Operation
from amber.errors import ConfigError, DeviceError, describe_error, printable
from amber.modeler import KerasModelBuilder, register_operation
from amber.search import JournalStore, Objective, RunDirectory, run_search
from amber.search.executors import InProcessExecutor

MakeObjective = Callable[..., Objective]
# Processes of their own name their backend themselves.
ENVIRONMENT = {**os.environ, "KERAS_BACKEND": keras.backend.backend()}


class SilentError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even this")


class OwnExit(BaseException):
    pass


RAISED = {
    "surrogate": (ValueError("bad \ud800 text"), r"ValueError: bad \ud800 text"),
    "exit": (SystemExit(3), "SystemExit: 3"),
    "exit without code": (SystemExit(), "SystemExit"),
    "generator": (GeneratorExit(), "GeneratorExit"),
    "own": (OwnExit("mine"), "OwnExit: mine"),
    "recursion": (RecursionError("maximum recursion depth exceeded"), "RecursionError: maximum recursion"),
    "memory": (MemoryError(), "MemoryError"),
    "device": (DeviceError("the process of cuda:1 was killed"), "DeviceError: the process of cuda:1 was killed"),
    "silent": (SilentError(), "SilentError: (no message: its __str__ raised RuntimeError)"),
    "terminal": (ValueError("\x1b[2J\x07gone\r\nback"), r"ValueError: \x1b[2J\x07gone back"),
    "bold": (ValueError("\x1b[1mnot\x1b[0m this"), "ValueError: not this"),
    "direction": (ValueError("a\u202eb"), r"ValueError: a\u202eb"),
    "huge": (ValueError("x" * 5_000_000), "ValueError: xxx"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", RAISED)
def test_whatever_is_raised_becomes_a_failed_trial(
    make_objective: MakeObjective, builder: CountingBuilder, tmp_path: Path, name: str
) -> None:
    error, expected = RAISED[name]

    def fail(tokens: tuple[int, ...]) -> None:
        if len(builder.built) == 1:
            raise error

    builder.before = fail
    directory = RunDirectory.create(tmp_path / "run")
    result = run_search(make_objective(), trials=2, seed=0, store=directory)
    assert result.counts()["failed"] == 1
    assert result.best is not None
    (failed,) = [trial for trial in directory.trials() if trial.status == "failed"]
    assert failed.error is not None and failed.error.startswith(expected)
    assert len(failed.error) < 3000
    assert failed.error.isprintable()
    (tmp_path / "run" / "search.log").read_text(encoding="utf-8")
    # Taken up, it is not met again.
    builder.before = lambda tokens: None
    again = run_search(
        make_objective(), trials=3, seed=0, store=JournalStore(RunDirectory.resume(directory.path), resume=True)
    )
    assert again.counts()["failed"] == 1
    assert again.counts()["complete"] == 2


@pytest.mark.slow
def test_a_failed_trial_is_trained_again_so_often(
    make_objective: MakeObjective, builder: CountingBuilder, tmp_path: Path
) -> None:
    """Also that what would only fail again is not, and that the score is that of a trial which never failed."""
    undisturbed = run_search(make_objective(), trials=3, seed=0)
    errors = [OSError("away"), OSError("away"), OSError("away"), FloatingPointError("not finite")]
    builder.built.clear()

    def fail(tokens: tuple[int, ...]) -> None:
        if errors and (len(builder.built) <= 3 or isinstance(errors[0], FloatingPointError)):
            raise errors.pop(0)

    builder.before = fail
    directory = RunDirectory.create(tmp_path / "run")
    found = run_search(make_objective(), trials=4, seed=0, store=directory, executor=InProcessExecutor(retries=2))
    outcomes = [(trial.status, trial.retries) for trial in directory.trials() if trial.status != "duplicate"]
    assert outcomes == [("failed", 2), ("failed", 0), ("complete", 0), ("complete", 0)]
    errors.append(OSError("away"))
    builder.built.clear()
    again = run_search(make_objective(), trials=3, seed=0, executor=InProcessExecutor(retries=1))
    assert [trial.score for trial in again.trials] == [trial.score for trial in undisturbed.trials]
    assert [trial.retries for trial in again.trials].count(1) == 1 and found.best is not None
    with pytest.raises(ConfigError, match="retries"):
        InProcessExecutor(retries=-1)


def test_interrupt_is_not_a_failed_trial(make_objective: MakeObjective, builder: CountingBuilder) -> None:
    def stop(tokens: tuple[int, ...]) -> None:
        raise KeyboardInterrupt

    builder.before = stop
    result = run_search(make_objective(), trials=2, seed=0)
    assert result.stopped == "interrupted"
    assert not result.trials


@pytest.mark.slow
@pytest.mark.parametrize("where", ["planning", "training"])
def test_exit_in_a_layer_is_a_failed_trial(where: str) -> None:
    class Leaving(keras.layers.Layer):
        def call(self, inputs: Any, training: bool = False) -> Any:
            if where == "planning" or training:
                sys.exit(3)
            return inputs

    kind = f"leaving_in_{where}"
    register_operation(kind, lambda name=None: Leaving(name=name), replace=True)
    layers = [[{"Layer_type": kind}, {"Layer_type": "dense", "units": 3}], [{"Layer_type": "flatten"}]]
    builder = KerasModelBuilder(
        Operation("input", shape=(20, 4)),
        Operation("dense", units=2, activation="softmax"),
        COMPILE,
        ModelSpace.from_dict(layers),
    )
    train, validation = tiny_data()
    objective = Objective(builder, train, validation, epochs=1)
    result = run_search(objective, trials=3, seed=0)
    assert {trial.error for trial in result.trials if trial.status == "failed"} == {"SystemExit: 3"}
    assert result.stopped in ("finished", "exhausted")


def test_printable_text_is_one_line_within_its_length() -> None:
    assert printable("  two\n words\u2028three ") == "two words three"
    assert printable("y" * 2001).endswith("y ... (1 characters more)")
    assert describe_error(type("New\nline", (Exception,), {})("x")) == "New line: x"


FORKING = """
import os, sys, time
from tests.search.conftest import COMPILE, CountingBuilder, tiny_data, tiny_space
from amber.search import Objective, RunDirectory, run_search
builder = CountingBuilder(tiny_space())
def fork(tokens):
    child = os.fork()
    if child == 0 and sys.argv[2] == "stays":
        grandchild = os.fork()
        time.sleep(60)
        os._exit(0)
    print("parent" if child else "child", flush=True)
builder.before = fork
train, validation = tiny_data()
objective = Objective(builder, train, validation, epochs=1, batch_size=16)
run_search(objective, trials=2, seed=0, store=RunDirectory.create(sys.argv[1]))
print("end", flush=True)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="finds processes in /proc")
@pytest.mark.slow
@pytest.mark.parametrize("child", ["stays", "goes on"])
def test_forked_child_of_a_trial_neither_stays_nor_goes_on_with_the_search(tmp_path: Path, child: str) -> None:
    path = tmp_path / "run"
    done = subprocess.run(
        [sys.executable, "-c", FORKING, path, child], env=ENVIRONMENT, capture_output=True, text=True, timeout=50
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines().count("end") == 1
    numbers = [json.loads(line)["number"] for line in (path / "trials.jsonl").read_text().splitlines()]
    assert len(numbers) == len(set(numbers))
    assert not _processes_with(str(path))


def _processes_with(word: str) -> list[str]:
    time.sleep(0.2)
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().decode("utf-8", "replace")
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if word in command and state != "Z":
            found.append(process.name)
    return found
