"""`amber report`: a run as one HTML page; `amber export`: its trials as CSV or JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from amber.cli.failures import reported
from amber.cli.options import LookOption

RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="Run directory.", show_default=False)]


@reported
def report(
    run: RunArgument,
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write, .html.")] = Path("report.html"),
    storage: LookOption = None,
) -> None:
    """Write one HTML page that shows a search; it needs no network and runs no script."""
    from amber.cli.options import checked_output
    from amber.experiment.report_contents import gather
    from amber.files.output import write_text

    path = checked_output(output, (".html",))
    contents = gather(run, storage)
    from amber.report import render_report  # after what may be refused, as it loads Keras

    write_text(path, render_report(contents))
    typer.echo(f"Wrote {path}.")


@reported
def export(
    run: RunArgument,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="File to write; its ending says the format, .csv or .json.")
    ] = Path("trials.csv"),
    storage: LookOption = None,
) -> None:
    """Write every trial of a run as CSV or JSON."""
    from amber.cli.options import checked_output
    from amber.experiment.run_files.recorded import recorded_trials
    from amber.files.output import write_text

    path = checked_output(output, (".csv", ".json"))
    trials = recorded_trials(run, storage)
    from amber.report.export import trials_csv, trials_json

    text = trials_csv(trials) if path.suffix.lower() == ".csv" else trials_json(trials)
    write_text(path, text)
    typer.echo(f"Wrote {path}, {len(trials)} trials.")
