"""The controller for operations and skip connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import keras

from amber.architect.controllers.base import BaseController, TrainingSpec
from amber.architect.controllers.checks import embedding_owners
from amber.architect.controllers.model import LossSpec, LossTerms
from amber.architect.controllers.optimizers import make_optimizer
from amber.architect.controllers.saving import space_from_json, space_to_json
from amber.architect.controllers.settings import ControllerSettings
from amber.architect.controllers.spec import PolicyBlocks, PolicySpec
from amber.architect.model_space import ModelSpace
from amber.architect.token_layout import TokenLayout
from amber.checks import check_unknown, settings_or_default, split_settings
from amber.errors import ConfigError


class GeneralController(BaseController):
    """A recurrent policy that chooses, layer by layer, an operation and which earlier layers to read.

    After ENAS (Pham et al. 2018); trained with REINFORCE and a baseline (Williams 1992), or PPO (Schulman et al. 2017).

    Args:
        model_space: the space, or the number of candidates of each layer.
        settings: of the policy, its loss and its training; None: the defaults.
        seed: of weights, sampling, shuffling and dropout; None: a fresh one.
        **unknown: refused.

    Attributes:
        settings: as given, or the defaults.

    Raises:
        ConfigError: settings that do not fit the space, of another kind or given as keywords, or an unknown keyword.
    """

    settings_class: ClassVar[type[ControllerSettings]] = ControllerSettings
    """The kind of its settings."""
    settings: ControllerSettings

    def __init__(
        self,
        model_space: ModelSpace | Sequence[int],
        settings: ControllerSettings | None = None,
        *,
        seed: int | None = None,
        **unknown: object,
    ) -> None:
        owner = type(self).__name__
        self.settings = chosen = settings_or_default(settings, self.settings_class, unknown, owner)
        check_unknown(unknown, [*vars(chosen), "settings", "seed"], owner)
        candidates = TokenLayout(model_space).candidates
        policy, loss = self._policy(candidates), self._loss(len(candidates))
        self._config: dict[str, Any] = {
            "model_space": space_to_json(model_space),
            **vars(chosen),
            "share_embedding": {str(key): int(value) for key, value in (chosen.share_embedding or {}).items()},
            "optim_algo": keras.optimizers.serialize(make_optimizer(chosen.optim_algo, chosen.learning_rate)),
            "seed": seed,
        }
        del self._config["learning_rate"]  # the optimizer has it
        super().__init__(model_space, policy, loss, self._training(), chosen.optim_algo, chosen.learning_rate, seed)

    def get_config(self) -> dict[str, object]:
        """Return settings and arguments in one flat JSON-ready dictionary; the optimizer with its first settings."""
        if callable(self._config["buffer_type"]):
            raise ConfigError("A controller with a buffer of one's own making cannot be saved whole: save its weights.")
        return dict(self._config)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Make a controller of what `get_config` returned."""
        settings, others = split_settings(cls.settings_class, config)
        return cls(**{**others, "model_space": space_from_json(config["model_space"])}, settings=settings)

    def _policy(self, candidates: tuple[int, ...]) -> PolicySpec:
        chosen = self.settings
        return PolicySpec(
            candidates=candidates,
            with_skips=bool(chosen.with_skip_connection),
            lstm_size=int(chosen.lstm_size),
            lstm_layers=int(chosen.lstm_num_layers),
            temperature=chosen.temperature,
            tanh_constant=chosen.tanh_constant,
            unique_skips=bool(chosen.skip_connection_unique_connection),
            embedding_owner=embedding_owners(chosen.share_embedding, candidates),
            **self._blocks(),
        )

    def _loss(self, layers: int) -> LossSpec:
        chosen = self.settings
        return LossSpec(
            use_ppo=bool(chosen.use_ppo_loss),
            skip_weight=chosen.skip_weight if layers > 1 else None,
            skip_target=float(chosen.skip_target),
            entropy_weight=float(chosen.entropy_weight),
            dropout=1.0 - float(chosen.lstm_keep_prob),
            **self._loss_terms(),
        )

    def _training(self) -> TrainingSpec:
        chosen = self.settings
        return TrainingSpec(
            buffer_type=chosen.buffer_type,
            buffer_size=chosen.buffer_size,
            batch_size=int(chosen.batch_size),
            epochs=int(chosen.train_pi_iter),
            kl_threshold=chosen.kl_threshold,
            rescale_advantage=chosen.rescale_advantage_by_reward,
        )

    def _blocks(self) -> PolicyBlocks:
        """What a subclass adds to the policy."""
        return {}

    def _loss_terms(self) -> LossTerms:
        """What a subclass adds to the loss."""
        return {}
