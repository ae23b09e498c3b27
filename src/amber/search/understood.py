"""What a search works on, said in its log before it begins: outputs and their targets, examples, and the machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import keras
import numpy as np

from amber.backend import choice
from amber.backend.hardware import accelerators, threads_in_use
from amber.search.executors import Executor
from amber.search.objective import Objective
from amber.types import Array

_CLASSES = 50


def understood(objective: Objective, executor: Executor) -> Iterator[str]:
    """Return three lines: what is learnt (guessed from the targets), the examples of each part, and the machine.

    Args:
        objective: has the data.
        executor: trains the candidates.
    """
    targets = objective.train[1]
    named = targets.items() if isinstance(targets, Mapping) else enumerate(keras.tree.flatten(targets))
    said = "; ".join(f"output {name}: {_target(array)} (guessed)" for name, array in named)
    yield f"Task: {said}; the search compares {objective.metric}, to be {objective.direction}d."
    parts = ((objective.train, "training"), (objective.validation, "validation"))
    counts = " and ".join(f"{len(keras.tree.flatten(part[1])[0])} {name}" for part, name in parts)
    shapes = " + ".join(str(tuple(array.shape[1:])) for array in keras.tree.flatten(objective.train[0]))
    yield f"Data: {counts} examples of shape {shapes}, divided by the caller."
    if not objective.plans:
        yield (
            "Builder: it cannot plan, so that networks are the same only where their tokens are, and are measured once "
            "they are built."
        )
    devices = ", ".join(accelerators()) or "CPU"
    workers = "1 worker (this process)" if executor.in_process else f"workers of {type(executor).__name__}"
    yield f"Runs on {choice()}, {devices}, threads: {threads_in_use()}, {workers}."


def _target(array: Array) -> str:
    """Return what targets look like: class numbers, one-hot classes or numbers with their range."""
    shape = tuple(array.shape[1:])
    if not isinstance(array, np.ndarray):
        return f"targets of shape {shape}"
    if array.dtype.kind in "biu":
        found = np.unique(array)
        if len(found) <= _CLASSES:
            return f"{len(found)} classes, {found.min()} to {found.max()}"
    return f"numbers of shape {shape}, {array.min():.4g} to {array.max():.4g}"
