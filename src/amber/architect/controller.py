"""The module path users of the first AMBER know; what it offers is loaded, with Keras, when it is first used."""

from __future__ import annotations

import importlib
from typing import Any

_OFFERED = ("BaseController", "GeneralController", "MultiIOController", "MultiInputController", "ZeroShotController")


def __getattr__(name: str) -> Any:
    if name == "OperationController":
        return getattr(importlib.import_module("amber.compat"), name)
    if name not in _OFFERED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("amber.architect.controllers"), name)


def __dir__() -> list[str]:
    return [*_OFFERED, "OperationController"]
