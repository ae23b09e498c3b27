"""The parts of a search, made as a configuration says: builder, compile arguments, executor, storage."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from amber.backend.precision import POLICIES
from amber.data.targets.target import Labels, Numbers, known_labels, known_numbers
from amber.errors import ConfigError, ModelSpaceError
from amber.experiment.builders import BUILDERS, BuilderRequest
from amber.experiment.configuration.ineffective import effective_options
from amber.experiment.configuration.reading import Configuration
from amber.experiment.configuration.sections import DaskSection, SearchSection, TrainingSection
from amber.experiment.task_settings import for_task, losses_and_metrics
from amber.experiment.task_spec import TaskSpec

if TYPE_CHECKING:
    import keras

    from amber.modeler import ModelBuilder
    from amber.plugins import Plugin
    from amber.search.executors import Executor
    from amber.search.halving import HalvingSettings
    from amber.search.rewards.reward import KnownTargets, Reward
    from amber.search.storage import StudyDatabase

# What `--storage` says where trials are to be recorded in the run directory.
NO_STORAGE = "none"


def compile_arguments(
    loaded: Configuration, steps: int | None = None, shared: bool = False, problem: TaskSpec | None = None
) -> dict[str, object]:
    """Return the arguments of `keras.Model.compile`.

    Args:
        loaded: the configuration.
        steps: of the whole training, for a learning rate that falls; None where nothing will be trained here.
        shared: whether they are of weights that networks share, which may have more optimizer options.
        problem: what the data pose, so that losses and metrics are those of its tasks; None: they are not checked.

    Raises:
        ConfigError: Keras does not know the optimizer, loss or metric, or it does not fit; names the line.
    """
    from amber.backend import select

    select()
    import keras

    training = loaded.config.training
    try:
        optimizer = keras.optimizers.get(training.optimizer)
    except ValueError as error:
        raise loaded.error(
            ("training", "optimizer"),
            f"expected the name of a Keras optimizer, such as adam, adamw or sgd. Received: {training.optimizer!r}",
        ) from error
    rate: Any = training.learning_rate
    if steps is not None and (training.schedule == "cosine" or training.warm_up):
        rate = _schedule(training, steps)
    given: dict[tuple[str, ...], Mapping[str, Any]] = {("training", "optimizer_options"): training.optimizer_options}
    if shared:
        given["search", "one_shot", "optimizer_options"] = loaded.config.search.one_shot.optimizer_options
    settings = optimizer.get_config() | {"learning_rate": rate}
    for where, options in given.items():
        settings |= _optimizer_options(loaded, optimizer, where, options)
        try:
            made = type(optimizer).from_config(settings)
        except (TypeError, ValueError) as error:
            raise loaded.error(where, f"expected values that {training.optimizer} takes. {error}") from error
    return {"optimizer": made, **losses_and_metrics(loaded, problem)}


def _schedule(training: TrainingSection, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Return the learning rates of one whole training: they rise, and fall or stay."""
    import keras

    highest, lowest = training.learning_rate, 0.0 if training.schedule == "cosine" else 1.0
    rising = min(round(steps * training.warm_up), steps - 1)
    if not rising:
        return keras.optimizers.schedules.CosineDecay(highest, steps, alpha=lowest)
    return keras.optimizers.schedules.CosineDecay(
        highest / rising, steps - rising, alpha=lowest, warmup_target=highest, warmup_steps=rising
    )


def _optimizer_options(
    loaded: Configuration, optimizer: keras.optimizers.Optimizer, where: tuple[str, ...], options: Mapping[str, object]
) -> Mapping[str, object]:
    """Return options after checking their names."""
    free = sorted(set(optimizer.get_config()) - {"learning_rate", "name"})
    for name in options:
        if name not in free:
            raise loaded.error(
                (*where, name),
                f"expected an argument of {loaded.config.training.optimizer}: {', '.join(free)}. Received: {name!r}",
            )
    return options


def searched_score(loaded: Configuration) -> tuple[str, str]:
    """Return name and direction of what the search compares: its reward, where there is one, or its metric."""
    from amber.search.rewards import get_reward
    from amber.search.rewards.scoring import WITH_KNOWLEDGE, Scoring

    search = loaded.config.search
    reward = None if search.reward is None else get_reward(search.reward)
    scoring = Scoring(search.metric, search.chosen_direction, reward)
    return WITH_KNOWLEDGE if search.knowledge is not None else scoring.metric, scoring.direction


