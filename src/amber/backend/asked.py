"""What a backend says of itself, asked in a process of its own: each can be loaded once only in one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

from amber.backend._select import VARIABLE

# Loading a backend on a machine with thirty others at work takes this many seconds at most.
_PATIENCE = 600
_PROGRAM = """
import json, sys
import numpy, keras
from amber.backend.hardware import accelerators
from amber.backend.keras_internals.support import reason_for_stock_keras
name = keras.config.backend()
product = keras.ops.matmul(keras.ops.ones((2, 2)), keras.ops.ones((2, 2)))
sound = float(keras.ops.sum(product)) == 8.0
said = {"accelerators": accelerators(), "stock": reason_for_stock_keras(name, keras.__version__), "sound": sound}
sys.stdout.write("\\n" + json.dumps(said))
"""


@dataclass(frozen=True)
class BackendState:
    """What became of loading a backend and computing with it.

    Attributes:
        name: of the backend.
        accelerators: GPUs and TPUs that it sees.
        stock: why AMBER's fast paths do not run with this Keras; None: they do.
        problem: why it cannot be used; None: it computed what it should.
        is_late: whether it gave no answer in time, so that nothing is known of it.
    """

    name: str
    accelerators: tuple[str, ...] = ()
    stock: str | None = None
    problem: str | None = None
    is_late: bool = False


class AskedBackend:
    """A backend that is being asked; several may be at once.

    Args:
        name: of the backend, which is installed.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        environment = {**os.environ, VARIABLE: name, "TF_CPP_MIN_LOG_LEVEL": "3"}
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", _PROGRAM],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self) -> None:
        """End the process, if it runs yet: nobody waits for its answer any more."""
        self.process.kill()
        self.process.communicate()

    def answer(self) -> BackendState:
        """Wait for the answer; a process that does not give one within ten minutes is ended."""
        try:
            output, errors = self.process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            self.end()
            return BackendState(self.name, problem=f"no answer within {_PATIENCE} seconds", is_late=True)
        if self.process.returncode != 0:
            code = self.process.returncode
            last = next((line for line in reversed(errors.splitlines()) if line.strip()), f"exit status {code}")
            return BackendState(self.name, problem=last.strip()[:300])
        said = json.loads(output.splitlines()[-1])
        problem = None if said["sound"] else "a product of two matrices is wrong"
        return BackendState(self.name, tuple(said["accelerators"]), said["stock"], problem)
