"""Ctrl-C while a program explains a network or draws bootstrap samples: raised at the next batch, and never lost."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from amber.backend import interrupts
from amber.evaluation.bootstrap import Resampling
from amber.explain import deep_lift, gradient_times_input, mutagenesis

pytestmark = pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals of POSIX systems")


@pytest.fixture(autouse=True)
def python_handler() -> Iterator[None]:
    """Let Ctrl-C be handled as in a terminal, and check that Python's own handler is there again at the end."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    after = signal.signal(signal.SIGINT, before)
    assert after is signal.default_int_handler and not interrupts.requested()


@pytest.mark.parametrize(
    ("method", "limit"),
    [(deep_lift, {"references": "zeros"}), (gradient_times_input, {}), (mutagenesis, {})],
    ids=["deep_lift", "gradients", "mutagenesis"],
)
def test_attribution_ends_after_the_batch(
    method: Callable[..., Any], limit: dict[str, Any], network: Any, examples: Any
) -> None:
    told: list[int] = []

    def press(past: int, total: int) -> None:
        told.append(past)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        method(network, examples, "number", batch_size=1, progress=press, **limit)
    assert len(told) == 1


def test_bootstrap_ends_after_the_draw() -> None:
    calls: list[int] = []

    def measure(weights: np.ndarray) -> float:
        calls.append(len(calls))
        if len(calls) == 2:  # the first is without weights
            signal.raise_signal(signal.SIGINT)
        return float(weights.mean())

    with pytest.raises(KeyboardInterrupt):
        Resampling(10, draws=200).draw({"mean": measure})
    assert len(calls) == 2
