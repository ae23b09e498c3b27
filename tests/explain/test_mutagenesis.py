from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from tests.explain.networks import sequences

from amber.errors import DataError
from amber.explain import mutagenesis


def predict(model: Any, x: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(model([x["sequence"], x["numbers"]], training=False)[1][:, 0]))


@pytest.mark.parity
def test_effects_are_predictions_of_mutated_sequences(network: Any, examples: Any) -> None:
    examples["sequence"][0, 3] = 0.25
    found = mutagenesis(network, examples, "number", batch_size=50)
    before = predict(network, examples)
    for position in (0, 3, 23):
        for base in range(4):
            mutated = examples["sequence"].copy()
            mutated[:, position] = np.eye(4)[base]
            difference = predict(network, {**examples, "sequence": mutated}) - before
            np.testing.assert_allclose(found["sequence"][:, position, base], difference, atol=1e-5)
    assert found["numbers"].shape == (7, 3) and not found["numbers"].any()
    assert not found["sequence"][examples["sequence"] == 1].any()


def test_batches_change_nothing_and_progress_is_told(network: Any, examples: Any) -> None:
    told = []
    one = mutagenesis(network, examples, "number", batch_size=13, progress=lambda *each: told.append(each))
    other = mutagenesis(network, examples, "number", batch_size=1000)
    np.testing.assert_allclose(one["sequence"], other["sequence"], atol=1e-5)
    assert told == [(row, 7) for row in range(1, 8)]


def test_hypothetical_effects_are_centred(network: Any, examples: Any) -> None:
    plain, centred = (mutagenesis(network, examples, "number", hypothetical=each)["sequence"] for each in (False, True))
    np.testing.assert_allclose(centred, plain - plain.mean(axis=-1, keepdims=True), atol=1e-6)


def test_both_strands_do_not_care_which_is_given(network: Any, examples: Any) -> None:
    turned = {**examples, "sequence": examples["sequence"][:, ::-1, ::-1]}
    one, other = (mutagenesis(network, x, "number", both_strands=True)["sequence"] for x in (examples, turned))
    np.testing.assert_allclose(one, other[:, ::-1, ::-1], atol=1e-5)


def test_without_sequences_there_is_nothing_to_mutate() -> None:
    inputs = keras.Input((5,))
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    with pytest.raises(DataError, match="mutagenesis"):
        mutagenesis(model, sequences(2)[:, :5, 0])
