"""Training in float16 on a CPU is said to be doubtful; other precisions are not."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import keras
import numpy as np
import pytest

from amber.backend.models import ChildModel

pytestmark = pytest.mark.parity


@pytest.fixture(autouse=True)
def _policy() -> Iterator[None]:
    before = keras.config.dtype_policy()
    yield
    keras.config.set_dtype_policy(before)


def said_of_training(policy: str) -> list[str]:
    keras.config.set_dtype_policy(policy)
    inputs = keras.Input((4,))
    model = ChildModel(inputs, keras.layers.Dense(1)(inputs))
    model.compile("sgd", "mse")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(np.ones((8, 4), "float32"), np.ones((8, 1), "float32"), verbose=0)
    return [str(warning.message) for warning in caught if "float16 on a CPU" in str(warning.message)]


def test_float16_on_a_processor_is_warned_of_with_a_way_out() -> None:
    said = said_of_training("mixed_float16")
    assert len(said) == 1 and "mixed_bfloat16" in said[0] and "TF_ENABLE_ONEDNN_OPTS=0" in said[0]


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_other_precisions_are_not(policy: str) -> None:
    assert said_of_training(policy) == []


def test_float16_on_a_card_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amber.backend.tensorflow.model.accelerators", lambda: ["GPU:0"])
    assert said_of_training("mixed_float16") == []
