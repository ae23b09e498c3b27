"""`amber predict`: class probabilities or numbers for records of a CSV file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amber.cli.failures import reported
from amber.cli.options import ModelArgument

if TYPE_CHECKING:
    from amber.experiment.configuration.reading import Configuration


@reported
def predict(
    model: ModelArgument,
    records: Annotated[
        Path,
        typer.Argument(
            metavar="CSV",
            help="CSV file with a column of sequences, or with the columns of the run's blocks.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="CSV file to write; by default standard output.", show_default=False),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(
            "--sequence", help="Column of the sequences; by default that of the run, else seq.", show_default=False
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            help="Class names, comma-separated; by default those of the run MODEL belongs to.", show_default=False
        ),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Records a step.")] = 256,
) -> None:
    """Write what a model says of each record of a CSV file: class probabilities, or numbers."""
    from amber.cli.options import checked_output
    from amber.errors import ConfigError
    from amber.experiment.predicting import predict_blocks, predict_sequences
    from amber.experiment.run_files.recorded import checked_model_file, config_of, load_model, record_beside
    from amber.files.output import write_text

    if output is not None:
        checked_output(output, (".csv",))
    record = record_beside(model)
    loaded = config_of(record, model) if record else None
    has_blocks = loaded is not None and record is not None and _has_blocks(loaded, record)
    if has_blocks and (column is not None or classes is not None):
        given = "--sequence" if column is not None else "--classes"
        raise ConfigError(
            f"{given}: columns and classes are those of the run. Take it out. Received: {column or classes}"
        )
    checked_model_file(model)

    def load() -> Any:
        return load_model(model)

    if has_blocks and loaded is not None and record is not None:
        text, count = predict_blocks(load, records, loaded, record, batch_size)
    else:
        if column is None:
            column = loaded.config.data.sequence if loaded else "seq"
        names = [name.strip() for name in classes.split(",")] if classes is not None else None
        if names is None and record is not None:
            (names,) = record["outputs"].values()
        text, count = predict_sequences(load, records, column, names, batch_size)
    if output is None:
        typer.echo(text, nl=False)
        return
    write_text(output, text)
    typer.echo(f"Wrote {output}: {count} records.")


def _has_blocks(loaded: Configuration, record: Mapping[str, Any]) -> bool:
    """Say whether a run read blocks of columns, or predicts other than classes of one output."""
    if not all(isinstance(each, list) for each in record["outputs"].values()):
        return True
    return loaded.config.data.blocks is not None or loaded.config.data.outputs is not None
