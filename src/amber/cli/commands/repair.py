"""`amber repair`: restore a run whose journal is damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from amber.cli.commands.report import RunArgument
from amber.cli.failures import reported


@reported
def repair(
    run: RunArgument,
    backup: Annotated[
        Path | None,
        typer.Option("--backup", metavar="FILE", help="Earlier copy of trials.jsonl, for trials that were lost."),
    ] = None,
) -> None:
    """Restore or drop damaged lines of trials.jsonl, so that the search can be resumed; a copy is kept beside it."""
    from amber.experiment.run_files.repairing import repair as work

    done = work(run, backup)
    if done.copy is None:
        typer.echo(f"Nothing is wrong with {run / 'trials.jsonl'}: {done.kept} trials.")
        return
    for number, reason in done.restored:
        typer.echo(f"Line {number} is restored: {reason}")
    for number, reason in done.dropped:
        typer.echo(f"Line {number} is left out: {reason}")
    if done.from_backup:
        typer.echo(f"From the backup: trials {', '.join(map(str, done.from_backup))}")
    typer.echo(
        f"{done.kept} trials are kept; the journal before the repair is {done.copy}. To train the others again: "
        f"amber search CONFIG -d {run} --resume"
    )
