"""Small controllers of every kind, and a second, plain writing of the policy to compare with."""

from __future__ import annotations

import itertools
from typing import Any

import keras
import numpy as np

from amber.architect import (
    GeneralController,
    MultiInputController,
    MultiIOController,
    TokenLayout,
    ZeroShotController,
)

SHARED: dict[str, Any] = {"lstm_size": 4, "lstm_num_layers": 2, "seed": 3}
DESCRIPTION = {
    "length": 3,
    "hidden_layer": {"units": 5, "activation": "tanh"},
    "regularizer": {"l1": 1e-3, "l2": 1e-2},
}
NO_INPUTS = {"with_input_blocks": False}

SMALL: dict[str, tuple[type[GeneralController], list[int], dict[str, Any]]] = {
    "operations": (GeneralController, [2, 3], {"with_skip_connection": False}),
    "skips": (GeneralController, [2, 3, 2], {"temperature": 2.0}),
    "unique skips": (
        GeneralController,
        [2, 2, 2, 1],
        {"skip_connection_unique_connection": True, "tanh_constant": 1.5},
    ),
    "shared embedding": (GeneralController, [3, 3, 2], {"share_embedding": {1: 0}}),
    "inputs": (MultiInputController, [2, 2, 1], {"with_skip_connection": False, "tanh_constant": 0.5}),
    "free inputs": (MultiInputController, [2, 2], {"input_block_unique_connection": False}),
    "outputs": (MultiIOController, [2, 2, 2], {"num_input_blocks": 1, "output_block_diversity_weight": 0.5}),
    "free outputs": (MultiIOController, [2, 2], {**NO_INPUTS, "output_block_unique_connection": False}),
    "described": (ZeroShotController, [2, 3, 2], {"data_description_config": DESCRIPTION}),
}


def make(kind: str, *, spread: float = 0.0, **more: Any) -> GeneralController:
    """A small controller; with `spread`, of weights drawn from +-spread, so that it is far from uniform."""
    cls, candidates, settings = SMALL[kind]
    controller = cls(candidates, **{**SHARED, **settings, **more})
    if spread:
        rng = np.random.default_rng(1)
        controller.set_weights([rng.uniform(-spread, spread, each.shape) for each in controller.get_weights()])
    return controller


def describe(controller: GeneralController, rows: int = 1) -> np.ndarray | None:
    """Some descriptions, where the controller wants them."""
    length = controller.spec.description_length
    return np.random.default_rng(5).normal(size=(rows, length)) if length else None


def every_arc(layout: TokenLayout) -> np.ndarray:
    return np.array(list(itertools.product(*(range(size) for size in layout.sizes))))


def keras_log_prob(controller: GeneralController, arc: Any) -> float:
    """What the trainable model says: the REINFORCE losses at advantages -1 and 1, in which all else is the same."""
    losses = []
    for advantage in (-1.0, 1.0):
        inputs = {
            "tokens": np.array([arc], dtype="int32"),
            "advantage": np.full(1, advantage, "float32"),
            "old_log_prob": np.zeros(1, "float32"),
            "weight": np.ones(1, "float32"),
        }
        description = describe(controller)
        if description is not None:
            inputs["description"] = description.astype("float32")
        losses.append(float(keras.ops.convert_to_numpy(controller.model(inputs))))
    return (losses[0] - losses[1]) / 2


def plain_log_prob(controller: GeneralController, arc: Any) -> float:
    """The log-probability of operations and skips, one architecture and one token at a time, as described."""
    spec = controller.spec
    w = dict(zip(spec.weight_shapes(), (each.astype("float64") for each in controller.get_weights()), strict=True))
    state = [(np.zeros(spec.lstm_size), np.zeros(spec.lstm_size)) for _ in range(spec.lstm_layers)]

    def logistic(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-x))

    def step(value: np.ndarray) -> np.ndarray:
        for i, (cell, hidden) in enumerate(state):
            gate, forget, output, candidate = np.split(np.concatenate([value, hidden]) @ w[f"lstm_{i}"], 4)
            cell = logistic(gate) * np.tanh(candidate) + logistic(forget) * cell
            value = logistic(output) * np.tanh(cell)
            state[i] = (cell, value)
        return value

    def squash(x: Any) -> Any:
        x = x / (spec.temperature or 1.0)
        return x if spec.tanh_constant is None else spec.tanh_constant * np.tanh(x)

    tokens, total, value = iter(arc), 0.0, w["start"][0]
    anchors: list[np.ndarray] = []
    used: set[int] = set()
    for layer in range(spec.num_layers):
        owner = spec.embedding_owner[layer]
        hidden = step(value)
        logits = squash(hidden @ w[f"softmax_{owner}"])
        token = next(tokens)
        total += logits[token] - np.log(np.exp(logits).sum())
        value = w[f"embedding_{owner}"][token]
        if spec.with_skips and layer:
            hidden = step(value)
            chosen = []
            for j, anchor in enumerate(anchors):
                q = w["attention_v"][:, 0] @ np.tanh(anchor @ w["attention_anchor"] + hidden @ w["attention_query"])
                on = logistic(2 * squash(q))
                if spec.unique_skips and j in used:
                    on = 0.0
                bit = next(tokens)
                with np.errstate(divide="ignore"):
                    total += np.log(on if bit else 1 - on)
                chosen += [j] if bit else []
            used |= set(chosen)
            value = sum((anchors[j] for j in chosen), np.zeros(spec.lstm_size)) / (1 + len(chosen))
        anchors.append(hidden)
    return float(total)
