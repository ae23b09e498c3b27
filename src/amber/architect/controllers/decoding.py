"""Where the tokens of a rollout come from: drawn, the most probable, or given ones."""

from __future__ import annotations

import numpy as np

from amber.architect.controllers.policy_rollout import Kind
from amber.types import Array, Tensor


class Sampled:
    """Draws tokens with a NumPy generator, by inverting the cumulative probabilities."""

    def __init__(self, generator: np.random.Generator) -> None:
        self.generator = generator

    def __call__(self, kind: Kind, log_probs: Tensor, width: int) -> tuple[Array, Array]:
        """Draw each token with its probability."""
        # Uniform numbers lie in [0, 1): probability 0 is never drawn and probability 1 always is.
        known = np.asarray(log_probs)
        if kind == "bits":
            probabilities = np.exp(known[:, :, 1].astype("float64"))
            return _as_bits(self.generator.random(probabilities.shape) < probabilities, known)
        cumulative = np.cumsum(np.exp(known.astype("float64")), axis=1)
        point = self.generator.random((len(known), 1)) * cumulative[:, -1:]
        token = (cumulative[:, :-1] <= point).sum(axis=1, keepdims=True)
        return _as_choice(kind, token, known)


class Greedy:
    """Takes the most probable value of every decision."""

    def __call__(self, kind: Kind, log_probs: Tensor, width: int) -> tuple[Array, Array]:
        """Take the most probable token."""
        known = np.asarray(log_probs)
        if kind == "bits":
            return _as_bits(known[:, :, 1] > known[:, :, 0], known)
        return _as_choice(kind, known.argmax(axis=1)[:, None], known)


class TeacherForced:
    """Reads given tokens in order; works on arrays of any backend.

    Args:
        tokens: integers, (batch, tokens).
        numbers: the same as floating-point numbers.
    """

    def __init__(self, tokens: Tensor, numbers: Tensor) -> None:
        self.tokens, self.numbers = tokens, numbers
        self.position = 0

    def __call__(self, kind: Kind, log_probs: Tensor, width: int) -> tuple[Tensor, Tensor]:
        """Take the next given tokens."""
        here = slice(self.position, self.position + width)
        self.position += width
        return self.tokens[:, here], self.numbers[:, here]


def _as_bits(chosen: Array, log_probs: Array) -> tuple[Array, Array]:
    return chosen.astype("int64"), chosen.astype(log_probs.dtype)


def _as_choice(kind: Kind, token: Array, log_probs: Array) -> tuple[Array, Array]:
    if kind == "one_hot":
        return _as_bits(np.arange(log_probs.shape[1])[None, :] == token, log_probs)
    return token, token.astype(log_probs.dtype)
