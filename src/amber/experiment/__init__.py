"""An experiment: a configuration, data and model space, resolved and checked before anything runs.

| module | what |
|---|---|
| `experiment` | `Experiment`, and `resolve`, which finds every mistake that can be known without training |
| `running` | `run`: search, final training, one look at the test data, files |
| `options`, `reporter` | what is said beside a configuration; who hears how a run goes on |
| `configuration/` | the sections of a configuration, their lines, and how they are checked |
| `data`, `components`, `builders` | data, builder, executor and storage, made as a configuration says |
| `defaults`, `task_settings`, `threads` | settings that depend on data, task and machine |
| `run_checks`, `summary` | whether the run directory may be used; what was understood |
| `run_files/` | the files of a run as a whole: begun, taken up, replaced, finished, read again |
| `final/` | the last training, the linear term, the test, and the verdict |
| `chosen`, `predicting`, `comparing`, `report_contents` | what commands do with a run or a configuration |

Importing the package is light: a name loads its module when it is first used.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Configuration": "configuration.reading",
    "Experiment": "experiment",
    "ExperimentResult": "running",
    "Reporter": "reporter",
    "RunOptions": "options",
    "load_config": "configuration.reading",
    "register_builder": "builders",
    "resolve": "experiment",
    "run": "running",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(_HOMES)
