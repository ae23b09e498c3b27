"""What may be built: operations, model spaces, the grammar of tokens, and replay buffers. NumPy only, no Keras.

The controllers need Keras: their names are offered here too, with the keywords of the first AMBER (`amber.compat`),
and load it when they are first used; without these keywords they live in `amber.architect.controllers`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from amber.architect.architecture import Architecture
from amber.architect.branched_model_space import BranchedModelSpace
from amber.architect.buffers import Buffer, MultiManagerBuffer, ReplayBuffer, get_buffer
from amber.architect.model_space import ModelSpace
from amber.architect.operation import Operation, State, get_layer_shortname
from amber.architect.token_layout import TokenLayout

if TYPE_CHECKING:
    from amber.architect.controllers import (
        GeneralController,
        MultiInputController,
        MultiIOController,
        ZeroShotController,
    )

_MODULES = frozenset({"buffer", "controller", "controllers", "modelSpace"})
_CONTROLLERS = frozenset({"GeneralController", "MultiIOController", "MultiInputController", "ZeroShotController"})

# Modules and classes that users of the first AMBER import from here; see `amber.compat`.
_FORMER_MODULES = frozenset({"manager", "reward", "store", "trainEnv"})
_FORMER = frozenset(
    {
        "ControllerTrainEnvironment",
        "DistributedGeneralManager",
        "EnasManager",
        "EnasTrainEnv",
        "GeneralManager",
        "MultiManagerEnvironment",
        "OperationController",
        "ParallelMultiManagerEnvironment",
    }
)

__all__ = [
    "Architecture",
    "BranchedModelSpace",
    "Buffer",
    "GeneralController",
    "ModelSpace",
    "MultiIOController",
    "MultiInputController",
    "MultiManagerBuffer",
    "Operation",
    "ReplayBuffer",
    "State",
    "TokenLayout",
    "ZeroShotController",
    "get_buffer",
    "get_layer_shortname",
]
__all__ += sorted(_FORMER)


def __getattr__(name: str) -> object:
    if name in _MODULES or name in _FORMER_MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _FORMER or name in _CONTROLLERS:
        return getattr(importlib.import_module("amber.compat"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_MODULES, *_FORMER_MODULES})
