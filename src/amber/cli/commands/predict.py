"""`amber predict`: class probabilities of sequences."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Annotated

import typer

from amber.cli.failures import reported
from amber.cli.options import ModelArgument


@reported
def predict(
    model: ModelArgument,
    sequences: Annotated[
        Path, typer.Argument(metavar="CSV", help="CSV file with a column of sequences.", show_default=False)
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
    """Write the probability of each class for each sequence of a CSV file."""
    from amber.cli.files import checked_output, writing
    from amber.cli.scoring import probabilities
    from amber.cli.sources import config_of, load_model, record_beside
    from amber.data import encode_sequences, read_table
    from amber.errors import ConfigError

    if output is not None:
        checked_output(output, (".csv",))
    record = record_beside(model)
    if column is None:
        column = config_of(record, model).config.data.sequence if record else "seq"
    table = read_table(sequences, [column])
    rows = table[column]
    x = encode_sequences(rows, names=[f"{sequences}, line {line}" for line in table.lines])
    network = load_model(model)
    found = probabilities(network, x, None, str(sequences), batch_size)
    if classes is not None:
        names = [name.strip() for name in classes.split(",")]
    else:
        names = list(record["classes"]) if record else [f"class_{index}" for index in range(found.shape[-1])]
    if len(names) != found.shape[-1] or len(set(names)) != len(names) or not all(names):
        raise ConfigError(
            f"--classes: expected {found.shape[-1]} different names, one for each output. Received: {', '.join(names)}"
        )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column, *names, "predicted"])
    for row, values in zip(rows, found, strict=True):
        writer.writerow([row, *(f"{value:.6f}" for value in values), names[int(values.argmax())]])
    if output is None:
        typer.echo(text.getvalue(), nl=False)
        return
    with writing(output):
        output.write_text(text.getvalue(), encoding="utf-8")
    typer.echo(f"Wrote {output}: {len(rows)} records.")
