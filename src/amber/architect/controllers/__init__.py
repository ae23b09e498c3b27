"""Controllers: recurrent policies, written in Keras, that sample architectures and learn from rewards."""

from __future__ import annotations

from amber.backend import select

# Before anything in this package imports Keras.
select()

from amber.architect.controllers.base import BaseController
from amber.architect.controllers.general import GeneralController
from amber.architect.controllers.model import PolicyModel
from amber.architect.controllers.multi_io import MultiInputController, MultiIOController
from amber.architect.controllers.settings import (
    ControllerSettings,
    MultiInputSettings,
    MultiIOSettings,
    ZeroShotSettings,
)
from amber.architect.controllers.zero_shot import ZeroShotController

__all__ = [
    "BaseController",
    "ControllerSettings",
    "GeneralController",
    "MultiIOController",
    "MultiIOSettings",
    "MultiInputController",
    "MultiInputSettings",
    "PolicyModel",
    "ZeroShotController",
    "ZeroShotSettings",
]
