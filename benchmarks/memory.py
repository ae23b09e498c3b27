"""Resident memory that children leave behind in one process; see `memory_child`."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import keras

from benchmarks.results import Row

_GOAL = 0.2
_CHILDREN = 200
_WARM_UP = 30


def memory() -> list[Row]:
    """MiB per child after 200 different ones were built and fitted, their histories kept."""
    backend = keras.config.backend()
    # Residual networks where nothing is compiled; dense ones, which compile ten times faster, elsewhere.
    kind = "residual" if backend == "torch" else "dense"
    command = [sys.executable, "-m", "benchmarks.memory_child", kind, str(_CHILDREN), str(_WARM_UP)]
    environment = {**os.environ, "KERAS_BACKEND": backend}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    result = json.loads(done.stdout.splitlines()[-1])
    what = f"{_CHILDREN} {kind} children, histories kept: memory per child"
    return [Row(what, backend, result["mib_per_child"], "MiB", _GOAL, at_least=False, details=result)]
