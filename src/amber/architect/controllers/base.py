"""What all controllers share: sampling, probabilities, training from a buffer, weights.

Sampling and evaluation run in NumPy, in double precision, with weights exported once per call; the gradient step is
Keras' own (`model.py`). Both run the same code (`policy_rollout.py`).
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import keras
import numpy as np

from amber.architect.buffers import Buffer, StoredPath, get_buffer
from amber.architect.controllers.decoding import Greedy, Sampled, TeacherForced
from amber.architect.controllers.divergence import mean_divergence, stored_log_probs
from amber.architect.controllers.model import LossSpec, PolicyModel
from amber.architect.controllers.optimizers import make_optimizer
from amber.architect.controllers.policy_rollout import Decision, Decoder, entropies, rollout, total_log_probs
from amber.architect.controllers.saving import (
    load_controller,
    read_weights,
    save_controller,
    space_from_json,
    write_weights,
)
from amber.architect.controllers.spec import PolicySpec
from amber.architect.model_space import ModelSpace
from amber.display import PlainRepr
from amber.errors import ArchitectureError, ConfigError
from amber.types import Array, Tokens

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingSpec:
    """How `train` goes through the buffer.

    Attributes:
        buffer_type: a name, a callable that makes a Buffer, or None.
        buffer_size: paths that the buffer keeps.
        batch_size: architectures in a gradient step.
        epochs: passes over the buffer at most.
        kl_threshold: divergence from the policy that sampled at which `train` stops; None: never.
        rescale_advantage: given to the buffer.
    """

    buffer_type: str | Callable[..., Buffer] | None
    buffer_size: int
    batch_size: int
    epochs: int
    kl_threshold: float | None
    rescale_advantage: bool


class BaseController(PlainRepr):
    """A recurrent policy over the tokens of a layout. Use one of its subclasses.

    Attributes:
        model_space: as given (also `state_space`).
        layout: the TokenLayout of what it samples.
        model: the Keras model that holds the weights.
        buffer: of rewards; None where none is wanted.
    """

    def __init__(
        self,
        model_space: ModelSpace | Sequence[int],
        spec: PolicySpec,
        loss: LossSpec,
        training: TrainingSpec,
        optimizer: keras.optimizers.Optimizer,
        learning_rate: float | None,
        seed: int | None,
    ) -> None:
        if type(self) is BaseController:
            raise NotImplementedError("BaseController is a base class: use GeneralController or another subclass.")
        self.model_space = model_space
        self.spec, self.training = spec, training
        self.layout = spec.layout
        for_model, for_sampling, for_buffer = np.random.SeedSequence(seed).spawn(3)
        self.generator = np.random.default_rng(for_sampling)
        self.model = PolicyModel(spec, loss, int(for_model.generate_state(1)[0] >> 1))
        self.model.compile(optimizer=make_optimizer(optimizer, learning_rate))
        make = get_buffer(training.buffer_type)
        self.buffer: Buffer | None = None
        if make is not None:
            self.buffer = make(
                max_size=training.buffer_size,
                rescale_advantage_by_reward=training.rescale_advantage,
                seed=for_buffer,
            )

    @property
    def state_space(self) -> ModelSpace | Sequence[int]:
        """The model space, by its former name."""
        return self.model_space

    @property
    def total_arc_len(self) -> int:
        """Number of tokens of an architecture."""
        return len(self.layout)

    @property
    def num_layers(self) -> int:
        """L, the number of layers."""
        return self.layout.num_layers

    @property
    def num_input_blocks(self) -> int:
        """I, the number of input blocks that layers choose among; 0 where they choose none."""
        return self.layout.num_inputs

    @property
    def num_output_blocks(self) -> int:
        """O, the number of output blocks that choose layers; 0 where they choose none."""
        return self.layout.num_outputs

    @property
    def sample_arc(self) -> np.ndarray:
        """A fresh architecture at every access, (T,)."""
        return np.asarray(self.sample(1)[0])

    @property
    def learning_rate(self) -> float:
        """Of the optimizer; can be set at any time."""
        return float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self.model.optimizer.learning_rate = value

    def sample(self, count: int, description: object = None) -> np.ndarray:
        """Draw architectures from the policy.

        Args:
            count: how many.
            description: of the data set, (1, d) or (count, d), for a policy that is conditioned on one.

        Returns:
            Tokens, (count, T) integers.
        """
        return self.sample_with_probs(count, description)[0]

    def sample_with_probs(self, count: int, description: object = None) -> tuple[np.ndarray, list[np.ndarray]]:
        """Draw architectures, and return them with the probabilities they were drawn from.

        Returns:
            Tokens (count, T), and per decision the probabilities: (count, n) for an operation, (count, bits, 2) for
            connections, (count, L) for an output that reads exactly one layer.
        """
        decisions = self._rollout(Sampled(self.generator), count, description)
        return _tokens(decisions), _probabilities(decisions)

    def get_action(self, description: object = None) -> tuple[np.ndarray, list[np.ndarray]]:
        """Draw one architecture.

        Returns:
            Tokens (T,), and per decision the probabilities, with a first axis of length one.
        """
        tokens, probabilities = self.sample_with_probs(1, description)
        return tokens[0], probabilities

    def most_probable(self, description: object = None) -> np.ndarray:
        """Return the architecture made of the most probable choice of every decision in turn, (T,)."""
        return np.asarray(_tokens(self._rollout(Greedy(), 1, description))[0])

    def log_probabilities(self, arcs: Sequence[Tokens] | Array, description: object = None) -> np.ndarray:
        """Return the log-probability of each architecture, (n,), recomputed from its tokens.

        Raises:
            ArchitectureError: tokens outside the grammar.
        """
        return np.asarray(total_log_probs(np, self._read(arcs, description)))

    def entropies(self, arcs: Sequence[Tokens] | Array, description: object = None) -> np.ndarray:
        """Return the summed entropy of the decisions on the way of each architecture in nats, (n,)."""
        return np.asarray(entropies(np, self._read(arcs, description)))

    def probabilities(self, arcs: Sequence[Tokens] | Array, description: object = None) -> list[np.ndarray]:
        """Return the probabilities of each decision on the way of each architecture, as `sample_with_probs` does."""
        return _probabilities(self._read(arcs, description))

    def store(self, state: ArrayLike | None, prob: Sequence[ArrayLike], action: Tokens, reward: float) -> None:
        """Keep an architecture and its reward for the next `train`.

        Args:
            state: kept and handed back by the buffer; None will do.
            prob: what `get_action` returned with the action.
            action: tokens, (T,).
            reward: the higher the better.

        Raises:
            ArchitectureError: tokens outside the grammar.
            ConfigError: there is no buffer, or the reward is not finite.
        """
        self._the_buffer().store(state, prob, self._checked([action])[0], reward)

    def train(self, episode: int = 0, working_dir: str | Path | None = None) -> float:
        """Learn from what is stored, in up to `train_pi_iter` passes over the buffer.

        A pass after the first ends it once the mean divergence of the policy from the one that sampled is above
        `kl_threshold`. Works on the earlier paths where nothing new is stored.

        Args:
            episode: number for the record.
            working_dir: where the buffer's record `buffers.txt` goes; None: no record.

        Returns:
            The mean loss over all steps.

        Raises:
            ConfigError: there is no buffer, or nothing was ever stored.
        """
        buffer = self._the_buffer()
        space = self.model_space if isinstance(self.model_space, ModelSpace) else None
        buffer.finish_path(space, episode, working_dir, layout=self.layout)
        if not len(buffer):
            raise ConfigError("train() needs architectures with rewards: call store() first. Received: none")
        losses: list[float] = []
        for epoch in range(self.training.epochs):
            divergences: list[float] = []
            sizes: list[int] = []
            for batch in buffer.batches(self.training.batch_size):
                losses.append(self._step(batch))
                divergences.append(self._divergence(batch))
                sizes.append(len(batch.rewards))
            divergence = float(np.average(divergences, weights=sizes))
            logger.debug("Controller: epoch %d, loss %.6g, KL %.6g", epoch, losses[-1], divergence)
            if epoch and self.training.kl_threshold is not None and divergence > self.training.kl_threshold:
                break
        return float(np.mean(losses))

    def update(
        self,
        arcs: Sequence[Tokens] | Array,
        advantages: ArrayLike,
        old_log_probs: ArrayLike | None = None,
        description: object = None,
    ) -> float:
        """Take one gradient step on given architectures, without the buffer.

        Args:
            arcs: tokens, (n, T).
            advantages: (n,).
            old_log_probs: under the policy that sampled, (n,), for PPO; None: those of now.
            description: (1, d) or (n, d), for a policy that is conditioned.

        Returns:
            The loss before the step.
        """
        tokens = self._checked(arcs)
        if old_log_probs is None:
            old_log_probs = self.log_probabilities(tokens, description) if self.model.loss_spec.use_ppo else 0.0
        return self._fit(tokens, np.asarray(advantages), old_log_probs, self._described(description, len(tokens)))

    def get_weights(self) -> list[np.ndarray]:
        """Return all weights, in the order of `spec.weight_shapes()`."""
        return [keras.ops.convert_to_numpy(weight).copy() for weight in self.model.policy_weights.values()]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Set all weights, in the form in which `get_weights` returns them.

        Raises:
            ConfigError: another number of arrays, or another shape.
        """
        expected = list(self.spec.weight_shapes().items())
        received = [np.shape(weight) for weight in weights]
        if received != [shape for _, shape in expected]:
            raise ConfigError(f"The weights of this controller have shapes {dict(expected)}. Received: {received}")
        for variable, weight in zip(self.model.policy_weights.values(), weights, strict=True):
            variable.assign(weight)

    def save_weights(self, path: str | Path) -> None:
        """Write the weights to an HDF5 file, one data set for each, by name.

        Raises:
            StorageError: the file cannot be written.
        """
        write_weights(Path(path), dict(zip(self.spec.weight_shapes(), self.get_weights(), strict=True)))

    def load_weights(self, path: str | Path) -> None:
        """Read what `save_weights` wrote.

        Raises:
            StorageError: the file cannot be read, or a weight is missing.
            ConfigError: the weights are of another shape.
        """
        self.set_weights(read_weights(Path(path), list(self.spec.weight_shapes())))

    def save(self, path: str | Path) -> None:
        """Write everything to one HDF5 file: configuration, weights, optimizer, buffer, random states."""
        save_controller(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Return a controller from the file that `save` wrote; on torch it continues bit for bit.

        Raises:
            StorageError: the file cannot be read, or holds another class of controller.
        """
        return load_controller(cls, Path(path))

    @staticmethod
    def remove_files(files: Sequence[str | Path], working_dir: str | Path = ".") -> None:
        """Delete the named files in a folder; a file that does not exist is skipped."""
        for name in files:
            (Path(working_dir) / name).unlink(missing_ok=True)

    def get_config(self) -> dict[str, object]:
        """Return the arguments of the constructor as JSON-ready values."""
        raise NotImplementedError(f"{type(self).__name__} does not define get_config().")

    @classmethod
    def from_config(cls, config: Mapping[str, object]) -> Self:
        """Make a controller of what `get_config` returned."""
        arguments: dict[str, Any] = dict(config)
        return cls(**{**arguments, "model_space": space_from_json(arguments["model_space"])})

    def _rollout(self, decoder: Decoder, count: int, description: object) -> list[Decision]:
        weights = {
            name: keras.ops.convert_to_numpy(weight).astype("float64")
            for name, weight in self.model.policy_weights.items()
        }
        return rollout(np, self.spec, weights, decoder, count, self._described(description, count))

    def _read(self, arcs: Sequence[Tokens] | Array, description: object = None) -> list[Decision]:
        tokens = self._checked(arcs)
        return self._rollout(TeacherForced(tokens, tokens.astype("float64")), len(tokens), description)

    def _checked(self, arcs: Sequence[Tokens] | Array) -> np.ndarray:
        tokens = np.array([self.layout.validate(arc) for arc in arcs], dtype="int64")
        if tokens.ndim != 2:
            raise ArchitectureError("Architectures are expected as rows of tokens. Received: none")
        return tokens

    def _described(self, description: object, count: int) -> np.ndarray | None:
        """Descriptions as (count, d); None where the policy is not conditioned."""
        if description is not None:
            raise ConfigError(
                f"{type(self).__name__} is not conditioned on a description: use a ZeroShotController. "
                f"Received: description={description!r}"
            )
        return None

    def _the_buffer(self) -> Buffer:
        if self.buffer is None:
            raise ConfigError("This controller has no buffer: give buffer_type, or use update().")
        return self.buffer

    def _step(self, batch: StoredPath) -> float:
        old = stored_log_probs(self._read(batch.actions, batch.descriptions), batch.probabilities)
        return self._fit(batch.actions, batch.advantages, old, batch.descriptions, self.training.batch_size)

    def _divergence(self, batch: StoredPath) -> float:
        return mean_divergence(self._read(batch.actions, batch.descriptions), batch.probabilities)

    def _fit(
        self, tokens: np.ndarray, advantages: np.ndarray, old: ArrayLike, description: np.ndarray | None, rows: int = 0
    ) -> float:
        """One step of Keras' trainer; a short batch is filled up to `rows`, so that it needs no new compilation."""
        count = len(tokens)
        order = np.resize(np.arange(count), max(rows, count))
        inputs = {
            "tokens": tokens[order].astype("int32"),
            "advantage": np.broadcast_to(advantages, (count,))[order].astype("float32"),
            "old_log_prob": np.broadcast_to(old, (count,))[order].astype("float32"),
            "weight": (np.arange(len(order)) < count).astype("float32"),
        }
        if description is not None:
            inputs["description"] = description[order].astype("float32")
        self.model.reset_metrics()  # else Keras returns the mean over all steps so far
        with warnings.catch_warnings():
            # Nothing is chosen after the last decision, so its embedding never has a gradient.
            warnings.filterwarnings("ignore", message="Gradients do not exist")
            return float(self.model.train_on_batch(inputs))


def _tokens(decisions: Sequence[Decision]) -> np.ndarray:
    return np.concatenate([decision.tokens for decision in decisions], axis=1)


def _probabilities(decisions: Sequence[Decision]) -> list[np.ndarray]:
    return [np.exp(decision.log_probs) for decision in decisions]
