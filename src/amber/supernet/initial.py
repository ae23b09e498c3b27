"""Initial weights drawn on the host: the same numbers under every backend, and nothing compiled for them.

A supernet has hundreds of tensors with dozens of shapes, and a backend that compiles would compile each draw.
"""

from __future__ import annotations

import random
from typing import Any

import keras
import numpy as np

# Standard deviation of a normal distribution that is cut at two of its standard deviations.
_CUT_DEVIATION = 0.87962566103423978


@keras.saving.register_keras_serializable(package="amber")
class HostHeNormal(keras.initializers.Initializer):
    """He's initialisation (He et al., arXiv 1502.01852): truncated normal, variance 2 / fan in.

    Args:
        seed: seed of the draw; by default taken from Python's generator, which `keras.utils.set_random_seed` seeds.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.seed = random.randrange(2**31) if seed is None else int(seed)

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return a tensor of this shape; the same values each time."""
        generator = np.random.default_rng(self.seed)
        values = generator.standard_normal(shape)
        outside = np.abs(values) > 2
        while outside.any():
            values[outside] = generator.standard_normal(int(outside.sum()))
            outside = np.abs(values) > 2
        fan_in = max(1, int(np.prod(shape[:-1])))
        scaled = values * (np.sqrt(2.0 / fan_in) / _CUT_DEVIATION)
        return keras.ops.convert_to_tensor(scaled.astype("float32"), dtype=dtype)

    def get_config(self) -> dict[str, object]:
        """Return the seed."""
        return {"seed": self.seed}
