"""Small spaces and builders that several tests of the modeler share."""

from __future__ import annotations

from typing import Any

import pytest

from amber.architect import ModelSpace, Operation
from amber.modeler import KerasResidualCnnBuilder

COMPILE = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}


def residual_layer(filters: int) -> list[dict[str, Any]]:
    return [
        {"Layer_type": "conv1d", "filters": filters, "kernel_size": 8, "activation": "relu"},
        {"Layer_type": "conv1d", "filters": filters, "kernel_size": 4, "activation": "relu", "dilation_rate": 2},
        {"Layer_type": "maxpool1d", "filters": filters, "pool_size": 4, "strides": 1},
        {"Layer_type": "avgpool1d", "filters": filters, "pool_size": 4, "strides": 1},
        {"Layer_type": "identity", "filters": filters},
    ]


def make_residual_builder(filters: list[int], length: int = 20, **options: Any) -> KerasResidualCnnBuilder:
    settings: dict[str, Any] = {"fc_units": 5, "flatten_mode": "GAP", "model_compile_dict": COMPILE, **options}
    return KerasResidualCnnBuilder(
        Operation("input", shape=(length, 4)),
        Operation("dense", units=3, activation="softmax"),
        model_space=ModelSpace.from_dict([residual_layer(width) for width in filters]),
        **settings,
    )


@pytest.fixture(scope="session")
def residual_builder() -> KerasResidualCnnBuilder:
    return make_residual_builder([4, 4, 8])
