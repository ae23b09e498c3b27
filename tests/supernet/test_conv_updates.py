"""The fast update of a convolutional supernet's weights is the optimizer's own."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from amber.architect import ModelSpace, Operation
from amber.modeler import EnasCnnModelBuilder

SPACE = ModelSpace.from_dict(
    [
        [
            {"Layer_type": "conv1d", "filters": 6, "kernel_size": 5, "activation": "relu"},
            {"Layer_type": "maxpool1d", "filters": 6, "pool_size": 3},
        ]
    ]
    * 3
)
ARC = [0, 0, 1, 1, 1, 0]


class KerasAdam(keras.optimizers.Adam):
    """Not Keras's own class, so that Keras applies it."""


def trained(optimizer: keras.optimizers.Optimizer, sampled: bool) -> list[np.ndarray]:
    keras.utils.set_random_seed(0)
    builder = EnasCnnModelBuilder(
        inputs_op=Operation("input", shape=(24, 4)),
        output_op=Operation("dense", units=3, activation="softmax"),
        model_space=SPACE,
        model_compile_dict={"optimizer": optimizer, "loss": "sparse_categorical_crossentropy"},
        controller=lambda: ARC,
        dag_kwargs={"keep_prob": 1.0},
    )
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(32, 24, 4)).astype("float32"), generator.integers(0, 3, 32)
    child = builder() if sampled else builder(ARC)
    for _ in range(3):
        child.train_on_batch(x, y)
    return [keras.ops.convert_to_numpy(weight) for weight in builder.supernet.weights]


@pytest.mark.parametrize("sampled", [False, True])
def test_the_fast_update_changes_every_weight_as_keras_does(sampled: bool) -> None:
    # With a large epsilon a step is nearly in proportion to the gradient; else it would magnify rounding.
    fast = trained(keras.optimizers.Adam(0.05, epsilon=0.1), sampled)
    expected = trained(KerasAdam(0.05, epsilon=0.1), sampled)
    for weight, other in zip(fast, expected, strict=True):
        np.testing.assert_allclose(weight, other, rtol=1e-4, atol=1e-6)
