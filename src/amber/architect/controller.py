"""The module path users of the first AMBER know; what it offers is loaded, with Keras, when it is first used."""

from __future__ import annotations

import importlib

_FORMER = (
    "GeneralController",
    "MultiIOController",
    "MultiInputController",
    "OperationController",
    "ZeroShotController",
)


def __getattr__(name: str) -> object:
    if name not in __dir__():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "amber.compat" if name in _FORMER else "amber.architect.controllers"
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return ["BaseController", *_FORMER]
