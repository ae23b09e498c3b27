"""The loss of numbers of which some are not known."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from amber.data.targets.target import MISSING_NUMBER
from amber.modeler.masked_loss import MaskedMeanSquaredError


def test_known_numbers_count_alike_and_missing_ones_nowhere() -> None:
    y = np.array([[1.0, 2.0], [MISSING_NUMBER, 4.0], [MISSING_NUMBER, MISSING_NUMBER]], dtype=np.float32)
    predicted = np.array([[0.0, 0.0], [7.0, 1.0], [9.0, 9.0]], dtype=np.float32)
    assert float(MaskedMeanSquaredError()(y, predicted)) == pytest.approx((1 + 4 + 9) / 3)


def test_without_missing_numbers_it_is_the_mean_squared_error() -> None:
    rng = np.random.default_rng(0)
    y, predicted = (rng.normal(size=(8, 3)).astype(np.float32) for _ in range(2))
    expected = float(keras.losses.MeanSquaredError()(y, predicted))
    assert float(MaskedMeanSquaredError()(y, predicted)) == pytest.approx(expected, rel=1e-5)
    copied = keras.losses.deserialize(keras.losses.serialize(MaskedMeanSquaredError()))
    assert float(copied(y, predicted)) == pytest.approx(expected, rel=1e-5)
