"""The strategy `one_shot` of `amber search`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from amber.experiment.components import compile_arguments
from amber.experiment.configuration.reading import Configuration
from amber.experiment.task_spec import TaskSpec

if TYPE_CHECKING:
    from amber.search import Objective, RunDirectory, SearchProgress, SearchResult


def run_shared(
    loaded: Configuration,
    problem: TaskSpec,
    objective: Objective,
    directory: RunDirectory,
    description: Mapping[str, Any],
    run_settings: Mapping[str, Any],
    *,
    resume: bool,
    quiet: bool,
) -> SearchResult:
    """Runs a one-shot search and returns its retraining, as a search of its own.

    Raises:
        ConfigError: a builder without supernet.
        StorageError: the run directory cannot be written.
    """
    from amber.search.one_shot import OneShotProgress, OneShotSettings, run_one_shot

    found = run_one_shot(
        objective,
        seed=loaded.config.seed,
        settings=OneShotSettings(**loaded.config.search.one_shot.model_dump(exclude={"optimizer_options"})),
        # Without the number of steps the learning rate is constant; the search itself lowers it.
        shared_compile=compile_arguments(loaded, shared=True, problem=problem),
        run_directory=directory,
        callbacks=() if quiet else (progress_display(objective.builder),),
        progress=None if quiet else OneShotProgress(),
        builder_description=description,
        resume=resume,
        run_settings=run_settings,
    )
    return found.search


def progress_display(builder: Any) -> SearchProgress:
    """Return a display of a search that shows architectures in words."""
    from amber.graph.words import describe_in_words
    from amber.search import SearchProgress

    return SearchProgress(describe=lambda tokens: describe_in_words(builder, tokens, width=60))
