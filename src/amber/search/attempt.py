"""How the training of a trial ends: with scores, or with the reason why there are none."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import optuna

from amber.backend import interrupts
from amber.errors import AmberError, DeviceError, InvalidArchitectureError, describe_error, printable
from amber.search.latency import TooSlowError
from amber.search.pruning import PruningCallback


@dataclass(frozen=True)
class Attempt:
    """What became of one training.

    Attributes:
        status: as that of a Trial.
        score: value of the searched metric; None unless complete.
        metrics: everything `fit` reported for the scored epoch.
        epochs: epochs trained.
        parameters: all weights of the network; None where not known.
        error: type and message of what went wrong.
        diverged: whether a loss, score or prediction was not finite.
    """

    status: str = "failed"
    score: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    epochs: int = 0
    parameters: int | None = None
    error: str | None = None
    diverged: bool = False


def scored(metrics: Mapping[str, float], metric: str, epochs: int, parameters: int | None) -> Attempt:
    """Return a training that went to its end: complete where its score is a number, else failed."""
    score = metrics[metric]
    if math.isfinite(score):
        return Attempt("complete", score, metrics, epochs, parameters)
    error = f"FloatingPointError: {metric} is {score}"
    return Attempt("failed", None, metrics, epochs, parameters, error, diverged=True)


def attempt(train: Callable[[], Attempt], reporting: PruningCallback | None) -> Attempt:
    """Run a training, and return what it gives or how it failed.

    Whatever goes wrong in one child, `sys.exit` too, must not end the search. What says that the search itself cannot
    go on is raised: errors of AMBER's own, and an interrupt.

    Args:
        train: trains and scores one network.
        reporting: what reported its epochs, if anything did.
    """
    try:
        return train()
    except InvalidArchitectureError as error:
        return Attempt("invalid", error=describe_error(error))
    except TooSlowError as error:
        return Attempt("over budget", error=str(error))
    except optuna.TrialPruned as error:
        message = printable(str(error))
        if reporting is None:
            return Attempt("pruned", error=message)
        return Attempt("pruned", metrics=reporting.metrics, epochs=len(reporting.values), error=message)
    except DeviceError as error:
        return Attempt(error=describe_error(error))
    except FloatingPointError as error:
        return Attempt(error=describe_error(error), diverged=True)
    except AmberError:
        raise
    except BaseException as error:
        if interrupts.is_interrupt(error):
            raise
        interrupts.check()  # native code may have turned a KeyboardInterrupt into an error of its own
        return Attempt(error=describe_error(error))
