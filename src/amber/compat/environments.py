"""Training environments of the first AMBER: a controller proposes, a manager rewards, the controller learns."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from amber.architect import ModelSpace
from amber.backend import interrupts
from amber.checks import positive_integer
from amber.compat.history import FILE_NAME, read_rows, write_row
from amber.compat.run_statistics import ActionWeights, RunStatistics, mean_entropy
from amber.display import PlainRepr
from amber.errors import AmberError, ConfigError, InvalidArchitectureError, StorageError
from amber.modeler import KerasBranchModelBuilder, KerasModelBuilder
from amber.types import Tokens

if TYPE_CHECKING:
    from amber.architect.operation import Operation
    from amber.compat.roles import Manager, Trial

CONTROLLER = "controller_weights.h5"
_OUTPUTS = ("weights", FILE_NAME, "buffers.txt", CONTROLLER, "train_history.png", "entropy.png")
_STATISTICS = ("nas_training_stats.json", "weight_data.json")

# Builders of which a list of operations is an architecture.
_OF_OPERATIONS = (KerasModelBuilder, KerasBranchModelBuilder)


class ControllerTrainEnvironment(PlainRepr):
    """Runs a search: episodes of architectures, after each of which the controller learns.

    Writes to `working_dir`: `train_history.csv`, `controller_weights.h5`, `buffers.txt`, `nas_training_stats.json`,
    `weight_data.json`, and where `should_plot` the drawings `train_history.png` and `entropy.png`. Files of an earlier
    search there move to `weights_bak_TIME`.

    Args:
        controller: proposes architectures; has `get_action`, `store` and `train`.
        manager: has `get_rewards(trial, model_arc)`.
        max_episode: episodes, at most.
        max_step_per_ep: architectures of an episode.
        logger: where progress is told; None: Python's, under this module's name.
        resume_prev_run: go on with the search whose files are in `working_dir`.
        should_plot: draw the history and the entropy of the policy in the end.
        initial_buffering_queue: the controller first learns after so many episodes (at most the size of its buffer).
        working_dir: where files go; it is made.
        entropy_converge_epsilon: accepted; a search ends after its episodes, or when its time is up.
        squeezed_action: whether the controller gives tokens; False: one-hot rows, one for each layer.
        with_input_blocks, with_skip_connection: whether the tokens hold connections. With either, the manager is given
            tokens, else a list of operations.
        save_controller: write the controller's weights after every episode.
        continuous_run: keep the statistics of an earlier search.
        verbose: accepted; progress goes to the logger.
        time_budget: "HH:MM:SS", after which no episode begins; None: no limit.

    Attributes:
        best_arc: the tokens with the best reward so far, or None.
        best_reward: their reward.

    Raises:
        ConfigError: a value out of range, or tokens of the controller that the flags do not describe.
        StorageError: the folder cannot be made, or holds no search to go on with.
    """

    def __init__(
        self,
        controller: Any,
        manager: Any,
        max_episode: int = 100,
        max_step_per_ep: int = 2,
        logger: logging.Logger | None = None,
        resume_prev_run: bool = False,
        should_plot: bool = True,
        initial_buffering_queue: int = 15,
        working_dir: str | os.PathLike[str] = ".",
        entropy_converge_epsilon: float = 0.01,
        squeezed_action: bool = True,
        with_input_blocks: bool = False,
        with_skip_connection: bool = True,
        save_controller: bool = True,
        continuous_run: bool = False,
        verbose: int = 0,
        time_budget: str | None = "72:00:00",
    ) -> None:
        for name, value in (("max_episode", max_episode), ("max_step_per_ep", max_step_per_ep)):
            positive_integer(value, name)
        self.controller = controller
        self.manager = manager
        self.max_episode = max_episode
        self.max_step_per_ep = max_step_per_ep
        self.logger = logger or logging.getLogger(__name__)
        self.resume_prev_run = resume_prev_run
        self.should_plot = should_plot
        buffer_size = getattr(getattr(controller, "buffer", None), "max_size", initial_buffering_queue)
        self.initial_buffering_queue = min(initial_buffering_queue, buffer_size)
        self.working_dir = Path(working_dir)
        self.squeezed_action = squeezed_action
        self.with_input_blocks = with_input_blocks
        self.with_skip_connection = with_skip_connection
        self.save_controller = save_controller
        self.continuous_run = continuous_run
        self.seconds = seconds_of(time_budget)
        self.best_arc: tuple[int | str, ...] | None = None
        self.best_reward: float | None = None
        self.action_probs_record: list[list[np.ndarray]] = []
        self.entropy_record: list[float] = []
        self.statistics = RunStatistics()
        self._worst: float | None = None
        self._trial = 0
        self._first_episode = 0
        self._check_tokens()
        for each in self._managers():
            self._check_manager(each)

    def train(self) -> list[int]:
        """Run the search; Ctrl-C ends it with what is there.

        Returns:
            For every decision of the last episode's last architecture, the position of its highest probability.
        """
        started = time.monotonic()
        with interrupts.guarded():
            with interrupts.shielded():
                self._begin()
            try:
                self._warm_up()
                for episode in range(self._first_episode, self.max_episode):
                    interrupts.check()
                    if self.seconds is not None and time.monotonic() - started >= self.seconds:
                        self.logger.info("The time is up before episode %d.", episode)
                        break
                    self._episode(episode)
                interrupts.check()
            except KeyboardInterrupt:
                interrupts.acknowledge()
                self.logger.warning("Interrupted after %d architectures.", self._trial)
            with interrupts.shielded():
                self._finish()
            if interrupts.take_late():
                self.logger.warning("Interrupted after the last architecture.")
        last = self.action_probs_record[-1] if self.action_probs_record else []
        return [int(np.argmax(each)) for each in last]

    def _managers(self) -> list[object]:
        return [self.manager]

    def _check_manager(self, manager: Any) -> None:
        if not callable(getattr(manager, "get_rewards", None)):
            raise ConfigError(f"A manager must have get_rewards(trial, model_arc). Received: {manager!r}")
        if getattr(manager, "model_space", self) is None:
            manager.model_space = getattr(self.controller, "model_space", None)
        folder = getattr(manager, "working_dir", None)
        alone = len(self._managers()) == 1
        if alone and folder is not None and Path(folder).resolve() != self.working_dir.resolve():
            self.logger.warning("The manager writes to %s and the environment to %s.", folder, self.working_dir)

    def _check_tokens(self) -> None:
        """Refuse flags that do not describe the tokens, which would be taken for others."""
        layout = getattr(self.controller, "layout", None)
        if layout is None:
            return
        of_layout = {
            "with_skip_connection": layout.with_skips and layout.num_layers > 1,
            "with_input_blocks": bool(layout.num_inputs),
        }
        if any(of_layout.values()) and not (self.with_skip_connection or self.with_input_blocks):
            given = ", ".join(f"{name}={value}" for name, value in of_layout.items())
            raise ConfigError(
                "The environment must be told what the controller's tokens hold: with_skip_connection or "
                f"with_input_blocks must be True. Received: both False, and a controller of {given}"
            )

    def _begin(self) -> None:
        try:
            self.working_dir.mkdir(parents=True, exist_ok=True)
            if self.resume_prev_run:
                self._take_up()
            else:
                self._set_aside()
            (self.working_dir / "weights").mkdir(exist_ok=True)
        except OSError as error:
            if isinstance(error, AmberError):
                raise
            raise StorageError(f"The working_dir {self.working_dir} cannot be used: {error}") from error

    def _warm_up(self) -> None:
        """Train what is trained before the first episode: nothing here."""

    def _take_up(self) -> None:
        history = self.working_dir / FILE_NAME
        if not history.is_file():
            raise StorageError(f"{self.working_dir} holds no {FILE_NAME} to go on with: use resume_prev_run=False.")
        rows = read_rows(history)
        for row in rows:
            self._note(row.tokens, row.reward)
        self._trial = len(rows)
        self._first_episode = len(rows) // (self.max_step_per_ep * len(self._managers()))
        if (self.working_dir / CONTROLLER).is_file():
            self.controller.load_weights(self.working_dir / CONTROLLER)

    def _set_aside(self) -> None:
        names = _OUTPUTS if self.continuous_run else (*_OUTPUTS, *_STATISTICS)
        present = [self.working_dir / name for name in names if (self.working_dir / name).exists()]
        if not present or (len(present) == 1 and present[0].is_dir() and not any(present[0].iterdir())):
            return
        backup = self.working_dir / f"weights_bak_{time.strftime('%Y%m%d_%H%M%S')}_{time.time_ns() % 1_000_000:06d}"
        backup.mkdir()
        for path in present:
            shutil.move(str(path), str(backup / path.name))
        self.logger.info("Files of an earlier search are in %s.", backup)

    def _episode(self, episode: int) -> None:
        for _ in range(self.max_step_per_ep):
            arc, probabilities = self._propose()
            reward, metrics = self._rewarded(self.manager, self._trial, arc)
            if reward is not None:
                self.controller.store(None, probabilities, arc, reward)
            self._keep(str(self._trial), arc, probabilities, reward, metrics)
        self._learn(episode, self.initial_buffering_queue)

    def _propose(self) -> tuple[Tokens, list[np.ndarray]]:
        arc, probabilities = self.controller.get_action()
        return arc, list(probabilities)

    def _rewarded(self, manager: Any, trial: Trial, arc: Tokens) -> tuple[float | None, Mapping[str, float]]:
        """The reward of an architecture; of one that fails the worst so far, and None while there is none."""
        interrupts.check()
        try:
            reward, metrics = manager.get_rewards(trial, self._for_manager(manager, arc))
            return float(reward), metrics
        except InvalidArchitectureError as error:
            self.logger.info("Trial %s: %s", trial, error)
        except AmberError:
            raise
        except Exception as error:
            if self._worst is None:  # nothing has worked so far: a mistake of the script, not of one architecture
                raise
            self.logger.warning("Trial %s failed: %s: %s", trial, type(error).__name__, error)
        return self._worst, {}

    def _for_manager(self, manager: Manager, arc: Tokens) -> list[int] | list[Operation]:
        """Tokens where there are connections, or the builder takes nothing else; else operations."""
        tokens = self._tokens(arc)
        space: Any = getattr(self.controller, "model_space", None)
        builder = getattr(manager, "model_fn", None)
        only_tokens = hasattr(builder, "layout") and not isinstance(builder, _OF_OPERATIONS)
        connected = self.with_input_blocks or self.with_skip_connection
        if connected or only_tokens or not isinstance(space, ModelSpace):
            return list(tokens)
        return [space[layer][token] for layer, token in enumerate(tokens)]

    def _tokens(self, arc: Tokens) -> tuple[int, ...]:
        return tuple(int(token) if self.squeezed_action else int(np.argmax(token)) for token in arc)

    def _keep(
        self,
        trial: str,
        arc: Tokens,
        probabilities: list[np.ndarray],
        reward: float | None,
        metrics: Mapping[str, float],
    ) -> None:
        tokens = self._tokens(arc)
        self.action_probs_record.append(probabilities)
        self.statistics.add(metrics)
        self._trial += 1
        if reward is None:
            return
        with interrupts.shielded():
            self._note(tokens, reward)
            write_row(self.working_dir / FILE_NAME, trial, metrics, reward, tokens)
        self.logger.info("Trial %s: reward %.6g, tokens %s", trial, reward, list(tokens))

    def _note(self, tokens: Sequence[int | str], reward: float) -> None:
        if self.best_reward is None or reward > self.best_reward:
            self.best_arc, self.best_reward = tuple(tokens), reward
        self._worst = reward if self._worst is None else min(self._worst, reward)

    def _learn(self, episode: int, queue: int) -> None:
        recent = self.action_probs_record[-self.max_step_per_ep * len(self._managers()) :]
        self.entropy_record.append(mean_entropy(recent))
        self.statistics.end_episode()
        if episode >= queue - 1 and self._worst is not None:
            loss = self.controller.train(episode, str(self.working_dir))
            self.logger.info("Episode %d: loss of the controller %s", episode, loss)
        if self.save_controller and hasattr(self.controller, "save_weights"):
            with interrupts.shielded():
                self.controller.save_weights(self.working_dir / CONTROLLER)

    def _finish(self) -> None:
        self.statistics.write(self.working_dir / _STATISTICS[0], append=self.continuous_run)
        layout = getattr(self.controller, "layout", None)
        if layout is not None and self.action_probs_record:
            weights = ActionWeights(layout, getattr(self.controller, "model_space", None))
            weights.write(self.working_dir / _STATISTICS[1], self.action_probs_record)
        if self.should_plot and (self.working_dir / FILE_NAME).is_file():
            from amber.compat.plots import plot_environment_entropy, plot_search_history

            plot_search_history(self.working_dir / FILE_NAME, self.working_dir / "train_history.png")
            plot_environment_entropy(self.entropy_record, self.working_dir / "entropy.png")


class EnasTrainEnv(ControllerTrainEnvironment):
    """Runs a weight-sharing search: shared weights and controller are trained in turns.

    Args:
        controller: proposes architectures.
        manager: an EnasManager; `get_rewards(trial, None, nsteps=...)` trains its shared weights.
        *arguments: as of ControllerTrainEnvironment.
        child_train_steps: batches of shared training before each update of the controller; None: the manager's epochs.
        child_warm_up_epochs: how often the shared weights are trained so before the first episode.
        save_controller_every: episodes between two writings of the controller's weights; None: after every one.
        **options: as of ControllerTrainEnvironment; the controller learns from the first episode on.
    """

    def __init__(
        self,
        controller: Any,
        manager: Any,
        *arguments: Any,
        child_train_steps: int | None = None,
        child_warm_up_epochs: int = 0,
        save_controller_every: int | None = None,
        **options: Any,
    ) -> None:
        self.child_train_steps = child_train_steps
        self.child_warm_up_epochs = child_warm_up_epochs
        self.save_controller_every = save_controller_every
        super().__init__(controller, manager, *arguments, **options)
        self.initial_buffering_queue = 0

    def _check_manager(self, manager: object) -> None:
        super()._check_manager(manager)
        give_controller(manager, self.controller)

    def _warm_up(self) -> None:
        for epoch in range(0 if self._first_episode else self.child_warm_up_epochs):
            self.logger.info("Warm-up %d of the shared weights.", epoch + 1)
            self.manager.get_rewards("warm_up", None)

    def _episode(self, episode: int) -> None:
        self.manager.get_rewards(f"shared_{episode}", None, nsteps=self.child_train_steps)
        super()._episode(episode)

    def _learn(self, episode: int, queue: int) -> None:
        every = self.save_controller_every
        wanted = self.save_controller
        self.save_controller = wanted and (every is None or (episode + 1) % every == 0)
        try:
            super()._learn(episode, queue)
        finally:
            self.save_controller = wanted


def give_controller(manager: Any, controller: Any) -> None:
    """Tell the builder of a manager what draws architectures, where it is not told yet."""
    builder: Any = getattr(manager, "model_fn", None)
    if getattr(builder, "controller", controller) is None and hasattr(builder, "set_controller"):
        builder.set_controller(controller)


def seconds_of(time_budget: str | None) -> float | None:
    """Return the seconds of "HH:MM:SS"; None: no limit.

    Raises:
        ConfigError: it is something else.
    """
    if time_budget is None:
        return None
    parts = time_budget.split(":") if isinstance(time_budget, str) else []
    try:
        hours, minutes, seconds = (float(part) for part in parts)
    except ValueError:
        raise ConfigError(f"time_budget must be 'HH:MM:SS', or None. Received: {time_budget!r}") from None
    return 3600 * hours + 60 * minutes + seconds
