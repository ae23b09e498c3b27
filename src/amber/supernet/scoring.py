"""Score many architectures with shared weights, without training any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from amber.backend.inference import predict_sliced, runs_operations_at_once, without_gradients
from amber.backend.keras_internals.models import compute_loss, forget_losses, loss_tracker
from amber.errors import ConfigError
from amber.supernet.ann import AnnSupernet
from amber.supernet.child import SupernetModel
from amber.supernet.factory import SupernetFactory
from amber.training.recalibration import recalibrate
from amber.types import Array, Tensor, TensorTree, Tokens


def score_architectures(
    builder: SupernetFactory,
    arcs: Iterable[Tokens],
    x: TensorTree,
    y: TensorTree = None,
    *,
    training_data: TensorTree,
    steps: int | None = None,
    measure: Callable[[Any, Any, dict[str, float]], dict[str, float]] | None = None,
    **evaluate: object,
) -> list[dict[str, float]]:
    """Evaluate architectures with the shared weights as they are.

    Args:
        builder: a factory with compile arguments, or a builder that has one.
        arcs: token lists.
        x: what to evaluate on, as in `keras.Model.evaluate`.
        y: its targets.
        training_data: batch-normalisation statistics are estimated on it for each architecture before it is
            scored (see `recalibrate`), and put back afterwards. None: the moving statistics as they are, which are
            averages over all the architectures of the training.
        steps: number of batches for the estimate, at most.
        measure: called with each child, its tokens and the result of `evaluate`; returns the result to use instead.
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
    supernet: AnnSupernet,
    arcs: Sequence[Tokens] | Array,
    x: TensorTree,
    batch_size: int = 1024,
    stacked: bool | None = None,
) -> list[np.ndarray]:
    """Predict with many feed-forward architectures at once.

    Args:
        supernet: a feed-forward supernet.
        arcs: token lists, all of `supernet.layout`.
        x: the (N, F) matrix, a list or dictionary of blocks, or what the feature model reads.
        batch_size: rows at a time.
        stacked: whether all architectures share each matrix product, on layers of full width; else each runs
            its own operations only. By default stacked, except on torch's CPU, where that is slower.

    Returns:
        One array per output of the supernet, shape (architectures, N, units).

    Raises:
        ArchitectureError: tokens outside the grammar.
        DataError: data of another shape.
    """
    tokens = [supernet.layout.validate(arc) for arc in arcs]
    supernet.check_data(x)
    together = not runs_operations_at_once() if stacked is None else stacked
    run = _stacked if together else _one_by_one
    rows = int(keras.tree.flatten(x)[0].shape[0])

    def arranged(start: int) -> dict[str, Tensor]:
        stop = start + batch_size
        batch = keras.tree.map_structure(lambda array: ops.convert_to_tensor(array[start:stop]), x)
        blocks = supernet.arrange(batch)
        return {name: ops.cast(block, supernet.compute_dtype) for name, block in blocks.items()}

    with without_gradients():
        return run(supernet, tokens, map(arranged, range(0, rows, batch_size)))


def _stacked(
    supernet: AnnSupernet, tokens: list[tuple[int, ...]], batches: Iterable[dict[str, Tensor]]
) -> list[np.ndarray]:
    arcs = ops.convert_to_tensor(np.asarray(tokens, "int32"))
    parts = ([ops.convert_to_numpy(each) for each in supernet.run_selected(arcs, b, False, [])] for b in batches)
    return [np.concatenate(pieces, axis=1) for pieces in zip(*parts, strict=True)]


def _one_by_one(
    supernet: AnnSupernet, tokens: list[tuple[int, ...]], batches: Iterable[dict[str, Tensor]]
) -> list[np.ndarray]:
    kept = list(batches)
    networks = [supernet.take(arc) for arc in tokens]
    if supernet.runs_sliced:
        names = supernet.input_names
        found = predict_sliced(
            networks, [ops.concatenate([blocks[name] for name in names], axis=-1) for blocks in kept]
        )
        if found is not None:
            return found
    by_network = []
    for network in networks:
        parts = [[ops.convert_to_numpy(each) for each in supernet.run(network, blocks, False, [])] for blocks in kept]
        by_network.append([np.concatenate(pieces) for pieces in zip(*parts, strict=True)])
    return [np.stack(each) for each in zip(*by_network, strict=True)]


def evaluate_many(
    builder: SupernetFactory,
    arcs: Iterable[Any],
    x: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    batch_size: int = 1024,
    at_once: int = 16,
) -> list[dict[str, float]]:
    """Evaluate many feed-forward architectures with the shared weights as they are, several at once.

    Args:
        builder: a builder of feed-forward children with compile arguments.
        arcs: token lists.
        x: arrays; see `predict_many`.
        y: targets, an array, or one per output.
        sample_weight: weights of the samples.
        batch_size: rows at a time.
        at_once: number of architectures at a time, which limits memory.

    Returns:
        One dictionary of loss and metrics per architecture, in order: the result of
        `builder(arc).evaluate(x, y)` with all rows in one batch.

    Raises:
        ArchitectureError: tokens outside the grammar.
        ConfigError: the builder has no compile arguments, or a supernet that is not feed-forward.
        DataError: data of another shape.
    """
    supernet = builder.supernet
    if builder.model_compile_dict is None or not isinstance(supernet, AnnSupernet):
        raise ConfigError(
            f"Scoring many architectures at once needs a builder of feed-forward children with model_compile_dict. "
            f"Received: {type(builder).__name__}, model_compile_dict={builder.model_compile_dict!r}"
        )
    tokens = [supernet.layout.validate(arc) for arc in arcs]
    judge = builder.scorer
    y = keras.tree.map_structure(ops.convert_to_tensor, y)
    sample_weight = None if sample_weight is None else keras.tree.map_structure(ops.convert_to_tensor, sample_weight)
    found = []
    for start in range(0, len(tokens), at_once):
        chunk = tokens[start : start + at_once]
        outputs = predict_many(supernet, chunk, x, batch_size)
        for number, arc in enumerate(chunk):
            parts = [ops.convert_to_tensor(output[number]) for output in outputs]
            found.append(_judge(judge, arc, y, parts[0] if len(parts) == 1 else parts, sample_weight))
    return found


def _judge(judge: SupernetModel, arc: tuple[int, ...], y: Any, predicted: Any, sample_weight: Any) -> dict[str, float]:
    judge.reset_metrics()
    forget_losses(judge)  # penalties of an earlier call are of another architecture
    with without_gradients():
        loss = compute_loss(judge, None, y, predicted, sample_weight, False)
        penalty = judge.supernet.penalty(np.asarray(arc, "int32"), False, False)
        loss_tracker(judge).update_state(loss if penalty is None else loss + penalty)
        logs = judge.compute_metrics(None, y, predicted, sample_weight)
    return {name: float(value) for name, value in logs.items()}
