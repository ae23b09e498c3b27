"""`amber train`: train a network that was found further, on new data."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from amber.cli.completion import complete_run
from amber.cli.failures import reported
from amber.cli.options import ConfigArgument, refusing_missing
from amber.files.missing import no_model


class Layers(StrEnum):
    """What is trained."""

    ALL = "all"
    LAST = "last"


@reported
def train(
    config: ConfigArgument,
    source: Annotated[
        Path,
        typer.Option(
            "--from",
            metavar="MODEL",
            help="Network to begin with: a run directory, or a folder of `amber export`.",
            show_default=False,
            autocompletion=complete_run,
            callback=refusing_missing(no_model),
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write the network to, to share.")] = Path(
        "fine_tuned"
    ),
    layers: Annotated[
        Layers, typer.Option(help="Train all layers, or only the last ones: for few examples.")
    ] = Layers.ALL,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="At most; by default final.epochs of the configuration.", show_default=False),
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            help="Of the optimizer; by default that of the configuration, else 1e-4 for all layers, 1e-3 for the last.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Train a network further on the data of a configuration, and test it; outputs that differ are new."""
    from rich.console import Console

    from amber.experiment.threads import set_threads_for_run
    from amber.experiment.trained.files import KnownNetwork, check_bundle_folder, network_file
    from amber.experiment.trained.fine_tuning import prepare, trained_on
    from amber.experiment.trained.model import load

    check_bundle_folder(output)
    known = KnownNetwork(source)
    set_threads_for_run(known)
    given = {} if epochs is None else {"epochs": epochs}
    network_file(source)
    prepared = prepare(known.required_preprocessing(), source, config, layers.value, learning_rate, **given)
    done = trained_on(load(source), prepared, typer.echo)
    for table in done.scores.tables:
        Console().print(table)
    for line in done.scores.warnings:
        typer.secho(line, fg="yellow")
    written = done.write(output)
    for note in written.notes:
        typer.echo(note)
    typer.echo(f"Wrote {output} after {done.epochs} epochs: {', '.join(written.files)}. Begin with README.md.")
