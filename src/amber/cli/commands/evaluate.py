"""`amber evaluate`: scores of a trained model on one split of the data."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amber.cli.failures import reported
from amber.cli.options import ModelArgument
from amber.files.strict_json import json_text

if TYPE_CHECKING:
    from amber.data import Dataset
    from amber.experiment.configuration.reading import Configuration


class Part(StrEnum):
    """A split of the data."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


def _config_beside(model: Path) -> Configuration:
    from amber.errors import ConfigError
    from amber.experiment.run_files.recorded import checked_model_file, config_of, is_record, record_beside

    if not is_record(model):
        checked_model_file(model)
    record = record_beside(model)
    if record is None:
        raise ConfigError(
            f"{model}: this model is not in a run directory; expected a configuration after it that names "
            "the data. Received: no CONFIG"
        )
    return config_of(record, model)


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
    config: Annotated[
        Path | None,
        typer.Argument(
            metavar="[CONFIG]",
            help="Configuration that names the data; by default that of MODEL's run.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        Part, typer.Option(help="Split of the data. Keep the test split for the end: choose nothing by its scores.")
    ] = Part.VALIDATION,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show the scores of a trained model: accuracy, AUROC, AUPRC and MCC, or R2 and correlations of a number."""
    from rich.console import Console

    from amber.experiment.configuration.reading import load_config
    from amber.experiment.data import load_data
    from amber.experiment.final.compared import Compared
    from amber.experiment.final.scoring import score_model
    from amber.experiment.final.tables import class_table, measure_name, measure_text, score_table
    from amber.experiment.run_files.looks import note_look
    from amber.experiment.run_files.recorded import checked_model_file, load_model
    from amber.experiment.task_spec import TaskSpec

    if config is not None:
        loaded = load_config(config)
    else:
        loaded = _config_beside(model)
    where = checked_model_file(model)
    data = load_data(loaded)
    _check_data(model, where, data, of_run=config is None)
    network = load_model(model)
    if split is Part.TEST:
        part = data.open_test()
        looks = note_look(model)
        times = "for the first time" if looks == 1 else f"{looks} times now: choose nothing by their scores"
        typer.secho(f"Opening the test split of {data.name!r}, used {times}.", fg="yellow", err=True)
    else:
        part = data.train if split is Part.TRAIN else data.validation
        if split is Part.VALIDATION and loaded.config.final.data == "train_and_validation":
            said = "final.data: the best model was trained on the validation split too; its score is too optimistic."
            typer.secho(said, fg="yellow", err=True)
    scored = score_model(network, part, data.targets, str(where))
    found = scored.scores
    compared = Compared(loaded, TaskSpec.of(data))
    value = compared.of(scored.predictions, part.y)
    if as_json:
        comparison: dict[str, Any] = {"metric": compared.name, "value": value}
        each = {name: {**score.to_dict(), "compared": comparison} for name, score in found.items()}
        shown = next(iter(each.values())) if len(each) == 1 else each
        typer.echo(json_text({"split": split.value, **shown}), nl=False)
        return
    for name, score in found.items():
        which = f", output {name}" if len(found) > 1 else ""
        title = f"{data.name}, {split.value} split{which}, {score.n} examples"
        Console().print(score_table(title, {"model": score}, (compared.name, {"model": value}) if not which else None))
        classes = class_table(f"By class{which}", {"model": score})
        if classes is not None:
            Console().print(classes)
    if len(found) > 1:
        typer.echo(
            f"The search compared {measure_name(compared.name)} of all outputs: {measure_text(compared.name, value)}"
        )
