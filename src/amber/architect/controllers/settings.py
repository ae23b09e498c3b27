"""How a controller is made, as one value; a class of settings for each kind of controller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import keras

from amber.architect.buffers import Buffer
from amber.architect.controllers.checks import check_positive, check_share
from amber.checks import positive_integer
from amber.display import one_line
from amber.errors import ConfigError


@dataclass(frozen=True)
class ControllerSettings:
    """Settings of a GeneralController: of its policy, its loss and its training; checked once.

    Args:
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

    Raises:
        ConfigError: a value out of range, or skip_weight without skip connections.
    """

    buffer_type: str | Callable[..., Buffer] | None = "ordinal"
    with_skip_connection: bool = True
    share_embedding: Mapping[int, int] | None = None
    use_ppo_loss: bool = False
    kl_threshold: float | None = 0.05
    skip_connection_unique_connection: bool = False
    buffer_size: int = 15
    batch_size: int = 5
    train_pi_iter: int = 20
    lstm_size: int = 32
    lstm_num_layers: int = 2
    lstm_keep_prob: float = 1.0
    tanh_constant: float | None = None
    temperature: float | None = None
    optim_algo: str | Mapping[str, object] | keras.optimizers.Optimizer = "adam"
    learning_rate: float | None = None
    skip_target: float = 0.8
    skip_weight: float | None = None
    entropy_weight: float = 0.0
    rescale_advantage_by_reward: bool = False
    __repr__ = one_line

    def __post_init__(self) -> None:
        if self.skip_weight is not None and not self.with_skip_connection:
            raise ConfigError(
                f"skip_weight needs with_skip_connection=True. Received: skip_weight={self.skip_weight!r}"
            )
        for name in ("lstm_size", "lstm_num_layers", "batch_size", "train_pi_iter"):
            positive_integer(getattr(self, name), name)
        check_positive(self.temperature, "temperature")
        check_positive(self.tanh_constant, "tanh_constant")
        check_share(self.skip_target, "skip_target")
        check_share(self.lstm_keep_prob, "lstm_keep_prob", ends=True)


@dataclass(frozen=True)
class MultiInputSettings(ControllerSettings):
    """Settings of a MultiInputController: as of a GeneralController, and of input blocks.

    Args:
        skip_weight: of the skip penalty, where there are skip connections.
        with_input_blocks: without, it is a GeneralController.
        num_input_blocks: how many there are.
        input_block_unique_connection: whether a block that is used is closed to the layers between the first and the
            last, and the last layer takes every block that no layer used. With one layer that layer takes them all.
    """

    skip_weight: float | None = 0.5
    with_input_blocks: bool = True
    num_input_blocks: int = 2
    input_block_unique_connection: bool = True
    __repr__ = one_line

    def __post_init__(self) -> None:
        if not self.with_skip_connection:
            object.__setattr__(self, "skip_weight", None)
        super().__post_init__()
        if self.with_input_blocks:
            positive_integer(self.num_input_blocks, "num_input_blocks")


@dataclass(frozen=True)
class MultiIOSettings(MultiInputSettings):
    """Settings of a MultiIOController: as of a MultiInputController, and of output blocks.

    Args:
        num_output_blocks: how many there are.
        with_output_blocks: without, it is a MultiInputController.
        output_block_unique_connection: whether an output reads exactly one layer; else any number of them.
        output_block_diversity_weight: of a bonus on outputs that choose differently; needs skip_weight. None: none.

    Raises:
        ConfigError: a value out of range, or a diversity weight without skip_weight.
    """

    num_output_blocks: int = 2
    with_output_blocks: bool = True
    output_block_unique_connection: bool = True
    output_block_diversity_weight: float | None = None
    __repr__ = one_line

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.with_output_blocks:
            return
        positive_integer(self.num_output_blocks, "num_output_blocks")
        if self.output_block_diversity_weight is not None and self.skip_weight is None:
            raise ConfigError(
                "output_block_diversity_weight needs skip_weight and skip connections. "
                f"Received: output_block_diversity_weight={self.output_block_diversity_weight!r} without them"
            )


@dataclass(frozen=True)
class ZeroShotSettings(ControllerSettings):
    """Settings of a ZeroShotController: as of a GeneralController.

    Args:
        buffer_type: "multimanager", or a callable that makes a MultiManagerBuffer; None: only `update` trains.
    """

    buffer_type: str | Callable[..., Buffer] | None = "multimanager"
    __repr__ = one_line
