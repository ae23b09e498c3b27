"""Run an experiment: search, final training, one look at the test data, files."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amber.backend import interrupts
from amber.display import one_line
from amber.errors import RunFailed
from amber.experiment.components import compile_arguments, halving_settings, make_builder, training_steps
from amber.experiment.data import folds_of, text_with_data_file
from amber.experiment.defaults import settings_dict
from amber.experiment.experiment import Experiment
from amber.experiment.final.candidates import ChosenCandidate, choose_candidate
from amber.experiment.final.folds import FoldScores, score_folds
from amber.experiment.final.scores import score_final
from amber.experiment.final.tables import as_text, block_table
from amber.experiment.final.training import FinalModel, FinalNetwork, final_records, train_final, train_network
from amber.experiment.planned_work import after_shared, planned_work
from amber.experiment.reporter import LogReporter, Reporter
from amber.experiment.run_files.finished import RESULTS, TEST, FinishedRun, digests_of, draw_best, wanted_length
from amber.experiment.run_files.looks import looks_so_far
from amber.experiment.run_files.previous import PREVIOUS, forget
from amber.experiment.run_files.recorded import BEST_MODEL, BEST_RECORD
from amber.experiment.run_files.resuming import begin_run, open_run
from amber.files import replacing_together, write_whole
from amber.files.output import naming
from amber.files.strict_json import json_text

if TYPE_CHECKING:
    from rich.table import Table

    from amber.data import Dataset
    from amber.modeler import ModelBuilder
    from amber.search import RunDirectory, SearchResult, Trial
    from amber.search.trial_store import TrialStore

# How many of the best networks the table of blocks shows.
_BEST_SHOWN = 5
# Which trials explain best why nothing was trained.
_TELLING = {"over budget": 1, "invalid": 2, "pruned": 3, "failed": 4}


@dataclass(frozen=True)
class ExperimentResult:
    """Outcome of an experiment.

    Attributes:
        run_directory: folder of results.
        search: what was found; None where a finished run had nothing left to do.
        interrupted: whether Ctrl-C ended it. The files of the search are kept then; there is a final model only where
            all was written by then.
    """

    run_directory: Path
    search: SearchResult | None = None
    interrupted: bool = False
    __repr__ = one_line

    @property
    def best_model(self) -> Path:
        """The file of the best model, an ordinary Keras model; there where the run is finished."""
        return self.run_directory / BEST_MODEL


def run(experiment: Experiment, reporter: Reporter | None = None) -> ExperimentResult:
    """Run an experiment: search, train the best architecture, and look at the test data once.

    Args:
        experiment: what `resolve` returned.
        reporter: hears how it goes on; None: the log `amber.experiment`.

    Returns:
        What was found, and where its files are.

    Raises:
        RunFailed: nothing could be trained, or the best network predicts what is not a finite number.
        StorageError: the run directory or the database cannot be written or used any more.
        ExecutorError: workers cannot be reached or started.
    """
    started = time.monotonic()
    reporter = reporter or LogReporter()
    for line in experiment.summary:
        reporter.say(line)
    for line in experiment.warnings:
        reporter.warn(f"Warning  {line}")
    options = experiment.options
    directory = open_run(experiment.configuration, resume=options.resume, overwrite=options.overwrite)
    with interrupts.guarded(), directory.locked():
        result = _run_in(experiment, directory, reporter)
        if interrupts.take_late():
            result = replace(result, interrupted=True)
    if result.search is None or result.interrupted:
        return result
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    reporter.say(f"Done in {minutes} min {seconds} s. Results are in {directory.path}:")
    names = sorted(path.name for path in directory.path.iterdir() if not path.name.startswith("."))
    reporter.say("  " + ", ".join(names))
    return result


def _run_in(experiment: Experiment, directory: RunDirectory, reporter: Reporter) -> ExperimentResult:
    """Run an experiment in its directory, which no other process uses now."""
    loaded, storage = experiment.configuration, experiment.storage
    directory.builder_description = _builder_description(experiment)
    with interrupts.shielded():
        store = begin_run(
            loaded,
            experiment.dataset,
            directory,
            experiment.settings,
            storage,
            resume=experiment.options.resume,
            allow_changes=experiment.options.allow_changes,
        )
    if storage is not None:
        reporter.say(f"Record   {storage.name}")
    finished = FinishedRun.of(directory)
    if finished is not None and storage is None and finished.nothing_left(loaded, directory.trials()):
        finished.redraw(loaded, experiment.builder, directory.trials())
        reporter.say(f"Nothing is left to do: the search in {directory.path} is finished. {_how_to_go_on(experiment)}")
        return ExperimentResult(directory.path)
    if (directory.path / PREVIOUS).is_dir():
        reporter.say(f"Earlier  results are kept in {directory.path / PREVIOUS} until this search is finished")
    directory.write_config(text_with_data_file(loaded, experiment.dataset))
    found = _search(experiment, store, reporter)
    interrupted = found.stopped == "interrupted"
    if found.best is None and not interrupted:
        raise RunFailed(_nothing_trained(found, directory))
    try:
        if found.best is not None:
            _show_found(experiment, found, directory, reporter)
        if not interrupted:
            if finished is not None and finished.is_of(found.ranked, loaded):
                reporter.say(f"The best architecture is the same as before: {BEST_MODEL} and {TEST} are kept.")
            else:
                _finish(experiment, found, directory, reporter)
            forget(directory)
    except KeyboardInterrupt:
        interrupted = interrupts.take_late()
        if not interrupted:
            raise
    if interrupted:
        reporter.say(f"Interrupted; what was finished is in {directory.path} (--resume goes on with it)")
    return ExperimentResult(directory.path, found, interrupted)


def _how_to_go_on(experiment: Experiment) -> str:
    """Return how a finished search can be made longer, where it can."""
    search = experiment.configuration.config.search
    waits = search.halving is not None and not search.halving.asynchronous
    if search.strategy == "one_shot" or waits:
        return "A longer one needs a run directory of its own (--run-directory), or --overwrite."
    return "Longer: --trials N."


def _search(experiment: Experiment, store: TrialStore, reporter: Reporter) -> SearchResult:
    """Run the search itself and return what it found."""
    from amber.search.settings import named_pruner

    config = experiment.configuration.config
    shared: dict[str, Any] = {
        "seed": config.seed,
        "pruner": named_pruner(config.search.pruner, config.search.pruner_options),
        "store": store,
        "executor": experiment.executor,
        "callbacks": [*reporter.listeners(experiment.builder, planned_work(experiment)), *experiment.options.loggers],
    }
    if config.search.strategy == "one_shot":
        from amber.search.one_shot import OneShotSettings, SharedTraining, run_one_shot

        given = config.search.one_shot.model_dump(exclude={"optimizer_options"})
        settings = OneShotSettings(**given, halving=halving_settings(config.search))
        return run_one_shot(
            experiment.objective,
            settings=settings,
            shared=SharedTraining(
                # Without the number of steps the learning rate is constant; the search itself lowers it.
                compile_arguments(experiment.configuration, shared=True, problem=experiment.task),
                progress=reporter.shared_progress(after_shared(experiment, settings)),
            ),
            **shared,
        ).search
    from amber.search import SamplerSettings, run_search

    search = config.search
    sampler = SamplerSettings(search.sampler, search.sampler_options, experiment.earlier, search.start_with)
    halving = halving_settings(search)
    if halving is not None:
        from amber.search.halving import run_halving

        del shared["pruner"]
        return run_halving(experiment.objective, trials=search.trials, sampler=sampler, settings=halving, **shared)
    return run_search(experiment.objective, trials=search.trials, sampler=sampler, **shared)


def _show_found(experiment: Experiment, found: SearchResult, directory: RunDirectory, reporter: Reporter) -> None:
    """Show the ranking and which blocks the best read, and draw the best."""
    from amber.search.ranking import SHOWN, ranking_table

    reporter.show(ranking_table(found.trials, SHOWN, found.direction, found.metric))
    for front in _front(experiment, found):
        reporter.show(front)
    blocks = _block_table(experiment, found)
    if blocks is not None:
        reporter.show(blocks)
    # Those of a finished run are replaced together with its model.
    if found.best is not None and not directory.is_finished:
        directory.write_best(_best_record(experiment, found.best))
        if found.stopped != "interrupted":  # who presses Ctrl-C does not wait for a picture
            draw_best(experiment.configuration, experiment.builder, found.best, directory.path)


def _builder_description(experiment: Experiment) -> dict[str, object]:
    loaded = experiment.configuration
    return {"type": loaded.builder_type, "options": loaded.builder_options.model_dump(exclude={"type"})}


def _best_record(experiment: Experiment, best: Trial, **more: object) -> dict[str, object]:
    """Return a `best.json` that is enough, alone, to build, draw, evaluate and predict."""
    from amber.search.best import trial_record

    loaded, dataset = experiment.configuration, experiment.dataset
    record = trial_record(experiment.builder, _builder_description(experiment), best, loaded.config.seed)
    return record | {
        "name": loaded.config.name,
        "config": text_with_data_file(loaded, dataset),
        "settings": settings_dict(loaded),
        **experiment.task.to_dict(),
        "scaling": {name: scaling.to_dict() for name, scaling in dataset.scaling.items()},
        "columns": {name: list(columns) for name, columns in dataset.columns.items()},
        "output_scaling": {
            target.name: target.scaling.to_dict() for target in dataset.targets if target.scaling is not None
        },
        **more,
    }


def _finish(experiment: Experiment, found: SearchResult, directory: RunDirectory, reporter: Reporter) -> None:
    """Train the best architecture, test it, and replace the files of the last phase together."""
    from amber.search.ranking import SHOWN, ranking_table

    loaded, dataset = experiment.configuration, experiment.dataset
    if found.best is None or found.best.seed is None:
        raise RunFailed("No architecture was trained.")
    chosen = _choose(experiment, found, reporter)
    best, callbacks = chosen.trial, experiment.options.callbacks
    trained = train_final(
        loaded, dataset, _final_builder(experiment, best), best, reporter.say, callbacks, chosen.network
    )
    path = directory.path / BEST_MODEL
    # Everything is chosen; only now may the test data be seen.
    looks = max(map(looks_so_far, (directory.path, directory.path / PREVIOUS))) + 1
    tested = score_final(loaded, dataset, trained, str(path), looks)
    for table in tested.tables:
        reporter.show(table)
    for line in tested.warnings:
        reporter.warn(line)
    over_folds = _over_folds(experiment, best, tested.record, reporter)
    blocks = _block_table(experiment, found)
    ranking = ranking_table(found.trials, SHOWN, found.direction, found.metric)
    tables = (*tested.tables, *(() if over_folds is None else over_folds.tables))
    of_search = [ranking, *_front(experiment, found), *([] if blocks is None else [blocks])]
    of_search += chosen.tables(found.metric)
    shown: Sequence[Table | str] = [*of_search, *tables, *tested.warnings]
    test_record = tested.record if over_folds is None else {**tested.record, "folds": over_folds.record}
    final: Mapping[str, Any] = {
        "wanted": wanted_length(loaded),
        "epochs": list(trained.epochs),
        "ensemble": len(trained.networks),
        **chosen.record(),
        "validation": tested.record["model_validation"],
        "test": tested.record["model"],
    }
    with interrupts.shielded(), naming(path), replacing_together(directory.path) as folder:
        trained.model.save(folder / BEST_MODEL)
        write_whole(folder / RESULTS, as_text(*shown, width=160))
        write_whole(folder / TEST, json_text(test_record))
        draw_best(loaded, experiment.builder, best, folder)
        best_record = _best_record(experiment, best, final=final, looks=looks, files=digests_of(folder))
        write_whole(folder / BEST_RECORD, json_text(best_record))


def _choose(experiment: Experiment, found: SearchResult, reporter: Reporter) -> ChosenCandidate:
    """Return which of the best architectures is kept, and show how they compare."""
    from amber.search import trial_seed
    from amber.search.references import builder_of

    objective, loaded = experiment.objective, experiment.configuration

    def train(trial: Trial) -> tuple[FinalNetwork, float]:
        builder, callbacks = _final_builder(experiment, trial), experiment.options.callbacks
        # With that of the trial, a training as long as in the search would give the same network again.
        seed = trial_seed(trial.seed or 0, "trained again")
        network = train_network(loaded, experiment.dataset, builder, trial, seed, callbacks)
        graph = builder_of(experiment.builder, trial.reference).plan(trial.tokens)
        return network, objective.value(network.network, graph, network.metrics)[found.metric]

    trials = found.ranked[: loaded.config.final.candidates]
    chosen = choose_candidate(trials, train, found.direction, reporter.say)
    for table in chosen.tables(found.metric):
        reporter.show(table)
    return chosen


def _over_folds(experiment: Experiment, best: Trial, first: Mapping[str, Any], reporter: Reporter) -> FoldScores | None:
    """Train and test the best architecture on the other folds, and show the scores; None where there are no folds."""
    loaded = experiment.configuration
    folds = folds_of(loaded)
    if not folds:
        return None

    def train(dataset: Dataset) -> FinalModel:
        builder = _final_builder(replace(experiment, dataset=dataset), best)
        return train_final(loaded, dataset, builder, best, reporter.say, experiment.options.callbacks)

    scored = score_folds(loaded, folds, dict(first), train, reporter.say)
    for table in scored.tables:
        reporter.show(table)
    return scored


def _final_builder(experiment: Experiment, best: Trial) -> ModelBuilder:
    """Return the builder of the last training of a network, whose learning rate falls over its own number of steps."""
    from amber.search.references import builder_of

    config = experiment.configuration.config
    examples = len(final_records(experiment.configuration, experiment.dataset))
    batch_size = config.final.batch_size or config.training.batch_size
    steps = training_steps(examples, batch_size, config.final.epochs)
    builder: ModelBuilder = builder_of(
        make_builder(experiment.configuration, experiment.task, steps=steps), best.reference
    )
    return builder


def _front(experiment: Experiment, found: SearchResult) -> list[Table]:
    """Return the table of the Pareto front, where the search has more goals than the score."""
    from amber.search import front_table

    costs = experiment.configuration.config.search.costs
    return [front_table(found, costs)] if costs else []


def _block_table(experiment: Experiment, found: SearchResult) -> Table | None:
    """Return the table of blocks that the best networks read; None where there is one input only."""
    from amber.graph.input_usage import input_usage

    if len(experiment.task.inputs) < 2:
        return None
    uses = [
        (f"#{position} {trial.score:.4f}", input_usage(experiment.builder.plan(trial.tokens)))
        for position, trial in enumerate(found.ranked[:_BEST_SHOWN], start=1)
    ]
    table: Table = block_table(uses, experiment.task.inputs)
    return table


def _nothing_trained(found: SearchResult, directory: RunDirectory) -> str:
    """Return why a search trained nothing, in the words of one trial, which it names."""
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
