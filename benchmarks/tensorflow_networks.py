"""The feed-forward child written by hand in TensorFlow: one `tf.function` of a batch, weights and Adam's state."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.networks import DAG_LAYERS, Batch

_RATE, _FIRST, _SECOND, _EPSILON = 1e-3, 0.9, 0.999, 1e-7


def dag_epoch(model: Any, x: list[Any], y: Any, size: int) -> tuple[Callable[[Iterable[Batch]], float], list[Batch]]:
    """Returns a function that trains on batches and returns the mean loss, and the data as batches of tensors.

    Args:
        model: the network as AMBER builds it, whose weights are copied.
        x: features in blocks.
        y: targets.
        size: rows of a batch.

    Raises:
        ValueError: the two networks do not predict the same.
    """
    names = [f"layer_{number}" for number in range(len(DAG_LAYERS))] + ["output"]
    pairs = [tuple(tf.Variable(value) for value in model.get_layer(name).get_weights()) for name in names]
    weights = [weight for pair in pairs for weight in pair]
    moments = [(tf.Variable(tf.zeros_like(each)), tf.Variable(tf.zeros_like(each))) for each in weights]
    count = tf.Variable(0.0)

    def predict(blocks: list[Any]) -> Any:
        outputs: list[Any] = []
        for (kernel, bias), (_, read, earlier) in zip(pairs, DAG_LAYERS, strict=False):
            parts = [blocks[block] for block in read] + [outputs[layer] for layer in earlier]
            outputs.append(tf.nn.relu(tf.concat(parts, 1) @ kernel + bias))
        kernel, bias = pairs[-1]
        return outputs[-1] @ kernel + bias

    @tf.function(reduce_retracing=True)
    def step(blocks: list[Any], target: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((predict(blocks) - target) ** 2)
        count.assign_add(1.0)
        powers = _FIRST**count, _SECOND**count
        for weight, slots, gradient in zip(weights, moments, tape.gradient(loss, weights), strict=True):
            first, second = (slot.handle for slot in slots)
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle, m=first, v=second, beta1_power=powers[0], beta2_power=powers[1], lr=_RATE,
                beta1=_FIRST, beta2=_SECOND, epsilon=_EPSILON, grad=gradient,
            )  # fmt: skip
        return loss

    def epoch(batches: Iterable[Batch]) -> float:
        return float(tf.reduce_mean([step(blocks, target) for blocks, target in batches]))

    first = [part[:size] for part in x]
    difference = float(abs(predict(first).numpy() - model.predict(first, verbose=0)).max())
    if difference > 1e-3:
        raise ValueError(f"the hand-written network is not the same: predictions differ by {difference}")
    batches = [
        ([tf.constant(part[i : i + size]) for part in x], tf.constant(y[i : i + size])) for i in range(0, len(y), size)
    ]
    return epoch, batches


def keras_steps(model: Any, batches: list[Batch]) -> Callable[[], float]:
    """Returns a function that trains every batch by the model's own train function and returns the mean loss."""
    model.make_train_function()

    def run() -> float:
        model.reset_metrics()
        for blocks, target in batches:
            model.train_function([(tuple(blocks), target)])
        return float(model.get_metrics_result()["loss"])

    return run


def piped(x: list[np.ndarray], y: np.ndarray, size: int) -> Any:
    """Returns the batches of shuffled epochs as a pipeline of `tf.data`, as one would write it."""
    return tf.data.Dataset.from_tensor_slices((tuple(x), y)).shuffle(len(y)).batch(size).prefetch(tf.data.AUTOTUNE)
