"""A buffer's memory as named arrays, so that a saved controller can continue where it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from amber.architect.buffers.paths import Baseline, Memory, Step, StoredPath

_PATH_FIELDS = ("actions", "rewards", "advantages", "states", "descriptions", "managers")
_STEP_FIELDS = ("action", "reward", "state", "description", "manager")


def memory_to_arrays(memory: Memory) -> dict[str, np.ndarray]:
    """Return everything in a memory as arrays with names such as `paths/0/actions`."""
    found = {
        "baselines/managers": np.array(list(memory.baselines), dtype="int64"),
        "baselines/values": np.array([each.value for each in memory.baselines.values()], dtype="float64"),
        "baselines/previous": np.array([each.previous for each in memory.baselines.values()], dtype="float64"),
    }
    for i, path in enumerate(memory.paths):
        found.update(_entry(f"paths/{i}", path, _PATH_FIELDS))
    for i, step in enumerate(memory.steps):
        found.update(_entry(f"steps/{i}", step, _STEP_FIELDS))
    return found


def memory_from_arrays(arrays: Mapping[str, np.ndarray]) -> Memory:
    """The inverse of `memory_to_arrays`."""
    memory = Memory()
    columns = (arrays[f"baselines/{name}"].tolist() for name in ("managers", "values", "previous"))
    for manager, value, previous in zip(*columns, strict=True):
        memory.baselines[manager] = Baseline(value, previous)
    for i in _numbers(arrays, "paths"):
        memory.paths.append(StoredPath(**_values(arrays, f"paths/{i}", _PATH_FIELDS)))
    for i in _numbers(arrays, "steps"):
        values = _values(arrays, f"steps/{i}", _STEP_FIELDS)
        manager = values.pop("manager")
        memory.steps.append(
            Step(**{**values, "reward": float(values["reward"])}, manager=None if manager is None else int(manager))
        )
    return memory


def _entry(prefix: str, entry: StoredPath | Step, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    found = {f"{prefix}/{name}": np.asarray(value) for name in names if (value := getattr(entry, name)) is not None}
    found.update({f"{prefix}/probabilities/{i}": each for i, each in enumerate(entry.probabilities)})
    return found


def _values(arrays: Mapping[str, np.ndarray], prefix: str, names: tuple[str, ...]) -> dict[str, Any]:
    values: dict[str, Any] = {name: arrays.get(f"{prefix}/{name}") for name in names}
    values["probabilities"] = [
        arrays[f"{prefix}/probabilities/{i}"] for i in _numbers(arrays, f"{prefix}/probabilities")
    ]
    return values


def _numbers(arrays: Mapping[str, np.ndarray], prefix: str) -> list[int]:
    """The numbers that follow a prefix, in order."""
    depth = prefix.count("/") + 1
    return sorted({int(name.split("/")[depth]) for name in arrays if name.startswith(prefix + "/")})