def reward_for(loaded: Configuration, problem: TaskSpec) -> Reward | None:
    """Return the reward of a search, which leaves out what is missing; None where there is none."""
    from amber.search.rewards import get_reward

    if loaded.config.search.reward is None:
        return None
    known: list[tuple[str, KnownTargets]] = []
    for name, outcome in problem.outputs.items():
        if isinstance(outcome, (Labels, Numbers)) and outcome.missing:
            known.append((name, known_labels if isinstance(outcome, Labels) else known_numbers))
    return replace(get_reward(loaded.config.search.reward), known=tuple(known))


def scoring_arguments(loaded: Configuration, problem: TaskSpec) -> dict[str, Any]:
    """Return the arguments `reward`, `knowledge` and `budget` of an Objective.

    Args:
        loaded: the configuration.
        problem: what the data pose.

    Raises:
        ConfigError: a knowledge function that does not suit them; names the line.
    """
    from amber.search.rewards import Budget, make_knowledge

    search = loaded.config.search
    knowledge = None
    if search.knowledge is not None:
        section = search.knowledge
        try:
            knowledge = make_knowledge(section.function, list(problem.inputs), section.weight, **section.options)
        except ConfigError as error:
            raise loaded.error(("search", "knowledge"), str(error)) from error
    budget = Budget(**search.budget.model_dump())
    return {"reward": reward_for(loaded, problem), "knowledge": knowledge, "budget": budget}


def make_builder(
    loaded: Configuration,
    problem: TaskSpec,
    compiled: bool = True,
    steps: int | None = None,
) -> ModelBuilder:
    """Make the builder of a configuration.

    Args:
        loaded: the configuration.
        problem: names and shapes of inputs and outputs.
        compiled: whether its children are compiled.
        steps: of one whole training, in the precision of the configuration; see `compile_arguments`. None: there will
            be none, and its children compute in float32.

    Raises:
        ConfigError: a space or option that the builder refuses, with its line.
    """
    entry = BUILDERS.get(loaded.builder_type)
    arguments = compile_arguments(for_task(loaded, problem), steps, problem=problem) if compiled else None
    options = effective_options(loaded, len(problem.inputs))
    request = BuilderRequest(loaded.space, options, problem, arguments)
    try:
        builder = entry.make(request)
        if steps is not None:
            builder.precision = POLICIES[loaded.config.training.precision]
        return builder
    except ConfigError:
        raise
    except ModelSpaceError as error:
        raise loaded.space_error(error) from error


def loss_weights(loaded: Configuration) -> dict[str, float] | None:
    """Return the weight of the loss of each output; None where there is only one."""
    outputs = loaded.config.data.outputs or {}
    return {name: output.weight for name, output in outputs.items()} if len(outputs) > 1 else None


def seed_everything(seed: int) -> None:
    """Seed the generators that Keras's initialisers use; for commands that build one model and end."""
    import keras

    keras.utils.set_random_seed(seed)
    random.seed(seed)


def training_steps(records: int, batch_size: int, epochs: int) -> int:
    """Return the number of steps of a whole training."""
    return epochs * -(-records // batch_size)


def halving_settings(search: SearchSection) -> HalvingSettings | None:
    """Return the rungs in which candidates are trained; None where each is trained whole."""
    from amber.search.halving import HalvingSettings

    return None if search.halving is None else HalvingSettings(**search.halving.model_dump())


def make_executor(search: SearchSection, plugins: Sequence[Plugin] = ()) -> Executor:
    """Return the executor of a section; the search opens it, and starts or finds its workers.

    Args:
        search: the section.
        plugins: that every worker loads.

    Raises:
        ConfigError: a value that no executor takes.
    """
    from amber.search.executors import DaskExecutor, InProcessExecutor, ProcessExecutor, WorkerLimits

    if search.executor == "in_process":
        return InProcessExecutor(search.retries or 0)
    limits = WorkerLimits(
        search.time_limit,
        search.trials_per_process,
        search.threads or 1,
        search.memory_limit,
        search.devices,
        search.retries or 0,
    )
    if isinstance(search.executor, DaskSection):
        where = search.executor.dask
        address, file = (where, None) if "://" in where else (None, where)
        prefetch = 1 if search.prefetch is None else search.prefetch
        return DaskExecutor(
            address, scheduler_file=file, workers=search.workers, prefetch=prefetch, limits=limits, plugins=plugins
        )
    return ProcessExecutor(search.workers or 2, limits, plugins)


def make_storage(loaded: Configuration) -> StudyDatabase | None:
    """Return the study in a database that records the search; None where the run directory does.

    Raises:
        ConfigError: the strategy has no study, or the address is none.
    """
    search = loaded.config.search
    if search.storage is None:
        return None
    if search.strategy == "one_shot":
        raise ConfigError("The strategy one_shot keeps its record in the run directory: expected no --storage.")
    from amber.search.storage import StudyDatabase

    return StudyDatabase(search.storage, loaded.config.name)
