"""Learning rates of a schedule in plain numbers: those that Keras computes, to the last bit."""

from __future__ import annotations

import keras
import pytest
from hypothesis import given, settings, strategies as some

from amber.backend.torch.schedules import cosine_rate

CosineDecay = keras.optimizers.schedules.CosineDecay
RATES = some.floats(1e-6, 1.0)


@given(
    RATES,
    some.integers(1, 100_000),
    some.sampled_from([0.0, 0.1, 1.0]),
    some.one_of(some.none(), RATES),
    some.integers(0, 1000),
    some.integers(0, 120_000),
)
@settings(deadline=None, max_examples=300)
def test_rates_are_those_of_keras(
    begin: float, steps: int, alpha: float, target: float | None, rising: int, step: int
) -> None:
    schedule = CosineDecay(begin, steps, alpha, warmup_target=target, warmup_steps=rising)
    assert cosine_rate(schedule, step) == float(schedule(step))


@pytest.mark.parametrize("step", [0, 1, 9, 10, 11, 99, 100, 109, 110, 111, 10_000])
def test_rates_where_a_phase_begins_or_ends(step: int) -> None:
    schedule = CosineDecay(0.0, 100, warmup_target=0.003, warmup_steps=10)
    assert cosine_rate(schedule, step) == float(schedule(step))


def test_what_may_differ_is_left_to_keras() -> None:
    class Mine(CosineDecay):
        def __call__(self, step: object) -> float:
            return 0.5

    assert (
        cosine_rate(Mine(0.1, 10), 3) is None and cosine_rate(lambda: 0.1, 3) is None and cosine_rate(None, 3) is None
    )
    assert cosine_rate(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5), 3) is None
