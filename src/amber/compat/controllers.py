"""The controllers with the keywords of the first AMBER, most of which mean nothing any more."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from amber.architect import controllers
from amber.architect.controllers.saving import space_from_json
from amber.checks import settings_from
from amber.compat.ignored import warn_ignored

if TYPE_CHECKING:
    import keras

    from amber.architect import Buffer, ModelSpace

logger = logging.getLogger(__name__)

PASSED_OVER = frozenset(
    "verbose name with_input_blocks num_input_blocks input_block_unique_connection with_output_blocks "
    "num_output_blocks output_block_unique_connection output_block_diversity_weight".split()
)
"""Keywords of the first AMBER's controllers that a controller they do not belong to passes over."""

_NO_SESSIONS = "weights belong to its own model, and Keras 3 has no sessions"
_AXES_OF_STATE = 3
_RENAMED = {"lr_init": "learning_rate", "rescale_reward": "rescale_advantage_by_reward"}


class GeneralController(controllers.GeneralController):
    """A `GeneralController` whose settings are keywords, as they were in the first AMBER.

    It also takes `session` (with a warning), `lr_init`, `rescale_reward` and `verbose`. Keywords that belong to other
    controllers are passed over.

    Args:
        model_space: the space, or the number of candidates of each layer.
        seed: of weights, sampling, shuffling and dropout; None: a fresh one.
        **unknown: former keywords; any other is refused.

    All other arguments are those of `ControllerSettings`.

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
        warn_ignored(type(self).__name__, {"session": unknown.pop("session", None)}, _NO_SESSIONS)
        keywords = {
            "buffer_type": buffer_type,
            "with_skip_connection": with_skip_connection,
            "share_embedding": share_embedding,
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
            "optim_algo": optim_algo,
            "learning_rate": learning_rate,
            "skip_target": skip_target,
            "skip_weight": skip_weight,
            "entropy_weight": entropy_weight,
            "rescale_advantage_by_reward": rescale_advantage_by_reward,
        }
        super().__init__(model_space, former_settings(self, {**keywords, **unknown}), seed=seed)

    def get_action(self, state: object = None) -> tuple[np.ndarray, list[np.ndarray]]:
        """Draw one architecture; see `amber.architect.controllers.GeneralController.get_action`.

        Args:
            state: three axes, as environments made it: accepted, without effect. Anything else is refused.
        """
        return super().get_action(None if np.asarray(state).ndim == _AXES_OF_STATE else state)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Make a controller of what `get_config` returned; its entries are the keywords of the constructor."""
        return cls(**{**config, "model_space": space_from_json(config["model_space"])})


class MultiInputController(controllers.MultiInputController, GeneralController):
    """A `MultiInputController` whose settings are keywords.

    Args:
        model_space: the space, or the number of candidates of each layer.
        with_input_blocks: without, it is a GeneralController.
        num_input_blocks, input_block_unique_connection, skip_weight: see `MultiInputSettings`.
        **general: as of `GeneralController`.
    """

    def __init__(
        self,
        model_space: ModelSpace | Sequence[int],
        *,
        with_input_blocks: bool = True,
        num_input_blocks: int = 2,
        input_block_unique_connection: bool = True,
        skip_weight: float | None = 0.5,
        **general: Any,
    ) -> None:
        super().__init__(
            model_space,
            with_input_blocks=with_input_blocks,
            num_input_blocks=num_input_blocks,
            input_block_unique_connection=input_block_unique_connection,
            skip_weight=skip_weight,
            **general,
        )


class MultiIOController(controllers.MultiIOController, MultiInputController):
    """A `MultiIOController` whose settings are keywords.

    Args:
        model_space: the space, or the number of candidates of each layer.
        num_output_blocks, with_output_blocks, output_block_unique_connection, output_block_diversity_weight: see
            `MultiIOSettings`.
        **multi_input: as of `MultiInputController`.

    Raises:
        ConfigError: a diversity weight without skip_weight.
    """

    def __init__(
        self,
        model_space: ModelSpace | Sequence[int],
        *,
        num_output_blocks: int = 2,
        with_output_blocks: bool = True,
        output_block_unique_connection: bool = True,
        output_block_diversity_weight: float | None = None,
        **multi_input: Any,
    ) -> None:
        super().__init__(
            model_space,
            num_output_blocks=num_output_blocks,
            with_output_blocks=with_output_blocks,
            output_block_unique_connection=output_block_unique_connection,
            output_block_diversity_weight=output_block_diversity_weight,
            **multi_input,
        )


class ZeroShotController(controllers.ZeroShotController, GeneralController):
    """A `ZeroShotController` whose settings are keywords.

    Args:
        model_space: the space, or the number of candidates of each layer.
        data_description_config: see `amber.architect.controllers.ZeroShotController`.
        buffer_type: "multimanager", or a callable that makes a MultiManagerBuffer.
        **general: as of `GeneralController`.

    Raises:
        ConfigError: a key of the description is missing or unknown, or the buffer is of another kind.
    """

    def __init__(
        self,
        model_space: ModelSpace | Sequence[int],
        data_description_config: Mapping[str, Any],
        *,
        buffer_type: str | Callable[..., Buffer] | None = "multimanager",
        **general: Any,
    ) -> None:
        warn_ignored(type(self).__name__, {"session": general.pop("session", None)}, _NO_SESSIONS)
        seed = general.pop("seed", None)
        settings = former_settings(self, {"buffer_type": buffer_type, **general})
        super().__init__(model_space, data_description_config, settings, seed=seed)

    def get_action(  # type: ignore[override]
        self, description_feature: object = None, *, description: object = None
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Draw one architecture for a data set.

        Args:
            description_feature: of the data set, (1, d); None: zeros.
            description: another name of it.
        """
        given = description if description_feature is None else description_feature
        return controllers.ZeroShotController.get_action(self, given)


def former_settings(controller: controllers.GeneralController, keywords: Mapping[str, Any]) -> Any:
    """Return the settings that keywords mean, former ones among them.

    Raises:
        ConfigError: an unknown keyword, or a value out of range.
    """
    owner, kind, given = type(controller).__name__, controller.settings_class, dict(keywords)
    for former, name in _RENAMED.items():
        if former in given:
            value = given.pop(former)
            given[name] = given.get(name) or value
    known = {each.name for each in fields(kind)}
    for name in (PASSED_OVER - known) & set(given):
        logger.info("%s passes over %s=%r.", owner, name, given.pop(name))
    return settings_from(kind, given, owner)
