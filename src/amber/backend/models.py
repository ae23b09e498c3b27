"""Which class the models of AMBER have on the backend in use.

`ChildModel(inputs, outputs, name=name)` is `keras.Model(inputs, outputs, name=name)` in all that a user sees, and
saves as such; see `light`, and on torch, where it also runs faster, `amber.backend.torch`. `SharedModel` is what a
child of a supernet derives from, a `keras.Model` too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

if TYPE_CHECKING or keras.config.backend() != "torch":
    from amber.backend.light import LightFunctional as ChildModel, LightTraining as SharedModel
else:
    from amber.backend.torch import FastFunctional as ChildModel
    from amber.backend.torch.shared import SharedModel

__all__ = ["ChildModel", "SharedModel"]
