"""Entry point of the command; it handles Ctrl-C before anything else is imported."""

from __future__ import annotations

from amber.backend import interrupts


def main() -> None:
    """Run the command of this process's arguments."""
    interrupts.guard_command()
    try:
        from amber.cli.main import run

        run()
    finally:
        interrupts.leave()
