"""Whether sampler, pruner and knowledge of a search can be made, and suit each other, without loading Keras."""

from __future__ import annotations

import math
from pathlib import Path

from amber.architect import TokenLayout
from amber.checks import is_integer, is_number
from amber.errors import ConfigError
from amber.experiment.builders import BranchOptions, DagOptions, MultiIOOptions, ResidualCnnOptions, SequentialOptions
from amber.experiment.configuration.reading import Configuration
from amber.experiment.configuration.sections import DaskSection
from amber.experiment.task_spec import TaskSpec
from amber.known_names import CONTROLLER_OPTIONS
from amber.search.block_groups import checked_groups
from amber.search.costs import checked_costs
from amber.wording import shown

# Samplers whose making loads no Keras, and does not take long.
_LIGHT = ("random", "tpe", "evolution", "nsga2", "surrogate")
_HIERARCHY = "block_hierarchy"
# What gives trainings up, by the key that asks for it.
_NAMES = {"pruner": "a pruner", "halving": "asynchronous halving"}


def check_parts(loaded: Configuration, problem: TaskSpec) -> None:
    """Check what can be known of sampler, pruner and knowledge.

    Args:
        loaded: the configuration.
        problem: names of inputs and outputs.

    Raises:
        ConfigError: options that they do not take, or a pruner beside what it cannot follow; names file, line and key.
    """
    _check_executor(loaded)
    _check_knowledge(loaded, problem)
    if loaded.config.search.pruner is not None:
        _check_pruner(loaded, loaded.config.search.pruner)
    _check_followed(loaded)
    _check_sampler(loaded, problem)


def layout_of(loaded: Configuration, problem: TaskSpec) -> TokenLayout | None:
    """Return the tokens of a builder of ours; None of another, or where they are more than there may be."""
    options, space = loaded.builder_options, loaded.space
    inputs = len(problem.inputs)
    match options:
        case ResidualCnnOptions():
            return TokenLayout(space)
        case SequentialOptions(flatten=True):
            return TokenLayout([*map(len, space.layers), 1], with_skips=False)
        case SequentialOptions() | BranchOptions():
            return TokenLayout(space, with_skips=False)
        case MultiIOOptions():
            outputs = len(problem.outputs) if options.with_output_blocks else 0
            return TokenLayout(space, num_inputs=inputs if options.with_input_blocks else 0, num_outputs=outputs)
        case DagOptions():
            return TokenLayout(
                space,
                num_inputs=inputs if options.with_input_blocks else 0,
                with_skips=options.with_skip_connection,
            )
    return None


def _check_executor(loaded: Configuration) -> None:
    """Check that a scheduler file is there, for which Dask would wait."""
    executor = loaded.config.search.executor
    if isinstance(executor, DaskSection) and "://" not in executor.dask and not Path(executor.dask).is_file():
        raise loaded.error(
            ("search", "executor", "dask"),
            "expected the scheduler file of a cluster that runs (dask scheduler --scheduler-file FILE writes it), or "
            f"an address such as tcp://host:8786. Received: no such file, {shown(executor.dask)}",
        )


def _check_knowledge(loaded: Configuration, problem: TaskSpec) -> None:
    section = loaded.config.search.knowledge
    if section is None or section.function.strip().lower() != _HIERARCHY:
        return
    path = ("search", "knowledge", "options")
    for option in section.options:
        if option != "groups":
            raise loaded.error(
                (*path, option), f"the knowledge function {_HIERARCHY} takes groups. Received: {option!r}"
            )
    if "groups" not in section.options:
        raise loaded.error(
            path if section.options else path[:-1],
            f"the knowledge function {_HIERARCHY} needs options: {{groups: [[...], ...]}}, lists of names of blocks "
            f"that belong together, among {', '.join(problem.inputs)}. Received: no groups",
        )
    try:
        checked_groups(section.options["groups"], list(problem.inputs))
    except ConfigError as error:
        raise loaded.error((*path, "groups", *error.field), str(error)) from error


