"""The feed-forward child written by hand in JAX: one compiled function of weights, Adam's state and a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.networks import DAG_LAYERS, Batch

_RATE, _FIRST, _SECOND, _EPSILON = 1e-3, 0.9, 0.999, 1e-7


def _predict(weights: dict[str, Any], blocks: list[Any]) -> Any:
    outputs: list[Any] = []
    for number, (_, read, earlier) in enumerate(DAG_LAYERS):
        kernel, bias = weights[f"layer_{number}"]
        parts = [blocks[block] for block in read] + [outputs[layer] for layer in earlier]
        outputs.append(jax.nn.relu(jnp.concatenate(parts, axis=1) @ kernel + bias))
    kernel, bias = weights["output"]
    return outputs[-1] @ kernel + bias


def _loss(weights: dict[str, Any], blocks: list[Any], y: Any) -> Any:
    return jnp.mean((_predict(weights, blocks) - y) ** 2)


@jax.jit
def _step(state: Any, blocks: list[Any], y: Any) -> tuple[Any, Any]:
    weights, first, second, count = state
    loss, gradients = jax.value_and_grad(_loss)(weights, blocks, y)
    count = count + 1
    tree = jax.tree_util.tree_map
    first = tree(lambda m, g: _FIRST * m + (1 - _FIRST) * g, first, gradients)
    second = tree(lambda v, g: _SECOND * v + (1 - _SECOND) * g * g, second, gradients)
    rate = _RATE * jnp.sqrt(1 - _SECOND**count) / (1 - _FIRST**count)
    weights = tree(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + _EPSILON), weights, first, second)
    return (weights, first, second, count), loss


def dag_epoch(model: Any, x: list[Any], y: Any, size: int) -> tuple[Callable[[Iterable[Batch]], float], list[Batch]]:
    """Returns a function that trains on batches and returns the mean loss, and the data as batches on the device."""
    names = [f"layer_{number}" for number in range(len(DAG_LAYERS))] + ["output"]
    # Copies: Keras donates its own arrays to its train step.
    weights = {
        name: tuple(jnp.array(np.array(value)) for value in model.get_layer(name).get_weights()) for name in names
    }
    zeros = jax.tree_util.tree_map(jnp.zeros_like, weights)
    state = [(weights, zeros, zeros, jnp.zeros(()))]

    def epoch(batches: Iterable[Batch]) -> float:
        losses = []
        for blocks, target in batches:
            state[0], loss = _step(state[0], blocks, target)
            losses.append(loss)
        return float(jnp.stack(losses).mean())

    batches = [
        ([jnp.asarray(part[i : i + size]) for part in x], jnp.asarray(y[i : i + size])) for i in range(0, len(y), size)
    ]
    return epoch, batches


def keras_steps(model: Any, batches: list[Batch]) -> Callable[[], None]:
    """Returns a function that trains every batch by the model's own train function, state kept on the device."""
    model.make_train_function()

    def run() -> None:
        model.reset_metrics()
        # What `fit` does around its loop: the state leaves the model, and comes back once at the end.
        state = model._get_jax_state(
            trainable_variables=True,
            non_trainable_variables=True,
            optimizer_variables=True,
            metrics_variables=True,
            purge_model_variables=True,
        )
        logs: Any = {}
        for batch in batches:
            logs, state = model.train_function(state, iter([batch]))
        names = ("trainable_variables", "non_trainable_variables", "optimizer_variables", "metrics_variables")
        model._jax_state_synced = False
        model._jax_state = dict(zip(names, state, strict=True))
        model.jax_state_sync()
        float(logs["loss"])

    return run
