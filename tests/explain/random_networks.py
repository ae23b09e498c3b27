"""Random networks of every family of builders, the same on every backend."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from tests.explain.networks import fill_weights

from amber.architect import BranchedModelSpace, ModelSpace, Operation
from amber.errors import InvalidArchitectureError
from amber.modeler import (
    DAGModelBuilder,
    KerasBranchModelBuilder,
    KerasModelBuilder,
    KerasMultiIOModelBuilder,
    KerasResidualCnnBuilder,
)

COMPILED = {"optimizer": "sgd", "loss": "mse"}
SEQUENCE = [
    {"Layer_type": "conv1d", "filters": 6, "kernel_size": 5, "activation": "relu", "padding": "same"},
    {"Layer_type": "conv1d", "filters": 6, "kernel_size": 3, "activation": "gelu", "dilation": 2, "padding": "same"},
    {"Layer_type": "separable_conv1d", "filters": 4, "kernel_size": 3, "activation": "tanh", "padding": "same"},
    {"Layer_type": "maxpool1d", "pool_size": 3, "strides": 2, "padding": "same"},
    {"Layer_type": "avgpool1d", "pool_size": 3, "strides": 1, "padding": "same"},
    {"Layer_type": "batch_normalization"},
    {"Layer_type": "layer_normalization"},
    {"Layer_type": "self_attention", "num_heads": 2, "key_dim": 3},
    {"Layer_type": "gru", "units": 4, "return_sequences": True},
    {"Layer_type": "dropout", "rate": 0.2},
    {"Layer_type": "prelu"},
    {"Layer_type": "identity"},
]
FEATURES = [
    {"Layer_type": "dense", "units": 5, "activation": activation}
    for activation in ("relu", "tanh", "elu", "sigmoid", "softmax", "silu", "linear")
]
ENDS = [{"Layer_type": "flatten"}, {"Layer_type": "globalmaxpool1d"}, {"Layer_type": "lstm", "units": 4}]


def _residual(generator: np.random.Generator) -> Any:
    kinds = [
        {"Layer_type": "conv1d", "filters": 4, "kernel_size": 5, "activation": "relu"},
        {"Layer_type": "conv1d", "filters": 4, "kernel_size": 3, "activation": "tanh", "dilation": 2},
        {"Layer_type": "maxpool1d", "filters": 4, "pool_size": 3, "strides": 1},
        {"Layer_type": "avgpool1d", "filters": 4, "pool_size": 3, "strides": 1},
        {"Layer_type": "identity", "filters": 4},
    ]
    return KerasResidualCnnBuilder(
        Operation("input", shape=(20, 4)),
        Operation("dense", units=2, activation="sigmoid"),
        fc_units=5,
        flatten_mode=str(generator.choice(["gap", "gmp", "flatten"])),
        model_compile_dict=COMPILED,
        model_space=ModelSpace.from_dict([kinds] * 4),
        reduction_factor=2,
    )


def _sequential(generator: np.random.Generator) -> Any:
    del generator
    space = [SEQUENCE, SEQUENCE, SEQUENCE, ENDS, FEATURES]
    return KerasModelBuilder(
        Operation("input", shape=(20, 4)), Operation("dense", units=2), COMPILED, ModelSpace.from_dict(space)
    )


def _branch(generator: np.random.Generator) -> Any:
    branches = [ModelSpace.from_dict([SEQUENCE, SEQUENCE, ENDS]), ModelSpace.from_dict([FEATURES, FEATURES])]
    merge = "concatenate"
    return KerasBranchModelBuilder(
        [Operation("input", shape=(20, 4), name="sequence"), Operation("input", shape=(6,), name="numbers")],
        Operation("dense", units=2, activation="softmax"),
        COMPILED,
        BranchedModelSpace([branches, ModelSpace.from_dict([FEATURES])], merge),
        with_bn=bool(generator.integers(2)),
    )


def _multi_io(generator: np.random.Generator) -> Any:
    del generator
    return KerasMultiIOModelBuilder(
        [Operation("input", shape=(6,), name="first"), Operation("input", shape=(5,), name="second")],
        [Operation("dense", units=2), Operation("dense", units=2, activation="sigmoid")],
        COMPILED,
        ModelSpace.from_dict([FEATURES] * 3),
        with_input_blocks=True,
        with_output_blocks=True,
    )


def _dag(generator: np.random.Generator) -> Any:
    merge = str(generator.choice(["concatenate", "add", "maximum", "multiply", "minimum", "average"]))
    return DAGModelBuilder(
        [Operation("input", shape=(5,), name="first"), Operation("input", shape=(5,), name="second")],
        Operation("dense", units=2),
        ModelSpace.from_dict([FEATURES] * 3),
        COMPILED,
        with_skip_connection=True,
        with_input_blocks=True,
        dag_func="InputBlockAuxLossDAG",
        dag_kwargs={"merge_op": merge},
    )


FAMILIES = (_residual, _sequential, _branch, _multi_io, _dag)


def random_network(seed: int) -> tuple[keras.Model, list[np.ndarray], list[np.ndarray]]:
    """Return a network, examples of it and a reference for each, by number."""
    generator = np.random.default_rng(seed)
    builder = FAMILIES[seed % len(FAMILIES)](generator)
    model = fill_weights(_build(builder, seed), seed)
    shapes = [(2, *tensor.shape[1:]) for tensor in model.inputs]
    examples, references = ([generator.normal(size=shape).astype("float32") for shape in shapes] for _ in range(2))
    return model, examples, references


def _build(builder: Any, seed: int) -> keras.Model:
    """Build the first architecture from this seed on that is one: not all skip connections leave outputs connected."""
    while True:
        try:
            return builder(builder.layout.sample(seed))
        except InvalidArchitectureError:
            seed += 1000
