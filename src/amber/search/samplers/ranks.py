"""Ranks of scores, and which trials a model is fitted to."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata


def normal_scores(scores: np.ndarray) -> np.ndarray:
    """Return the normal quantiles of ranks, of mean zero and variance one."""
    quantiles = ndtri((rankdata(scores) - 0.5) / len(scores))
    return np.asarray((quantiles - quantiles.mean()) / (quantiles.std() or 1.0))


def best_and_latest(scores: np.ndarray, limit: int) -> np.ndarray:
    """Return the positions of the best half of a limit, and of the latest others."""
    if len(scores) <= limit:
        return np.arange(len(scores))
    order = np.argsort(-scores, kind="stable")
    return np.sort(np.concatenate([order[: limit // 2], np.sort(order[limit // 2 :])[-(limit - limit // 2) :]]))


def best_and_spread(scores: np.ndarray, limit: int) -> np.ndarray:
    """Return the positions of the best half of a limit, and of others from the second best to the worst."""
    if len(scores) <= limit:
        return np.arange(len(scores))
    order = np.argsort(-scores, kind="stable")
    others = order[limit // 2 :]
    return np.sort(np.concatenate([order[: limit // 2], others[:: -(-len(others) // (limit - limit // 2))]]))
