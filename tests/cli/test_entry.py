"""What somebody's code does to the process of a command: it ends, with its own exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOREVER = "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,), name='mine').start()\n"
SHORT = "from amber.cli import entry, process\nprocess._THREADS_END_WITHIN = 0.2\n"


@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["search", "none.yaml"], 2), (["none"], 2)])
def test_thread_that_never_ends_keeps_no_command(arguments: list[str], code: int, tmp_path: Path) -> None:
    program = f"{FOREVER}{SHORT}import sys\nsys.argv = ['amber', *{arguments!r}]\nentry.main()\n"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert "Ended without threads that somebody's code has started and that go on: mine" in done.stderr


def test_layer_that_raises_keyboard_interrupt_is_a_failed_trial(tmp_path: Path) -> None:
    (tmp_path / "lab.py").write_text(
        "import keras\nfrom amber.operations import register_operation\n\n\n"
        "@keras.saving.register_keras_serializable('lab')\n"
        "class Stopping(keras.layers.Layer):\n"
        "    def call(self, inputs, training=False):\n"
        "        if training:\n            raise KeyboardInterrupt\n        return inputs\n\n\n"
        "register_operation('stopping', Stopping)\n"
    )
    (tmp_path / "c.yaml").write_text(
        "data: {source: {simulated: {records: 60, length: 20, motifs: {a: TGACTCA}, tasks: {t: {motifs: [a]}}}}}\n"
        "model_space:\n  - [{Layer_type: identity}, {Layer_type: stopping}]\n"
        "training: {epochs: 1}\nsearch: {sampler: random, trials: 2}\nfinal: {epochs: 1, ensemble: 1}\n"
    )
    command = [sys.executable, "-W", "ignore", "-m", "amber", "--plugin", "lab.py", "search", "c.yaml", "-q"]
    environment = {**os.environ, "KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"error": "KeyboardInterrupt"' in (tmp_path / "runs" / "c" / "trials.jsonl").read_text()


@pytest.mark.parametrize("asked", ["error", "error::DeprecationWarning", "default"])
def test_a_warning_of_a_library_does_not_end_a_command(asked: str) -> None:
    program = (
        "import os, sys, warnings\n"
        "from amber.cli.process import run_as_command\n"
        "def run():\n"
        "    warnings.warn('old', DeprecationWarning)\n"
        "    print(os.environ['PYTHONWARNINGS'].startswith('error'), sys.warnoptions)\n"
        "run_as_command(run)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONWARNINGS": asked},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "False ['default']\n" and "DeprecationWarning: old" in done.stderr
