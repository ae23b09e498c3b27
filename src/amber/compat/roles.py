"""What the parts of a search of the first AMBER ask of each other; a script may bring its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np

from amber.architect.operation import Operation
from amber.types import TensorTree, Tokens

if TYPE_CHECKING:
    import keras

Trial: TypeAlias = int | str
"""Number of a trial; of several data sets `MANAGER-STEP`."""

ModelStates: TypeAlias = Tokens | Sequence[Operation] | Sequence[str]
"""An architecture: tokens, or an operation for each layer."""

Rewarded: TypeAlias = tuple[float | None, dict[str, float] | None]
"""The reward of an architecture and its metrics by name; None after a training of shared weights."""

Data: TypeAlias = "TensorTree | keras.utils.PyDataset | Iterable[TensorTree]"
"""A pair `(x, y)`, a Keras data set, or an iterable of batches."""

ModelFunction: TypeAlias = "Callable[..., keras.Model]"
"""Returns a compiled model of an architecture, such as a builder."""

RewardFunction: TypeAlias = Callable[..., tuple[float, Sequence[float], Mapping[str, float] | None]]
"""Returns the reward of a model, loss and metrics, and further numbers by name."""


class Manager(Protocol):
    """Says what an architecture is worth."""

    def get_rewards(self, trial: Trial, model_arc: ModelStates | None = None) -> Rewarded:
        """Return the reward of an architecture and its metrics."""


class Proposer(Protocol):
    """A controller: proposes architectures and learns from their rewards."""

    def get_action(self) -> tuple[Tokens, Sequence[np.ndarray]]:
        """Return an architecture and, for each decision, the probabilities it was drawn from."""

    def train(self, episode: int, working_dir: str) -> float:
        """Learn from the rewards so far."""
