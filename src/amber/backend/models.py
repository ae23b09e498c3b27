"""Which class the models of AMBER have on the backend in use.

`ChildModel(inputs, outputs, name=name)` is `keras.Model(inputs, outputs, name=name)` in all that a user sees, and
saves as such; see `base_model`, and where it also runs faster, `amber.backend.torch`, `amber.backend.tensorflow` and
`amber.backend.jax`.
`SharedModel` is what a child of a supernet derives from, a `keras.Model` too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from amber.backend.keras_internals import fast_paths_available

if not TYPE_CHECKING and not fast_paths_available():
    from amber.backend.stock_models import ChildModel, SharedModel
elif TYPE_CHECKING or keras.config.backend() not in ("torch", "tensorflow", "jax"):
    from amber.backend.base_model import BaseFunctional as ChildModel, BaseModel as SharedModel
elif keras.config.backend() == "jax":
    from amber.backend.jax import CompiledFunctional as ChildModel
    from amber.backend.numpy_dense import NumpyDenseTraining as SharedModel
elif keras.config.backend() == "tensorflow":
    from amber.backend.tensorflow import MultiStepFunctional as ChildModel, SharedModel
else:
    from amber.backend.torch import FastFunctional as ChildModel
    from amber.backend.torch.shared import SharedModel

__all__ = ["ChildModel", "SharedModel"]
