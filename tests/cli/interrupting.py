"""Interrupts `amber search` at random moments, in real processes, and says what became of each.

Run it for figures: python -m tests.cli.interrupting PHASE [MOMENTS [SEED]], with KERAS_BACKEND set. PHASE is one of
`loading`, `search`, `processes`, `final` and `one_shot`.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# Seconds that a command may take to end; a figure, which a test on a machine with other work cannot ask for.
LIMIT = 5.0
# Seconds until a phase must have begun, and until a command must have ended, on whatever machine.
_PATIENCE = 600
_SPACE = [{"Layer_type": "conv1d", "filters": 16, "kernel_size": size, "activation": "relu"} for size in (3, 5, 8)]
_CONFIG: dict[str, Any] = {
    "name": "interrupted",
    "data": {"source": "splice", "sequence": "seq", "label": "label", "split": "gsplit"},
    "model_space": [{"repeat": 4, "candidates": [*_SPACE, {"Layer_type": "identity", "filters": 16}]}],
    "builder": {"type": "residual_cnn", "fc_units": 16},
    "training": {"epochs": 2, "batch_size": 64, "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
    "search": {"sampler": "random", "trials": 400, "metric": "val_loss"},
    "final": {"epochs": 1000, "patience": None},
}
# What a phase changes of the configuration (None: takes out), and what on the screen shows that it has begun.
PHASES: Mapping[str, tuple[dict[str, Any], str]] = {
    "loading": ({}, ""),
    "search": ({}, "Search of"),
    "processes": ({"executor": "processes", "workers": 2}, "Search of"),
    "final": ({"trials": 1}, "Retraining the best"),
    "one_shot": ({"strategy": "one_shot", "sampler": None, "trials": None}, "one network, step"),
}
# A program that searches, says when it begins, and at the end whether Python handles Ctrl-C again.
PROGRAM = """
import signal, threading, time
from tests.search.conftest import CountingBuilder, tiny_data, tiny_space
from amber.search import Objective, run_search
train, validation = tiny_data()
objective = Objective(CountingBuilder(tiny_space(4)), train, validation, epochs=2, batch_size=4)
def say_when_it_is_heard():
    while signal.getsignal(signal.SIGINT) is signal.default_int_handler: time.sleep(0.001)
    print("begun", flush=True)
threading.Thread(target=say_when_it_is_heard).start()
found = run_search(objective, trials=4000, seed=0, sampler="random")
print(found.stopped, signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""


@dataclass(frozen=True)
class Interrupted:
    """What became of one command.

    Attributes:
        code: its exit code; None where it did not end in time.
        seconds: from the signal to its end.
        moment: from the beginning of the phase to the signal, seconds.
        trials: settled ones in its journal.
        said: all that it wrote.
    """

    code: int | None
    seconds: float
    moment: float
    trials: int
    said: str


def interrupt(
    phase: str,
    moment: float,
    folder: Path,
    *,
    begins: str | None = None,
    number: signal.Signals = signal.SIGINT,
    again: float | None = None,
    options: tuple[str, ...] = (),
) -> Interrupted:
    """Start a search, wait for a phase of it, then `moment` seconds, and send the signal to all its processes.

    Args:
        phase: of `PHASES`.
        moment: seconds into the phase.
        folder: for its files.
        begins: what on the screen shows that the phase has begun; None: what `PHASES` says.
        number: the signal.
        again: seconds from the command's answer until it is sent a second time; None: it is not.
        options: of `amber search`.
    """
    changes, begun = PHASES[phase]
    begun = begun if begins is None else begins
    search = {key: value for key, value in {**_CONFIG["search"], **changes}.items() if value is not None}
    config = {**_CONFIG, "search": search}
    (folder / "c.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    output = folder / "output.txt"
    command = [sys.executable, "-m", "amber", "search", "c.yaml", "-d", "run", *options]
    with output.open("w") as file:
        # A session of its own is what a terminal gives: Ctrl-C reaches the workers too.
        process = subprocess.Popen(
            command, cwd=folder, stdout=file, stderr=file, start_new_session=True, preexec_fn=heed_signals
        )
    try:
        wait_for(lambda: process.poll() is not None or (_hears(process.pid) and begun in output.read_text()))
        time.sleep(moment)
        if process.poll() is not None:
            raise RuntimeError(f"The command ended before it was interrupted:\n{output.read_text()}")
        os.killpg(process.pid, number)
        sent = time.monotonic()
        if again is not None:
            wait_for(lambda: process.poll() is not None or "Stopping" in output.read_text())
            time.sleep(again)
            os.killpg(process.pid, number)
            sent = time.monotonic()
        try:
            code: int | None = process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            code = None
        seconds = time.monotonic() - sent
    finally:
        process.kill()
    trials = settled(folder)
    return Interrupted(code, seconds, moment, trials, output.read_text())


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds; RuntimeError where it never does."""
    limit = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > limit:
            raise RuntimeError(f"Nothing of it in {_PATIENCE} s.")
        time.sleep(0.02)


def _hears(process: int) -> bool:
    """Say whether a command handles SIGTERM: from then on it hears signals. True where the system does not tell."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return True
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def heed_signals() -> None:
    """Undo, in a fresh process, what a shell does to jobs in the background: they ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def settled(folder: Path) -> int:
    """Return how many proposals the journal holds, after a look at each line."""
    path = folder / "run" / "trials.jsonl"
    if not path.is_file():
        return 0
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return sum("number" in line for line in lines)


def main(phase: str, moments: int = 20, seed: int = 0, spread: float = 8.0) -> None:
    """Interrupt a phase at random moments and print one line for each."""
    generator, lost = random.Random(seed), 0
    for _ in range(moments):
        with tempfile.TemporaryDirectory() as folder:
            found = interrupt(phase, generator.uniform(0.0, spread), Path(folder))
        right = found.code == 130 and found.seconds <= LIMIT
        lost += not right
        print(
            f"{phase} at {found.moment:5.2f} s: exit {found.code} after {found.seconds:.2f} s, {found.trials} trials",
            "" if right else f"WRONG\n{found.said[-1500:]}",
            flush=True,
        )
    print(f"{phase}: {moments - lost} of {moments} right", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], *(int(each) for each in sys.argv[2:]))
