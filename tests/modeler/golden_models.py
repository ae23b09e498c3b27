"""What golden tests of several builders share: recorded layers and counts beside those of a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from amber.architect import Operation

KERAS_3_CLASS = {"Lambda": "Identity"}


def check_recorded(model: keras.Model, case: dict[str, Any]) -> None:
    """Compares counts, shapes and the classes of all layers with a recorded case."""
    assert model.count_params() == case["total_params"]
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == case["trainable_params"]
    assert [list(i.shape) for i in model.inputs] == case["input_shapes"]
    assert [list(o.shape) for o in model.outputs] == case["output_shapes"]
    assert classes(model) == Counter(KERAS_3_CLASS.get(kind, kind) for _, kind in case["layers"])


def classes(model: keras.Model) -> Counter[str]:
    return Counter(map(class_of, model.layers))


def class_of(layer: keras.layers.Layer) -> str:
    """The class of a layer; an average pool put together from stock layers counts as the pool that it is."""
    if isinstance(layer, keras.Sequential):
        (layer,) = [part for part in layer.layers if "AveragePooling" in type(part).__name__]
    return type(layer).__name__


def former_names(layers: Iterable[tuple[Operation, str]]) -> dict[str, str]:
    """From the names of the original to today's: an operation's own, or its type, numbered in the order of making.

    Args:
        layers: operation and name of each layer, in the order of making.
    """
    made: Counter[str] = Counter()
    names = {}
    for operation, name in layers:
        kind = operation.Layer_type
        automatic = f"{kind}_{made[kind]}" if made[kind] else kind
        made[kind] += "name" not in operation
        names[operation.get("name") or automatic] = name
    return names


def tf1_hard_sigmoid(x: Any) -> Any:
    """What Keras 2 called hard_sigmoid, and had as the gates of its LSTM; Keras 3's is another function."""
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)


def with_former_activations(operation: Operation) -> Operation:
    """The operation with the functions that Keras 2 had under the same names, or by default."""
    changes: dict[str, Any] = {}
    if operation.get("activation") == "hard_sigmoid":
        changes["activation"] = tf1_hard_sigmoid
    if operation.Layer_type == "lstm" and operation.get("recurrent_activation", "hard_sigmoid") == "hard_sigmoid":
        changes["recurrent_activation"] = tf1_hard_sigmoid
    return operation.replace(**changes) if changes else operation


def predictions(model: keras.Model, x: list[Any]) -> list[np.ndarray]:
    """Predictions as a list with one entry per output."""
    found = model.predict(x if len(x) > 1 else x[0], verbose=0)
    return found if isinstance(found, list) else [found]
