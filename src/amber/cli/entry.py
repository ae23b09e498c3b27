"""The entry point of the command: it hears Ctrl-C before anything else is imported."""

from __future__ import annotations

import sys

from amber.backend import interrupts


def main() -> None:
    """Runs the command of this process's arguments."""
    interrupts.guard_command()
    try:
        from amber.cli.loading import announce_loading
        from amber.cli.main import app

        if sys.stderr.isatty():
            announce_loading(sys.stderr)
        app()
    finally:
        interrupts.leave()
