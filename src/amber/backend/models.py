"""Which class the functional models of AMBER have on the backend in use.

`ChildModel(inputs, outputs, name=name)` is `keras.Model(inputs, outputs, name=name)` in all that a user sees, and
saves as such; see `light`, and on torch, where it also runs faster, `amber.backend.torch`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

if TYPE_CHECKING or keras.config.backend() != "torch":
    from amber.backend.light import LightFunctional as ChildModel
else:
    from amber.backend.torch import FastFunctional as ChildModel

__all__ = ["ChildModel"]
