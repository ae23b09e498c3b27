"""What golden tests of several builders share: recorded layers and counts beside those of a model."""

from __future__ import annotations

from collections import Counter
from typing import Any

import keras
import numpy as np

KERAS_3_CLASS = {"Lambda": "Identity"}


def check_recorded(model: keras.Model, case: dict[str, Any]) -> None:
    """Compares counts, shapes and the classes of all layers with a recorded case."""
    assert model.count_params() == case["total_params"]
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == case["trainable_params"]
    assert [list(i.shape) for i in model.inputs] == case["input_shapes"]
    assert [list(o.shape) for o in model.outputs] == case["output_shapes"]
    assert classes(model) == Counter(KERAS_3_CLASS.get(kind, kind) for _, kind in case["layers"])


def classes(model: keras.Model) -> Counter[str]:
    return Counter(type(layer).__name__ for layer in model.layers)


def predictions(model: keras.Model, x: list[Any]) -> list[np.ndarray]:
    """Predictions as a list with one entry per output."""
    found = model.predict(x if len(x) > 1 else x[0], verbose=0)
    return found if isinstance(found, list) else [found]
