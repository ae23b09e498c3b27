"""`amber search`: the main command, from a configuration to a trained, tested and saved model."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from amber.cli.completion import complete_run
from amber.cli.failures import INTERRUPTED, reported
from amber.cli.grouped import grouped
from amber.cli.loading import announce_loading
from amber.cli.options import ConfigArgument


@dataclass(frozen=True)
class SearchOptions:
    """What the command takes, as its help says."""

    context: typer.Context
    config: ConfigArgument
    seed: Annotated[
        int | None,
        typer.Option(
            min=0, max=2**32 - 1, help="Seed of all random numbers, instead of that of CONFIG.", show_default=False
        ),
    ] = None
    trials: Annotated[
        int | None,
        typer.Option(min=1, help="Architectures to train, instead of search.trials of CONFIG.", show_default=False),
    ] = None
    run_directory: Annotated[
        Path | None,
        typer.Option(
            "-d",
            "--run-directory",
            "-o",
            help="Folder of results; by default runs/NAME.",
            show_default=False,
            autocompletion=complete_run,
        ),
    ] = None
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Replace the results of an earlier search, which are kept in the folder `previous` until this one is "
            "finished.",
        ),
    ] = False
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Continue the search in the run directory, or start one where there is none."),
    ] = False
    allow_changes: Annotated[
        bool,
        typer.Option("--allow-changes", help="With --resume: accept a CONFIG that differs from that of the search."),
    ] = False
    storage: Annotated[
        str | None,
        typer.Option(
            help="Database to record the trials in, instead of search.storage of CONFIG; none: the run directory.",
            metavar="URL",
            show_default=False,
        ),
    ] = None
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress and no tables.")] = False


@reported
@grouped(SearchOptions)
def search(options: SearchOptions) -> None:
    """Search architectures, retrain the best one, and test it once beside a simple baseline."""
    if options.resume and options.overwrite:
        raise typer.BadParameter(
            "--resume continues the search that --overwrite replaces: expected one of them. Received: both"
        )
    if options.allow_changes and not options.resume:
        raise typer.BadParameter("--allow-changes has an effect with --resume only: expected both. Received: one")
    if not options.quiet:
        announce_loading(sys.stdout, now=True)
    from amber.experiment import Experiment, run
    from amber.experiment.console_reporter import ConsoleReporter

    experiment = Experiment.from_yaml(
        options.config,
        seed=options.seed,
        trials=options.trials,
        run_directory=options.run_directory,
        overwrite=options.overwrite,
        resume=options.resume,
        allow_changes=options.allow_changes,
        storage=options.storage,
        plugins=options.context.obj or (),
    )
    if run(experiment, ConsoleReporter(options.quiet)).interrupted:
        raise typer.Exit(INTERRUPTED)
