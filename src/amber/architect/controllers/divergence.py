"""Comparing the policy of now with the probabilities that architectures were sampled from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from amber.architect.controllers.policy_rollout import MASKED_LOGIT, Decision, decision_log_probs
from amber.errors import ConfigError


def stored_log_probs(decisions: Sequence[Decision], stored: Sequence[np.ndarray]) -> np.ndarray:
    """Return the log-probability of architectures under stored probabilities, (n,).

    Args:
        decisions: of a rollout over the architectures' tokens.
        stored: per decision the probabilities at sampling time.

    Raises:
        ConfigError: the stored probabilities are not of this policy's shapes.
    """
    total: Any = 0.0
    for decision, old in zip(decisions, _checked(decisions, stored), strict=True):
        total = total + decision_log_probs(np, replace(decision, log_probs=_log(old)))
    return np.asarray(total)


def mean_divergence(decisions: Sequence[Decision], stored: Sequence[np.ndarray]) -> float:
    """Return KL(stored || policy of now), in nats, as the mean over architectures and over decisions.

    One token of n values, and one bit, each count as a decision.
    """
    total, count = 0.0, 0
    for decision, old in zip(decisions, _checked(decisions, stored), strict=True):
        each = np.sum(old * (_log(old) - decision.log_probs), axis=-1)
        total, count = total + float(each.sum()), count + each.size
    return total / count


def _log(probabilities: np.ndarray) -> np.ndarray:
    return np.asarray(
        np.log(np.maximum(probabilities, np.exp(-700.0))) * (probabilities > 0) + MASKED_LOGIT * (probabilities <= 0)
    )


def _checked(decisions: Sequence[Decision], stored: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    expected = [decision.log_probs.shape for decision in decisions]
    received = [np.shape(each) for each in stored]
    if expected != received:
        raise ConfigError(
            f"The stored probabilities of this controller have shapes {expected}, as get_action returns them. "
            f"Received: {received}"
        )
    return stored
