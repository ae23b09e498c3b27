"""`amber compare`: a search over several seeds beside random architectures, a linear model and published scores."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from amber.cli.failures import reported
from amber.cli.loading import announce_loading
from amber.cli.options import ConfigArgument
from amber.errors import ConfigError


@reported
def compare(
    context: typer.Context,
    config: ConfigArgument,
    seeds: Annotated[str, typer.Option(help="Seeds, comma-separated; one search for each.")] = "0,1,2",
    trials: Annotated[
        int | None,
        typer.Option(min=1, help="Architectures to train, instead of search.trials of CONFIG.", show_default=False),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "-d",
            "--directory",
            "-o",
            help="Folder of results; by default runs/NAME-compare.",
            show_default=False,
        ),
    ] = None,
    random: Annotated[bool, typer.Option(help="Also train the same number of random architectures.")] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress and no tables.")] = False,
) -> None:
    """Run a search for several seeds and compare test scores with random architectures and a linear model.

    Finished runs in the folder are reused.
    """
    words = [word.strip() for word in seeds.split(",")]
    if not all(word.isdecimal() and word.isascii() and int(word) < 2**32 for word in words):
        raise ConfigError(f"--seeds: expected integers from 0, such as 0,1,2. Received: {seeds}")
    if not quiet:
        announce_loading(sys.stdout, now=True)
    from rich.console import Console

    from amber.experiment.comparing import compare as run_all
    from amber.experiment.components import NO_STORAGE
    from amber.experiment.configuration.reading import load_config
    from amber.experiment.console_reporter import ConsoleReporter
    from amber.experiment.options import RunOptions

    loaded = load_config(config)
    place = folder or Path("runs") / f"{loaded.config.name}-compare"
    found = run_all(
        loaded,
        [int(word) for word in dict.fromkeys(words)],
        place,
        RunOptions(trials=trials, storage=NO_STORAGE, plugins=context.obj or ()),
        random_too=random,
        reporter=ConsoleReporter(quiet),
    )
    if not quiet:
        for each in found:
            Console().print(each.table())
            Console().print(each.measure_table())
            for line in each.warnings:
                typer.secho(line, fg="yellow")
        typer.echo(f"Results are in {place}: compare.json, compare.txt, and a run directory for each seed.")