def _check_pruner(loaded: Configuration, pruner: str) -> None:
    from amber.search.pruners import check_pruner_options, make_pruner

    search = loaded.config.search
    try:
        check_pruner_options(pruner, search.pruner_options)
        make_pruner(pruner, loaded.config.training.epochs, **search.pruner_options)
    except ConfigError as error:
        where = ("search", "pruner_options" if search.pruner_options else "pruner", *error.field)
        raise loaded.error(where, str(error)) from error


def _check_followed(loaded: Configuration) -> None:
    """Check that what gives trainings up can follow their score."""
    key, scored = loaded.config.search.giving_up, _score_after_training(loaded)
    if key and scored:
        raise loaded.error(
            ("search", key),
            f"{_NAMES[key]} follows a score that training reports after every epoch, and {scored} is known only after "
            f"the last: take {key} out, or {scored}. Received: {getattr(loaded.config.search, key)!r}",
        )


def _score_after_training(loaded: Configuration) -> str:
    """Return the key of a score that is known only after a training; empty where training reports it."""
    search = loaded.config.search
    if search.knowledge is not None:
        return "knowledge"
    watched = search.reward is not None and search.reward.strip().lower() == "loss" and search.metric == "val_loss"
    return "reward" if search.reward is not None and not watched else ""


def _check_sampler(loaded: Configuration, problem: TaskSpec) -> None:
    from amber.search.run_directory import RunDirectory
    from amber.search.samplers import make_sampler

    search = loaded.config.search
    name = search.sampler.strip().lower()
    if name == "controller":
        _check_controller(loaded)
    if search.learn_from and (search.strategy == "one_shot" or name in set(_LIGHT) - {"surrogate"}):
        raise loaded.error(
            ("search", "learn_from"),
            "only the sampler surrogate learns from earlier searches: write sampler: surrogate. "
            f"Received: {'strategy one_shot' if search.strategy == 'one_shot' else f'sampler {name}'}",
        )
    for place, run in enumerate(search.learn_from):
        with loaded.placing(("search", "learn_from", place)):
            RunDirectory.open(run)
    layout = layout_of(loaded, problem)
    if search.strategy == "one_shot" or name not in _LIGHT or layout is None:
        return
    where = ("search", "sampler_options" if search.sampler_options else "sampler")
    # SciPy, which the surrogate stands on, takes long to load, and its own defaults are right.
    sampler = None
    if search.sampler_options or name == "nsga2":
        try:
            sampler = make_sampler(name, layout, loaded.config.seed, **search.sampler_options)
        except ConfigError as error:
            raise loaded.error((*where, *error.field), str(error)) from error
    against = checked_costs(getattr(sampler, "against", None))
    key = search.giving_up
    if key and against:
        raise loaded.error(
            ("search", key),
            f"{_NAMES[key]} needs one objective, and the sampler {name} also minimises {', '.join(against)}: take "
            f"{key} out, or write sampler_options: {{against: null}}. Received: {getattr(search, key)!r}",
        )


def _check_controller(loaded: Configuration) -> None:
    """Check values of the sampler `controller`, which loads Keras where it is made."""
    for name, value in loaded.config.search.sampler_options.items():
        expected = _mistake(CONTROLLER_OPTIONS.get(name, "count" if name == "episode" else ""), value)
        if expected and value is not None:
            raise loaded.error(
                ("search", "sampler_options", name), f"expected {expected} for {name}. Received: {shown(value)}"
            )


def _mistake(kind: str, value: object) -> str:
    """Return what a value of a kind must be, where it is not that."""
    if kind == "count" and not (is_integer(value) and value > 0):
        return "a positive integer"
    if kind == "positive" and not (is_number(value) and 0 < value < math.inf):
        return "a positive number"
    return "a number from 0 to 1" if kind == "share" and not (is_number(value) and 0 <= value <= 1) else ""
