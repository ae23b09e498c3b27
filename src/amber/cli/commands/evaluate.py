"""`amber evaluate`: scores of a trained model on one split of its data, or on new labelled files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amber.cli.failures import reported
from amber.cli.options import ModelArgument
from amber.files.strict_json import json_text

if TYPE_CHECKING:
    from amber.data import Dataset
    from amber.experiment.configuration.reading import Configuration
    from amber.experiment.evaluating import ModelScores
    from amber.experiment.trained.files import KnownNetwork

_CONFIGURATIONS = (".yaml", ".yml")


class Part(StrEnum):
    """A split of the data."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


def _config_beside(known: KnownNetwork) -> Configuration:
    from amber.errors import ConfigError

    loaded = known.configuration
    if loaded is None:
        raise ConfigError(
            f"{known}: this model is not in a run directory; expected a configuration after it that names "
            "the data. Received: no CONFIG"
        )
    return loaded


def _check_data(model: Path, file: Path, data: Dataset, *, of_run: bool) -> None:
    """Raise DataError for examples that do not fit the model; warn where the data of its run have changed."""
    from amber.experiment.before_keras.files import input_shapes_of
    from amber.experiment.final.scoring import check_inputs
    from amber.experiment.run_files.changed_data import remark_on_changed_data

    remark = remark_on_changed_data(model, data) if of_run else ""
    if remark:
        typer.secho(f"Warning  {remark}", fg="yellow", err=True)
    shapes = input_shapes_of(file)
    if shapes is not None:
        check_inputs(shapes, data.train.x, str(file))


@reported
def evaluate(
    model: ModelArgument,
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CONFIG|FILES",
            help="A configuration (.yaml) that names the data, or new labelled files of the form that the run read; "
            "CLASS=FILE where each class or label has its own. By default the data of MODEL's run.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        Part | None,
        typer.Option(
            help="Split of the data; validation by default. Keep the test split for the end: choose nothing by its "
            "scores. New files are not divided.",
            show_default=False,
        ),
    ] = None,
    genome: Annotated[
        Path | None,
        typer.Option(
            help="FASTA file of the genome that new intervals are on; by default that of the run.", show_default=False
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show the scores of a trained model, with 95 % intervals: on a split of its data, or on new labelled files.

    On the test split and on new files a linear model stands beside it, and what is wrong with the network is said.
    """
    from amber.errors import ConfigError
    from amber.experiment.threads import set_threads_for_run
    from amber.experiment.trained.files import KnownNetwork

    known = KnownNetwork(model)
    set_threads_for_run(known)
    given = list(files or ())
    if len(given) == 1 and Path(given[0]).suffix.lower() in _CONFIGURATIONS:
        if genome is not None:
            raise ConfigError(f"--genome: the configuration names it. Take it out. Received: {genome}")
        _show(_of_split(known, Path(given[0]), split or Part.VALIDATION), as_json)
        return
    if not given:
        if genome is not None:
            raise ConfigError(f"--genome: it is for new files of intervals. Take it out. Received: {genome}")
        _show(_of_split(known, None, split or Part.VALIDATION), as_json)
        return
    if split is not None:
        raise ConfigError(f"--split: new files are evaluated as a whole. Take it out. Received: {split.value}")
    from amber.experiment.evaluating import evaluate_files

    _show(evaluate_files(known, given, genome), as_json)


def _of_split(network: KnownNetwork, config: Path | None, split: Part) -> ModelScores:
    """Return the scores on a split of the data of the run, or of a configuration."""
    from contextlib import nullcontext
    from dataclasses import replace

    from amber.experiment.configuration.reading import load_config
    from amber.experiment.data import load_data
    from amber.experiment.evaluating import evaluate_part
    from amber.experiment.final.scoring import other_baselines, score_baselines, score_model
    from amber.experiment.run_files.looks import looks_so_far, note_look
    from amber.experiment.run_files.recorded import load_model, with_known_classes
    from amber.experiment.trained.files import network_file
    from amber.experiment.trained.known_data import check_columns, check_outputs

    model, known = network.source, network.preprocessing
    where = network_file(model)
    if config is None:
        loaded = _config_beside(network)
    else:
        loaded = load_config(config)
        loaded = loaded if known is None else with_known_classes(known.classes, loaded)
    data = load_data(loaded)
    _check_data(model, where, data, of_run=config is None)
    if known is not None:
        with nullcontext() if config is None else loaded.placing(("data",)):
            check_columns(known, data, str(where))
            check_outputs(known, data, str(where))
    trained = load_model(where)
    saw_validation = loaded.config.final.data == "train_and_validation"
    if split is Part.TEST:
        part = data.open_test()
        looks = note_look(model)
        times = "for the first time" if looks == 1 else f"{looks} times now: choose nothing by their scores"
        typer.secho(f"Opening the test split of {data.name!r}, used {times}.", fg="yellow", err=True)
    else:
        part = data.train if split is Part.TRAIN else data.validation
        looks = looks_so_far(model if model.is_dir() else model.parent)
        if split is Part.VALIDATION and saw_validation:
            said = "final.data: the best model was trained on the validation split too; its score is too optimistic."
            typer.secho(said, fg="yellow", err=True)
    scored = score_model(trained, part, data.targets, str(where))
    seed, title = loaded.config.seed, f"{data.name}, {split.value} split"
    linear = score_baselines(data, part, seed, refit=saw_validation) if split is Part.TEST else None
    others = other_baselines(data, part, seed, refit=saw_validation) if split is Part.TEST else None
    found = evaluate_part(loaded, part, data.targets, scored, title, linear, others)
    return replace(found, record={"split": split.value, **found.record, "test_looks": looks})


def _show(found: ModelScores, as_json: bool) -> None:
    from rich.console import Console

    for note in found.notes:
        typer.echo(note, err=True)
    looks = found.record["test_looks"]
    if as_json:
        typer.echo(json_text(found.record), nl=False)
        return
    for table in found.tables:
        Console().print(table)
    for line in found.warnings:
        typer.secho(line, fg="yellow")
    if looks:
        typer.echo(f"The test split of the run was used {'once' if looks == 1 else f'{looks} times'} so far.")
