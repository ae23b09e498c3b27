"""Small weight-sharing builders that the tests of supernets share."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from amber.architect import ModelSpace, Operation
from amber.modeler import EnasAnnModelBuilder, EnasCnnModelBuilder


def fast() -> keras.optimizers.Optimizer:
    """An optimizer that learns something in a few steps."""
    return keras.optimizers.Adam(0.01)


COMPILE = {"optimizer": fast, "loss": "mse", "metrics": ["mae"]}
BLOCKS = (2, 3)


def make_ann(units: tuple[int, ...] = (3, 5), activation: str = "relu", layers: int = 3, **options: Any) -> Any:
    outputs = options.pop("output_op", Operation("dense", units=1, activation="linear", name="y"))
    dense = [{"Layer_type": "dense", "units": count, "activation": activation} for count in units]
    return EnasAnnModelBuilder(
        **{
            "inputs_op": [Operation("input", shape=(n,), name=f"x{k}") for k, n in enumerate(BLOCKS)],
            "output_op": outputs,
            "model_space": ModelSpace.from_dict([dense] * layers),
            "model_compile_dict": COMPILE,
            **options,
        }
    )


def conv_layer(filters: int, activation: str = "relu") -> list[dict[str, Any]]:
    return [
        {"Layer_type": "conv1d", "filters": filters, "kernel_size": 3, "activation": activation},
        {"Layer_type": "conv1d", "filters": filters, "kernel_size": 4, "activation": "tanh", "dilation": 2},
        {"Layer_type": "maxpool1d", "filters": filters, "pool_size": 3, "strides": 1},
        {"Layer_type": "avgpool1d", "filters": filters, "pool_size": 4, "strides": 1},
        {"Layer_type": "identity", "filters": filters},
    ]


def make_cnn(filters: tuple[int, ...] = (4, 4, 6), shape: tuple[int, int] = (12, 4), **options: Any) -> Any:
    stem = {"fc_units": 5, "flatten_op": "gap", "stem_kernel_size": 3, **options.pop("stem_config", {})}
    dag_kwargs = {"stem_config": stem, "reduction_factor": 2, **options.pop("dag_kwargs", {})}
    return EnasCnnModelBuilder(
        **{
            "inputs_op": Operation("input", shape=shape),
            "output_op": Operation("dense", units=1, activation="sigmoid"),
            "model_space": ModelSpace.from_dict([conv_layer(width) for width in filters]),
            "model_compile_dict": {"optimizer": fast, "loss": "binary_crossentropy", "metrics": ["accuracy"]},
            "dag_kwargs": dag_kwargs,
            **options,
        }
    )


def ann_data(rows: int = 64, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(seed).normal(size=(rows, sum(BLOCKS))).astype("float32")
    return x, (x[:, :1] * x[:, 3:4]).astype("float32")


def cnn_data(rows: int = 48, shape: tuple[int, int] = (12, 4), seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(seed).normal(size=(rows, *shape)).astype("float32")
    return x, (x[:, 2:6, :1].mean(axis=1) > 0).astype("float32")


def scatter(builder: Any, seed: int = 0) -> None:
    """Gives every shared weight, moving statistics too, a value that matters."""
    generator = np.random.default_rng(seed)
    for weight in builder.supernet.weights:
        values = generator.normal(size=weight.shape) * 0.4
        weight.assign((np.abs(values) + 0.5 if "variance" in weight.path else values).astype("float32"))


def masked_weights(supernet: Any, arc: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return (kernel, bias) of each layer, and with output blocks of each output, zero where not selected."""
    tokens = ops.convert_to_tensor(supernet.layout.validate(arc), "int32")
    pairs = []
    for weights, masks in supernet._masked(tokens):
        kernel, bias, rows, columns = map(ops.convert_to_numpy, (*weights, *masks))
        pairs.append((kernel * (rows[:, None] * columns[None, :]), bias * columns))
    return pairs
