"""The controller of operations alone, with one-hot actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from amber.architect import ModelSpace
from amber.compat.controllers import GeneralController
from amber.compat.ignored import warn_ignored
from amber.errors import ConfigError
from amber.types import Tokens

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_OPTIMIZERS = ("adam", "adagrad", "rmsprop", "sgd")


class OperationController(GeneralController):
    """A policy that chooses operations only, trained with PPO and a bonus on its entropy.

    `get_action` gives one-hot rows; an environment needs `squeezed_action=False` and `with_skip_connection=False`.

    Args:
        state_space: what may be built.
        controller_units: units of its LSTM layer.
        embedding_dim: ignored with a warning: embeddings have as many units as the LSTM.
        optimizer: "adam", "adagrad", "rmsprop" or "sgd".
        discount_factor: ignored with a warning where it is not 0.
        clip_val: ignored with a warning where it is not 0.2.
        beta: weight of the entropy.
        kl_threshold: divergence at which `train` stops.
        train_pi_iter: passes over the buffer in one `train`, at most.
        lr_pi: learning rate.
        buffer_size: paths that the buffer keeps.
        batch_size: architectures in a gradient step.
        verbose: accepted.
        seed: of weights and sampling; None: a fresh one.

    Raises:
        ConfigError: a value out of range.
    """

    def __init__(
        self,
        state_space: ModelSpace,
        controller_units: int = 32,
        embedding_dim: int = 5,
        optimizer: str = "rmsprop",
        discount_factor: float = 0.0,
        clip_val: float = 0.2,
        beta: float = 0.001,
        kl_threshold: float = 0.05,
        train_pi_iter: int = 100,
        lr_pi: float = 0.005,
        buffer_size: int = 50,
        batch_size: int = 5,
        verbose: int = 0,
        seed: int | None = None,
    ) -> None:
        if not isinstance(optimizer, str) or optimizer.lower() not in _OPTIMIZERS:
            raise ConfigError(f"optimizer must be one of {', '.join(_OPTIMIZERS)}. Received: {optimizer!r}")
        unused = {
            "embedding_dim": embedding_dim if embedding_dim != 5 else None,
            "discount_factor": discount_factor or None,
            "clip_val": clip_val if clip_val != 0.2 else None,
        }
        warn_ignored(type(self).__name__, unused, "the policy is the GeneralController's without skip connections")
        super().__init__(
            state_space,
            with_skip_connection=False,
            use_ppo_loss=True,
            kl_threshold=kl_threshold,
            buffer_size=buffer_size,
            batch_size=batch_size,
            train_pi_iter=train_pi_iter,
            lstm_size=controller_units,
            lstm_num_layers=1,
            optim_algo=optimizer.lower(),
            learning_rate=lr_pi,
            entropy_weight=beta,
            seed=seed,
        )

    def get_action(self, state: object = None) -> tuple[Any, list[np.ndarray]]:
        """Return a one-hot row (1, n) for each layer, and the probabilities that they were drawn from."""
        tokens, probabilities = super().get_action()
        rows = zip(tokens, self.layout.candidates, strict=True)
        return tuple(np.eye(count, dtype=int)[None, token] for token, count in rows), probabilities

    def store(self, state: ArrayLike | None, prob: Sequence[ArrayLike], action: Tokens, reward: float) -> None:
        """Keep an architecture, given as one-hot rows or as tokens, and its reward for the next `train`."""
        tokens = [int(np.argmax(each)) if np.ndim(each) else int(each) for each in action]
        super().store(state, prob, tokens, reward)
