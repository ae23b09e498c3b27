"""Every keyword of the functions that attribute has an effect, or is refused."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from tests.explain.networks import fill_weights, sequences

from amber import explain
from amber.errors import AmberError, ConfigError
from amber.explain.settings import Settings

layers = keras.layers
OTHER = {"steps": 3, "shuffles": 2, "seed": 5, "hypothetical": True, "both_strands": True}
COMPARED = {"deep_lift", "integrated_gradients", "gradient_times_input"}


@pytest.fixture(scope="module")
def model() -> keras.Model:
    inputs = keras.Input((24, 4), name="sequence")
    hidden = layers.Flatten()(layers.Conv1D(4, 5, activation="tanh")(inputs))
    return fill_weights(keras.Model(inputs, layers.Dense(3, "softmax", name="classes")(hidden)))


@pytest.mark.parametrize("references", [None, "shuffles"])
@pytest.mark.parametrize("setting", OTHER)
@pytest.mark.parametrize("method", explain.__all__[1:])
def test_a_setting_changes_the_result_or_is_refused(model: Any, method: str, setting: str, references: Any) -> None:
    function = getattr(explain, method)
    compared = {"references": references} if references and method in COMPARED else {}
    try:
        found = function(model, sequences(4), **compared, **{setting: OTHER[setting]})
    except ConfigError as refusal:
        assert "Received" in str(refusal) and f"{setting}={OTHER[setting]}" in str(refusal) and method in str(refusal)
    else:
        # The quadrature's error is shared, so that few steps change little.
        assert np.abs(found - function(model, sequences(4), **compared)).max() > 1e-6


def test_all_settings_are_tried() -> None:
    # A batch size must change nothing, and progress is told what is done.
    assert set(OTHER) | {"batch_size", "progress"} == set(Settings.__annotations__)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"batch_size": 0}, "`batch_size` must be a positive integer. Received: 0"),
        ({"batch_size": 2.5}, "`batch_size` must be a positive integer. Received: 2.5"),
        ({"both_strands": "yes"}, "`both_strands` must be True or False. Received: 'yes'"),
        ({"hypothetical": 1}, "`hypothetical` must be True or False. Received: 1"),
        ({"progress": 5}, "`progress` must be a function of two numbers.* Received: 5"),
        ({"references": "zeros", "shuffles": 3}, "only with references='shuffles'.*shuffles=3 with references='zeros'"),
        ({"references": "shuffle"}, "zeros, mean, shuffles, or arrays. Received: 'shuffle'"),
        ({"references": {"dna": np.zeros((24, 4))}}, r"for the inputs 'sequence', by name. Received: \['dna'\]"),
        ({"references": None}, r"must have the shape \(24, 4\).* Received: None"),
        ({"reference": "zeros"}, "The settings of deep_lift are batch_size, .*. Received: reference='zeros'"),
        ({"output": 3}, r"has the shape \(3,\); name a unit of it.*Received: unit=3"),
        ({"output": True}, "Received: unit=True"),
        (
            {"output": "probability"},
            r"such as \('classes', 0\); its outputs are 'classes'.* Received: 'probability'",
        ),
        ({"model": None}, "functional Keras model.* Received: None"),
        ({"model": "best.keras"}, "of what `amber.load` returns `network`. Received: 'best.keras'"),
        ({"examples": ["ACGT"]}, "what `amber.load` returns explains sequences as text. Received: 'ACGT'"),
    ],
)
def test_what_cannot_be_is_named(model: Any, arguments: Any, said: str) -> None:
    with pytest.raises(AmberError, match=said):
        explain.deep_lift(**{"model": model, "examples": sequences(2), **arguments})


@pytest.mark.parametrize("method", ["saliency", "mutagenesis"])
def test_methods_that_compare_with_nothing_take_no_references(model: Any, method: str) -> None:
    with pytest.raises(ConfigError, match=f"settings of {method} are batch_size.* Received: references='zeros'"):
        getattr(explain, method)(model, sequences(2), references="zeros")


def test_the_position_of_a_maximum_names_a_unit(model: Any) -> None:
    largest = model.predict(sequences(1), verbose=0)[0].argmax()
    found = [
        explain.saliency(model, sequences(2), output, batch_size=np.int64(1)) for output in (largest, int(largest))
    ]
    np.testing.assert_array_equal(*found)
