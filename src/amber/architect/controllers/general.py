"""The controller for operations and skip connections."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from amber.architect.buffers import Buffer
from amber.architect.controllers.base import BaseController, TrainingSpec
from amber.architect.controllers.checks import check_positive, check_share, check_unknown, embedding_owners
from amber.architect.controllers.model import LossSpec, LossTerms
from amber.architect.controllers.optimizers import make_optimizer
from amber.architect.controllers.saving import space_to_json
from amber.architect.controllers.spec import PolicyBlocks, PolicySpec
from amber.architect.model_space import ModelSpace
from amber.architect.token_layout import TokenLayout
from amber.checks import positive_integer
from amber.errors import ConfigError


class GeneralController(BaseController):
    """A recurrent policy that chooses, layer by layer, an operation and which earlier layers to read.

    After ENAS (Pham et al. 2018); trained with REINFORCE and a baseline (Williams 1992), or PPO (Schulman et al. 2017).

    Args:
        model_space: the space, or the number of candidates of each layer.
        buffer_type: "ordinal", "replay", a callable that makes a Buffer, or None (then only `update` trains).
        with_skip_connection: whether layers choose among all earlier layers.
        share_embedding: from a layer to the earlier one whose embedding and softmax it shares.
        use_ppo_loss: PPO instead of REINFORCE.
        kl_threshold: mean divergence per decision at which `train` stops; None: never.
        skip_connection_unique_connection: whether a layer can be the source of one skip only.
        buffer_size: paths (finished by `train`) that the buffer keeps.
        batch_size: architectures in a gradient step.
        train_pi_iter: passes over the buffer in one `train`, at most.
        lstm_size: units of every LSTM layer.
        lstm_num_layers: LSTM layers.
        lstm_keep_prob: share of LSTM inputs that training keeps; sampling keeps all.
        tanh_constant: bound of the logits; None: none. Masks are not weakened by it.
        temperature: divides the logits; None: 1.
        optim_algo: a Keras optimizer's name, configuration, or an instance (which is copied).
        learning_rate: None: the optimizer's own.
        skip_target: rate of skips that the skip penalty pulls to.
        skip_weight: of that penalty; None: no penalty.
        entropy_weight: of a bonus on the policy's entropy.
        rescale_advantage_by_reward: given to the buffer.
        seed: of weights, sampling, shuffling and dropout; None: a fresh one.
        **unknown: refused.

    Raises:
        ConfigError: a value out of range, an unknown keyword, or skip_weight without skip connections.
    """

    def __init__(
        self,
        model_space: ModelSpace | Sequence[int],
        buffer_type: str | Callable[..., Buffer] | None = "ordinal",
        with_skip_connection: bool = True,
        share_embedding: Mapping[int, int] | None = None,
        use_ppo_loss: bool = False,
        kl_threshold: float | None = 0.05,
        skip_connection_unique_connection: bool = False,
        buffer_size: int = 15,
        batch_size: int = 5,
        *,
        train_pi_iter: int = 20,
        lstm_size: int = 32,
        lstm_num_layers: int = 2,
        lstm_keep_prob: float = 1.0,
        tanh_constant: float | None = None,
        temperature: float | None = None,
        optim_algo: str | Mapping[str, object] | keras.optimizers.Optimizer = "adam",
        learning_rate: float | None = None,
        skip_target: float = 0.8,
        skip_weight: float | None = None,
        entropy_weight: float = 0.0,
        rescale_advantage_by_reward: bool = False,
        seed: int | None = None,
        **unknown: object,
    ) -> None:
        if skip_weight is not None and not with_skip_connection:
            raise ConfigError(f"skip_weight needs with_skip_connection=True. Received: skip_weight={skip_weight!r}")
        candidates = TokenLayout(model_space).candidates
        spec = PolicySpec(
            candidates=candidates,
            with_skips=bool(with_skip_connection),
            lstm_size=positive_integer(lstm_size, "lstm_size"),
            lstm_layers=positive_integer(lstm_num_layers, "lstm_num_layers"),
            temperature=check_positive(temperature, "temperature"),
            tanh_constant=check_positive(tanh_constant, "tanh_constant"),
            unique_skips=bool(skip_connection_unique_connection),
            embedding_owner=embedding_owners(share_embedding, candidates),
            **self._blocks(),
        )
        loss = LossSpec(
            use_ppo=bool(use_ppo_loss),
            skip_weight=skip_weight if len(candidates) > 1 else None,
            skip_target=check_share(skip_target, "skip_target"),
            entropy_weight=float(entropy_weight),
            dropout=1.0 - check_share(lstm_keep_prob, "lstm_keep_prob", ends=True),
            **self._loss_terms(),
        )
        training = TrainingSpec(
            buffer_type=buffer_type,
            buffer_size=buffer_size,
            batch_size=positive_integer(batch_size, "batch_size"),
            epochs=positive_integer(train_pi_iter, "train_pi_iter"),
            kl_threshold=kl_threshold,
            rescale_advantage=rescale_advantage_by_reward,
        )
        self._config: dict[str, Any] = {
            "model_space": space_to_json(model_space),
            "buffer_type": buffer_type,
            "with_skip_connection": with_skip_connection,
            "share_embedding": {str(key): int(value) for key, value in (share_embedding or {}).items()},
            "use_ppo_loss": use_ppo_loss,
            "kl_threshold": kl_threshold,
            "skip_connection_unique_connection": skip_connection_unique_connection,
            "buffer_size": buffer_size,
            "batch_size": batch_size,
            "train_pi_iter": train_pi_iter,
            "lstm_size": lstm_size,
            "lstm_num_layers": lstm_num_layers,
            "lstm_keep_prob": lstm_keep_prob,
            "tanh_constant": tanh_constant,
            "temperature": temperature,
            "optim_algo": keras.optimizers.serialize(make_optimizer(optim_algo, learning_rate)),
            "skip_target": skip_target,
            "skip_weight": skip_weight,
            "entropy_weight": entropy_weight,
            "rescale_advantage_by_reward": rescale_advantage_by_reward,
            "seed": seed,
        }
        check_unknown(unknown, self._config, type(self).__name__)
        super().__init__(model_space, spec, loss, training, optim_algo, learning_rate, seed)

    def get_config(self) -> dict[str, object]:
        """Return the arguments of the constructor as JSON-ready values; the optimizer with its first settings."""
        if callable(self._config["buffer_type"]):
            raise ConfigError("A controller with a buffer of one's own making cannot be saved whole: save its weights.")
        return dict(self._config)

    def _blocks(self) -> PolicyBlocks:
        """What a subclass adds to the policy."""
        return {}

    def _loss_terms(self) -> LossTerms:
        """What a subclass adds to the loss."""
        return {}
