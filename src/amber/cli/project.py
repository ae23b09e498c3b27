"""From a checked configuration to data, compile arguments and builder."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from amber.cli.builders import BUILDERS, BuilderRequest
from amber.cli.config import LoadedConfig, data_source
from amber.cli.data_sections import DataSection, OutputSection
from amber.cli.problem import INPUT, Problem
from amber.cli.task_settings import for_task, losses_and_metrics
from amber.cli.yaml_lines import KeyPath
from amber.errors import ConfigError, DataError, ModelSpaceError

if TYPE_CHECKING:
    from amber.data import Dataset
    from amber.modeler import ModelBuilder


# The name of the output where the configuration names none.
OUTPUT = "output"


def load_data(loaded: LoadedConfig) -> Dataset:
    """Loads the data of a configuration.

    Raises:
        ConfigError: data that cannot be used; names file, line and key of the configuration, and what of the data.
    """
    try:
        return _load(loaded)
    except DataError as error:
        raise loaded.error(("data", *_key_behind(error, loaded.config.data)), str(error)) from error


def _key_behind(error: DataError, section: DataSection) -> KeyPath:
    """Returns the key of the section that names what is missing; none where the fault is in the data."""
    if isinstance(section.source, str) and str(error).endswith(f"Received: {section.source!r}"):
        return ("source",)
    missing = re.search("expected a column '(.*?)'", str(error))
    return tuple(key for key in ("sequence", "label", "split") if missing and getattr(section, key) == missing[1])[:1]


def _fractions(section: DataSection) -> Sequence[float]:
    """Returns how large drawn parts are."""
    from amber.data.splits import DEFAULT_FRACTIONS

    return section.fractions or DEFAULT_FRACTIONS


def _load(loaded: LoadedConfig) -> Dataset:
    from amber.data import load_dataset, load_simulated

    section = loaded.config.data
    if loaded.simulation is not None:
        outputs = section.outputs
        return load_simulated(
            loaded.simulation,
            outputs=None if outputs is None else {name: output.column for name, output in outputs.items()},
            fractions=_fractions(section),
        )
    if section.blocks is not None or section.outputs is not None:
        return _load_blocks(loaded)
    return load_dataset(
        data_source(loaded),
        split=section.split,
        seed=loaded.config.seed,
        sequence=section.sequence,
        label=section.label,
        classes=section.classes,
        fractions=_fractions(section),
    )


def _load_blocks(loaded: LoadedConfig) -> Dataset:
    from amber.data import TargetSpec, load_blocks

    section = loaded.config.data
    outputs = section.outputs or {OUTPUT: OutputSection(column=section.label, classes=section.classes)}
    return load_blocks(
        data_source(loaded),
        section.blocks or {INPUT: {"sequence": section.sequence}},
        {name: TargetSpec(output.column, output.type, output.classes) for name, output in outputs.items()},
        split=section.split,
        seed=loaded.config.seed,
        standardize=section.standardize,
        fractions=_fractions(section),
    )


def compile_arguments(
    loaded: LoadedConfig, steps: int | None = None, shared: bool = False, problem: Problem | None = None
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
    loaded: LoadedConfig, optimizer: Any, where: tuple[str, ...], options: Mapping[str, Any]
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


def valuation_arguments(loaded: LoadedConfig, inputs: Sequence[str]) -> dict[str, Any]:
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
    loaded: LoadedConfig,
    problem: Problem,
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
    loaded = for_task(loaded, problem)
    arguments = compile_arguments(loaded, steps, problem=problem) if compiled else None
    request = BuilderRequest(loaded.space, loaded.builder_options, problem, arguments)
    try:
        return entry.make(request)
    except ConfigError:
        raise
    except ModelSpaceError as error:
        raise loaded.space_error(error) from error


def loss_weights(loaded: LoadedConfig) -> dict[str, float] | None:
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
