"""`amber dashboard`: a run in the browser, live."""

from __future__ import annotations

from typing import Annotated

import typer

from amber.backend import interrupts
from amber.cli.commands.report import RunArgument
from amber.cli.failures import reported
from amber.cli.options import LookOption


@reported
def dashboard(
    run: RunArgument,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 for any free one.")] = 8080,
    host: Annotated[str, typer.Option(help="Address to listen on; by default this machine only.")] = "127.0.0.1",
    storage: LookOption = None,
) -> None:
    """Show a finished or running search in optuna-dashboard until Ctrl-C; its files are only read."""
    from amber.cli.dashboard import serve

    def say(address: str) -> None:
        typer.echo(f"Showing {run} at {address} (Ctrl-C ends it)")

    try:
        serve(run, host, port, say, storage)
    except KeyboardInterrupt:
        interrupts.accept()
        typer.echo("Ended.")
