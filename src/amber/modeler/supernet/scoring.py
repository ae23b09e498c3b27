"""Scoring many architectures with shared weights, without training any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
from keras import ops

from amber.backend.inference import runs_operations_at_once, without_gradients
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
    measure: Callable[[Any, Any, dict[str, float]], dict[str, float]] | None = None,
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
        measure: called with each child, its tokens and what `evaluate` returned; what it returns is taken instead.
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
            values = child.evaluate(x, y, return_dict=True, **options)
            found.append(values if measure is None else measure(child, arc, values))
        finally:
            for weight, before in zip(statistics, kept, strict=False):
                weight.assign(before)
    return found


def predict_many(
    supernet: AnnSupernet, arcs: Any, x: Any, batch_size: int = 1024, stacked: bool | None = None
) -> list[np.ndarray]:
    """Predicts with many feed-forward architectures at once.

    Args:
        supernet: a feed-forward supernet.
        arcs: token lists, all of `supernet.layout`.
        x: the (N, F) matrix, a list or dictionary of blocks, or what the feature model reads.
        batch_size: rows at a time.
        stacked: whether all architectures share each matrix product, on layers of full width; else each runs
            its own operations only. By default stacked, but on torch's CPU, where that is the slower way.

    Returns:
        One array per output of the supernet, shape (architectures, N, units).

    Raises:
        ArchitectureError: tokens outside the grammar.
        DataError: data of another shape.
    """
    tokens = [supernet.layout.validate(arc) for arc in arcs]
    supernet.check_data(x)
    together = not runs_operations_at_once() if stacked is None else stacked
    run = _stacked(supernet, tokens) if together else _one_by_one(supernet, tokens)
    rows = int(keras.tree.flatten(x)[0].shape[0])
    parts: list[list[np.ndarray]] = []
    with without_gradients():
        for start in range(0, rows, batch_size):
            batch = keras.tree.map_structure(
                lambda array: ops.convert_to_tensor(array[start : start + batch_size]),  # noqa: B023
                x,
            )
            arranged = supernet.arrange(batch)
            parts.append(run({name: ops.cast(block, supernet.compute_dtype) for name, block in arranged.items()}))
    return [np.concatenate(pieces, axis=1) for pieces in zip(*parts, strict=True)]


_Run = Callable[[dict[str, Any]], list[np.ndarray]]


def _stacked(supernet: AnnSupernet, tokens: list[tuple[int, ...]]) -> _Run:
    arcs = ops.convert_to_tensor(np.asarray(tokens, "int32"))
    return lambda blocks: [ops.convert_to_numpy(each) for each in supernet.run_selected(arcs, blocks, False, [])]


def _one_by_one(supernet: AnnSupernet, tokens: list[tuple[int, ...]]) -> _Run:
    graphs = [supernet.plan(arc).prune() for arc in tokens]

    def run(blocks: dict[str, Any]) -> list[np.ndarray]:
        outputs = zip(*(supernet.run_path(graph, blocks, False, {}) for graph in graphs), strict=True)
        return [np.stack([ops.convert_to_numpy(each) for each in output]) for output in outputs]

    return run
