from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from tests.explain.networks import sequences

from amber.errors import ConfigError
from amber.explain.motifs import filter_motifs

layers = keras.layers


@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
def test_a_filter_becomes_the_motif_it_fits(padding: str) -> None:
    inputs = keras.Input((40, 4), name="dna")
    hidden = layers.Conv1D(2, 5, padding=padding, activation="relu")(inputs)
    model = keras.Model(inputs, layers.Dense(1)(layers.GlobalMaxPooling1D()(hidden)))
    kernel = np.full((5, 4, 2), -1.0)
    for position, base in enumerate([0, 2, 1, 3, 2]):
        kernel[position, base, 0] = 1
    model.layers[1].set_weights([kernel, np.array([0.0, -1.0])])
    x = sequences(1000, 40)
    (found,) = filter_motifs(model, x, share=0.9)
    assert (found.name, found.consensus) == ("filter_0", "AGCTG")
    assert found.sites == len(found.seqlets) >= 10
    for seqlet in found.seqlets:
        assert x[seqlet.example, seqlet.start : seqlet.end].argmax(axis=-1).tolist() == [0, 2, 1, 3, 2]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"share": 5}, "share must be a number above 0 and below 1. Received: 5"),
        ({"share": "half"}, "Received: 'half'"),
        ({"batch_size": 0}, "batch_size must be a positive integer. Received: 0"),
    ],
)
def test_numbers_that_cannot_be_are_refused(given: dict[str, Any], said: str) -> None:
    inputs = keras.Input((40, 4))
    with pytest.raises(ConfigError, match=said):
        filter_motifs(keras.Model(inputs, layers.Conv1D(2, 5)(inputs)), sequences(3, 40), **given)


def test_a_network_without_a_convolution_is_refused() -> None:
    inputs = keras.Input((40, 4))
    with pytest.raises(ConfigError, match="Flatten, Dense"):
        filter_motifs(keras.Model(inputs, layers.Dense(1)(layers.Flatten()(inputs))), sequences(3, 40))


def test_each_network_of_a_mean_has_filters_of_its_own() -> None:
    def network(bases: list[int], name: str) -> keras.Model:
        inputs = keras.Input((40, 4))
        hidden = layers.Conv1D(1, 5, activation="relu", name=name)(inputs)
        model = keras.Model(inputs, layers.Dense(1)(layers.GlobalMaxPooling1D()(hidden)), name=f"{name}_network")
        model.get_layer(name).set_weights([np.eye(4)[bases][:, :, None] * 2 - 1, np.zeros(1)])
        return model

    inputs = keras.Input((40, 4), name="dna")
    first, second = network([0, 2, 1, 3, 2], "one"), network([3, 3, 0, 1, 1], "two")
    turned = layers.Rescaling(1.0)(inputs)
    model = keras.Model(inputs, layers.Average()([first(inputs), first(turned), second(inputs)]))
    found = filter_motifs(model, sequences(1000, 40), share=0.9)
    assert [(each.name, each.consensus) for each in found] == [
        ("network_1_filter_0", "AGCTG"),
        ("network_2_filter_0", "TTACC"),
    ]
