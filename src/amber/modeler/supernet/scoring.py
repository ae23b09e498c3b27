"""Scoring many architectures with shared weights, without training any of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
from keras import ops

from amber.backend.inference import without_gradients
from amber.errors import ConfigError
from amber.modeler.supernet.ann import AnnSupernet
from amber.modeler.supernet.builders import SupernetBuilder
from amber.modeler.supernet.recalibration import recalibrate


def score_architectures(
    builder: SupernetBuilder,
    arcs: Iterable[Any],
    x: Any,
    y: Any = None,
    *,
    training_data: Any,
    steps: int | None = None,
    **evaluate: Any,
) -> list[dict[str, float]]:
    """Evaluates architectures with the shared weights as they are.

    Args:
        builder: a weight-sharing builder with compile arguments.
        arcs: token lists.
        x, y: what to evaluate on, as in `keras.Model.evaluate`.
        training_data: batch-normalisation statistics are estimated on it for each architecture before it is
            scored (see `recalibrate`), and put back afterwards. None: the moving statistics as they are, which are
            averages over all the architectures of the training.
        steps: batches of the estimate at most.
        **evaluate: more arguments of `evaluate`, such as `batch_size`.

    Returns:
        One dictionary of loss and metrics per architecture, in order. The supernet is as it was before.

    Raises:
        ArchitectureError: tokens outside the grammar.
        ConfigError: the builder has no compile arguments.
    """
    if builder.model_compile_dict is None:
        raise ConfigError("Scoring needs a builder with model_compile_dict. Received: None")
    found = []
    options = {"verbose": 0, **evaluate}
    for arc in arcs:
        child = builder(arc)
        statistics = [weight for weight in builder.supernet.weights if not weight.trainable]
        kept = [np.array(ops.convert_to_numpy(weight)) for weight in statistics] if training_data is not None else []
        try:
            if training_data is not None:
                recalibrate(child, training_data, steps=steps)
            found.append(child.evaluate(x, y, return_dict=True, **options))
        finally:
            for weight, before in zip(statistics, kept, strict=False):
                weight.assign(before)
    return found


def predict_many(supernet: AnnSupernet, arcs: Any, x: Any, batch_size: int = 1024) -> list[np.ndarray]:
    """Predicts with many feed-forward architectures at once: they share each matrix product.

    Args:
        supernet: a feed-forward supernet.
        arcs: token lists, all of `supernet.layout`.
        x: the (N, F) matrix, a list or dictionary of blocks, or what the feature model reads.
        batch_size: rows at a time.

    Returns:
        One array per output of the supernet, shape (architectures, N, units).

    Raises:
        ArchitectureError: tokens outside the grammar.
        DataError: data of another shape.
    """
    tokens = ops.convert_to_tensor(np.asarray([supernet.layout.validate(arc) for arc in arcs], "int32"))
    supernet.check_data(x)
    rows = int(keras.tree.flatten(x)[0].shape[0])
    parts: list[list[np.ndarray]] = []
    with without_gradients():
        for start in range(0, rows, batch_size):
            batch = keras.tree.map_structure(
                lambda array: ops.convert_to_tensor(array[start : start + batch_size]),  # noqa: B023
                x,
            )
            blocks = {name: ops.cast(block, supernet.compute_dtype) for name, block in supernet.arrange(batch).items()}
            outputs = supernet.run_selected(tokens, blocks, False, [])
            parts.append([ops.convert_to_numpy(output) for output in outputs])
    return [np.concatenate(pieces, axis=1) for pieces in zip(*parts, strict=True)]
