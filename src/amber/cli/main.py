"""The `amber` command: what stands before the name of a command, and the log.

It loads no Keras, and a command only when it is used; `command_table` lists them.
"""

from __future__ import annotations

import logging
import os
from typing import Annotated

import typer

from amber import __version__
from amber.cli.failures import DEBUG_VARIABLE, reported
from amber.cli.hidden import HidingFormatter
from amber.cli.process import run_as_command
from amber.cli.usage import Commands

app = typer.Typer(
    name="amber",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"amber {__version__}")
        raise typer.Exit()


@app.callback()
def amber(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors, as AMBER_DEBUG=1 does.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what is done, on standard error.")] = False,
    plugin: Annotated[
        list[str] | None,
        typer.Option(
            "--plugin",
            metavar="MODULE",
            help="Python module or .py file to import first, which registers builders, samplers or layers; may be "
            "given again. It runs with your rights: name only code you trust.",
            show_default=False,
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Find neural network architectures for sequences and blocks of features.

    Start with: amber search examples/splice.yaml
    """
    # Backends write notes about themselves on standard error, among what the user is told.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if debug:
        os.environ[DEBUG_VARIABLE] = "1"
    if plugin:
        from amber.plugins import load_plugins

        # Where commands that start worker processes find them.
        context.obj = reported(load_plugins)(plugin)
    handler = logging.StreamHandler()
    handler.setFormatter(HidingFormatter(names=verbose))
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, handlers=[handler])


def run() -> None:
    """Run the command of this process's arguments, in a process that hears Ctrl-C already."""
    app()


def main() -> None:
    """Run the command as `amber.cli.entry.main` does, for scripts that import this module."""
    run_as_command(run)
