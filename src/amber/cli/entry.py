"""Entry point of the command; it handles Ctrl-C before anything else is imported."""

from __future__ import annotations

from amber.cli.process import run_as_command


def main() -> None:
    """Run the command of this process's arguments."""
    run_as_command(_run)


def _run() -> None:
    from amber.cli.main import run

    run()
