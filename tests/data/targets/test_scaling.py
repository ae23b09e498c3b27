"""Numbers on a common scale, and back."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from amber.data.targets.scaling import Scaling
from amber.errors import DataError


@pytest.mark.parametrize("columns", [1, 2, 5])
def test_scaled_columns_have_mean_0_and_deviation_1(columns: int) -> None:
    x = np.random.default_rng(columns).normal(3, 7, (200, columns)) * 10.0 ** np.arange(columns)
    scaling = Scaling.fit(x)
    scaled = scaling.apply(x)
    assert scaled.dtype == np.float32 and scaled.shape == x.shape
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=0), 1, rtol=1e-5)
    back = scaling.invert(scaled)
    assert back.dtype == np.float64
    np.testing.assert_allclose(back, x, rtol=1e-4, atol=1e-3)
    assert Scaling.from_dict(json.loads(json.dumps(scaling.to_dict()))) == scaling


@pytest.mark.parametrize(("spread", "kept"), [(0.0, False), (1e-13, False), (1e-10, True), (2.0, True)])
def test_a_constant_column_is_shifted_only(spread: float, kept: bool) -> None:
    x = np.array([[-spread], [spread]])
    scaling = Scaling.fit(x)
    assert scaling.scale == (pytest.approx(spread) if kept else 1.0,)
    np.testing.assert_allclose(Scaling.fit(x * 0 + 5).apply(x * 0 + 5), 0)


@pytest.mark.parametrize("columns", [1, 3])
def test_another_number_of_columns_is_refused(columns: int) -> None:
    with pytest.raises(DataError, match=rf"Expected 2 columns. Received: shape \(4, {columns}\)"):
        Scaling((0.0, 0.0), (1.0, 1.0)).apply(np.zeros((4, columns)))


@pytest.mark.parametrize(
    "wrong", [[], (), "1", {1: 1}, None, 1.0, [True], ["1"], [None], [math.nan], [math.inf], [1.0, math.nan], {1.0}]
)
@pytest.mark.parametrize("key", ["mean", "scale"])
def test_what_is_no_scaling_is_refused(key: str, wrong: Any) -> None:
    good = {"mean": [1.0], "scale": [2.0]}
    assert Scaling.from_dict(good) == Scaling((1.0,), (2.0,))
    for values in (good | {key: wrong}, {name: each for name, each in good.items() if name != key}, [1.0], None):
        with pytest.raises(DataError, match="A scaling must be the lists 'mean' and 'scale'"):
            Scaling.from_dict(values)  # type: ignore[arg-type]


@pytest.mark.parametrize(("scale", "taken"), [([1e-300, 1], True), ([0, 1], False), ([1, -1], False), ([1], False)])
def test_scales_are_above_0_and_as_many_as_means(scale: list[float], taken: bool) -> None:
    values = {"mean": [0, -1.5], "scale": scale}
    if taken:
        assert Scaling.from_dict(values).scale == tuple(scale)
    else:
        with pytest.raises(DataError, match="equally many numbers, those of 'scale' above 0"):
            Scaling.from_dict(values)


def test_zero_comes_back_as_zero_and_what_is_not_finite_stays() -> None:
    x = np.random.default_rng(0).normal(0.7, 3.1, (300, 1))
    x[::3] = 0
    scaling = Scaling.fit(x)
    back = scaling.invert(scaling.apply(x))
    assert (back[::3] == 0).all() and (back[1::3] != 0).all()
    odd = scaling.invert(np.array([[np.nan], [np.inf], [-np.inf]], np.float32))
    np.testing.assert_array_equal(odd, [[np.nan], [np.inf], [-np.inf]])
    assert Scaling((0.0,), (1.0,)).invert(np.array([[1e-30]])).tolist() == [[1e-30]]
