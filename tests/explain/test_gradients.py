from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from tests.explain.networks import fill_weights, sequences

from amber.errors import ConfigError, DataError
from amber.explain import gradient_times_input, integrated_gradients, saliency

layers = keras.layers


def score(model: Any, x: Any, position: int, unit: int) -> np.ndarray:
    found = model([x["sequence"], x["numbers"]], training=False)[position][:, unit]
    return np.asarray(keras.ops.convert_to_numpy(found), dtype="float64")


def summed(contributions: Any) -> np.ndarray:
    arrays = contributions.values() if isinstance(contributions, dict) else [contributions]
    return sum(each.astype("float64").reshape(len(each), -1).sum(axis=1) for each in arrays)


@pytest.mark.parametrize(
    "output, place",
    [
        pytest.param(2, (0, 2), marks=pytest.mark.parity),
        ("number", (1, 0)),
        (("classes", 1), (0, 1)),
        ((1, 0), (1, 0)),
    ],
)
@pytest.mark.slow
def test_integrated_gradients_sum_to_the_difference(network: Any, examples: Any, output: Any, place: Any) -> None:
    found = integrated_gradients(network, examples, output, "mean", batch_size=3)
    mean = {name: np.broadcast_to(array.mean(0), array.shape) for name, array in examples.items()}
    difference = score(network, examples, *place) - score(network, mean, *place)
    np.testing.assert_allclose(summed(found), difference, rtol=0.01, atol=1e-4)


@pytest.mark.parity
def test_gradients_are_the_slopes_of_the_output(network: Any, examples: Any) -> None:
    found = saliency(network, examples, "number")
    step = 2e-3
    for name, index in (("sequence", (4, 2)), ("numbers", (1,))):
        up, down = ({**examples, name: examples[name].copy()} for _ in range(2))
        up[name][(slice(None), *index)] += step
        down[name][(slice(None), *index)] -= step
        slope = np.abs(score(network, up, 1, 0) - score(network, down, 1, 0)) / (2 * step)
        np.testing.assert_allclose(found[name][(slice(None), *index)], slope, rtol=0.02, atol=2e-3)


def test_a_linear_network_is_explained_exactly() -> None:
    inputs = keras.Input((5,))
    model = fill_weights(keras.Model(inputs, layers.Dense(2)(inputs)))
    x = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    kernel = model.get_weights()[0][:, 1]
    np.testing.assert_allclose(saliency(model, x, 1), np.broadcast_to(np.abs(kernel), x.shape), rtol=1e-6)
    for method in (gradient_times_input, integrated_gradients):
        np.testing.assert_allclose(method(model, x, 1), x * kernel, rtol=1e-5)
        np.testing.assert_allclose(method(model, x, 1, x[0]), (x - x[0]) * kernel, rtol=1e-5, atol=1e-6)


def test_the_integral_along_the_path_is_that_of_each_unit() -> None:
    """Along a straight path a tanh unit rises by its slope on average, so each contribution is known exactly."""
    inputs = keras.Input((5,))
    hidden = layers.Dense(3, activation="tanh")(inputs)
    model = fill_weights(keras.Model(inputs, layers.Dense(1)(hidden)))
    into, bias, out, _ = model.get_weights()
    x, reference = (np.random.default_rng(seed).normal(size=(4, 5)).astype("float32") for seed in (0, 1))
    at_x, at_reference = x @ into + bias, reference @ into + bias
    slope = (np.tanh(at_x) - np.tanh(at_reference)) / (at_x - at_reference)
    expected = (x - reference) * ((slope * out[:, 0]) @ into.T)
    found = np.stack([integrated_gradients(model, x[[k]], 0, reference[k])[0] for k in range(4)])
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_batches_forms_and_progress_change_nothing(network: Any, examples: Any) -> None:
    told = []
    whole = integrated_gradients(network, examples, "number", "shuffles", shuffles=3, steps=5)
    parts = integrated_gradients(
        network,
        [examples["sequence"], examples["numbers"]],
        "number",
        "shuffles",
        shuffles=3,
        steps=5,
        batch_size=7,
        progress=lambda done, total: told.append((done, total)),
    )
    np.testing.assert_allclose(parts[0], whole["sequence"], atol=1e-5)
    np.testing.assert_allclose(parts[1], whole["numbers"], atol=1e-5)
    assert told == [(2, 7), (4, 7), (6, 7), (7, 7)]
    other = integrated_gradients(network, examples, "number", "shuffles", shuffles=3, steps=5, seed=1)
    assert np.abs(other["sequence"] - whole["sequence"]).max() > 1e-3


