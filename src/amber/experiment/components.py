"""From a checked configuration to data, compile arguments and builder."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from amber.data.datasets import OUTPUT
from amber.data.division import AUTO
from amber.errors import ConfigError, DataError, ModelSpaceError
from amber.experiment.builders import BUILDERS, BuilderRequest
from amber.experiment.configuration.data_sections import DataSection
from amber.experiment.configuration.document import KeyPath, dotted
from amber.experiment.configuration.reading import Configuration
from amber.experiment.task_settings import for_task, losses_and_metrics
from amber.experiment.task_spec import INPUT, TaskSpec

if TYPE_CHECKING:
    from amber.data import Dataset, TargetSpec
    from amber.modeler import ModelBuilder


def load_data(loaded: Configuration) -> Dataset:
    """Loads the data of a configuration.

    Raises:
        ConfigError: data that cannot be used; names file, line and key of the configuration, and what of the data.
    """
    try:
        return _load(loaded)
    except DataError as error:
        raise _named_by_key(error, loaded) from error


def with_split(loaded: Configuration, dataset: Dataset) -> Configuration:
    """Returns a configuration with the split that was found out from the data, where it names none."""
    if loaded.config.data.split != AUTO:
        return loaded
    section = loaded.config.data.model_copy(update={"split": dataset.split})
    return replace(loaded, config=loaded.config.model_copy(update={"data": section}))


def _named_by_key(error: DataError, loaded: Configuration) -> ConfigError:
    """Returns the error with the nearest key that the file holds; see `amber.data.loading.load_table`."""
    kind, *rest = error.field or ("source",)
    outputs, blocks = loaded.config.data.outputs, loaded.config.data.blocks
    where: dict[Any, KeyPath] = {
        "inputs": ("blocks", *rest[:1]) if blocks else ("sequence",),
        "targets": ("outputs", *rest[:1]) if outputs else ("label",),
    }
    path: KeyPath = ("data", *where.get(kind, (kind,)))
    given = loaded.document.lines.holds(path)
    advice = ""
    if rest[-1:] == ["column"]:
        advice = "" if given else f" Write {dotted(path)} to name another."
        advice += " To draw the parts, write split: random." if kind == "split" else ""
    while path and not loaded.document.lines.holds(path):
        path = path[:-1]
    return loaded.error(path, f"{error}{advice}")


def _fractions(section: DataSection) -> Sequence[float]:
    """Returns how large drawn parts are."""
    from amber.data.splits import DEFAULT_FRACTIONS

    return section.fractions or DEFAULT_FRACTIONS


def _load(loaded: Configuration) -> Dataset:
    from amber.data import load_blocks, load_dataset, load_simulated
    from amber.experiment.data_files import data_file

    section = loaded.config.data
    if loaded.simulation is not None:
        outputs = section.outputs
        return load_simulated(
            loaded.simulation,
            outputs=None if outputs is None else {name: output.column for name, output in outputs.items()},
            fractions=_fractions(section),
        )
    shared: dict[str, Any] = {
        "split": section.split,
        "seed": loaded.config.seed,
        "standardize": section.standardize,
        "fractions": _fractions(section),
        "size_limit": section.size_limit,
    }
    if section.blocks is None and section.outputs is None:
        return load_dataset(
            data_file(loaded),
            sequence=section.sequence,
            label=section.label,
            classes=section.classes,
            task=section.task,
            **shared,
        )
    return load_blocks(
        data_file(loaded), section.blocks or {INPUT: {"sequence": section.sequence}}, _targets(section), **shared
    )


def _targets(section: DataSection) -> dict[str, TargetSpec]:
    from amber.data import TargetSpec

    if section.outputs is None:
        return {OUTPUT: TargetSpec(section.label, section.task, section.classes)}
    return {name: TargetSpec(output.column, output.type, output.classes) for name, output in section.outputs.items()}


def compile_arguments(
    loaded: Configuration, steps: int | None = None, shared: bool = False, problem: TaskSpec | None = None
) -> dict[str, Any]:
    """Returns the arguments of `keras.Model.compile`.

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
    if training.schedule == "cosine" and steps is not None:
        rate = keras.optimizers.schedules.CosineDecay(training.learning_rate, steps)
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


def _optimizer_options(
    loaded: Configuration, optimizer: Any, where: tuple[str, ...], options: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Returns options after a look at their names."""
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
    from amber.search.rewards.valuation import WITH_KNOWLEDGE, Valuation

    search = loaded.config.search
    reward = None if search.reward is None else get_reward(search.reward)
    valuation = Valuation(search.metric, search.chosen_direction, reward)
    return WITH_KNOWLEDGE if search.knowledge is not None else valuation.metric, valuation.direction


def valuation_arguments(loaded: Configuration, inputs: Sequence[str]) -> dict[str, Any]:
    """Returns the arguments `reward`, `knowledge` and `budget` of an Objective.

    Args:
        loaded: the configuration.
        inputs: names of the network's inputs.

    Raises:
        ConfigError: a knowledge function that does not suit them; names the line.
    """
    from amber.search.rewards import Budget, make_knowledge

    search = loaded.config.search
    knowledge = None
    if search.knowledge is not None:
        section = search.knowledge
        try:
            knowledge = make_knowledge(section.function, inputs, section.weight, **section.options)
        except ConfigError as error:
            raise loaded.error(("search", "knowledge"), str(error)) from error
    return {"reward": search.reward, "knowledge": knowledge, "budget": Budget(**search.budget.model_dump())}


def make_builder(
    loaded: Configuration,
    problem: TaskSpec,
    compiled: bool = True,
    steps: int | None = None,
) -> ModelBuilder:
    """Makes the builder of a configuration.

    Args:
        loaded: the configuration.
        problem: names and shapes of inputs and outputs.
        compiled: whether its children are compiled.
        steps: of one whole training; see `compile_arguments`.

    Raises:
        ConfigError: a space or option that the builder refuses, with its line.
    """
    entry = BUILDERS.get(loaded.builder_type)
    arguments = compile_arguments(for_task(loaded, problem), steps, problem=problem) if compiled else None
    request = BuilderRequest(loaded.space, loaded.builder_options, problem, arguments)
    try:
        return entry.make(request)
    except ConfigError:
        raise
    except ModelSpaceError as error:
        raise loaded.space_error(error) from error


def loss_weights(loaded: Configuration) -> dict[str, float] | None:
    """Returns how much the loss of each of several outputs counts; None where there is one."""
    outputs = loaded.config.data.outputs or {}
    return {name: output.weight for name, output in outputs.items()} if len(outputs) > 1 else None


def seed_everything(seed: int) -> None:
    """Seeds the generators that Keras' initialisers use; for commands that make one model and end."""
    import keras

    keras.utils.set_random_seed(seed)
    random.seed(seed)


def training_steps(records: int, batch_size: int, epochs: int) -> int:
    """Returns the steps of a whole training."""
    return epochs * -(-records // batch_size)
