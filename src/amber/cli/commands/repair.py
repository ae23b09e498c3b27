"""`amber repair`: a run whose journal was damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from amber.cli.failures import reported


@reported
def repair(run: Annotated[Path, typer.Argument(metavar="RUN", help="Run directory.", show_default=False)]) -> None:
    """Leave damaged lines of trials.jsonl out, so that the search can be taken up; a copy is kept beside it."""
    from amber.experiment.run_files.repairing import repair as work

    done = work(run)
    if done.copy is None:
        typer.echo(f"Nothing is wrong with {run / 'trials.jsonl'}: {done.kept} trials.")
        return
    for number, reason in done.dropped:
        typer.echo(f"Line {number} is left out: {reason}")
    typer.echo(
        f"{done.kept} trials are kept; the journal as it was is {done.copy}. What is missing is trained again by: "
        f"amber search CONFIG -d {run} --resume"
    )
