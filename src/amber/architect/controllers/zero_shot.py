"""A controller conditioned on a vector that describes the data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from amber.architect.buffers import MultiManagerBuffer, get_buffer
from amber.architect.controllers.general import GeneralController
from amber.architect.controllers.model import LossTerms
from amber.architect.controllers.policy_rollout import ACTIVATIONS
from amber.architect.controllers.settings import ZeroShotSettings
from amber.architect.controllers.spec import PolicyBlocks
from amber.architect.model_space import ModelSpace
from amber.checks import positive_integer
from amber.errors import ConfigError, DataError
from amber.types import Tokens

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class ZeroShotController(GeneralController):
    """A policy whose first input is computed from a description of the data set.

    Trained on several data sets, it proposes architectures for one it has not seen (AMBIENT, Zhang et al. 2021).

    Args:
        model_space: the space, or the number of candidates of each layer.
        data_description_config: `{"length": d}`, and optionally `"hidden_layer": {"units": ..., "activation": ...}`
            (linear, relu, sigmoid or tanh) and `"regularizer": {"l1": ..., "l2": ...}` on the kernels. It is not
            changed.
        settings: `ZeroShotSettings`; None: the defaults.
        seed: of weights, sampling, shuffling and dropout; None: a fresh one.
        **unknown: refused.

    Raises:
        ConfigError: a key of the description is missing or unknown, or the buffer is of another kind.
    """

    settings_class = ZeroShotSettings
    settings: ZeroShotSettings
    buffer: MultiManagerBuffer | None

    def __init__(
        self,
        model_space: ModelSpace | Sequence[int],
        data_description_config: Mapping[str, Any],
        settings: ZeroShotSettings | None = None,
        *,
        seed: int | None = None,
        **unknown: object,
    ) -> None:
        self._description = _Description(data_description_config)
        # Not `super()`: a class that also inherits from one with other arguments has that one in between.
        GeneralController.__init__(self, model_space, settings, seed=seed, **unknown)
        if self.buffer is not None and not isinstance(self.buffer, MultiManagerBuffer):
            buffer_type = self.settings.buffer_type
            raise ConfigError(
                "A ZeroShotController needs a MultiManagerBuffer (buffer_type='multimanager'). "
                f"Received: {buffer_type!r}, {get_buffer(buffer_type)!r}"
            )
        self._config["data_description_config"] = self._description.to_dict()

    def store(  # type: ignore[override]
        self, prob: Sequence[ArrayLike], action: Tokens, reward: float, description: object, manager_index: int
    ) -> None:
        """Keep an architecture and its reward for the next `train`.

        Args:
            prob: what `get_action` returned with the action.
            action: tokens, (T,).
            reward: the higher the better.
            description: of the data set, (1, d).
            manager_index: number of the data set.

        Raises:
            ArchitectureError: tokens outside the grammar.
            ConfigError: there is no buffer, the description is not (1, d), or the reward is not finite.
        """
        if self.buffer is None:
            raise ConfigError("This controller has no buffer: give buffer_type, or use update().")
        self.buffer.store(prob, self._checked([action])[0], reward, description, manager_index)

    def _described(self, description: object, count: int) -> np.ndarray:
        """Descriptions as (count, d); zeros where none is given, one row serves all."""
        length = self._description.length
        values = np.zeros((1, length)) if description is None else np.asarray(description, dtype="float64")
        if values.ndim != 2 or values.shape[1] != length or len(values) not in (1, count):
            raise DataError(
                f"A description must have shape (1, {length}) or ({count}, {length}). Received: shape {values.shape}"
            )
        return np.broadcast_to(values, (count, length))

    def _blocks(self) -> PolicyBlocks:
        return {
            "description_length": self._description.length,
            "description_units": self._description.units,
            "description_activation": self._description.activation,
        }

    def _loss_terms(self) -> LossTerms:
        return {"l1": self._description.l1, "l2": self._description.l2}


class _Description:
    """The checked content of `data_description_config`."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        _check_keys(config, "data_description_config", {"length"}, {"hidden_layer", "regularizer"})
        self.length = positive_integer(config["length"], "length of a description")
        self.units, self.activation = 0, "linear"
        hidden = config.get("hidden_layer")
        if hidden is not None:
            _check_keys(hidden, "hidden_layer", {"units", "activation"}, set())
            self.units = positive_integer(hidden["units"], "units of the hidden layer")
            self.activation = hidden["activation"] or "linear"
            if self.activation not in ACTIVATIONS:
                raise ConfigError(
                    f"The hidden layer over a description takes one of {', '.join(ACTIVATIONS)}. "
                    f"Received: {self.activation!r}"
                )
        penalty = config.get("regularizer") or {}
        _check_keys(penalty, "regularizer", set(), {"l1", "l2"})
        self.l1, self.l2 = float(penalty.get("l1", 0.0)), float(penalty.get("l2", 0.0))

    def to_dict(self) -> dict[str, object]:
        found: dict[str, Any] = {"length": self.length, "regularizer": {"l1": self.l1, "l2": self.l2}}
        if self.units:
            found["hidden_layer"] = {"units": self.units, "activation": self.activation}
        return found


def _check_keys(values: object, name: str, required: set[str], optional: set[str]) -> None:
    if not isinstance(values, Mapping) or not required <= set(values) <= required | optional:
        raise ConfigError(
            f"{name} must be a mapping with {sorted(required) or 'no required keys'} and optionally "
            f"{sorted(optional) or 'nothing else'}. Received: {values!r}"
        )
