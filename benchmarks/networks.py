"""The networks that are measured, as AMBER builds them, and data for them.

The residual CNN is the 12-layer space of the first AMBER's measurements, the feed-forward child its 6-layer DAG of
four blocks of ten features, the network of many labels DeepSEA's, 1,000 bases and 919 labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from amber.architect import ModelSpace, Operation
from amber.graph.graph import ComputationGraph, ComputationNode
from amber.modeler import KerasResidualCnnBuilder
from amber.modeler.references import reference_network

RESIDUAL_FILTERS = (16,) * 3 + (32,) * 3 + (64,) * 3 + (128,) * 3
RESIDUAL_INPUT = (200, 4)
CLASSES = 3

LABELS = 919
LABELS_INPUT = (1000, 4)

BLOCKS = 4
BLOCK_FEATURES = 10
# Units, blocks read and earlier layers read of each layer; the output reads the last.
DAG_LAYERS: tuple[tuple[int, tuple[int, ...], tuple[int, ...]], ...] = (
    (128, (0, 1), ()),
    (32, (2, 3), (0,)),
    (128, (0,), (1,)),
    (8, (1, 3), (0, 2)),
    (32, (2,), (1, 3)),
    (128, (0, 3), (2, 4)),
)

Batch = tuple[list[Any], Any]


def residual_space() -> ModelSpace:
    """Returns the space: a convolution of 4 or 8, max or average pooling, or nothing, in each of 12 layers."""

    def candidates(filters: int) -> list[dict[str, Any]]:
        return [
            {"Layer_type": "conv1d", "filters": filters, "kernel_size": 4, "activation": "relu"},
            {"Layer_type": "conv1d", "filters": filters, "kernel_size": 8, "activation": "relu"},
            {"Layer_type": "maxpool1d", "filters": filters, "pool_size": 4},
            {"Layer_type": "avgpool1d", "filters": filters, "pool_size": 4},
            {"Layer_type": "identity", "filters": filters},
        ]

    return ModelSpace.from_dict([candidates(filters) for filters in RESIDUAL_FILTERS])


def residual_builder() -> KerasResidualCnnBuilder:
    """Returns the builder of the residual space, compiled with adam and cross-entropy."""
    return KerasResidualCnnBuilder(
        Operation("input", shape=RESIDUAL_INPUT),
        Operation("dense", units=CLASSES, activation="softmax"),
        fc_units=50,
        flatten_mode="GAP",
        model_space=residual_space(),
        model_compile_dict={"optimizer": "adam", "loss": "sparse_categorical_crossentropy"},
    )


def residual_data(samples: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns random one-hot sequences and classes."""
    generator = np.random.default_rng(seed)
    return _sequences(generator, samples, RESIDUAL_INPUT), generator.integers(0, CLASSES, samples)


def labels_model(width: float = 1.0) -> Any:
    """Returns DeepSEA with so much of its filters and units, compiled with adam and binary cross-entropy."""
    output = Operation("dense", units=LABELS, activation="sigmoid")
    model = reference_network("deepsea", Operation("input", shape=LABELS_INPUT), output, width).build()
    model.compile(optimizer="adam", loss="binary_crossentropy")
    return model


def labels_data(samples: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns random one-hot sequences and labels of 0 and 1, a tenth of them 1."""
    generator = np.random.default_rng(seed)
    x = _sequences(generator, samples, LABELS_INPUT)
    return x, (generator.random((samples, LABELS), dtype="float32") < 0.1).astype("float32")


def _sequences(generator: np.random.Generator, samples: int, shape: tuple[int, int]) -> np.ndarray:
    length, letters = shape
    return np.eye(letters, dtype="float32")[generator.integers(0, letters, (samples, length))]


def dag_graph() -> ComputationGraph:
    """Returns the feed-forward child: every layer concatenates what it reads."""
    inputs = [f"block_{block}" for block in range(BLOCKS)]
    nodes = [ComputationNode(Operation("input", shape=(BLOCK_FEATURES,)), name) for name in inputs]
    for number, (units, blocks, earlier) in enumerate(DAG_LAYERS):
        parents = [inputs[block] for block in blocks] + [f"layer_{layer}" for layer in earlier]
        operation = Operation("dense", units=units, activation="relu")
        nodes.append(ComputationNode(operation, f"layer_{number}", parents=parents))
    last = f"layer_{len(DAG_LAYERS) - 1}"
    nodes.append(ComputationNode(Operation("dense", units=1), "output", parents=[last]))
    return ComputationGraph(nodes, inputs, ["output"])


def dag_model() -> Any:
    """Returns the feed-forward child, compiled with adam and squared error."""
    model = dag_graph().build()
    model.compile(optimizer="adam", loss="mse")
    return model


def dag_data(samples: int, seed: int = 0) -> tuple[list[np.ndarray], np.ndarray]:
    """Returns random features in blocks, and a number to predict from them."""
    generator = np.random.default_rng(seed)
    x = [generator.normal(size=(samples, BLOCK_FEATURES)).astype("float32") for _ in range(BLOCKS)]
    y = np.tanh(sum(block[:, :3].sum(axis=1, keepdims=True) for block in x))
    return x, y.astype("float32")


def shuffled(x: list[np.ndarray], y: np.ndarray, size: int) -> Iterator[Batch]:
    """Yields the batches of one shuffled epoch from NumPy arrays."""
    order = np.random.default_rng().permutation(len(y))
    for start in range(0, len(y), size):
        rows = order[start : start + size]
        yield [part[rows] for part in x], y[rows]
