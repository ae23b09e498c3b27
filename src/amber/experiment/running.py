"""The work of `amber search`, step by step: data, search, final training, one look at the test data, files."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from amber.errors import ConfigError, RunFailed
from amber.experiment.components import load_data, make_builder, training_steps, valuation_arguments, with_split
from amber.experiment.configuration.reading import Configuration
from amber.experiment.data_files import text_with_data_file
from amber.experiment.defaults import describe, settings_dict, with_defaults
from amber.experiment.executing import make_executor
from amber.experiment.final.tables import as_text, block_table
from amber.experiment.final.training import final_records, train_final
from amber.experiment.one_shot import run_shared
from amber.experiment.run_checks import check_run
from amber.experiment.run_files.finished import RESULTS, TEST, FinishedRun, digests_of, draw_best, wanted_length
from amber.experiment.run_files.looks import looks_so_far
from amber.experiment.run_files.previous import PREVIOUS, forget
from amber.experiment.run_files.recorded import BEST_MODEL, BEST_RECORD, begun_with
from amber.experiment.run_files.resuming import begin_run, open_run
from amber.experiment.storing import NO_STORAGE, make_storage
from amber.experiment.summary import understood
from amber.experiment.task_settings import for_task
from amber.experiment.task_spec import TaskSpec
from amber.experiment.threads import set_threads
from amber.files import replacing_together, write_whole
from amber.files.output import naming
from amber.files.strict_json import json_text

if TYPE_CHECKING:
    from amber.data import Dataset
    from amber.plugins import Plugin
    from amber.search import Objective, RunDirectory, SearchResult, TrialResult
    from amber.search.storage import StudyDatabase

# How many of the best networks the table of blocks shows.
_BEST_SHOWN = 5
# Which trials explain best why nothing was trained.
_TELLING = {"over budget": 1, "invalid": 2, "pruned": 3, "failed": 4}


@dataclass(frozen=True)
class Overrides:
    """Options of the command line that stand before the configuration; None leaves it as it is."""

    seed: int | None = None
    trials: int | None = None
    run_directory: Path | None = None
    overwrite: bool = False
    quiet: bool = False
    sampler: str | None = None
    resume: bool = False
    allow_changes: bool = False
    storage: str | None = None
    plugins: tuple[Plugin, ...] = ()


def run(loaded: Configuration, overrides: Overrides) -> bool:
    """Runs a whole search.

    Args:
        loaded: the configuration.
        overrides: options of the command line.

    Returns:
        Whether Ctrl-C ended it; the files of the search are kept then, and there is no final model.

    Raises:
        AmberError: a mistake in the configuration or data, a run directory that cannot be written, or a search
            in which nothing could be trained.
    """
    started = time.monotonic()
    loaded = _with_overrides(loaded, overrides)
    console = Console(quiet=overrides.quiet)
    check_run(loaded, resume=overrides.resume, overwrite=overrides.overwrite)
    dataset = load_data(loaded)
    for_task(loaded, TaskSpec.of(dataset))  # names that do not fit are refused before Keras is loaded
    threads = set_threads(loaded, TaskSpec.of(dataset))
    earlier = begun_with(loaded.config.chosen_run_directory) if overrides.resume else None
    loaded, guessed = with_defaults(loaded, dataset, earlier)
    loaded = for_task(with_split(loaded, dataset), TaskSpec.of(dataset))
    config = loaded.config
    for line in understood(loaded, dataset, threads):
        _say(console, line)
    builder = _builder(loaded, dataset, config.training.batch_size, config.training.epochs)
    _say(
        console,
        f"Space    {len(loaded.space)} layers, {len(builder.layout)} tokens, "
        f"{_size(builder.layout.sizes)} architectures; builder {loaded.builder_type}"
        + ("" if loaded.document.data.get("builder") else " (guessed)"),
    )
    if any(guessed.values()):
        _say(console, f"Settings {describe(guessed)} (guessed from the data)")

    from amber.search import Objective

    objective = Objective(
        builder,
        (dataset.train.x, dataset.train.y),
        (dataset.validation.x, dataset.validation.y),
        metric=config.search.metric,
        direction=config.search.chosen_direction,
        epochs=config.training.epochs,
        batch_size=config.training.batch_size,
        patience=config.training.patience,
        recalibrate=config.training.recalibrate,
        **valuation_arguments(loaded, list(TaskSpec.of(dataset).inputs)),
    )
    database = make_storage(loaded)
    directory = open_run(loaded, resume=overrides.resume, overwrite=overrides.overwrite)
    with directory.locked():
        settings = begin_run(
            loaded,
            dataset,
            directory,
            database,
            resume=overrides.resume,
            allow_changes=overrides.allow_changes,
            plugins=overrides.plugins,
        )
        if database is not None:
            _say(console, f"Record   {database.name}")
        finished = FinishedRun.of(directory)
        if finished is not None and database is None and finished.nothing_left(loaded, directory.trials()):
            finished.redraw(loaded, builder, directory.trials())
            _say(console, f"Nothing is left to do: the search in {directory.path} is finished. Longer: --trials N.")
            return False
        if (directory.path / PREVIOUS).is_dir():
            _say(console, f"Earlier  results are kept in {directory.path / PREVIOUS} until this search is finished")
        directory.write_config(text_with_data_file(loaded, dataset))
        found = _propose(loaded, TaskSpec.of(dataset), overrides, objective, directory, database, settings)
        if found.best is None and found.stopped != "interrupted":
            raise RunFailed(_nothing_trained(found, directory))
        if found.best is not None:
            _show_found(console, loaded, builder, dataset, found, directory)
        if found.stopped == "interrupted":
            _say(console, f"Interrupted; what was finished is in {directory.path} (--resume goes on with it)")
            return True
        if finished is not None and finished.is_of(found.best, loaded):
            _say(console, f"The best architecture is the same as before: {BEST_MODEL} and {TEST} are kept.")
        else:
            _finish(console, loaded, dataset, found, directory)
        forget(directory)
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    _say(console, f"Done in {minutes} min {seconds} s. Results are in {directory.path}:")
    names = sorted(path.name for path in directory.path.iterdir() if not path.name.startswith("."))
    _say(console, "  " + ", ".join(names))
    return False


def _propose(
    loaded: Configuration,
    problem: TaskSpec,
    overrides: Overrides,
    objective: Objective,
    directory: RunDirectory,
    database: StudyDatabase | None,
    settings: Mapping[str, Any],
) -> SearchResult:
    """Runs the search itself and returns what it found."""
    from amber.experiment.one_shot import progress_display
    from amber.search import run_search

    search, description = loaded.config.search, _builder_description(loaded)
    if search.strategy == "one_shot":
        return run_shared(
            loaded,
            problem,
            objective,
            directory,
            description,
            settings,
            resume=overrides.resume,
            quiet=overrides.quiet,
        )
    return run_search(
        objective,
        trials=search.trials,
        seed=loaded.config.seed,
        sampler=search.sampler,
        sampler_options=search.sampler_options,
        run_directory=directory,
        storage=database,
        callbacks=() if overrides.quiet else (progress_display(objective.builder),),
        builder_description=description,
        resume=overrides.resume,
        settings=settings,
        executor=make_executor(search, overrides.plugins),
        pruner=search.pruner,
        pruner_options=search.pruner_options,
    )


def _show_found(
    console: Console,
    loaded: Configuration,
    builder: Any,
    dataset: Dataset,
    found: SearchResult,
    directory: RunDirectory,
) -> None:
    """Shows the ranking and which blocks the best read, and draws the best."""
    _show_ranking(console, found)
    blocks = _block_table(builder, found, TaskSpec.of(dataset))
    if blocks is not None:
        console.print(blocks)
    # Those of a finished run are replaced together with its model.
    if found.best is not None and not directory.is_finished:
        directory.write_best(_best_record(loaded, builder, dataset, found.best))
        if found.stopped != "interrupted":  # who presses Ctrl-C does not wait for a picture
            draw_best(loaded, builder, found.best, directory.path)


def _with_overrides(loaded: Configuration, overrides: Overrides) -> Configuration:
    """Returns the configuration as it will run."""
    from dataclasses import replace

    changes: dict[str, Any] = {}
    if overrides.seed is not None:
        changes["seed"] = overrides.seed
    if overrides.run_directory is not None:
        changes["run_directory"] = str(overrides.run_directory)
    search: dict[str, Any] = {}
    if overrides.trials is not None:
        if loaded.config.search.strategy == "one_shot":
            raise ConfigError(
                "--trials: it has no effect with the strategy one_shot; say with search.one_shot how much is trained. "
                f"Received: {overrides.trials}"
            )
        search["trials"] = overrides.trials
    if overrides.sampler is not None and overrides.sampler != loaded.config.search.sampler:
        search |= {"sampler": overrides.sampler, "sampler_options": {}}
    if overrides.storage is not None:
        search["storage"] = None if overrides.storage == NO_STORAGE else overrides.storage
    if search:
        changes["search"] = loaded.config.search.model_copy(update=search)
    return replace(loaded, config=loaded.config.model_copy(update=changes))


def _builder(loaded: Configuration, dataset: Dataset, batch_size: int, epochs: int, records: int | None = None) -> Any:
    steps = training_steps(records or len(dataset.train), batch_size, epochs)
    return make_builder(loaded, TaskSpec.of(dataset), steps=steps)


def _builder_description(loaded: Configuration) -> dict[str, Any]:
    return {"type": loaded.builder_type, "options": loaded.builder_options.model_dump(exclude={"type"})}


def _best_record(
    loaded: Configuration, builder: Any, dataset: Dataset, best: TrialResult, **more: Any
) -> dict[str, Any]:
    """Return a `best.json` that is enough, alone, to build, draw, evaluate and predict."""
    from amber.search.best import trial_record

    record = trial_record(builder, _builder_description(loaded), best, loaded.config.seed)
    return record | {
        "name": loaded.config.name,
        "config": text_with_data_file(loaded, dataset),
        "settings": settings_dict(loaded),
        **TaskSpec.of(dataset).to_dict(),
        "scaling": {name: scaling.to_dict() for name, scaling in dataset.scaling.items()},
        "output_scaling": {
            target.name: target.scaling.to_dict() for target in dataset.targets if target.scaling is not None
        },
        **more,
    }


def _finish(
    console: Console,
    loaded: Configuration,
    dataset: Dataset,
    found: SearchResult,
    directory: RunDirectory,
) -> None:
    from amber.experiment.final.scores import score_final
    from amber.search import ranking_table

    best, config = found.best, loaded.config
    if best is None or best.seed is None:
        raise RunFailed("No architecture was trained.")
    batch_size = config.final.batch_size or config.training.batch_size
    train = final_records(loaded, dataset)
    builder = _builder(loaded, dataset, batch_size, config.final.epochs, len(train))
    trained = train_final(loaded, dataset, builder, best, lambda line: _say(console, line))
    path = directory.path / BEST_MODEL
    # Everything is chosen; only now may the test data be seen.
    looks = max(map(looks_so_far, (directory.path, directory.path / PREVIOUS))) + 1
    tested = score_final(loaded, dataset, trained, str(path), looks)
    for table in tested.tables:
        console.print(table)
    _warn(console, tested.warnings)
    blocks = _block_table(_builder(loaded, dataset, batch_size, 1), found, TaskSpec.of(dataset))
    ranking = ranking_table(found.trials, None, found.direction, found.metric)
    shown = [ranking, *([] if blocks is None else [blocks]), *tested.tables, *tested.warnings]
    final = {
        "wanted": wanted_length(loaded),
        "epochs": list(trained.epochs),
        "ensemble": len(trained.networks),
        "validation": tested.record["model_validation"],
        "test": tested.record["model"],
    }
    with naming(path), replacing_together(directory.path) as folder:
        trained.model.save(folder / BEST_MODEL)
        write_whole(folder / RESULTS, as_text(*shown, width=160))
        write_whole(folder / TEST, json_text(tested.record))
        draw_best(loaded, builder, best, folder)
        best_record = _best_record(loaded, builder, dataset, best, final=final, looks=looks, files=digests_of(folder))
        write_whole(folder / BEST_RECORD, json_text(best_record))


def _warn(console: Console, warnings: Sequence[str]) -> None:
    """Say what is wrong with the best network; on standard error where nothing else is shown."""
    where = Console(stderr=True) if console.quiet else console
    for line in warnings:
        where.print(Text(line, style="yellow"), soft_wrap=True)


def _block_table(builder: Any, found: SearchResult, problem: TaskSpec) -> Any:
    """Returns the table of blocks that the best networks read; None where there is one input only."""
    from amber.modeler.input_usage import block_use

    if len(problem.inputs) < 2:
        return None
    uses = [
        (f"#{position} {trial.score:.4f}", block_use(builder.plan(trial.tokens)))
        for position, trial in enumerate(found.ranked[:_BEST_SHOWN], start=1)
    ]
    return block_table(uses, problem.inputs)


def _show_ranking(console: Console, found: SearchResult) -> None:
    from amber.search import ranking_table

    console.print(ranking_table(found.trials, None, found.direction, found.metric))


def _nothing_trained(found: SearchResult, directory: RunDirectory) -> str:
    """Return why a search has trained nothing, in the words of one trial that it names."""
    counts = {status: count for status, count in found.counts().items() if count}
    said = ", ".join(f"{count} {status}" for status, count in counts.items()) or "none"
    told = [trial for trial in found.trials if trial.error and trial.status != "duplicate"]
    # What failed in training says more than what was no network, and the last more than one that was mended since.
    chosen = max(told, key=lambda trial: (_TELLING.get(trial.status, 0), trial.number), default=None)
    reason = "no architecture was proposed"
    if chosen is not None:
        reason = f"trial {chosen.number} ({chosen.title}), {chosen.status}: {chosen.error}"
    return (
        f"The search ended without a trained architecture; expected at least one. Proposals: {said}; all are in "
        f"{directory.path / 'trials.jsonl'}. Received: {reason}"
    )


def _size(sizes: list[int]) -> str:
    import math

    number = math.prod(sizes)
    return f"{number:,}" if number < 10**7 else f"about {number:.1e}"


def _say(console: Console, line: str) -> None:
    console.print(Text(line), soft_wrap=True)
