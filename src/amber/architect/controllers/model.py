"""The trainable policy: a Keras model whose own trainer takes the gradient step on every backend."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypedDict

import keras
import numpy as np
from keras import ops

from amber.architect.controllers.decoding import TeacherForced
from amber.architect.controllers.policy_rollout import (
    Decision,
    entropies,
    output_diversity,
    rollout,
    skip_penalties,
    total_log_probs,
)
from amber.architect.controllers.spec import PolicySpec
from amber.types import Tensor

if TYPE_CHECKING:
    from types import ModuleType

CLIP_RATIO = 0.2
"""PPO's bound on how far a ratio of probabilities counts (Schulman et al. 2017)."""


@dataclass(frozen=True)
class LossSpec:
    """Weights of the terms of the policy's loss.

    Attributes:
        use_ppo: the clipped objective of PPO instead of REINFORCE.
        skip_weight: of the penalty on skip rates; None: no penalty.
        skip_target: the rate of skips it pulls to.
        entropy_weight: of the bonus on entropy.
        diversity_weight: of the bonus on outputs that differ; None: no bonus.
        l1: on the kernels over a description.
        l2: on the kernels over a description.
        dropout: share of the LSTM inputs that is dropped in training.
    """

    use_ppo: bool = False
    skip_weight: float | None = None
    skip_target: float = 0.8
    entropy_weight: float = 0.0
    diversity_weight: float | None = None
    l1: float = 0.0
    l2: float = 0.0
    dropout: float = 0.0


class LossTerms(TypedDict, total=False):
    """The fields of `LossSpec` that a kind of controller adds."""

    diversity_weight: float | None
    l1: float
    l2: float


def policy_losses(xp: ModuleType, loss: LossSpec, decisions: list[Decision], batch: Mapping[str, Tensor]) -> Tensor:
    """Return the loss of a batch before regularisation, a scalar.

    REINFORCE (Williams 1992) sums negative log-likelihood times advantage over the batch; PPO (Schulman et al.
    2017) is the mean of the clipped objective with one ratio of probabilities for each architecture. Penalties and
    bonuses are means over the batch.

    Args:
        xp: `numpy` or `keras.ops`.
        loss: what counts.
        decisions: of a rollout over the batch's tokens.
        batch: `advantage`, `old_log_prob` and `weight` (1; 0 for rows that only fill the batch), (n,) each.
    """
    log_prob, advantage, weight = total_log_probs(xp, decisions), batch["advantage"], batch["weight"]
    count = xp.sum(weight)
    if loss.use_ppo:
        # A ratio beyond e^20 is clipped anyway; without the bound it could overflow.
        ratio = xp.exp(xp.clip(log_prob - batch["old_log_prob"], -20.0, 20.0))
        clipped = xp.clip(ratio, 1.0 - CLIP_RATIO, 1.0 + CLIP_RATIO)
        objective = xp.minimum(ratio * advantage, clipped * advantage)
        total = -xp.sum(weight * objective) / count
    else:
        total = -xp.sum(weight * log_prob * advantage)
    if loss.skip_weight:
        total = total + loss.skip_weight * xp.sum(weight * skip_penalties(xp, decisions, loss.skip_target)) / count
    if loss.entropy_weight:
        total = total - loss.entropy_weight * xp.sum(weight * entropies(xp, decisions)) / count
    if loss.diversity_weight:
        total = total - loss.diversity_weight * xp.sum(weight * output_diversity(xp, decisions)) / count
    return total


@keras.saving.register_keras_serializable(package="amber")
class PolicyModel(keras.Model):
    """Weights of a policy, and the loss of a batch of architectures.

    Called with a dictionary: `tokens` (n, T) integers, `advantage`, `old_log_prob`, `weight` (n,), and
    `description` (n, d) where the policy is conditioned. Returns the loss, a scalar. There are no targets: the loss
    is what the model computes, and `fit` or `train_on_batch` minimise it.

    Args:
        spec: of the policy.
        loss_spec: of the loss.
        seed: of the first weights (uniform in +-0.1; He-normal in the hidden layer over a description) and dropout.
    """

    def __init__(
        self,
        spec: PolicySpec | Mapping[str, object],
        loss_spec: LossSpec | Mapping[str, Any] | None = None,
        seed: int = 0,
        **arguments: object,
    ) -> None:
        # Weights and losses stay in single precision whatever the user's global policy says.
        super().__init__(**{"dtype": "float32", **arguments})
        self.spec = spec if isinstance(spec, PolicySpec) else PolicySpec.from_dict(spec)
        self.loss_spec = loss_spec if isinstance(loss_spec, LossSpec) else LossSpec(**(loss_spec or {}))
        self.seed = int(seed)
        self.policy_weights = {
            name: self.add_weight(shape=shape, name=name, initializer="zeros", regularizer=self._regularizer(name))
            for name, shape in self.spec.weight_shapes().items()
        }
        self.drop_seed = keras.random.SeedGenerator(self.seed) if self.loss_spec.dropout else None
        for name, value in initial_weights(self.spec, self.seed).items():
            self.policy_weights[name].assign(value)
        self.built = True

    def call(self, inputs: Mapping[str, Tensor], training: bool = False) -> Tensor:
        """Return the loss of the policy on the given tokens."""
        tokens = ops.cast(inputs["tokens"], "int32")
        decisions = rollout(
            ops,
            self.spec,
            {name: ops.convert_to_tensor(weight) for name, weight in self.policy_weights.items()},
            TeacherForced(tokens, ops.cast(tokens, "float32")),
            ops.shape(tokens)[0],
            inputs.get("description"),
            self._drop if training and self.drop_seed is not None else None,
        )
        return policy_losses(ops, self.loss_spec, decisions, inputs)

    def compute_loss(
        self,
        x: Mapping[str, Tensor] | None = None,
        y: Tensor | None = None,
        y_pred: Any = None,
        sample_weight: Tensor | None = None,
        training: bool = True,
    ) -> Tensor:
        """The loss that the model computed, and the regularisation."""
        return sum(self.losses, y_pred)

    def get_config(self) -> dict[str, object]:
        """Return the arguments of the constructor, JSON-ready."""
        return {
            **super().get_config(),
            "spec": self.spec.to_dict(),
            "loss_spec": asdict(self.loss_spec),
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: object = None) -> PolicyModel:
        """Make a model of what `get_config` returned."""
        return cls(**config)

    def _drop(self, value: object) -> Tensor:
        return keras.random.dropout(value, self.loss_spec.dropout, seed=self.drop_seed)

    def _regularizer(self, name: str) -> keras.regularizers.Regularizer | None:
        if name.startswith("description") and name.endswith("kernel") and (self.loss_spec.l1 or self.loss_spec.l2):
            return keras.regularizers.L1L2(self.loss_spec.l1, self.loss_spec.l2)
        return None


def initial_weights(spec: PolicySpec, seed: int) -> dict[str, np.ndarray]:
    """Return the first weights: the same on every backend for a seed."""
    generator = np.random.default_rng(seed)
    values = {}
    for name, shape in spec.weight_shapes().items():
        if name.endswith("bias"):
            value = np.zeros(shape)
        elif name == "description_hidden_kernel":
            value = generator.normal(0.0, math.sqrt(2.0 / shape[0]), shape)
        else:
            value = generator.uniform(-0.1, 0.1, shape)
        values[name] = value.astype("float32")
    return values
