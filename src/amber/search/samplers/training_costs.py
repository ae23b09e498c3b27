"""What training an architecture costs beside others, before anything is planned: a linear model of FLOPs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from amber.search.samplers.gaussian_process import Described, Describer

FLOPs: TypeAlias = Callable[[tuple[int, ...]], int | None]
"""Plans tokens and returns the FLOPs of the network; None where there is none, or where they are not known."""

# Architectures that are planned, at about a millisecond each, and how many of them must be networks.
_PLANNED, _LEAST = 150, 20
# Of squared coefficients, beside squared errors.
_PENALTY = 1.0


class TrainingCosts:
    """Ridge regression of log FLOPs on tokens and their counts, fitted on architectures that are planned.

    Training takes time nearly in proportion to FLOPs. Here they explain about nine tenths of what differs between
    networks, in microseconds each.

    Args:
        describe: makes numbers of tokens.
        tokens: of architectures, (n, tokens).
        flops: of each of them.
    """

    def __init__(self, describe: Describer, tokens: np.ndarray, flops: np.ndarray) -> None:
        rows, logarithms = _matrix(describe(tokens)), np.log(np.maximum(flops, 1.0))
        self._centre, spread = rows.mean(axis=0), rows.std(axis=0)
        scaled = (rows - self._centre) / np.where(spread > 0, spread, 1.0)
        covariance = scaled @ scaled.T + _PENALTY * np.eye(len(scaled))
        self._mean = float(logarithms.mean())
        self._weights = scaled.T @ np.linalg.solve(covariance, logarithms - self._mean)
        self._weights /= np.where(spread > 0, spread, 1.0)

    def __call__(self, described: Described) -> np.ndarray:
        """Return the logarithm of the FLOPs that each architecture is expected to have."""
        return np.asarray(self._mean + (_matrix(described) - self._centre) @ self._weights)


def planned_costs(describe: Describer, flops: FLOPs, draw: Callable[[int], np.ndarray]) -> TrainingCosts | None:
    """Return a model fitted on random architectures; None where too few of them are networks of known FLOPs.

    Args:
        describe: makes numbers of tokens.
        flops: of an architecture.
        draw: returns so many random architectures.
    """
    drawn = draw(_PLANNED)
    found = [flops(tuple(row)) for row in drawn.tolist()]
    known = np.array([each is not None for each in found])
    if known.sum() < _LEAST:
        return None
    return TrainingCosts(describe, drawn[known], np.array([each for each in found if each is not None], float))


def _matrix(described: Described) -> np.ndarray:
    return np.concatenate([described.columns, described.features], axis=1)
