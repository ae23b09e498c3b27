"""An experiment: the whole road from data to the best model, resolved and checked before anything runs.

`resolve` finds every mistake that can be known without training: in the configuration, the data and their labels, the
shapes of every output, the names of metrics, the workers, and whether the run directory may be used. It trains nothing
and writes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amber.backend.randomness import preserved
from amber.data import Dataset
from amber.data.remarks import remarks
from amber.display import one_line
from amber.errors import AmberError, ConfigError
from amber.experiment.before_keras.checks import check_before_keras
from amber.experiment.builder_defaults import with_builder_defaults
from amber.experiment.components import (
    compile_arguments,
    make_builder,
    make_executor,
    make_storage,
    scoring_arguments,
    training_steps,
)
from amber.experiment.configuration.idle_settings import idle_lines
from amber.experiment.configuration.ineffective import ineffective_lines
from amber.experiment.configuration.of_objects import configuration_of_objects, configuration_of_sections
from amber.experiment.configuration.reading import Configuration, load_config, run_directory_in
from amber.experiment.data import load_data, with_split
from amber.experiment.defaults import describe, with_defaults
from amber.experiment.final.strands import check_strands
from amber.experiment.options import RunOptions
from amber.experiment.own_layers import check_own_layers
from amber.experiment.presets import with_preset
from amber.experiment.run_checks import check_run
from amber.experiment.run_files.plugins import naming_missing
from amber.experiment.run_files.recorded import (
    BEST_RECORD,
    begun_with,
    read_record,
    softmax_outputs,
    with_classes_of,
    with_softmax,
)
from amber.experiment.run_files.resuming import check_unchanged, search_settings
from amber.experiment.summary import describe_space, understood
from amber.experiment.task_settings import for_task
from amber.experiment.task_spec import TaskSpec
from amber.experiment.threads import set_threads

if TYPE_CHECKING:
    from amber.architect import ModelSpace
    from amber.modeler import ModelBuilder
    from amber.search import Objective
    from amber.search.executors import Executor
    from amber.search.samplers.earlier import EarlierTrials
    from amber.search.storage import StudyDatabase


@dataclass(frozen=True, eq=False)
class Experiment:
    """A search and what follows it, resolved and checked; nothing has begun.

    Make one with `from_yaml`, `from_dict` or `from_objects`; they call `resolve`.

    Attributes:
        configuration: with all settings, those that were chosen from the data too.
        options: what was said beside it.
        dataset: the data.
        task: names and shapes of inputs and outputs.
        objective: builds, trains and scores a candidate.
        executor: where candidates are trained; it is not open yet.
        storage: the study in a database; None where trials are recorded in the run directory.
        settings: what trials depend on, JSON-ready; a search that is resumed must have begun with the same.
        summary: lines that say what was understood, what was guessed, and on what it runs.
        warnings: one sentence for each oddity of data or settings that may make the result worse than it seems.
        earlier: trials of earlier searches that the sampler learns from.
    """

    configuration: Configuration
    options: RunOptions
    dataset: Dataset
    task: TaskSpec
    objective: Objective
    executor: Executor = field(repr=False)
    storage: StudyDatabase | None
    settings: Mapping[str, Any] = field(repr=False)
    summary: tuple[str, ...] = field(repr=False)
    warnings: tuple[str, ...] = field(default=(), repr=False)
    earlier: tuple[EarlierTrials, ...] = field(default=(), repr=False)
    __repr__ = one_line

    @classmethod
    def from_yaml(cls, path: str | os.PathLike[str], **options: Any) -> Experiment:
        """Resolve a configuration file.

        Args:
            path: the file.
            **options: those of `RunOptions`, such as `seed=1`, `run_directory="runs/first"` or `resume=True`.

        Raises:
            AmberError: a mistake; its `field`, `file` and `line` say where it is.
        """
        given = RunOptions.of(options)
        with naming_missing(Path(given.run_directory or run_directory_in(path))):
            return resolve(load_config(path), given)

    @classmethod
    def from_dict(
        cls, sections: Mapping[str, Any], *, folder: str | os.PathLike[str] = ".", **options: Any
    ) -> Experiment:
        """Resolve a configuration given as a dictionary of the sections that a file has.

        Args:
            sections: keys and values as in a file; `model_space` may be a ModelSpace.
            folder: that relative paths count from.
            **options: those of `RunOptions`.

        Raises:
            AmberError: a mistake; its `field` says where it is.
        """
        return resolve(configuration_of_sections(sections, folder), RunOptions.of(options))

    @classmethod
    def from_objects(
        cls,
        data: Dataset,
        model_space: ModelSpace | str,
        *,
        run_directory: str | os.PathLike[str],
        sections: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Experiment:
        """Resolve an experiment on a Dataset and a ModelSpace.

        Args:
            data: divided examples; its test part is opened once, when the experiment has run.
            model_space: what may be built, or the name of a preset.
            run_directory: folder of results.
            sections: the other sections of a configuration: `name`, `seed`, `builder`, `training`, `search`, `final`;
                under `data` only `outputs`, with `loss`, `metrics` and `weight` of each of several outputs.
            **options: those of `RunOptions`.

        Raises:
            AmberError: a mistake; its `field` says where it is.
        """
        configuration = configuration_of_objects(data, model_space, sections or {})
        return resolve(configuration, RunOptions.of({"run_directory": run_directory, **options}))

    @property
    def builder(self) -> ModelBuilder:
        """Plans and builds candidates."""
        builder: ModelBuilder = self.objective.builder
        return builder

    @property
    def run_directory(self) -> Path:
        """Folder of results."""
        return Path(self.configuration.config.chosen_run_directory)


def resolve(configuration: Configuration, options: RunOptions | None = None) -> Experiment:
    """Check all that can be known of an experiment without training, in seconds.

    The number of threads of this process is set, as a backend that loads reads it only then.

    Args:
        configuration: from a file (`load_config`), a dictionary or objects.
        options: what stands before it; None: nothing.

    Returns:
        An experiment that can only fail for reasons outside it.

    Raises:
        AmberError: a mistake. `field`, `file` and `line` of the error say where it is.
    """
    options = options or RunOptions()
    with configuration.placing(("search", "trials")):
        configuration = options.applied_to(configuration)
    check_run(configuration, resume=options.resume, overwrite=options.overwrite)
    # Kept, as folds load the data again; of several outputs the settings noted no loss, and must compare as they were.
    if options.resume and configuration.config.data.outputs is None:
        configuration = _with_heads_begun(configuration)
    dataset = load_data(_as_begun(configuration) if options.resume else configuration)
    configuration = with_preset(configuration, dataset)
    task = TaskSpec.of(dataset)
    suited, _ = with_builder_defaults(configuration, task)
    useless = check_before_keras(for_task(suited, task), task)
    threads = set_threads(configuration, task)
    given = configuration
    configuration, guessed = _with_all_settings(configuration, dataset, options)
    objective = _objective(configuration, dataset, task, options)
    executor = _checked_search(configuration, task, objective, options)
    earlier = _earlier(configuration, dataset, objective)
    settings = search_settings(configuration, dataset, options.plugins, earlier)
    storage = make_storage(configuration)
    if options.resume:
        check_unchanged(configuration, dataset, settings, storage, allow_changes=options.allow_changes)
    summary = [
        *understood(configuration, dataset, threads),
        describe_space(configuration, objective.layout.sizes),
        *([f"Settings {describe(guessed)} (guessed from the data)"] if any(guessed.values()) else []),
    ]
    # Of what the file gives: what was guessed is nobody's mistake.
    ineffective = [*ineffective_lines(given, len(task.inputs)), *idle_lines(given.config, configuration.config)]
    warnings = (*useless, *ineffective, *remarks(dataset), *_of_batches(configuration, dataset))
    return Experiment(
        configuration, options, dataset, task, objective, executor, storage, settings, tuple(summary), warnings, earlier
    )


def _as_begun(configuration: Configuration) -> Configuration:
    """Return a configuration by which the data of a run are read as they were when it began."""
    best = Path(configuration.config.chosen_run_directory) / BEST_RECORD
    configuration = _with_heads_begun(configuration)
    return with_classes_of(read_record(best), configuration) if best.is_file() else configuration


def _with_heads_begun(configuration: Configuration) -> Configuration:
    """Return a configuration whose outputs have the last layers that they had when its search began."""
    with configuration.placing(("run_directory",)):
        settings = begun_with(configuration.config.chosen_run_directory)
    return configuration if settings is None else with_softmax(configuration, softmax_outputs(settings))


def _of_batches(configuration: Configuration, dataset: Dataset) -> list[str]:
    size, examples = configuration.config.training.batch_size, len(dataset.train)
    if size <= examples:
        return []
    return [
        f"training.batch_size is {size:,} and there are {examples:,} training examples: each epoch is a single step. "
        "Write a smaller one, or leave it out."
    ]


def _with_all_settings(
    configuration: Configuration, dataset: Dataset, options: RunOptions
) -> tuple[Configuration, dict[str, dict[str, object]]]:
    """Return the configuration with what data and task decide, and which settings were filled in."""
    directory = configuration.config.chosen_run_directory
    with configuration.placing(("run_directory",)):
        earlier = begun_with(directory) if options.resume else None
    task = TaskSpec.of(dataset)
    with configuration.placing(("builder",)):
        configuration, of_builder = with_builder_defaults(configuration, task, earlier)
        configuration, guessed = with_defaults(configuration, dataset, earlier)
    check_strands(configuration, task)
    return for_task(with_split(configuration, dataset), task), {"builder": of_builder, **guessed}


def _objective(configuration: Configuration, dataset: Dataset, task: TaskSpec, options: RunOptions) -> Objective:
    from amber.search import Objective

    training, search = configuration.config.training, configuration.config.search
    steps = training_steps(len(dataset.train), training.batch_size, training.epochs)
    with configuration.placing(("builder",)):
        builder = make_builder(configuration, task, steps=steps)
    with configuration.placing(("search", "reward") if search.reward is not None else ("search", "metric")):
        return Objective(
            builder,
            (dataset.train.x, dataset.train.y),
            (dataset.validation.x, dataset.validation.y),
            metric=search.metric,
            direction=search.chosen_direction,
            epochs=training.epochs,
            batch_size=training.batch_size,
            patience=training.patience,
            recalibrate=training.recalibrate,
            fit_kwargs=dataset.fit_arguments(dataset.train),
            callbacks=options.callbacks,
            latency_batch=search.latency_batch,
            **scoring_arguments(configuration, task),
        )


def _earlier(configuration: Configuration, dataset: Dataset, objective: Objective) -> tuple[EarlierTrials, ...]:
    """Read the searches that this one learns from, and check that its sampler can."""
    search, seed = configuration.config.search, configuration.config.seed
    if not search.learn_from:
        return ()
    from amber.search.earlier_runs import read_earlier, teach
    from amber.search.samplers import make_sampler

    with configuration.placing(("search", "learn_from")), preserved():
        earlier = read_earlier(search.learn_from, objective, dataset.fingerprint)
        sampler = make_sampler(search.sampler, objective.layout, seed, **search.sampler_options)
        teach(sampler, earlier, objective, search.sampler)
    return earlier


def _checked_search(
    configuration: Configuration, task: TaskSpec, objective: Objective, options: RunOptions
) -> Executor:
    """Check what a search would refuse, and return its executor."""
    from amber.search.preflight import check_prunable, check_search
    from amber.search.references import reference_candidates
    from amber.search.samplers import make_sampler
    from amber.search.settings import chosen_pruner, named_pruner

    search, seed = configuration.config.search, configuration.config.seed
    with configuration.placing(("search", "executor")):
        executor = make_executor(search, options.plugins)
    try:
        check_search(objective, seed)
    except AmberError as error:
        with configuration.placing(("training",) if isinstance(error, ConfigError) else ("model_space",)):
            raise
    check_own_layers(configuration, objective)
    with configuration.placing(("search", "pruner_options" if search.pruner_options else "pruner")):
        pruner = named_pruner(search.pruner, search.pruner_options)
        chosen_pruner(pruner, objective.settings.epochs)
        if pruner is not None:
            check_prunable(objective)
    with configuration.placing(("search", "start_with")):
        reference_candidates(objective.builder, search.start_with)
    if search.strategy == "one_shot":
        from amber.search.one_shot import shared_builder

        arguments = compile_arguments(configuration, shared=True, problem=task)
        with configuration.placing(("builder", "type")), preserved():
            shared_builder(objective.builder, arguments, objective.settings.batch_size)
        return executor
    with configuration.placing(("search", "sampler_options" if search.sampler_options else "sampler")), preserved():
        make_sampler(search.sampler, objective.layout, seed, **search.sampler_options)
    return executor
