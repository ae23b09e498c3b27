"""How the training of a trial ends, by what its training raises."""

from __future__ import annotations

import optuna
import pytest

from amber.errors import ConfigError, DeviceError, InvalidArchitectureError
from amber.search.attempt import Attempt, attempt, scored
from amber.search.latency import TooSlowError


def _raising(error: BaseException) -> Attempt:
    def train() -> Attempt:
        raise error

    return attempt(train, None)


@pytest.mark.parametrize(
    ("error", "status", "diverged"),
    [
        (InvalidArchitectureError("no such layer"), "invalid", False),
        (TooSlowError("3 ms"), "over budget", False),
        (optuna.TrialPruned("epoch 2"), "pruned", False),
        (DeviceError("card"), "failed", False),
        (FloatingPointError("loss"), "failed", True),
        (ValueError("shape"), "failed", False),
        (SystemExit(3), "failed", False),
        (MemoryError(), "failed", False),
    ],
)
def test_what_goes_wrong_in_a_training_becomes_its_result(error: BaseException, status: str, diverged: bool) -> None:
    ended = _raising(error)
    assert (ended.status, ended.score, ended.diverged) == (status, None, diverged)
    assert ended.error


@pytest.mark.parametrize("error", [ConfigError("no such metric"), KeyboardInterrupt()])
def test_what_ends_the_search_is_raised(error: BaseException) -> None:
    with pytest.raises(type(error)):
        _raising(error)


def test_a_score_that_is_no_number_is_no_success() -> None:
    assert scored({"val_loss": 0.5}, "val_loss", 3, 10) == Attempt("complete", 0.5, {"val_loss": 0.5}, 3, 10)
    for value in (float("nan"), float("inf")):
        ended = scored({"val_loss": value}, "val_loss", 3, 10)
        assert (ended.status, ended.score, ended.epochs, ended.diverged) == ("failed", None, 3, True)
        assert ended.error == f"FloatingPointError: val_loss is {value}"
