"""What a worker process may use, and for how long; checked once, and sent to where it is applied."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amber.backend.threads import limit_threads, thread_variables
from amber.checks import integer_at_least, is_integer, is_number
from amber.errors import ConfigError
from amber.plugins import Plugin, find_plugin

# Variables of the environment that a process on another machine is given, and the folder of data files of plug-ins.
_VARIABLES, _PLUGINS = "AMBER_", "plugins"


@dataclass(frozen=True)
class WorkerLimits:
    """Limits of one worker process.

    Args:
        time_limit: seconds of one task; its process is ended then. None: no limit.
        trials_per_process: tasks after which a fresh process takes over. None: never.
        threads: of numerical libraries, in each process. None: as many as they like; then several workers on one
            machine slow each other down.
        memory_limit: MiB that a task may take beyond what the worker has taken before its first; more raises
            MemoryError in it. For CPUs (memory of a GPU is not counted, and its driver reserves much). None: no limit.
        devices: what CUDA_VISIBLE_DEVICES is in each worker, in turn, such as `["0", "1"]`. None: left alone.
        retries: how often a search trains a candidate again that failed, with its process or by an error.

    Raises:
        ConfigError: a value out of range.
    """

    time_limit: float | None = None
    trials_per_process: int | None = None
    threads: int | None = 1
    memory_limit: int | None = None
    devices: Sequence[str] | None = None
    retries: int = 0

    def __post_init__(self) -> None:
        for name in ("time_limit", "trials_per_process", "threads", "memory_limit"):
            value = getattr(self, name)
            is_right = is_number if name == "time_limit" else is_integer
            if value is not None and not (is_right(value) and value > 0):
                raise ConfigError(f"{name} must be a positive number, or None. Received: {value!r}")
        if self.devices is not None and (isinstance(self.devices, str) or not self.devices):
            raise ConfigError(f"devices must be a list such as ['0', '1'], or None. Received: {self.devices!r}")
        integer_at_least(self.retries, "retries", 0)

    def environment(self, position: int) -> dict[str, str]:
        """Return the environment variables of the worker at a position (from 0), to be set before Keras loads."""
        variables = {} if self.threads is None else thread_variables(self.threads)
        if self.devices is not None:
            variables["CUDA_VISIBLE_DEVICES"] = str(self.devices[position % len(self.devices)])
        return variables

    def apply(self) -> None:
        """Limit the current process, once what it runs is loaded."""
        if self.threads is not None:
            limit_threads(self.threads)
        if self.memory_limit is not None:
            _limit_memory(self.memory_limit * 2**20)


def keras_settings() -> dict[str, object]:
    """Return the Keras backend, and what this process has set Keras to as far as a fresh one would not be the same."""
    settings: dict[str, Any] = {"backend": os.environ.get("KERAS_BACKEND")}
    keras = sys.modules.get("keras")
    if keras is None:
        return settings
    settings["backend"] = keras.config.backend()
    policy = keras.config.dtype_policy()
    changed = {
        "floatx": keras.config.floatx(),
        "image_data_format": keras.config.image_data_format(),
        "dtype_policy": policy.name,
    }
    if changed != {"floatx": "float32", "image_data_format": "channels_last", "dtype_policy": "float32"}:
        settings["changed"] = {**changed, "dtype_policy": keras.dtype_policies.serialize(policy)}
    return settings


def found_plugins(plugins: Sequence[str | Plugin]) -> tuple[Plugin, ...]:
    """Return plug-ins that are given by name or as they are; raises ConfigError for a name of none."""
    if isinstance(plugins, (str, Plugin)):
        raise ConfigError(f"plugins must be a list of names, such as ['my_layers.py']. Received: {plugins!r}")
    return tuple(each if isinstance(each, Plugin) else find_plugin(each) for each in plugins)


def worker_settings(plugins: Sequence[Plugin]) -> dict[str, object]:
    """Return all that a fresh process must set and load to be as this one: AMBER's variables, Keras, and plug-ins."""
    variables = {name: value for name, value in os.environ.items() if name.startswith(_VARIABLES)}
    return {**keras_settings(), "variables": variables, "plugins": tuple(plugins)}


def write_plugins(settings: dict[str, Any], folder: Path) -> None:
    """Write what the plug-ins of `worker_settings` read, for `apply_worker_settings`; raises OSError."""
    for plugin in settings.get("plugins", ()):
        plugin.write(folder / _PLUGINS)


def apply_worker_settings(settings: dict[str, Any], folder: Path) -> None:
    """Make a fresh process as `worker_settings` found another; comes before anything else is loaded.

    Args:
        settings: of the other process.
        folder: of `write_plugins`.
    """
    os.environ.update(settings.get("variables", {}))
    apply_keras_settings(settings)
    for plugin in settings.get("plugins", ()):
        plugin.load(folder / _PLUGINS)


def apply_keras_settings(settings: dict[str, Any]) -> None:
    """Set Keras to what `keras_settings` found elsewhere; comes before Keras is loaded, and loads it if it must."""
    if settings["backend"]:
        os.environ["KERAS_BACKEND"] = settings["backend"]
    changed = settings.get("changed")
    if changed:
        import keras

        keras.config.set_floatx(changed["floatx"])
        keras.config.set_image_data_format(changed["image_data_format"])
        keras.config.set_dtype_policy(keras.dtype_policies.get(changed["dtype_policy"]))


def _limit_memory(extra: int) -> None:
    """Allow so many bytes more than are taken now; works where the system counts private memory (Linux)."""
    import resource

    with open("/proc/self/status", encoding="ascii") as file:
        taken = next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmData"))
    resource.setrlimit(resource.RLIMIT_DATA, (taken + extra, taken + extra))
