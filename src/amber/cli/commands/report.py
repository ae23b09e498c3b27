"""`amber report`: a run as one HTML page; `amber export`: its network to share, or its trials as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from amber.cli.completion import complete_run
from amber.cli.failures import reported
from amber.cli.options import LookOption, refusing_missing
from amber.files.missing import no_run

RunArgument = Annotated[
    Path,
    typer.Argument(
        metavar="RUN",
        help="Run directory.",
        show_default=False,
        autocompletion=complete_run,
        callback=refusing_missing(no_run),
    ),
]
# Endings of a file of trials; anything else is the folder of a network.
_TRIALS = (".csv", ".json")


@reported
def report(
    run: RunArgument,
    output: Annotated[Path, typer.Option("-o", "--output", help="HTML file to write.")] = Path("report.html"),
    storage: LookOption = None,
) -> None:
    """Write one HTML page that shows a search; it works offline and runs no script."""
    from amber.cli.options import checked_output
    from amber.files.output import write_text

    path = checked_output(output, (".html",))
    from amber.experiment.report_contents import gather

    contents = gather(run, storage)
    from amber.report import render_report  # after what may be refused, as it loads Keras

    write_text(path, render_report(contents))
    typer.echo(f"Wrote {path}.")


@reported
def export(
    run: RunArgument,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="Folder for the network, or file for the trials, ending in .csv or .json."),
    ] = Path("trials.csv"),
    storage: LookOption = None,
) -> None:
    """Write the network of a run as a folder to share, or every trial as CSV or JSON."""
    if output.suffix.lower() not in _TRIALS:
        _export_network(run, output, storage)
        return
    from amber.cli.options import checked_output
    from amber.experiment.run_files.recorded import recorded_trials
    from amber.files.output import write_text

    path = checked_output(output, _TRIALS, run=run)
    trials = recorded_trials(run, storage)
    from amber.report.export import trials_csv, trials_json

    text = trials_csv(trials) if path.suffix.lower() == ".csv" else trials_json(trials)
    write_text(path, text)
    typer.echo(f"Wrote {path}, {len(trials)} trials.")


def _export_network(run: Path, folder: Path, storage: str | None) -> None:
    from amber.errors import ConfigError
    from amber.experiment.trained.bundle import write_bundle
    from amber.experiment.trained.files import check_bundle_folder

    check_bundle_folder(folder, ", for the network, or a file for the trials, ending in .csv or .json")
    if storage is not None:
        raise ConfigError("--storage: the network is that of the run directory. Take it out, or export trials.csv")
    written = write_bundle(run, folder)
    for note in written.notes:
        typer.echo(note)
    typer.echo(f"Wrote {folder}: {', '.join(written.files)}. Begin with README.md.")