def test_several_references_are_averaged(network: Any, examples: Any) -> None:
    references = {
        "sequence": np.stack([sequences(7, seed=3), sequences(7, seed=4)], axis=1),
        "numbers": np.zeros((7, 2, 3), "float32"),
    }
    both = integrated_gradients(network, examples, "number", references, steps=8)
    each = [
        integrated_gradients(network, examples, "number", {n: r[:, [k]] for n, r in references.items()}, steps=8)
        for k in range(2)
    ]
    np.testing.assert_allclose(both["sequence"], (each[0]["sequence"] + each[1]["sequence"]) / 2, atol=1e-5)


def test_hypothetical_contributions_hold_the_actual_ones(network: Any, examples: Any) -> None:
    options = {"references": "shuffles", "shuffles": 2, "steps": 4, "both_strands": True}
    actual = integrated_gradients(network, examples, "number", **options)
    hypothetical = integrated_gradients(network, examples, "number", **options, hypothetical=True)
    # The reference's own base counts too, so sums over each position are compared.
    np.testing.assert_allclose(
        (hypothetical["sequence"] * examples["sequence"]).sum(-1), actual["sequence"].sum(-1), atol=1e-5
    )
    np.testing.assert_allclose(hypothetical["numbers"], actual["numbers"], atol=1e-6)


def test_both_strands_do_not_care_which_is_given(network: Any, examples: Any) -> None:
    turned = {**examples, "sequence": examples["sequence"][:, ::-1, ::-1]}
    one, other = (gradient_times_input(network, x, "number", both_strands=True) for x in (examples, turned))
    np.testing.assert_allclose(one["sequence"], other["sequence"][:, ::-1, ::-1], atol=1e-6)


@pytest.mark.parametrize(
    "arguments, error, said",
    [
        ({"output": 3}, ConfigError, "shape \\(3,\\)"),
        ({"output": "classes"}, ConfigError, "name a unit"),
        ({"output": "labels"}, ConfigError, "'classes', 'number'"),
        ({"output": ("number", 1)}, ConfigError, "unit"),
        ({"references": "ones"}, ConfigError, "zeros, mean, shuffles"),
        ({"references": np.zeros((24, 4))}, DataError, "each of 2 inputs"),
        ({"references": [np.zeros((24, 3)), np.zeros(3)]}, DataError, "'sequence' must have the shape \\(24, 4\\)"),
        ({"step": 5}, ConfigError, "steps"),
        ({"steps": 0}, ConfigError, "a positive integer"),
        ({"examples": np.zeros((2, 24, 4))}, DataError, "each of 2 inputs"),
        ({"examples": [np.zeros((2, 24, 4)), np.zeros((3, 3))]}, DataError, "as many examples"),
        ({"examples": [np.full((2, 24, 4), np.nan), np.zeros((2, 3))]}, DataError, "finite"),
        ({"examples": {"sequence": np.zeros((2, 24, 4))}}, DataError, "'numbers'"),
    ],
)
def test_what_does_not_fit_is_named(network: Any, examples: Any, arguments: Any, error: Any, said: str) -> None:
    with pytest.raises(error, match=said):
        integrated_gradients(network, **{"examples": examples, **arguments})


def test_settings_for_sequences_need_sequences() -> None:
    inputs = keras.Input((5,))
    model = keras.Model(inputs, layers.Dense(1)(inputs))
    for setting in ({"hypothetical": True}, {"both_strands": True}, {"references": "shuffles"}):
        with pytest.raises(DataError, match="one-hot sequences"):
            integrated_gradients(model, np.zeros((2, 5)), **setting)


def test_whole_numbers_have_no_gradient() -> None:
    inputs = keras.Input((5,), dtype="int32", name="codes")
    model = keras.Model(inputs, layers.Dense(1)(layers.Flatten()(layers.Embedding(4, 2)(inputs))))
    with pytest.raises(ConfigError, match="input 'codes' of type int32"):
        saliency(model, np.zeros((2, 5)))
